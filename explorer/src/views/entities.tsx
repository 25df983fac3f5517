// The trust registry: which organisations are on board, and what each of them may do.
import type {ComponentChildren} from 'preact';
import {DidLink, Facts, Title} from '../parts/basics.tsx';
import {Party, title} from '../parts/party.tsx';
import {Record, Records} from '../parts/record.tsx';
import {listed} from '../words.ts';
import {RevocationRegistries} from './revocation.tsx';

/** What a listing lets somebody do, in words. */
const ACTIONS: {[action: string]: string} = {
  certify: 'certify',
  delegate: 'delegate',
  issue: 'issue',
  'provide-wallet': 'provide as a wallet',
  request: 'ask for',
  revoke: 'revoke',
  'run-registry': 'run a registry of'
};

export function EntitiesView() {
  return (
    <>
      <Title kicker="Trust registry">Who may do what</Title>
      <p class="lead">
        Organisations that were taken on board, what they were certified for and what they may do,
        and by whose word. A listing that ended stays visible.
      </p>
      <Records
        path="/v1/entities"
        member="entities"
        title="Organisations"
        none="None is on board yet."
        row={content => <Organisation of={content} />}
      />
      <Records
        path="/v1/registries"
        member="registries"
        title="Delegated registries"
        none="None was delegated yet."
        row={content => <Delegated of={content} />}
      />
      <Records
        path="/v1/recognitions"
        member="recognitions"
        title="Foreign schemes that are recognised"
        none="None was recognised yet."
        row={content => <Grant of={content} verb="recognised to" />}
      />
      <Records
        path="/v1/appeals"
        member="appeals"
        title="Appeals"
        none="None was filed yet."
        row={appeal => (
          <>
            <p>
              <Party did={appeal.filedBy} /> against a decision of <Party did={appeal.respondent} />
            </p>
            <p class="faint">
              filed {day(appeal.filed)}, due {day(appeal.due)}
              {appeal.decided && `, ${appeal.decided.outcome} on ${day(appeal.decided.at)}`}
              {appeal.decided?.late && <b class="bad"> (late)</b>}
            </p>
          </>
        )}
      />
    </>
  );
}

export function EntityView({did}: {did: string}) {
  const of = `entity=${did}`;
  return (
    <>
      <Title kicker="Organisation">
        <Party did={did} />
      </Title>
      <Record
        name={`entity/${did}`}
        title="On board"
        none="This DID was not taken on board; that is proven."
        show={content => <Particulars of={content} did={did} />}
      />
      <Records
        path={`/v1/certifications?${of}`}
        member="certifications"
        title="Certified"
        none="It holds no certification."
        row={({listing, status}) => (
          <Listed status={status} period={listing.period}>
            certified as <b>{words(listing.role)}</b> by <Party did={listing.certifier} />
          </Listed>
        )}
      />
      <Records
        path={`/v1/authorizations?${of}`}
        member="authorizations"
        title="It may"
        none="Nobody authorised it to do anything."
        row={content => <Grant of={content} />}
      />
      <RevocationRegistries issuer={did} title="Its revocation registries" none="It has none." />
      <Records
        path={`/v1/authorizations?authority=${did}`}
        member="authorizations"
        title="It authorised others"
        none="It authorised nobody."
        row={content => <Grant of={content} />}
      />
    </>
  );
}

function Organisation({of: {listing, status}}: {of: any}) {
  const {roles} = listing.particulars;
  return (
    <Listed status={status}>
      <Party did={listing.did} />
      <span class="faint"> {listed(roles.map(words))}</span>
    </Listed>
  );
}

function Particulars({of: {listing, status}, did}: {of: any; did: string}) {
  const {name, roles, jurisdiction, website, insurance} = listing.particulars;
  const facts: [string, ComponentChildren][] = [
    ['Name', title(name)],
    ['Roles', listed(roles.map(words))],
    ['It is', <State of={status} />],
    ['Taken on board by', <Party did={listing.registrar} />],
    ['DID', <DidLink did={did} />]
  ];
  if (jurisdiction) facts.push(['Jurisdiction', jurisdiction]);
  if (website) facts.push(['Website', website]);
  if (insurance) facts.push(['Insured until', day(insurance.expires)]);
  return <Facts of={facts} />;
}

function Delegated({of: {listing, status}}: {of: any}) {
  const {actions, resources} = listing.scope;
  return (
    <Listed status={status} period={listing.period}>
      <Party did={listing.did} /> lists for <Party did={listing.parent} /> who may{' '}
      {listed(actions.map((action: string) => ACTIONS[action] ?? words(action)))}:{' '}
      {listed(resources)}
    </Listed>
  );
}

function Grant({of: {listing, status}, verb = 'may'}: {of: any; verb?: string}) {
  const {entity, action, resource, authority, period} = listing;
  return (
    <Listed status={status} period={period}>
      <Party did={entity} /> {verb} {ACTIONS[action] ?? words(action)} <b>{resource}</b>, says{' '}
      <Party did={authority} />
    </Listed>
  );
}

/** What a listing says, and whether it counts. */
function Listed({
  status,
  period,
  children
}: {
  status: any;
  period?: {from: string; until: string};
  children: ComponentChildren;
}) {
  return (
    <>
      <p>{children}</p>
      <p class="faint">
        <State of={status} />
        {period && `; from ${day(period.from)} to ${day(period.until)}`}
      </p>
    </>
  );
}

function State({of: {state, since, ground}}: {of: any}) {
  return (
    <span>
      <b class={state === 'active' ? 'good' : 'bad'}>{state}</b> since {day(since)}
      {ground && `, for ${words(ground)}`}
    </span>
  );
}

const words = (name: string): string => name.replaceAll('-', ' ');

/** A time that a record writes in full, as a day. */
const day = (time?: string): string => time?.slice(0, 10) ?? 'an unknown day';
