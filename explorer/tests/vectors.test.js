// The WebAssembly verifier gives the verdicts of the frozen examples, and refuses what was changed.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {verifier} from './load.js';

const golden = new URL('../../tests/golden/format.json', import.meta.url);
const frozen = JSON.parse(readFileSync(golden, 'utf8'));
const trusted = frozen.genesis.text;
const answers = {...frozen.answers, receipt: frozen.receipt};
/** When they are judged: not before the latest was made, and before the first is old. */
const now = Math.max(frozen.now, frozen.status.now);
for (const kind of ['resources', 'dereferencing', 'status']) {
  for (const [name, answer] of Object.entries(frozen[kind]?.answers ?? {})) {
    answers[`${kind} ${name}`] = answer;
  }
}
const mutationsMin = 100_000;

const judge = (answer, {at = now, maxAge = 60_000, asked} = {}) =>
  verifier.verify({trusted, answer, now: at, maxAge, asked}).verdict;

/** What an answer says that was asked. */
const question = answer =>
  (answer.proof ?? (answer.contentMetadata ?? answer.didDocumentMetadata)?.proof[0])?.question;

/** Numbers that look random and are the same in every run (xorshift). */
function* numbers(seed) {
  for (let state = seed; ;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

test('the frozen answers are valid, stale and untrusted as everywhere', () => {
  assert.equal(verifier.trust(trusted).genesis, frozen.genesis.hash);
  for (const [name, answer] of Object.entries(answers)) {
    const text = JSON.stringify(answer);
    assert.equal(judge(text), 'valid', name);
    assert.equal(judge(text, {maxAge: 1000}), name === 'receipt' ? 'valid' : 'stale', name);
    const later = now + 31 * 86_400_000;
    assert.equal(judge(text, {at: later, maxAge: null}), 'untrusted', name);
    const other = trusted.replace('bt-golden', 'bt-silver');
    const {verdict} = verifier.verify({trusted: other, answer: text, now});
    assert.equal(verdict, 'untrusted', name);
  }
});

test('an answer to another question is none', () => {
  const text = JSON.stringify(answers.current);
  const did = frozen.event.did;
  assert.equal(judge(text, {asked: {resolution: {did}}}), 'valid');
  assert.equal(judge(text, {asked: {resolution: {did, versionId: '1'}}}), 'invalid');
  assert.equal(judge(text, {asked: {record: `did/${did}`}}), 'invalid');
  const {answers: statuses} = frozen.status;
  const {status} = statuses.statuses.proof.question;
  const all = JSON.stringify(statuses.statuses);
  assert.equal(judge(all, {asked: {status}}), 'valid');
  assert.equal(judge(all, {asked: {status: {...status, part: 'registry'}}}), 'invalid');
  assert.equal(judge(all, {asked: {status: {...status, version: 1}}}), 'invalid');
});

test('what was changed anywhere is refused, a hundred thousand times', () => {
  const random = numbers(20261122);
  const next = below => random.next().value % below;
  const texts = Object.values(answers).map(answer => Buffer.from(JSON.stringify(answer)));
  let refused = 0;
  const refuse = (bytes, text) => {
    if (judge(bytes) === 'invalid') {
      refused += 1;
    } else {
      const [changed, honest] = [JSON.parse(bytes), JSON.parse(text)];
      // A sound answer to another question is none to this one: whoever asked compares.
      if (JSON.stringify(question(changed)) !== JSON.stringify(question(honest))) return;
      // The same said in other letters, such as a slash with a backslash before it, is the same.
      assert.deepEqual(changed, honest);
    }
  };
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const changed = Buffer.from(text);
      changed[at] ^= 1 << next(7);
      refuse(changed, text);
    }
  }
  while (refused < mutationsMin) {
    const text = texts[next(texts.length)];
    const at = next(text.length);
    const length = 1 + next(Math.min(40, text.length - at));
    const kinds = [
      () => [text.subarray(0, at), text.subarray(at + length)],
      () => [text.subarray(0, at), text.subarray(at, at + length), text.subarray(at)],
      () => [text.subarray(0, at)],
      () => [text.subarray(0, at), Buffer.from([33 + next(94)]), text.subarray(at)]
    ];
    const changed = Buffer.concat(kinds[next(kinds.length)]());
    refuse(changed, text);
  }
});

test('every other genesis, checkpoint or block is refused', () => {
  assert.match(verifier.trust('{}').error, /genesis/);
  assert.equal(verifier.block({trusted, block: '{}', now: frozen.now}).verdict, 'invalid');
  const {certificate, header} = frozen.answers.absent.didDocumentMetadata.proof[0].evidence;
  const block = JSON.stringify({certificate, headerBytes: header});
  const shown = verifier.block({trusted, block, now: frozen.now});
  assert.deepEqual([shown.verdict, shown.id], ['valid', frozen.header.id]);
  const later = verifier.block({trusted, block, now: frozen.now - 86_400_000});
  assert.equal(later.verdict, 'untrusted');
});
