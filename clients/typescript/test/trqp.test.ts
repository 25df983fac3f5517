import assert from "node:assert/strict";
import { test } from "node:test";

import { canonicalText, parse, verify, type Json, type JsonObject } from "../src/index.js";
import { trqp, type Example } from "./golden.js";

interface Proof extends JsonObject {
  question: { [kind: string]: JsonObject };
  evidence: { records: Json[] };
}

function example(name: string): Example {
  return trqp.find((one) => one.name === name) ?? assert.fail(`no example ${name}`);
}

/** The verdict on an example after a change. */
function verdictOf(
  { answer, trust, now }: Example,
  change: (answer: JsonObject, proof: Proof) => void,
): string {
  const changed = parse(canonicalText(answer)) as JsonObject;
  change(changed, changed["proof"] as Proof);
  return verify(trust, JSON.stringify(changed), { now }).verdict;
}

/** An authority that is no did:ndi needs no record, so any sound question about it is proven. */
function asked(members: { readonly [name: string]: unknown }): string {
  return verdictOf(example("authorization no did:ndi"), (answer, { question }) => {
    const own = question["authorization"] ?? assert.fail();
    Object.assign(own, members);
    answer["detail"] = `\`${String(own["authority_id"])}\` is no authority of this registry`;
  });
}

const WORDS = ["action", "resource", "entity_id", "authority_id"];

test("a question has the forms of the protocol", () => {
  const context = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`n${at}`, ""]));
  const times = [
    "2026-11-21T00:00:00Z", "2026-11-21T00:00:00.5Z", "1970-01-01T00:00:00.123456789Z",
  ];
  for (const members of [
    { action: "x".repeat(1024) }, { resource: "\u0f63".repeat(341) }, { entity_id: "urn:x" },
    { authority_id: "a+b-c.9:~!" }, { context: {} }, { context },
    ...times.map((time) => ({ context: { time } })),
  ]) {
    assert.equal(asked(members), "valid", JSON.stringify(members));
  }
});

test("a question of any other form is invalid", () => {
  const context = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`n${at}`, ""]));
  const words = [undefined, "", `a:${"x".repeat(1023)}`, 7, ["a:b"]];
  const ids = ["bank", ":x", "9a:b", "a_b:c", "a:", "a:b c", "a:\u00e9", "a:b\n", "\u00e9:b"];
  const contexts = [
    context, [], "", false, null, { "": "x" }, { ["x".repeat(1025)]: "x" }, { x: 7 }, { x: null },
  ];
  const times = [
    "", "now", "2026-11-21", "2026-11-21T00:00:00", "2026-11-21T00:00:00+00:00",
    "2026-11-21t00:00:00z", "2026-11-31T00:00:00Z", "2026-11-21T00:00:00.Z",
    "2026-11-21T00:00:00.5", "2026-11-21T00:00:00.1234567890Z", "2026-11-21T00:00:60Z",
    "2026-11-21T00:00:00Z.5Z", "1969-12-31T23:59:59.5Z", "2026-11-21T00:00:00.-1Z",
  ];
  for (const members of [
    ...WORDS.flatMap((name) => words.map((word) => ({ [name]: word }))),
    { resource: "\u0f63".repeat(342) }, ...ids.map((id) => ({ entity_id: id })),
    ...contexts.map((value) => ({ context: value })),
    ...times.map((time) => ({ context: { time } })), { more: "x" },
  ]) {
    assert.equal(asked(members), "invalid", JSON.stringify(members));
  }
});

test("the records of one moment say nothing of another", () => {
  for (const [name, time] of [
    ["authorization within the grant", "2026-11-24T12:00:00Z"],
    ["authorization while suspended", "2026-11-23T00:00:00Z"],
    ["authorization in its first second", "2026-11-22T00:00:28Z"],
    ["recognition a scheme before it was withdrawn", "2026-11-26T00:00:00Z"],
  ] as const) {
    const verdict = verdictOf(example(name), (answer, { question }) => {
      const [own = assert.fail()] = Object.values(question);
      (own["context"] as JsonObject)["time"] = time;
      (answer["context"] as JsonObject)["time"] = answer["time_requested"] = time;
    });
    assert.equal(verdict, "invalid", name);
  }
});

test("what is said follows from the records to the letter", () => {
  for (const one of trqp) {
    for (const name of Object.keys(one.answer).filter((said) => said !== "proof")) {
      const other = verdictOf(one, (answer) => {
        const value = answer[name] ?? null;
        answer[name] = typeof value === "boolean" ? !value : `${canonicalText(value)} `;
      });
      const none = verdictOf(one, (answer) => void delete answer[name]);
      assert.deepEqual([other, none], ["invalid", "invalid"], `${one.name}: ${name}`);
    }
    assert.equal(verdictOf(one, (answer) => void (answer["more"] = true)), "invalid", one.name);
    assert.equal(verdictOf(one, (answer) => void (answer["chain"] = [])), "invalid", one.name);
  }
});

test("the records are those that the rules read, in their order", () => {
  for (const one of trqp) {
    const { evidence: { records: shown } } = one.answer["proof"] as Proof;
    shown.forEach((record, at) => {
      const changes = [
        (records: Json[]) => void records.splice(at, 1),
        (records: Json[]) => void records.splice(at, 0, record),
        (records: Json[]) => void records.unshift(...records.splice(at, 1)),
      ];
      for (const change of at === 0 ? changes.slice(0, 2) : changes) {
        const verdict = verdictOf(one, (_, { evidence }) => change(evidence.records));
        assert.equal(verdict, "invalid", `${one.name}: record ${at}`);
      }
    });
  }
});

test("an authorization is no recognition", () => {
  // Who is no authority neither authorises nor recognises.
  const told = trqp.filter(({ name, answer }) => (
    name.startsWith("authorization") && !("status" in answer)
  ));
  for (const one of told) {
    const verdict = verdictOf(one, (_, proof) => {
      proof.question = { recognition: proof.question["authorization"] ?? assert.fail() };
    });
    assert.equal(verdict, "invalid", one.name);
  }
});
