// How the statuses of a registry came to be: drawn over time, and told in words. Each version and
// each event is asked for and checked by itself.
import {useEffect, useState} from 'preact/hooks';
import {about} from '../node.ts';
import {Card, EventLink, Time, Waiting} from '../parts/basics.tsx';
import {Chart, type Point} from '../parts/chart.tsx';
import {Party} from '../parts/party.tsx';
import {Dot} from '../parts/seal.tsx';
import {holds, useAnswers, type Answer} from '../proof.ts';
import {
  act,
  headKey,
  isMarked,
  ofRegistry,
  ofStatuses,
  REGISTRY_KEY,
  spread,
  tally,
  version,
  type Act,
  type Registry
} from '../revocation.ts';
import {count, kind} from '../words.ts';

/** How many versions are told at once. */
const PAGE = 12;
/** How many overrides, and how many holds, are looked for beyond those versions. */
const MARKS_MAX = 50;

/** What is known of a registry's past. */
export interface Past {
  /** What was done, oldest first. */
  acts: Act[];
  /** Versions whose event is not known, though it was looked for: why. */
  missing: (readonly [version: number, why: string])[];
  /** Whether what was done is known from the beginning on, and nothing of it is missing. */
  whole: boolean;
  waiting: boolean;
  /** Tells more versions, where there are older ones. */
  more?: () => void;
}

type Answers = ReturnType<typeof useAnswers>;
const sound = (answer: Answers[number]): answer is Answer =>
  !!answer && !(answer instanceof Error) && holds(answer);

export function useHistory(registry: Registry): Past {
  const {id, version: newest} = registry;
  const [size, grow] = useState(PAGE);
  const listed = useListed(id);
  const oldest = Math.max(1, newest - size + 1);
  const numbers = Array.from({length: newest - oldest + 1}, (_, at) => oldest + at);
  const heads = useAnswers(numbers.map(number => ofRegistry(id, number)));
  const events = heads.flatMap(head => (sound(head) ? (version(head)?.event ?? []) : []));
  const asked = [...new Set([id, ...events, ...(listed ?? [])])];
  const receipts = useAnswers(asked.map(event => ({event})));
  const acts = receipts.filter(sound).flatMap(receipt => act(receipt, id) ?? []);
  acts.sort((one, other) => one.time - other.time || (one.version ?? 0) - (other.version ?? 0));
  const made = new Set(acts.flatMap(({version}) => version ?? []));
  const held = acts.filter(({version}) => version === undefined);
  const waiting = !listed || [...heads, ...receipts].includes(undefined);
  const untold = numbers.map((number, at) => {
    const head = heads[at];
    const receipt = sound(head) ? receipts[asked.indexOf(version(head)?.event ?? '')] : head;
    return [number, why(receipt)] as const;
  });
  const missing = untold.filter(([number]) => !waiting && !made.has(number));
  return {
    ...{acts, missing, waiting},
    whole: !waiting && made.size === newest && held.length === registry.holds,
    ...(oldest > 1 && {more: () => grow(size + PAGE)})
  };
}

const isUnproven = (answer: Answers[number]): boolean =>
  !!answer && !(answer instanceof Error) && answer.standing === 'unproven';

const why = (answer: Answers[number]): string =>
  answer instanceof Error ? answer.message : (answer?.why ?? 'its event was not shown');

/** Events that matter whenever they were: overrides and holds, as far as the node lists them. */
function useListed(id: string): string[] | undefined {
  const [found, set] = useState<string[]>();
  useEffect(() => {
    Promise.all([
      about(headKey(id), MARKS_MAX, 'StatusOverridden'),
      about(`${REGISTRY_KEY}${id}`, MARKS_MAX)
    ]).then(
      lists => set(lists.flat().map(event => event.id)),
      () => set([])
    );
  }, [id]);
  return found;
}

