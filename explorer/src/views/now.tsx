// What the network does at this moment.
import {Ago, BlockLink, Card, DidLink, Link, Waiting} from '../parts/basics.tsx';
import {Dot, Unproven} from '../parts/seal.tsx';
import {BLOCKS_SHOWN, live, rate, type Live} from '../live.ts';
import {useStore} from '../store.ts';
import {inForce, trust} from '../trust.ts';
import {kind, short} from '../words.ts';

/** How many blocks the table has; the strip has all that are kept. */
const ROWS = 10;

export function NowView() {
  const now = useStore(live);
  if (!now.status) return now.error ? <p class="notice bad">{now.error}</p> : <Waiting />;
  return (
    <>
      <h1 class="hidden">The network now</h1>
      <Tiles now={now} />
      <div class="columns wide">
        <Blocks now={now} />
        <Events now={now} />
      </div>
    </>
  );
}

function Tiles({now: {status, blocks, skew}}: {now: Live}) {
  const [newest] = blocks;
  const perSecond = rate(blocks);
  const {height, time, validators, logSize, mempool, peers, evidence, role, moniker} = status!;
  return (
    <section class="tiles" aria-label="At a glance">
      <dl>
        <div class="main">
          <dt>Height</dt>
          <dd>
            {(newest?.height ?? height).toLocaleString('en')} {newest && <Dot of={newest} />}
          </dd>
          <dd class="note">
            last block <Ago ms={newest?.time || time} skew={skew} />
          </dd>
        </div>
        <div>
          <dt>Events per second</dt>
          <dd>{perSecond === undefined ? '–' : perSecond.toFixed(perSecond < 10 ? 1 : 0)}</dd>
          <dd class="note">{logSize.toLocaleString('en')} entries in the log</dd>
        </div>
        <div>
          <dt>Validators</dt>
          <dd>{validators}</dd>
          <dd class="note">
            {evidence === 0 ? (
              'no double signatures'
            ) : (
              <b class="bad">{evidence} double signatures</b>
            )}
          </dd>
        </div>
        <div>
          <dt>This node</dt>
          <dd>{moniker || role}</dd>
          <dd class="note">
            {role}, {peers} peers, {mempool.events} waiting
          </dd>
        </div>
      </dl>
      <p class="caption">Events in each of the last {blocks.length} blocks</p>
      <Strip blocks={blocks} />
    </section>
  );
}

/** Blocks as bars, the newest at the right: how high says how many events. */
function Strip({blocks}: Pick<Live, 'blocks'>) {
  const most = Math.max(1, ...blocks.map(({events}) => events));
  const [newest] = blocks;
  const place = (height: number) => BLOCKS_SHOWN - 1 - (newest!.height - height);
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${BLOCKS_SHOWN * 8} 40`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Events in the last ${blocks.length} blocks`}
    >
      {blocks.map(({height, events, standing}) => {
        const size = events === 0 ? 3 : 6 + 34 * Math.sqrt(events / most);
        return (
          <rect
            key={height}
            class={events ? `bar ${standing}` : `bar empty ${standing}`}
            x={place(height) * 8 + 1}
            y={40 - size}
            width="6"
            height={size}
            rx="1"
          >
            <title>{`block ${height}: ${events} events`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

function Blocks({now: {blocks}}: {now: Live}) {
  const names = inForce(useStore(trust))?.names;
  return (
    <Card
      title="Latest blocks"
      id="blocks"
      aside={<span class="faint">certificates checked here</span>}
    >
      <div class="scroll" tabIndex={0} role="group" aria-label="Latest blocks">
        <table>
          <thead>
            <tr>
              <th scope="col">Block</th>
              <th scope="col">Time</th>
              <th scope="col" class="number">
                Events
              </th>
              <th scope="col" class="number">
                Signers
              </th>
              <th scope="col">Proposer</th>
            </tr>
          </thead>
          <tbody>
            {blocks.slice(0, ROWS).map(block => (
              <tr key={block.height}>
                <th scope="row">
                  <BlockLink height={block.height} /> <Dot of={block} />
                </th>
                <td>{new Date(block.time).toLocaleTimeString('en-GB')}</td>
                <td class="number">{block.events}</td>
                <td class="number">{block.signers.size}</td>
                <td>{names?.get(block.proposer) || short(block.proposer, 6, 4)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Events({now: {events}}: {now: Live}) {
  return (
    <Card title="Latest events" id="events" aside={<Unproven />}>
      {events.length === 0 && <p class="faint">None yet.</p>}
      <ul class="rows">
        {events.map(event => (
          <li key={event.id} class="event">
            <p>
              <Link to={{view: 'event', id: event.id}}>{kind(event.type)}</Link>{' '}
              <span class="faint">
                in block <BlockLink height={event.height} />
              </span>
            </p>
            <p>
              <DidLink did={event.author} />
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
