import assert from "node:assert/strict";
import { test } from "node:test";

import { canonicalText, verify } from "../src/index.js";
import { answers, now, trust } from "./golden.js";
import { harmless, mutate } from "./mutations.js";
import { Random } from "./random.js";

const COUNT = Number(process.env["DZONG_MUTATIONS"] ?? 100_000);
const SEED = Number(process.env["DZONG_SEED"] ?? 1);

test(`of ${COUNT} changed answers none is accepted (seed ${SEED})`, (t) => {
  const texts = answers.map(([name, answer]) => [name, canonicalText(answer)] as const);
  const random = new Random(SEED);
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let done = 0; done < COUNT;) {
    const [name, text] = texts[done % texts.length] ?? assert.fail();
    const mutant = mutate(text, random);
    const { verdict } = verify(trust, mutant.text, { now, maxAge: 60_000 });
    const reason = verdict === "valid" ? harmless(text, mutant.text) : null;
    if (verdict === "valid" && reason !== null) {
      // It is the same answer, so it must be accepted, and it does not count as a changed one.
      count(`not a change: ${reason}`);
      continue;
    }
    const refused = verdict === "invalid" || verdict === "untrusted";
    assert.ok(refused, `${name} with ${mutant.what} is ${verdict}: ${Buffer.from(mutant.text)}`);
    count(verdict);
    done++;
  }
  for (const [what, times] of counts) t.diagnostic(`${times} ${what}`);
});
