// A DID: who may change it, what it publishes, and how it came to be.
import {keys, services, version, type Version} from '../document.ts';
import {
  Card,
  Copy,
  DidLink,
  Facts,
  Icon,
  Link,
  pretty,
  Raw,
  Time,
  Title
} from '../parts/basics.tsx';
import {title} from '../parts/party.tsx';
import {useContent} from '../parts/record.tsx';
import {Proven} from '../parts/seal.tsx';
import {holds, useAnswer, type Answer} from '../proof.ts';
import {count, PURPOSES, short, suite} from '../words.ts';
import {History} from './history.tsx';

/** Where the trust registry knows the DID, a way there. */
function OnBoard({did}: {did: string}) {
  const entity = useContent(`entity/${did}`);
  if (!entity) return null;
  return (
    <p class="notice">
      This is an organisation on board:{' '}
      <Link to={{view: 'entity', did}}>{title(entity.listing.particulars.name)}</Link>
    </p>
  );
}

export function DidView({did, wanted}: {did: string; wanted: string | undefined}) {
  const latest = useAnswer({resolution: {did}});
  const past = useAnswer(wanted ? {resolution: {did, versionId: wanted}} : undefined);
  const answer = wanted ? past : latest;
  const newest = latest && !(latest instanceof Error) && holds(latest) ? latest : undefined;
  const what = wanted
    ? `This is version ${wanted}, rebuilt here from the DID’s proven record and its history.`
    : 'The document is rebuilt here from the DID’s record, which is proven to be in the state.';
  return (
    <>
      <Title kicker="Decentralized identifier">
        <span class="mono">{did}</span> <Copy text={did} label="the DID" />
      </Title>
      <OnBoard did={did} />
      <Proven
        answer={answer}
        what={what}
        show={answer => <Shown did={did} answer={answer} newest={newest} />}
      />
    </>
  );
}

function Shown({did, answer, newest}: {did: string; answer: Answer; newest: Answer | undefined}) {
  const shown = version(answer);
  const last = newest && version(newest);
  if (!shown) {
    const wanted = 'resolution' in answer.question && answer.question.resolution.versionId;
    return (
      <p class="notice">
        {wanted ? `There is no version ${wanted} of this DID.` : 'Nobody registered this DID.'}{' '}
        That, too, is proven: the ledger’s state holds nothing else under its name.
      </p>
    );
  }
  const old = last && last.number !== shown.number;
  return (
    <>
      {old && (
        <p class="notice">
          This is version {shown.number} of {last.number}.{' '}
          <Link to={{view: 'did', did}}>Show the one in force</Link>
        </p>
      )}
      {last?.deactivated && (
        <p class="notice bad">
          This DID was deactivated on <Time ms={last.since} />, for good. Its history stays
          {shown.deactivated && (
            <>
              : its last document is in{' '}
              <Link to={{view: 'did', did, version: String(last.number - 1)}}>
                version {last.number - 1}
              </Link>
            </>
          )}
          .
        </p>
      )}
      <Drawing did={did} version={shown} />
      {shown.document && <Published did={did} version={shown} />}
      {newest && last && <History did={did} newest={last} answer={newest} shown={shown.number} />}
      {shown.document && (
        <Raw title="The document as JSON" text={pretty(shown.document)} name="did.json" />
      )}
      <Raw title="The whole answer with its proof" text={answer.reply.text} name="answer.json" />
    </>
  );
}

