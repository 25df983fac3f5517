// The mark on everything that is shown: what was checked here, in words, and what came of it.
import type {ComponentChildren} from 'preact';
import {useState} from 'preact/hooks';
import {AGE_MAX, holds, judge, type Answer, type Judged, type Standing} from '../proof.ts';
import {trust, type Trusted} from '../trust.ts';
import {count, listed, short, span} from '../words.ts';
import {BlockLink, Icon, Link, Time} from './basics.tsx';

const MARKS = {
  proven: {icon: 'check', word: 'Verified', title: 'Verified in this browser'},
  unconfirmed: {
    icon: 'question',
    word: 'Not confirmed',
    title: 'It fits together, but confirm the network first'
  },
  stale: {icon: 'clock', word: 'Old', title: 'Verified in this browser, but old'},
  untrusted: {icon: 'warning', word: 'Untrusted', title: 'Not from a network that you trust'},
  invalid: {icon: 'cross', word: 'Invalid', title: 'The proof is broken: do not rely on this'},
  unproven: {icon: 'question', word: 'Not proven', title: 'Not proven: this is what the node says'}
} as const satisfies Record<Standing, object>;

/** The verdict as one word. */
export function Mark({of}: {of: {standing: Standing; why?: string}}) {
  const {icon, word, title} = MARKS[of.standing];
  return (
    <span class={`mark ${of.standing}`} title={of.why ?? title}>
      <Icon name={icon} /> {word}
    </span>
  );
}

/** The verdict as a sign alone, in a table. */
export function Dot({of}: {of: {standing: Standing}}) {
  const {icon, word} = MARKS[of.standing];
  return (
    <span class={`mark dot ${of.standing}`} title={word}>
      <Icon name={icon} />
      <span class="hidden">{word}</span>
    </span>
  );
}

/** Says that what stands here is only listed by the node. */
export function Unproven({children = 'Listed by this node'}: {children?: ComponentChildren}) {
  return (
    <span class="mark unproven">
      <Icon name="question" /> {children}
    </span>
  );
}

/** The verdict, what was checked, and what was not. `what` is the subject of its sentences. */
export function Seal({of, what, answer}: {of: Judged; what: string; answer?: Answer}) {
  const {icon, title} = MARKS[of.standing];
  return (
    <section class={`seal ${of.standing}`} aria-label="What was checked">
      <div class="verdict" role="status">
        <span class="stamp">
          <Icon name={icon} />
        </span>
        <div>
          <p class="heading">{title}</p>
          <p class="summary">{summary(of, isPresent(answer))}</p>
        </div>
      </div>
      {of.certificate && holds(of) && (
        <details>
          <summary>What was checked</summary>
          <Checks of={of} what={what} present={isPresent(answer)} />
          {answer && <Trial answer={answer} />}
        </details>
      )}
    </section>
  );
}

/** Receipts and blocks speak of their own time for ever; other answers speak of the present. */
const isPresent = (answer?: Answer) => !!answer && !('event' in answer.question);

function summary(of: Judged, present: boolean) {
  const {standing, why, height, time, certificate, at, trusted} = of;
  if (standing === 'unconfirmed') {
    return (
      <>
        The proof leads to the genesis that this node itself names, {genesis(trusted)}. Compare it
        with the one that you were given, and <Link to={{view: 'trust'}}>confirm it</Link>.
      </>
    );
  }
  if (standing === 'proven' || standing === 'stale') {
    return (
      <>
        {present ? 'As of block' : 'In block'} <BlockLink height={height!} />, which{' '}
        {certificate!.signatures.length} of {trusted!.trust.validators.length} validators certified{' '}
        {span(at - time!)} before this check.{standing === 'stale' && ` It is ${why}.`}
      </>
    );
  }
  return <>{sentence(why ?? '')}</>;
}

const genesis = (trusted?: Trusted) => (
  <code title={trusted?.trust.genesis}>{short(trusted?.trust.genesis ?? '', 8, 8)}</code>
);

/** What the verifier says, as a sentence; what it quotes stands between backticks. */
function sentence(text: string) {
  const parts = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.split('`');
  return parts.map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part));
}

function Checks({of, what, present}: {of: Judged; what: string; present: boolean}) {
  const {certificate, trusted, height, time, at, standing} = of;
  const names = certificate!.signatures.map(
    ({validator}) => trusted!.names.get(validator) || short(validator, 6, 4)
  );
  const {validators, network} = trusted!.trust;
  return (
    <ol class="checks">
      <li>{what}</li>
      <li>
        Block <BlockLink height={height!} /> is certified by {listed(names)}:{' '}
        {count(names.length, 'signature')} of {validators.length}, each one verified; more than two
        thirds of the voting power are needed.
      </li>
      <li>
        These validators are those of the network <b>{network}</b> with the genesis{' '}
        {genesis(trusted)},{' '}
        {standing === 'unconfirmed' ? (
          'which nobody has confirmed in this browser'
        ) : (
          <>
            which you confirmed on <Time ms={trusted!.confirmedAt!} />
          </>
        )}
        {trusted!.trust.height > 0 && '; certified headers lead from there to them'}.
      </li>
      <li>
        The block’s time is <Time ms={time!} />, {span(at - time!)} before your clock’s at this
        check.{' '}
        {present
          ? `An answer about the present may be ${span(AGE_MAX)} old.`
          : 'What a block holds, it holds for ever.'}
      </li>
    </ol>
  );
}

/** Lets somebody see for himself that a changed answer is caught. */
function Trial({answer}: {answer: Answer}) {
  const [caught, set] = useState<Answer>();
  const change = () => {
    const {text} = answer.reply;
    const at = Math.floor(Math.random() * text.length);
    const other = String.fromCharCode(text.charCodeAt(at) ^ 1);
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    set(judge(answer.question, {...answer.reply, text: changed}, trust.value));
  };
  return (
    <div class="trial">
      <button type="button" onClick={change}>
        Change one letter of the answer and check again
      </button>
      <p role="status">
        {caught && (
          <>
            <Mark of={caught} /> {sentence(caught.why ?? 'nothing was found')}
          </>
        )}
      </p>
    </div>
  );
}

/** An answer with its mark: `show` is called only when what it says holds. */
export function Proven({
  answer,
  what,
  show
}: {
  answer: Answer | Error | undefined;
  what: string;
  show: (answer: Answer) => ComponentChildren;
}) {
  if (!answer)
    return (
      <p class="faint waiting" aria-busy="true">
        Asking the node…
      </p>
    );
  if (answer instanceof Error) {
    return (
      <p class="notice bad" role="status">
        This node does not answer: {answer.message}
      </p>
    );
  }
  const text = answer.reply.text;
  return (
    <>
      <Seal of={answer} what={what} answer={answer} />
      {holds(answer)
        ? show(answer)
        : answer.standing !== 'unproven' && (
            <details class="raw">
              <summary>What the node said, which is not to be relied on</summary>
              <pre tabIndex={0}>{text}</pre>
            </details>
          )}
    </>
  );
}
