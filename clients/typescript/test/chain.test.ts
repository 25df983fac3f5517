import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  canonicalText, checkpointOf, parse, toHex, trustCheckpoint, verify, verifyReceipt, type Fork,
  type Json, type JsonObject, type Proven, type Trust,
} from "../src/index.js";
import { Forge, validatorKeys } from "./forge.js";
import { textAt } from "./golden.js";

const DAY = 86_400_000;

/** Sets of four: each hands over to the next by changing one member. */
const keys = validatorKeys(7);
const sets = [keys.slice(0, 4), keys.slice(1, 5), keys.slice(2, 6), keys.slice(3, 7)] as const;
const forge = new Forge(sets[0]);
const { trust } = forge;

/** A chain over three hand-overs, and the newest header, at which nothing changes. */
const steps = [
  forge.step({ height: 10, by: sets[0], next: sets[1] }),
  forge.step({ height: 20, by: sets[1], next: sets[2] }),
  forge.step({ height: 30, by: sets[2], next: sets[3] }),
  forge.step({ height: 40, by: sets[3], next: sets[3] }),
];
const now = trust.time + 60_000;

function chain(list: readonly Json[], members: { [name: string]: Json } = {}): string {
  const genesis = toHex(trust.genesis);
  return canonicalText({ type: "DzongTrustChain", genesis, steps: [...list], ...members });
}

function verdictOf(text: string, from = trust, at = now): string {
  const judged = verify(from, text, { now: at });
  return judged.verdict === "valid" ? `valid to ${judged.height}` : judged.verdict;
}

/** The trust that a chain leads to. */
function reached(text: string, from = trust): Trust {
  const judged = verify(from, text, { now });
  assert.ok(judged.verdict === "valid" && judged.proven.kind === "chain", JSON.stringify(judged));
  return judged.proven.trust;
}

test("a chain of hand-overs moves trust to its newest header, and the checkpoint pins it", () => {
  const newest = reached(chain(steps));
  assert.equal(newest.height, 40);
  assert.equal(newest.time, trust.time + 40_000);
  assert.deepEqual(newest.validators.hash, forge.set(sets[3]).hash);
  const pinned = trustCheckpoint(checkpointOf(newest));
  assert.equal(verdictOf(chain(steps.slice(3)), pinned), "valid to 40");
});

test("steps that are known are passed over, and a chain that ends before them is stale", () => {
  const [first] = steps;
  const halfway = reached(chain(steps.slice(0, 2)));
  assert.equal(verdictOf(chain(steps), halfway), "valid to 40");
  assert.equal(verdictOf(chain(steps.slice(0, 2)), halfway), "valid to 20");
  assert.equal(verdictOf(chain([first ?? null]), halfway), "stale");
});

test("a step that is missing or that retired keys signed is not trusted", () => {
  assert.equal(verdictOf(chain(steps.slice(1))), "untrusted");
  const retired = forge.step({ height: 25, by: sets[0], next: sets[0] });
  assert.equal(verdictOf(chain([...steps.slice(0, 2), retired])), "untrusted");
});

test("trust past its period, another network, and a chain from the future are not trusted", () => {
  assert.equal(verdictOf(chain(steps), trust, trust.time + 31 * DAY), "untrusted");
  assert.equal(verdictOf(chain(steps, { genesis: "00".repeat(32) })), "untrusted");
  assert.equal(verdictOf(chain(steps), trust, trust.time - 30_000), "untrusted");
});

test("what is broken in a chain is invalid", () => {
  const [first, second] = steps as [{ [name: string]: Json }, { [name: string]: Json }];
  const few = forge.step({ height: 10, by: sets[0], next: sets[1], signers: sets[0].slice(0, 2) });
  const early = forge.step({ height: 20, by: sets[1], next: sets[2], time: 5_000 });
  const other = forge.step({ height: 10, by: sets[0], next: sets[1], genesis: new Uint8Array(32) });
  const mixed = (name: string): Json => ({ ...first, [name]: second[name] ?? null });
  const cases: { readonly [why: string]: readonly Json[] } = {
    "two of four signed": [few],
    "the set is not the one that the header names": [mixed("validators")],
    "another header's certificate": [mixed("certificate")],
    "the order is wrong": [second, first],
    "a step stands twice": [first, first],
    "time goes back": [first, early],
    "a header of another network": [other],
    "an unknown member": [{ ...first, extra: 1 }],
    "no step at all": [],
  };
  for (const [why, list] of Object.entries(cases)) {
    assert.equal(verdictOf(chain(list)), "invalid", why);
  }
  assert.equal(verdictOf(chain(steps, { type: "DzongProof" })), "invalid");
});