/** Who has a say, the DID, and what it publishes, from left to right. */
function Drawing({did, version}: {did: string; version: Version}) {
  const {document, number, since, endorser, inGenesis} = version;
  const published = document ? keys(document, did) : [];
  const offered = document ? services(document, did) : [];
  return (
    <section class="drawing" aria-label="The DID at a glance">
      <Voices version={version} />
      <div class="subject">
        <p class="kicker">{version.deactivated ? 'Deactivated' : `Version ${number}`}</p>
        <p class="mono name">{short(did.slice(did.lastIndexOf(':') + 1), 8, 6)}</p>
        <p class="faint">
          since <Time ms={since} />
        </p>
        <p class="faint">
          {inGenesis
            ? 'part of the genesis'
            : endorser && (
                <>
                  vouched for by <DidLink did={endorser} />
                </>
              )}
        </p>
      </div>
      <div class="side">
        <h2>It publishes</h2>
        <ul>
          {published.map(key => (
            <li key={key.name}>
              <Icon name="key" />
              <span>
                <b class="mono">{key.name}</b> {key.suite}
              </span>
            </li>
          ))}
          {offered.map(({id, type}) => (
            <li key={id}>
              <Icon name="globe" />
              <span>
                <b class="mono">{id}</b> {type}
              </span>
            </li>
          ))}
          {published.length + offered.length === 0 && (
            <li class="faint">{document ? 'no keys and no services' : 'nothing any more'}</li>
          )}
        </ul>
      </div>
    </section>
  );
}

function Voices({version: {control, deactivated}}: {version: Version}) {
  const {keys, controllers = [], nextKeyHashes = [], threshold} = control;
  const voices = keys.length + controllers.length;
  const next = nextKeyHashes.length;
  let rule = voices === 1 ? 'It decides alone' : `${threshold} of these ${voices} must agree`;
  if (next) rule = `Only ${count(threshold, 'key')} not shown yet may change it`;
  if (deactivated) rule = 'Nobody may change it any more';
  return (
    <div class="side">
      <h2>{deactivated ? 'It was controlled by' : 'Who may change it'}</h2>
      <ul>
        {keys.map(key => (
          <li key={key} title={key}>
            <Icon name="key" />
            <span>
              <b class="mono">{short(key, 8, 5)}</b> {suite(key)}
            </span>
          </li>
        ))}
        {controllers.map(other => (
          <li key={other}>
            <DidLink did={other} />
          </li>
        ))}
      </ul>
      <p class="rule">{rule}</p>
      {!deactivated && next > 0 && (
        <p class="faint">
          {count(next, 'next key is', 'next keys are')} committed to by hash: whoever steals{' '}
          {keys.length === 1 ? 'the key' : 'the keys'} shown here can change nothing.
        </p>
      )}
    </div>
  );
}

function Published({did, version: {document}}: {did: string; version: Version}) {
  const listed = keys(document, did);
  const offered = services(document, did);
  const facts: [string, any][] = [];
  const aliases: string[] = document.alsoKnownAs ?? [];
  if (aliases.length) facts.push(['Also known as', aliases.map(name => <p key={name}>{name}</p>)]);
  const controllers = [document.controller ?? []].flat();
  if (controllers.length) {
    facts.push([
      'Says it is controlled by',
      controllers.map(name => <DidLink key={name} did={name} />)
    ]);
  }
  return (
    <div class="columns">
      {listed.length > 0 && (
        <Card title="Keys, and what each may do" id="keys">
          <ul class="rows">
            {listed.map(key => (
              <li key={key.name}>
                <p>
                  <b class="mono">{key.name}</b> <span class="faint">{key.suite}</span>
                </p>
                <p class="chips">
                  {key.purposes.map(purpose => (
                    <span class="chip" key={purpose} title={purpose}>
                      {PURPOSES[purpose]}
                    </span>
                  ))}
                  {key.purposes.length === 0 && <span class="faint">named for no purpose</span>}
                </p>
                {key.controller && (
                  <p class="faint">
                    held by <DidLink did={key.controller} />
                  </p>
                )}
                <p class="mono small">
                  {key.material}{' '}
                  {key.material && <Copy text={key.material} label={`the key ${key.name}`} />}
                </p>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {offered.length > 0 && (
        <Card title="Services" id="services">
          <ul class="rows">
            {offered.map(({id, type, endpoints}) => (
              <li key={id}>
                <p>
                  <b class="mono">{id}</b> <span class="faint">{type}</span>
                </p>
                {endpoints.map(end => (
                  <p class="mono small" key={end}>
                    {end}
                  </p>
                ))}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {facts.length > 0 && (
        <Card title="What it says of itself" id="itself">
          <Facts of={facts} />
        </Card>
      )}
    </div>
  );
}
