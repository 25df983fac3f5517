// A revocation registry: whose it is, which of its slots count, and how that came to be.
import type {ComponentChildren} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {Card, Copy, Facts, Link, Raw, Time, Title} from '../parts/basics.tsx';
import {SlotGrid} from '../parts/slots.tsx';
import {Party} from '../parts/party.tsx';
import {useContent} from '../parts/record.tsx';
import {Mark, Proven} from '../parts/seal.tsx';
import {serves} from '../node.ts';
import {holds, useAnswer, type Answer} from '../proof.ts';
import {
  FORMATS,
  lockedAfter,
  ofRegistry,
  ofStatuses,
  registry as read,
  REGISTRY_KEY,
  tally,
  version as head,
  type Format,
  type Registry
} from '../revocation.ts';
import {count} from '../words.ts';
import {History, useHistory, type Past} from './revocation-history.tsx';

export function RevocationRegistryView({id}: {id: string}) {
  const answer = useAnswer(ofRegistry(id));
  return (
    <>
      <Title kicker="Revocation registry">
        <span class="mono">{id}</span> <Copy text={id} label="the registry’s id" />
      </Title>
      <Proven
        answer={answer}
        what="The registry and the head of its statuses are proven to be in the ledger’s state."
        show={answer => <Shown answer={answer} />}
      />
    </>
  );
}

function Shown({answer}: {answer: Answer}) {
  const registry = read(answer);
  if (!registry) {
    return <p class="notice">There is no such registry. That, too, is proven.</p>;
  }
  return <Found registry={registry} answer={answer} />;
}

function Found({registry, answer}: {registry: Registry; answer: Answer}) {
  const {id, hold} = registry;
  const past = useHistory(registry);
  return (
    <>
      {hold === 'frozen' && (
        <p class="notice">
          It is frozen: its issuer changes nothing in it until it is released; only those above the
          issuer may.
        </p>
      )}
      {hold === 'retired' && (
        <p class="notice">It is retired: its statuses stay as they are, for good.</p>
      )}
      <Statuses registry={registry} past={past} />
      <div class="columns">
        <Card
          title="What it is"
          id="facts"
          aside={<Link to={{view: 'record', key: `${REGISTRY_KEY}${id}`}}>Its record</Link>}
        >
          <About registry={registry} since={head(answer)!.since} />
        </Card>
        <Lists registry={registry} />
      </div>
      <History registry={registry} past={past} until={answer.time!} />
      <Raw title="The whole answer with its proof" text={answer.reply.text} name="answer.json" />
    </>
  );
}

/** How many slots count, from the whole list, which the node serves to everybody alike. */
function Statuses({registry, past}: {registry: Registry; past: Past}) {
  const list = useAnswer(ofStatuses(registry.id));
  const sound = list && !(list instanceof Error) && holds(list) ? list : undefined;
  const counted = sound && tally(sound);
  const number = (name: 'valid' | 'revoked' | 'suspended') =>
    counted ? counted[name].toLocaleString('en') : '…';
  const locked = lockedAfter(past.acts).size;
  return (
    <section class="tiles" aria-label="Statuses now">
      <dl>
        <Tile name="Valid" note="counts, or is not given yet">
          {number('valid')}
        </Tile>
        <Tile name="Revoked" note="never counts again">
          {number('revoked')}
        </Tile>
        <Tile name="Suspended" note="does not count for now">
          {number('suspended')}
        </Tile>
        <Tile
          name="Locked"
          note={past.whole ? 'not for the issuer to change' : 'by the overrides told below'}
        >
          {past.waiting ? '…' : locked.toLocaleString('en')}
        </Tile>
      </dl>
      {list instanceof Error && <p class="notice bad">{list.message}</p>}
      {list && !(list instanceof Error) && (
        <p class="caption">
          <Mark of={list} />{' '}
          {sound ? (
            <>
              Counted here from the whole list, so that the node does not learn which slot you look
              at. Slot 0 is never given.
            </>
          ) : (
            list.why
          )}
        </p>
      )}
      {sound && <SlotGrid list={sound} />}
    </section>
  );
}

