// A block: what its header commits to, who certified it, which events it holds.
import {useEffect, useState} from 'preact/hooks';
import {
  Card,
  DidLink,
  EventLink,
  Facts,
  Link,
  Raw,
  Time,
  Title,
  Waiting
} from '../parts/basics.tsx';
import {Seal, Unproven} from '../parts/seal.tsx';
import {get, list, type Certificate, type Listed, type Reply} from '../node.ts';
import {holds, judgeBlock} from '../proof.ts';
import {useStore} from '../store.ts';
import {inForce, trust, type Trusted} from '../trust.ts';
import type {Header} from '../verifier.js';
import {count, kind, short} from '../words.ts';

/** How many events of a block are listed. */
const EVENTS_MAX = 200;

export function BlockView({height}: {height: number}) {
  const state = useStore(trust);
  const [reply, set] = useState<Reply | Error>();
  useEffect(() => {
    get(`/v1/blocks/${height}`).then(set, set);
  }, [height]);
  const ready = inForce(state) || state.failure;
  const block =
    reply && !(reply instanceof Error) && ready ? judgeBlock(height, reply, state) : undefined;
  return (
    <>
      <Title kicker="Block">{height.toLocaleString('en')}</Title>
      <nav class="beside" aria-label="Blocks beside this one">
        {height > 1 && <Link to={{view: 'block', height: height - 1}}>← Block {height - 1}</Link>}
        <Link to={{view: 'block', height: height + 1}}>Block {height + 1} →</Link>
      </nav>
      {reply instanceof Error && (
        <p class="notice bad">This node does not answer: {reply.message}</p>
      )}
      {!block && !(reply instanceof Error) && <Waiting />}
      {block && (
        <Seal of={block} what="The header is read from the very bytes that were certified." />
      )}
      {block?.header && holds(block) && (
        <>
          <div class="columns">
            <Commitments header={block.header} id={block.id!} trusted={block.trusted!} />
            <Signers certificate={block.certificate!} trusted={block.trusted!} />
          </div>
          <Events header={block.header} ids={(reply as Reply).body.events ?? []} />
          <Raw
            title="The block as the node serves it"
            text={(reply as Reply).text}
            name={`block-${height}.json`}
          />
        </>
      )}
    </>
  );
}

const hash = (text: string) => <code title={text}>{short(text, 12, 8)}</code>;

function Commitments({header, id, trusted}: {header: Header; id: string; trusted: Trusted}) {
  const {names} = trusted;
  return (
    <Card title="What it says" id="header">
      <Facts
        of={[
          ['Time', <Time ms={header.time} />],
          ['Proposed by', names.get(header.proposer) || hash(header.proposer)],
          ['Block id', hash(id)],
          [
            'Parent',
            header.height > 1 ? hash(header.parent) : <>{hash(header.parent)} (genesis)</>
          ],
          ['State root', hash(header.stateRoot)],
          [
            'Log',
            <>
              {count(header.logSize, 'entry', 'entries')}, root {hash(header.logRoot)}
            </>
          ],
          [
            'Validators',
            header.validators === header.nextValidators ? (
              hash(header.validators)
            ) : (
              <>
                {hash(header.validators)}, then {hash(header.nextValidators)}
              </>
            )
          ]
        ]}
      />
    </Card>
  );
}

function Signers({certificate, trusted}: {certificate: Certificate; trusted: Trusted}) {
  const {validators} = trusted.trust;
  const signed = new Set(certificate.signatures.map(({validator}) => validator));
  const power = (of: typeof validators) => of.reduce((sum, {power}) => sum + power, 0);
  const counted = power(validators.filter(({key}) => signed.has(key)));
  const name = (key: string) => trusted.names.get(key) || 'validator';
  const ordered = [...validators].sort((one, other) =>
    name(one.key).localeCompare(name(other.key))
  );
  const rounds = certificate.round === 0 ? 'in the first round' : `in round ${certificate.round}`;
  return (
    <Card
      title="Who certified it"
      id="signers"
      aside={
        <span class="faint">
          {counted} of {power(validators)} votes, {rounds}
        </span>
      }
    >
      <ul class="rows">
        {ordered.map(({key}) => (
          <li key={key} class="signer">
            <span>
              {name(key)} <code title={key}>{short(key, 6, 4)}</code>
            </span>
            {signed.has(key) ? (
              <span class="mark proven">signed</span>
            ) : (
              <span class="faint small">not in this certificate</span>
            )}
          </li>
        ))}
      </ul>
      <p class="faint small">
        A certificate holds the signatures that came first and sufficed; others may have come later.
      </p>
    </Card>
  );
}

/** The events, which stand in the log before the block's own entry. */
function Events({header, ids}: {header: Header; ids: string[]}) {
  const [events, set] = useState<Listed[]>();
  const size = Math.min(ids.length, EVENTS_MAX);
  useEffect(() => {
    if (size > 0) list(header.logSize - 1 - ids.length, size).then(set, () => set(undefined));
  }, [header.height]);
  const of = new Map(events?.map(event => [event.id, event]));
  return (
    <Card
      title="Events"
      id="events"
      aside={ids.length > 0 && <Unproven>Listed by this node; each has its own proof</Unproven>}
    >
      {ids.length === 0 && <p class="faint">None: the network shows that it is alive.</p>}
      <ul class="rows">
        {ids.slice(0, size).map(id => (
          <li key={id} class="listed">
            <EventLink id={id} />
            <span>{kind(of.get(id)?.type ?? '')}</span>
            {of.get(id) && <DidLink did={of.get(id)!.author} />}
          </li>
        ))}
      </ul>
      {ids.length > size && <p class="faint">and {count(ids.length - size, 'more event')}</p>}
    </Card>
  );
}
