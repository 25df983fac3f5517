// An event: what it says, who signed it, and that it is in the log.
import {
  BlockLink,
  Card,
  Copy,
  DidLink,
  Facts,
  Link,
  pretty,
  Raw,
  Time,
  Title
} from '../parts/basics.tsx';
import {Mark, Proven} from '../parts/seal.tsx';
import {useAnswer, type Answer} from '../proof.ts';
import {concerned} from '../revocation.ts';
import {trust} from '../trust.ts';
import {kind, short, suite} from '../words.ts';

export function EventView({id}: {id: string}) {
  const answer = useAnswer({event: id});
  return (
    <>
      <Title kicker="Event">
        <span class="mono">{id}</span> <Copy text={id} label="the event’s id" />
      </Title>
      <Proven
        answer={answer}
        what="The event’s bytes are an entry of the log, and hash to this id."
        show={answer => <Shown answer={answer} />}
      />
    </>
  );
}

function Shown({answer}: {answer: Answer}) {
  const {event, index, certificate} = answer.reply.body;
  const own = ['@context', 'type', 'network', 'author', 'created', 'validUntil', 'proof'];
  const members = Object.fromEntries(Object.entries(event).filter(([name]) => !own.includes(name)));
  const {previousVersion} = event;
  const facts: [string, any][] = [
    ['Author', <DidLink did={event.author} />],
    ['Block', <BlockLink height={certificate.height} />],
    ['Time', <Time ms={answer.time!} />],
    ['Entry of the log', Number(index).toLocaleString('en')],
    ['Signed to be valid until', <Time ms={Date.parse(event.validUntil)} />]
  ];
  // Of other events it is the version of another record.
  if (previousVersion && /^Did(Updated|Deactivated)$/.test(event.type)) {
    const version = String(previousVersion + 1);
    facts.push([
      'Made',
      <Link to={{view: 'did', did: event.author, version}}>version {version}</Link>
    ]);
  }
  const registries = concerned(event, answer.reply.body.id);
  if (registries.length) {
    facts.push([
      registries.length === 1 ? 'Revocation registry' : 'Revocation registries',
      registries.map(id => (
        <p key={id}>
          <Link to={{view: 'revocation-registry', id}} title={id} mono>
            {short(id, 8, 4)}
          </Link>
        </p>
      ))
    ]);
  }
  return (
    <>
      <Card title={kind(event.type)} id="what">
        <Facts of={facts} />
      </Card>
      <Signatures event={event} receipt={answer.reply.text} />
      {Object.keys(members).length > 0 && (
        <Card title="What it sets" id="sets">
          <pre tabIndex={0}>{pretty(members)}</pre>
        </Card>
      )}
      <Raw title="The event as it was signed" text={JSON.stringify(event)} name="event.json" />
      <Raw title="Its receipt" text={answer.reply.text} name="receipt.json" />
    </>
  );
}

/** The proof set: whose signatures the event bears, each verified here. */
function Signatures({event, receipt}: {event: any; receipt: string}) {
  const verified = trust.value.verifier!.signatures(receipt);
  const holds = (at: number) => 'signatures' in verified && verified.signatures[at] === true;
  return (
    <Card title="Signatures" id="signatures">
      <ul class="rows">
        {event.proof.map((proof: any, at: number) => {
          const [did, key = ''] = String(proof.verificationMethod).split('#');
          const author = proof.proofPurpose === 'capabilityInvocation';
          return (
            <li key={proof.verificationMethod}>
              <p>
                <DidLink did={did!} />{' '}
                <span class="chip">{author ? 'as the author' : 'vouching for the author'}</span>{' '}
                {holds(at) ? (
                  <Mark of={{standing: 'proven', why: 'The signature was verified here'}} />
                ) : (
                  <Mark of={{standing: 'invalid', why: 'The signature does not hold'}} />
                )}
              </p>
              <p class="faint small">
                with the {suite(key)} key{' '}
                <span class="mono" title={key}>
                  {short(key, 10, 6)}
                </span>
                , {proof.cryptosuite}
                {proof.created && (
                  <>
                    , on <Time ms={Date.parse(proof.created)} />
                  </>
                )}
              </p>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