export function History({
  registry,
  past,
  until
}: {
  registry: Registry;
  past: Past;
  /** Up to when it is drawn: the time of the block for which the registry was proven. */
  until: number;
}) {
  const {id, version: newest} = registry;
  const numbers = spread(registry);
  const lists = useAnswers(numbers.map(number => ofStatuses(id, number)));
  const points = lists.filter(sound).flatMap((list): Point[] => {
    const found = version(list);
    return found ? [{...found, ...tally(list), answer: list}] : [];
  });
  // A version that was replaced in its own block has no list, and that is no proof that fails.
  const broken = lists.find(list => list && !sound(list) && !isUnproven(list));
  const marked = past.acts.filter(isMarked);
  return (
    <Card
      title="History"
      id="history"
      aside={<span class="faint">{count(newest, 'version')}</span>}
    >
      {lists.includes(undefined) ? (
        <Waiting />
      ) : (
        <Chart
          points={points}
          marked={marked}
          since={points[0]?.since ?? registry.created}
          until={until}
        />
      )}
      {broken && <p class="notice bad">A list of statuses is not to be relied on: {why(broken)}</p>}
      <p class="faint small">
        {points.length > 0 &&
          points.length < newest &&
          `Drawn from ${points.length} of ${newest} versions. `}
        {marked.length > 0 && 'The numbers stand in the list below, beside what they mark. '}
        {marked.some(({basis}) => !basis) &&
          'Where it is shaded, the registry was frozen or retired.'}
      </p>
      <Numbers points={points} />
      <Told past={past} marked={marked} issuer={registry.issuer} />
    </Card>
  );
}

/** What the drawing shows, for those who read. */
function Numbers({points}: {points: Point[]}) {
  return (
    <details class="raw">
      <summary>The drawing as a table</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label="Versions">
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Since</th>
              <th scope="col" class="number">
                Revoked
              </th>
              <th scope="col" class="number">
                Suspended
              </th>
            </tr>
          </thead>
          <tbody>
            {points.toReversed().map(({number, since, revoked, suspended, answer}) => (
              <tr key={number}>
                <th scope="row">
                  {number} <Dot of={answer} />
                </th>
                <td>
                  <Time ms={since} />
                </td>
                <td class="number">{revoked.toLocaleString('en')}</td>
                <td class="number">{suspended.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** What was done, newest first. */
function Told({
  past: {acts, missing, whole, waiting, more},
  marked,
  issuer
}: {
  past: Past;
  marked: Act[];
  issuer: string;
}) {
  return (
    <>
      <ol class="timeline" reversed>
        {acts.toReversed().map(act => (
          <Step key={act.event} act={act} mark={marked.indexOf(act) + 1} issuer={issuer} />
        ))}
      </ol>
      {waiting && <Waiting />}
      {missing.map(([number, why]) => (
        <p key={number} class="bad">
          Version {number} is not told: {why}
        </p>
      ))}
      {!waiting && !whole && (
        <p class="faint small">
          Of what was done before these versions, overrides and holds are told, as far as this node
          lists them.
        </p>
      )}
      {more && (
        <p class="below">
          <button type="button" onClick={more}>
            Older versions
          </button>
        </p>
      )}
    </>
  );
}

function Step({act, mark, issuer}: {act: Act; mark: number; issuer: string}) {
  const {version, what, basis, author, time, event, answer} = act;
  return (
    <li class={mark ? 'current' : undefined}>
      <p>
        {mark > 0 && (
          <>
            <span class="count" title="Its number on the drawing">
              {mark}
            </span>{' '}
          </>
        )}
        {what.join('; ') || kind(act.type)} <Dot of={answer} />
      </p>
      <p class="faint">
        {version && `Version ${version} · `}
        <Time ms={time} /> · <Whose basis={basis} author={author} issuer={issuer} /> · event{' '}
        <EventLink id={event} />
      </p>
    </li>
  );
}

/** By whom: of a decision of the Governing Body no single member matters. */
function Whose({
  basis,
  author,
  issuer
}: {
  basis: string | undefined;
  author: string;
  issuer: string;
}) {
  const who = author === issuer ? 'its issuer' : <Party did={author} />;
  switch (basis) {
    case 'governing-body':
      return <>by decision of the Governing Body</>;
    case 'court':
      return <>by order of a court, carried out by {who}</>;
    case 'provider':
      return <>by the revocation service provider {who}</>;
    default:
      return <>by {who}</>;
  }
}
