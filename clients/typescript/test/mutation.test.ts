import assert from "node:assert/strict";
import { test } from "node:test";

import { canonicalText, toHex, verify } from "../src/index.js";
import { Forge, validatorKeys } from "./forge.js";
import { examples } from "./golden.js";
import { harmless, mutate } from "./mutations.js";
import { Random } from "./random.js";

const COUNT = Number(process.env["DZONG_MUTATIONS"] ?? 100_000);
const SEED = Number(process.env["DZONG_SEED"] ?? 1);

/** What is changed: the frozen answers, and a record, a fork and a chain of a forged network. */
const keys = validatorKeys(5);
const [first, second] = [keys.slice(0, 4), keys.slice(1, 5)];
const forge = new Forge(first);
const { validators: _, ...left } = forge.step({ height: 7, by: first, next: first });
const { validators: __, ...right } = forge.step({ height: 7, by: first, next: second });
const steps = [
  forge.step({ height: 10, by: first, next: second }),
  forge.step({ height: 20, by: second, next: second }),
];
const forged = {
  record: forge.absent("governance/body", { height: 30, by: first, next: first }),
  fork: { type: "DzongForkProof", first: left, second: right },
  chain: { type: "DzongTrustChain", genesis: toHex(forge.trust.genesis), steps },
};
// What the ledger itself made comes more often.
const cases = [
  ...[...examples, ...examples, ...examples],
  ...Object.entries(forged).map(([name, answer]) => (
    { name, answer, trust: forge.trust, now: forge.trust.time + 40_000 }
  )),
].map((one) => ({ ...one, text: canonicalText(one.answer) }));

test(`of ${COUNT} changed answers none is accepted (seed ${SEED})`, (t) => {
  const random = new Random(SEED);
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let done = 0; done < COUNT;) {
    const { name, text, ...held } = cases[done % cases.length] ?? assert.fail();
    const mutant = mutate(text, random);
    const { verdict } = verify(held.trust, mutant.text, { now: held.now, maxAge: 60_000 });
    const reason = verdict === "valid" ? harmless(text, mutant.text) : null;
    if (verdict === "valid" && reason !== null) {
      // It says the same, so it must be accepted, and it does not count as a changed one.
      count(`not a change: ${reason}`);
      continue;
    }
    const refused = verdict === "invalid" || verdict === "untrusted";
    assert.ok(refused, `${name} number ${done} with ${mutant.what} is ${verdict}`);
    count(verdict);
    done++;
  }
  for (const [what, times] of counts) t.diagnostic(`${times} ${what}`);
});