test("a receipt is proven under whoever certified its block, before any hand-over", () => {
  const event = parse(textAt("event", "text")) as JsonObject;
  const { proven } = verify(trust, chain(steps), { now }) as { proven: Proven };
  assert.ok(proven.kind === "chain" && proven.passed.length === 3);
  const known = [proven.trust, ...proven.passed] as const;
  const judged = (receipt: Json, trusts: readonly [Trust, ...Trust[]] = known, at = now): string =>
    verifyReceipt(trusts, canonicalText(receipt), { now: at }).verdict;
  sets.forEach((set, era) => {
    const receipt = forge.receipt(event, { height: 10 * era + 5, by: set, next: set });
    assert.equal(judged(receipt), "valid");
    const changed = { ...receipt, event: { ...event, created: "2020-01-01T00:00:00Z" } };
    assert.equal(judged(changed), "invalid");
    assert.equal(judged(receipt, [trust]), era === 0 ? "valid" : "untrusted");
    assert.equal(judged(receipt, known, trust.time + 31 * DAY), "untrusted", "trust has ended");
  });
  const strangers = validatorKeys(20).slice(10, 14);
  const strange = forge.receipt(event, { height: 15, by: strangers, next: strangers });
  assert.equal(judged(strange), "untrusted");
  // Any other answer of those who retired is older than what is known.
  const old = forge.absent("governance/body", { height: 15, by: sets[1], next: sets[1] });
  assert.equal(judged(old), "untrusted");
});

interface FrozenCase {
  readonly name: string;
  readonly trust: JsonObject;
  readonly document: JsonObject;
  readonly now: number;
  readonly verdict: JsonObject;
  readonly checkpoint: JsonObject | null;
  readonly fork: JsonObject | null;
}

test("every frozen chain and fork is judged as the ledger judges it", () => {
  const file = new URL("../../../../tests/golden/trust.json", import.meta.url);
  const cases = parse(readFileSync(file)) as unknown as FrozenCase[];
  assert.ok(cases.length > 20);
  for (const { name, trust: held, document, now: at, verdict, checkpoint, fork } of cases) {
    const own = trustCheckpoint(canonicalText(held));
    const judged = verify(own, canonicalText(document), { now: at });
    assert.equal(judged.verdict, verdict["verdict"], name);
    if ("height" in judged) {
      const found = [judged.height, judged.time];
      assert.deepEqual(found, [verdict["height"], verdict["time"]], name);
    }
    if (judged.verdict !== "valid") continue;
    if (judged.proven.kind === "chain") {
      assert.equal(checkpointOf(judged.proven.trust), canonicalText(checkpoint), name);
    } else {
      assert.ok(judged.proven.kind === "fork", name);
      assert.equal(canonicalText(judged.proven.fork as unknown as Json), canonicalText(fork), name);
    }
  }
});

test("a fork proof names those who signed both blocks", () => {
  const block = (signers: readonly number[], time: number, round = 0): Json => {
    const by = signers.map((at) => sets[0][at] ?? assert.fail());
    const step = forge.step({ height: 7, by: sets[0], next: sets[0], signers: by, time, round });
    const { header, certificate } = step;
    return { header: header ?? null, certificate: certificate ?? null };
  };
  const judged = (first: Json, second: Json, from = trust) => {
    const proof = canonicalText({ type: "DzongForkProof", first, second });
    return verify(from, proof, { now: now + 365 * DAY });
  };
  const forkOf = (first: Json, second: Json): Fork => {
    const { verdict, proven } = judged(first, second) as { verdict: string; proven: Json };
    assert.equal(verdict, "valid");
    return (proven as unknown as { fork: Fork }).fork;
  };
  const both = [1, 2].map((at) => toHex(sets[0][at]?.key ?? assert.fail())).sort();
  const [one, other] = [block([0, 1, 2], 7_000), block([1, 2, 3], 7_001)];
  const time = trust.time + 7_000;
  assert.deepEqual(forkOf(one, other), { height: 7, time, guilty: both, signedBoth: [] });
  const later = block([1, 2, 3], 7_001, 1);
  assert.deepEqual(forkOf(one, later), { height: 7, time, guilty: [], signedBoth: both });

  assert.equal(judged(one, one).verdict, "invalid");
  assert.equal(judged(one, block([1, 2], 7_001)).verdict, "invalid");
  assert.equal(judged(one, other, new Forge(sets[1]).trust).verdict, "untrusted");
  const others = { ...trust, validators: forge.set(sets[1]) };
  assert.equal(judged(one, other, others).verdict, "untrusted");
});
