// Questions to the node, and what its answers are worth. The verdict is the verifier's; what this
// file adds is whether the network was confirmed, and which refusals need no proof.
import {useEffect, useRef, useState} from 'preact/hooks';
import {get, reason, type Certificate, type Reply} from './node.ts';
import {useStore} from './store.ts';
import {everTrusted, inForce, trust, type Trusted, type TrustState} from './trust.ts';
import type {Header, Question, Verdict} from './verifier.js';

/** How old an answer about the present may be, in milliseconds. */
export const AGE_MAX = 60_000;

/**
 * What an answer is worth. `unconfirmed`: proven under a genesis that only the node vouches for.
 * `unproven`: it carries no proof, so it can be no more than what the node says.
 */
export type Standing = 'proven' | 'unconfirmed' | 'stale' | 'untrusted' | 'invalid' | 'unproven';

export interface Judged {
  standing: Standing;
  /** What is missing or wrong, where something is. */
  why?: string;
  /** The height and time for which it speaks. */
  height?: number;
  time?: number;
  certificate?: Certificate;
  trusted?: Trusted;
  /** When it was checked, in milliseconds since 1970. */
  at: number;
}

export interface Answer extends Judged {
  question: Question;
  reply: Reply;
}

/** Whether what it says may be shown as a fact, with its mark. */
export function holds({standing}: {standing: Standing}): boolean {
  return standing === 'proven' || standing === 'unconfirmed' || standing === 'stale';
}

export function path(question: Question): string {
  if ('event' in question) return `/v1/events/${question.event}/receipt`;
  if ('record' in question) return `/v1/records/${encodeURI(question.record)}?proof=true`;
  if ('status' in question) {
    const {part, registry, version} = question.status;
    const place = part === 'statuses' ? `${registry}/statuses` : registry;
    return `/v1/revocation/registries/${place}?${version ? `version=${version}&` : ''}proof=true`;
  }
  const {did, versionId} = question.resolution;
  const version = versionId ? `versionId=${encodeURIComponent(versionId)}&` : '';
  return `/1.0/identifiers/${encodeURIComponent(did)}?${version}proof=true`;
}

export async function ask(question: Question): Promise<Reply> {
  const isDid = 'resolution' in question;
  return get(path(question), isDid ? 'application/did-resolution' : 'application/json');
}

/** Judges a reply to a question under what is trusted now. */
export function judge(question: Question, reply: Reply, state: TrustState): Answer {
  const certificate = certificateOf(reply);
  const answer = {question, reply, ...(certificate && {certificate})};
  if (!certificate && reply.status >= 400) {
    return {...answer, standing: 'unproven', why: reason(reply), at: Date.now()};
  }
  // A receipt speaks of its own block, whose validators may have handed over since.
  const under = 'event' in question ? everTrusted(state) : inForce(state);
  return {
    ...answer,
    ...decide(state, under, (verifier, trusted, now) =>
      verifier.verify({trusted, answer: reply.text, asked: question, now, maxAge: AGE_MAX})
    )
  };
}

/** Judges a block; the header is the certified one. */
export function judgeBlock(
  height: number,
  reply: Reply,
  state: TrustState
): Judged & {id?: string; header?: Header} {
  const certificate: Certificate | undefined = reply.body?.certificate;
  if (!certificate && reply.status >= 400) {
    return {standing: 'unproven', why: reason(reply), at: Date.now()};
  }
  return {
    ...(certificate && {certificate}),
    ...decide(state, everTrusted(state), (verifier, trusted, now) => {
      const verdict = verifier.block({trusted, block: reply.text, now});
      const other = verdict.header && verdict.header.height !== height;
      return other ? {verdict: 'invalid', why: 'the answer is another block'} : verdict;
    })
  };
}

type Verify<V> = (
  verifier: NonNullable<TrustState['verifier']>,
  document: string,
  now: number
) => V;

/** The verdict under the first that knows the validators, else under the first. */
function decide<V extends Verdict>(
  {verifier, confirmed, served, failure}: TrustState,
  under: Trusted | Trusted[] | undefined,
  verify: Verify<V>
): Judged & Omit<V, 'verdict'> {
  const at = Date.now();
  const all = [under ?? []].flat();
  if (!verifier || !all[0]) {
    const why = failure ?? 'nothing is there yet to check it with';
    return {standing: 'unproven', why, at} as Judged & Omit<V, 'verdict'>;
  }
  let found = {trusted: all[0], said: verify(verifier, all[0].document, at)};
  for (const trusted of all.slice(1)) {
    if (found.said.verdict !== 'untrusted') break;
    const said = verify(verifier, trusted.document, at);
    if (said.verdict !== 'untrusted') found = {trusted, said};
  }
  const {verdict, ...facts} = found.said;
  const {trust, names: own} = found.trusted;
  const names = served?.trust.genesis === trust.genesis ? served.names : own;
  const trusted = {...found.trusted, names};
  const proven: Standing = confirmed ? 'proven' : 'unconfirmed';
  return {...facts, standing: verdict === 'valid' ? proven : verdict, trusted, at};
}

/** The certificate in an answer: of a resolution, a record, a registry's statuses or a receipt. */
function certificateOf({body}: Reply): Certificate | undefined {
  return evidenceOf(body)?.certificate ?? body?.certificate;
}

/** The proven records and what certifies them. */
export function evidenceOf(body: any): any {
  return (body?.didDocumentMetadata?.proof?.[0] ?? body?.proof)?.evidence;
}

/**
 * The answer to a question, asked anew when the question or `turn` changes, and judged anew when
 * what is trusted changes. Nothing while it is waited for; an error where the node did not answer.
 */
export function useAnswer(question: Question | undefined, turn = 0): Answer | Error | undefined {
  const state = useStore(trust);
  const key = JSON.stringify(question);
  const [got, set] = useState<{key: string | undefined; reply: Reply | Error}>();
  useEffect(() => {
    if (!question) return;
    let overtaken = false;
    const keep = (reply: Reply | Error) => overtaken || set({key, reply});
    ask(question).then(keep, keep);
    return () => {
      overtaken = true;
    };
  }, [key, turn]);
  const ready = (state.verifier && inForce(state)) || state.failure;
  if (!question || !ready || !got || got.key !== key) return undefined;
  return got.reply instanceof Error ? got.reply : judge(question, got.reply, state);
}

/**
 * The answers to several questions, in their order. Each is asked once and judged once under what
 * is trusted, however the questions change; nothing stands for one that is waited for.
 */
export function useAnswers(questions: Question[]): (Answer | Error | undefined)[] {
  const state = useStore(trust);
  const asked = useRef(new Set<string>());
  const judged = useRef(new Map<string, {under: TrustState; answer: Answer}>());
  const [replies, set] = useState(new Map<string, Reply | Error>());
  const keys = questions.map(question => JSON.stringify(question));
  useEffect(() => {
    keys.forEach((key, at) => {
      if (asked.current.has(key)) return;
      asked.current.add(key);
      const keep = (reply: Reply | Error) => set(before => new Map(before).set(key, reply));
      ask(questions[at]!).then(keep, keep);
    });
  }, [keys.join()]);
  const ready = (state.verifier && inForce(state)) || state.failure;
  return keys.map((key, at) => {
    const reply = replies.get(key);
    if (!ready || !reply) return undefined;
    if (reply instanceof Error) return reply;
    const known = judged.current.get(key);
    if (known?.under === state) return known.answer;
    const answer = judge(questions[at]!, reply, state);
    judged.current.set(key, {under: state, answer});
    return answer;
  });
}
