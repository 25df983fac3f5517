// Revocation registries: in which the issuers of credentials say which of them count.
import {useState} from 'preact/hooks';
import {Link, Title} from '../parts/basics.tsx';
import {Party} from '../parts/party.tsx';
import {Records} from '../parts/record.tsx';
import {FORMATS, REGISTRY_KEY, type Format} from '../revocation.ts';
import {href} from '../route.ts';
import {listed, short} from '../words.ts';

export function RevocationView({issuer}: {issuer: string | undefined}) {
  return (
    <>
      <Title kicker="Revocation">Which credentials count</Title>
      <p class="lead">
        A credential has a numbered slot in a registry of its issuer, and the ledger holds the
        status of each slot: valid, revoked for good, or suspended for now. It does not know whose
        slot it is.
      </p>
      <ByIssuer issuer={issuer} />
      <RevocationRegistries
        issuer={issuer}
        title={issuer ? 'Revocation registries of this issuer' : 'Revocation registries'}
        none={issuer ? 'This issuer has none.' : 'None was created yet.'}
      />
    </>
  );
}

/** The list of them, which other views show of one issuer. */
export function RevocationRegistries({
  issuer,
  title,
  none
}: {
  issuer?: string | undefined;
  title: string;
  none: string;
}) {
  return (
    <Records
      path={`/v1/revocation/registries${issuer ? `?issuer=${encodeURIComponent(issuer)}` : ''}`}
      member="registries"
      title={title}
      none={none}
      row={(content, name) => <Listed of={content} id={name.slice(REGISTRY_KEY.length)} />}
    />
  );
}

function Listed({of, id}: {of: any; id: string}) {
  const formats: Format[] = of.formats;
  const hold: string | undefined = of.hold?.[0];
  return (
    <>
      <p>
        <Link to={{view: 'revocation-registry', id}} title={id} mono={!of.credentialType}>
          {of.credentialType ?? short(id, 8, 4)}
        </Link>{' '}
        of <Party did={of.issuer} />
        {hold && <span class="chip">{hold}</span>}
      </p>
      <p class="faint">
        {of.capacity.toLocaleString('en')} slots since {of.created.slice(0, 10)}, read as{' '}
        {listed(formats.map(format => FORMATS[format] ?? format))}
      </p>
    </>
  );
}

function ByIssuer({issuer}: {issuer: string | undefined}) {
  const [text, type] = useState(issuer ?? '');
  const go = (event: Event) => {
    event.preventDefault();
    const did = text.trim();
    location.hash = href({view: 'revocation', ...(did && {issuer: did})});
  };
  return (
    <form class="narrow" onSubmit={go}>
      <label for="issuer">Only those of this issuer</label>
      <div>
        <input
          id="issuer"
          class="mono"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder="did:ndi:…"
          value={text}
          onInput={event => type(event.currentTarget.value)}
        />
        <button type="submit">Show</button>
        {issuer && <Link to={{view: 'revocation'}}>Show all</Link>}
      </div>
    </form>
  );
}