function Tile({name, note, children}: {name: string; note: string; children: ComponentChildren}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
      <dd class="note">{note}</dd>
    </div>
  );
}

function About({registry, since}: {registry: Registry; since: number}) {
  const {issuer, capacity, created, credentialType, hold, version} = registry;
  const facts: [string, ComponentChildren][] = [
    [
      'Issuer',
      <>
        <Party did={issuer} /> (<Link to={{view: 'revocation', issuer}}>all of its registries</Link>
        )
      </>
    ],
    [
      'Capacity',
      `${count(capacity - 1, 'slot')}, from 1 to ${(capacity - 1).toLocaleString('en')}`
    ],
    ['Created', <Time ms={created} />],
    [
      'Version',
      <>
        {version.toLocaleString('en')}, since <Time ms={since} />
      </>
    ],
    ['State', hold ? <b class="bad">{hold}</b> : <b class="good">active</b>]
  ];
  if (credentialType) facts.splice(1, 0, ['For credentials of the type', credentialType]);
  for (const [name, point] of [
    ['Accumulator', registry.accumulator],
    ['Slot commitment', registry.commitment]
  ] as const) {
    if (point) {
      facts.push([
        name,
        <>
          <code>{point.slice(0, 24)}…</code> <Copy text={point} label={name.toLowerCase()} />
        </>
      ]);
    }
  }
  return <Facts of={facts} />;
}

/** A list in a standard form, where this node serves it. */
interface Served {
  path: string;
  name: string;
}

function Lists({registry}: {registry: Registry}) {
  const {formats, id, issuer} = registry;
  const provider = useContent(`status-provider/${issuer}`)?.method;
  const signed = formats.includes('bitstring') || formats.includes('token');
  return (
    <Card title="Lists made of it" id="lists">
      <ul class="rows">
        {formats.map(format => (
          <li key={format}>
            <p>{FORMATS[format] ?? format}</p>
            {served(registry, format).map(list => (
              <ServedList key={list.path} list={list} />
            ))}
          </li>
        ))}
        <li>
          <p>All statuses, with their proof</p>
          <ServedList
            list={{path: `/v1/revocation/registries/${id}/statuses?proof=true`, name: 'as JSON'}}
          />
        </li>
      </ul>
      {signed && (
        <p class="faint small">
          {provider ? (
            <>
              W3C and IETF lists are signed by <span class="mono">{provider}</span>, and served
              where a node has its key.
            </>
          ) : (
            'The issuer has named nobody who signs W3C and IETF lists.'
          )}
        </p>
      )}
    </Card>
  );
}

function served({id, issuer, anoncreds, setup}: Registry, format: Format): Served[] {
  switch (format) {
    case 'bitstring':
      return ['revocation', 'suspension'].map(purpose => ({
        path: `/v1/status/${id}/bitstring/${purpose}`,
        name: `for ${purpose}`
      }));
    case 'token':
      return [{path: `/v1/status/${id}/tsl`, name: 'as a JWT'}];
    case 'anoncreds': {
      const definition = `${issuer}/resources/${anoncreds?.definition}`;
      return [
        {path: `/v1/anoncreds/status-lists/${definition}`, name: 'revocation status list'},
        {path: `/1.0/identifiers/${definition}`, name: 'revocation registry definition'},
        {path: `/v1/blobs/${anoncreds?.tails}`, name: 'tails'}
      ];
    }
    case 'slots':
      return [{path: `/v1/blobs/${setup}`, name: 'powers of tau'}];
  }
}

function ServedList({list: {path, name}}: {list: Served}) {
  const [is, set] = useState<boolean>();
  useEffect(() => {
    serves(path).then(set, () => set(false));
  }, [path]);
  return (
    <p class="small">
      {is === false ? (
        <span class="faint">{name}: not served by this node</span>
      ) : (
        <a href={path}>{name}</a>
      )}
    </p>
  );
}
