// The versions of a DID, each asked for and checked by itself, and what each of them changed.
import {useEffect, useState} from 'preact/hooks';
import {changes, version, type Version} from '../document.ts';
import {Card, EventLink, Link, Time} from '../parts/basics.tsx';
import {Dot} from '../parts/seal.tsx';
import {ask, holds, judge, type Answer} from '../proof.ts';
import {useStore} from '../store.ts';
import {trust} from '../trust.ts';
import {count} from '../words.ts';

/** How many versions are shown at once. */
const PAGE = 8;

/** The versions, newest first. `answer` is the one that shows the newest. */
export function History({
  did,
  newest,
  answer,
  shown
}: {
  did: string;
  newest: Version;
  answer: Answer;
  shown: number;
}) {
  const state = useStore(trust);
  const [size, grow] = useState(PAGE);
  const [past, set] = useState<Map<number, Answer>>(new Map());
  const oldest = Math.max(1, newest.number - size + 1);
  useEffect(() => {
    let overtaken = false;
    const wanted = [];
    // One more than is shown, so that the last one can be compared.
    for (let at = newest.number - 1; at >= Math.max(1, oldest - 1); at -= 1) wanted.push(at);
    Promise.all(
      wanted.map(async number => {
        const question = {resolution: {did, versionId: String(number)}};
        return [number, judge(question, await ask(question), state)] as const;
      })
    ).then(
      answers => overtaken || set(new Map(answers)),
      () => {}
    );
    return () => {
      overtaken = true;
    };
  }, [did, newest.number, oldest, state]);
  const numbers = Array.from({length: newest.number - oldest + 1}, (_, at) => newest.number - at);
  const at = (number: number) => {
    if (number === newest.number) return newest;
    const answer = past.get(number);
    return answer && holds(answer) ? version(answer) : undefined;
  };
  return (
    <Card
      title="History"
      id="history"
      aside={<span class="faint">{count(newest.number, 'version')}</span>}
    >
      <ol class="timeline" reversed>
        {numbers.map(number => {
          const step = number === newest.number ? answer : past.get(number);
          return (
            <li key={number} class={number === shown ? 'current' : undefined}>
              <p>
                <Link to={{view: 'did', did, version: String(number)}}>Version {number}</Link>{' '}
                {step && <Dot of={step} />}
              </p>
              <Step did={did} now={at(number)} before={at(number - 1)} />
            </li>
          );
        })}
      </ol>
      {oldest > 1 && (
        <button type="button" onClick={() => grow(size + PAGE)}>
          Older versions
        </button>
      )}
    </Card>
  );
}

function Step({
  did,
  now,
  before
}: {
  did: string;
  now: Version | undefined;
  before: Version | undefined;
}) {
  if (!now) return <p class="faint">…</p>;
  const what = now.number === 1 ? ['registered'] : before ? changes(before, now, did) : [];
  return (
    <p class="faint">
      <Time ms={now.since} />
      {what.length > 0 && (
        <>
          {' '}
          · <span class="what">{what.join(', ')}</span>
        </>
      )}{' '}
      ·{' '}
      {now.inGenesis ? (
        'genesis'
      ) : (
        <>
          event <EventLink id={now.event} />
        </>
      )}
    </p>
  );
}
