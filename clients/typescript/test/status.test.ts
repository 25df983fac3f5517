import assert from "node:assert/strict";
import { test } from "node:test";

import { toBase64 } from "../src/bytes.js";
import {
  FormatError, canonicalText, formatTime, nodesOf, verify, type Json, type JsonObject,
} from "../src/index.js";
import type { Past } from "../src/record.js";
import type { Answering } from "../src/resolution.js";
import { readStatusQuestion, statusOf } from "../src/status.js";
import { Forge, validatorKeys } from "./forge.js";

const ID = "5e".repeat(32);
const ISSUER = "did:ndi:bt-forged:QmTPZrUFr4ShEhgaiD6iQBoKScxqsR8gdTvjLgoUcHh3Rb";
const CAPACITY = 2_000;
const CREATED = Date.UTC(2026, 10, 21, 6);
/** Blocks are within seconds: the registry's, one 10 s later, and the newest, 20 s later. */
const [BEGIN, CHANGE, NOW] = [CREATED + 300, CREATED + 10_500, CREATED + 20_500];

const registry: JsonObject = {
  capacity: CAPACITY, created: formatTime(CREATED), formats: ["bitstring", "token"],
  issuer: ISSUER,
};

/** The statuses after the bytes of some are put in place. */
function list(bytes: { readonly [at: number]: number } = {}): Uint8Array {
  const statuses = new Uint8Array(CAPACITY / 4);
  for (const [at, byte] of Object.entries({ 0: 1, ...bytes })) statuses[Number(at)] = byte;
  return statuses;
}
const fresh = list();
const changed = list({ 1: 0b00_10_01_00, 300: 1 });

function headOf(statuses: Uint8Array): JsonObject {
  return { nodes: nodesOf(statuses, CAPACITY) };
}

/** A record as it is, or not at all. */
function proven(key: string, content: Json | null, time = BEGIN, version = 1): Answering {
  const history = { size: version - 1, peaks: [] };
  const record = content === null ? null
    : { content, event: "00".repeat(32), height: 1, history, time, version };
  return { key, record, past: null };
}

/** A record that shows a superseded version. */
function passed(current: Answering, content: Json, past: { since: number; version: number;
  until: number; }): Answering {
  const none = new Uint8Array(32);
  const { since: time, version, until } = past;
  const shown: Past = { content, entry: { version, time, event: none, content: none }, until };
  return { ...current, past: shown };
}

const own = proven(`revocation-registry/${ID}`, registry);
const head = proven(`status/${ID}`, headOf(changed), CHANGE, 2);
const firstHead = passed(head, headOf(fresh), { since: BEGIN, version: 1, until: CHANGE });
const chunkKey = `status-chunk/${ID}/0`;
const locks = new Uint8Array(128);
locks[0] = 0b0100_0000;
const bytes = new Uint8Array(256);
bytes.set(changed.subarray(0, 256));
const content = { locks: toBase64(locks), statuses: toBase64(bytes) };
const chunk = proven(chunkKey, content, CHANGE, 1);

function answer(question: JsonObject, records: Answering[], given?: Uint8Array): JsonObject {
  const asked = readStatusQuestion({ registry: ID, ...question });
  return statusOf(asked, records, NOW, given === undefined ? undefined : toBase64(given));
}

function refused(question: JsonObject, records: Answering[], given?: Uint8Array): void {
  assert.throws(() => answer(question, records, given), FormatError, canonicalText(question));
}

const whole = { part: "registry" };
const all = { part: "statuses" };
const common = { capacity: CAPACITY, issuer: ISSUER, registry: ID };
const second = { ...common, timestamp: CREATED / 1000 + 10, version: 2 };
const first = { ...common, timestamp: CREATED / 1000, version: 1 };
const time = (seconds: number): { time: string } => (
  { time: formatTime(CREATED + 1000 * seconds) }
);
const no = (error: string): JsonObject => ({ error, registry: ID });

test("a registry is shown with its head, in the version that was asked for", () => {
  const more = {
    anoncreds: null, created: formatTime(CREATED), credentialType: null,
    formats: ["bitstring", "token"], hold: null, slots: null,
  };
  assert.deepEqual(answer(whole, [own, head]), { ...second, ...more, ...headOf(changed) });
  const before = { ...first, ...more, ...headOf(fresh) };
  assert.deepEqual(answer({ ...whole, version: 1 }, [own, firstHead]), before);
  assert.deepEqual(answer({ ...whole, ...time(9) }, [own, firstHead]), before);
  const held = { ...registry, credentialType: "Degree", hold: ["frozen", "00".repeat(32)] };
  const frozen = proven(`revocation-registry/${ID}`, held, CHANGE, 2);
  const { credentialType, hold } = answer(whole, [frozen, head]);
  assert.deepEqual([credentialType, hold], ["Degree", "frozen"]);
});

test("what a registry is proven against is shown as the records have it", () => {
  const anoncreds = { definition: "zDefinition", tails: "zTails" };
  const slots = { domain: 4096, setup: "zSetup", tau: toBase64(new Uint8Array(96)) };
  const points = {
    accumulator: toBase64(new Uint8Array(128)), commitment: toBase64(new Uint8Array(48)),
  };
  const record = (more: JsonObject): Answering => proven(own.key, { ...registry, ...more });
  const heads = (more: JsonObject): Answering => (
    proven(head.key, { ...headOf(changed), ...more }, CHANGE, 2)
  );
  const both = [record({ anoncreds, slots }), heads(points)];
  const { accumulator, commitment, ...rest } = answer(whole, both);
  assert.deepEqual({ accumulator, commitment }, points);
  assert.deepEqual([rest["anoncreds"], rest["slots"]], [anoncreds, slots]);
  const statuses = toBase64(changed);
  assert.deepEqual(answer(all, both, changed), { ...second, ...points, statuses });
  for (const name of ["accumulator", "commitment"]) {
    for (const wrong of ["", toBase64(new Uint8Array(47)), 1, null]) {
      refused(whole, [own, heads({ [name]: wrong })]);
    }
  }
  const others = [
    { domain: 4096, setup: "zSetup" }, { ...slots, domain: "4096" }, { ...slots, tau: "" }, null,
    { ...slots, tau: toBase64(new Uint8Array(95)) }, { ...slots, more: "" },
  ];
  for (const wrong of others) refused(whole, [record({ slots: wrong }), head]);
});

test("all statuses are those whose hashes the head has", () => {
  const now = { ...second, statuses: toBase64(changed) };
  assert.deepEqual(answer(all, [own, head], changed), now);
  assert.deepEqual(answer({ ...all, version: 2 }, [own, head], changed), now);
  // A version is in force from the whole second of its block on: its end is asked about.
  assert.deepEqual(answer({ ...all, ...time(10) }, [own, head], changed), now);
  assert.deepEqual(answer({ ...all, ...time(20) }, [own, head], changed), now);
  const before = { ...first, statuses: toBase64(fresh) };
  assert.deepEqual(answer({ ...all, version: 1 }, [own, firstHead], fresh), before);
  for (const seconds of [0, 9]) {
    assert.deepEqual(answer({ ...all, ...time(seconds) }, [own, firstHead], fresh), before);
  }
  refused(all, [own, head], fresh);
  refused(all, [own, head], list({ 1: 0b00_10_01_00, 300: 3 }));
  refused(all, [own, head], changed.subarray(1));
  refused(all, [own, head]);
  refused({ ...all, version: 1 }, [own, firstHead], changed);
});

test("another version than the one that was asked for is refused", () => {
  refused(all, [own, firstHead], fresh);
  refused({ ...all, version: 1 }, [own, head], changed);
  refused({ ...all, version: 2 }, [own, firstHead], fresh);
  refused({ ...all, version: 0 }, [own, head], changed);
  refused({ ...all, ...time(9) }, [own, head], changed);
  refused({ ...all, ...time(10) }, [own, firstHead], fresh);
  refused({ ...all, ...time(21) }, [own, head], changed);
  const none = no("the registry has no such version");
  assert.deepEqual(answer({ ...whole, version: 3 }, [own, head]), none);
  assert.deepEqual(answer({ ...all, version: 3 }, [own, head]), none);
  refused({ ...all, version: 3 }, [own, firstHead], fresh);
  refused(all, [own, proven(`status/${ID}`, null)], fresh);
});

test("a slot is as its chunk has it, and as it began where the chunk was not yet", () => {
  const slot = (number: number, status: string, locked = false): JsonObject => (
    { locked, registry: ID, slot: number, status }
  );
  const ask = (number: number, record: Answering, more: JsonObject = {}): JsonObject => (
    answer({ part: { slot: number }, ...more }, [own, record])
  );
  assert.deepEqual(ask(4, chunk), slot(4, "valid"));
  assert.deepEqual(ask(5, chunk), slot(5, "revoked"));
  assert.deepEqual(ask(6, chunk), slot(6, "suspended", true));
  assert.deepEqual(ask(5, proven(chunkKey, { statuses: toBase64(bytes) })), slot(5, "revoked"));
  const absent = proven(`status-chunk/${ID}/1`, null);
  assert.deepEqual(ask(1_999, absent), slot(1_999, "valid"));
  assert.deepEqual(ask(1_024, absent, time(0)), slot(1_024, "valid"));
  assert.deepEqual(ask(5, chunk, time(10)), slot(5, "revoked"));
  assert.deepEqual(ask(5, chunk, time(9)), slot(5, "valid"));
  const later = proven(chunkKey, { statuses: toBase64(new Uint8Array(256)) }, NOW, 2);
  const past = passed(later, content, { since: CHANGE, version: 1, until: NOW });
  assert.deepEqual(ask(5, past, time(19)), slot(5, "revoked"));
  assert.deepEqual(ask(5, past, time(9)), slot(5, "valid"));
  const part = { slot: 5 };
  refused({ part }, [own, past]);
  refused({ part, ...time(20) }, [own, past]);
  refused({ part, ...time(19) }, [own, later]);
  refused({ part }, [own, absent]);
  refused({ part }, [own, head]);
  refused({ part: { slot: 1_024 } }, [own, chunk]);
  refused({ part }, [own, proven(chunkKey, { statuses: toBase64(changed) })]);
  refused({ part }, [own, proven(chunkKey, { ...content, locks: "" })]);
});

test("there is no such registry, slot or time, and then the registry stands alone", () => {
  const absent = proven(`revocation-registry/${ID}`, null);
  const parts: Json[] = ["registry", "statuses", { slot: 5 }];
  for (const part of parts) {
    assert.deepEqual(answer({ part }, [absent]), no("there is no such registry"));
    const before = no("the registry did not exist yet");
    assert.deepEqual(answer({ part, ...time(-1) }, [own]), before);
    const other = typeof part === "string" ? firstHead : chunk;
    refused({ part, ...time(-1) }, [own, other]);
    refused({ part, ...time(21) }, [own]);
    refused({ part, ...time(21) }, [absent]);
    refused({ part }, [absent, other]);
    refused({ part }, [own]);
    refused({ part }, []);
    refused({ part }, [other, own]);
    refused({ part }, [own, other, other]);
    refused({ part }, [passed(own, registry, { since: BEGIN, version: 1, until: NOW }), other]);
    refused({ part, registry: "5f".repeat(32) }, [own, other]);
  }
  for (const slot of [0, CAPACITY, 2 ** 32 - 1]) {
    const none = no("the registry has no such slot");
    assert.deepEqual(answer({ part: { slot } }, [own]), none);
    assert.deepEqual(answer({ part: { slot }, ...time(-1) }, [own]), none);
    refused({ part: { slot } }, [own, chunk]);
  }
});

test("a question has one spelling", () => {
  const asked = { part: { slot: 5 }, registry: ID, time: "2026-11-21T06:00:00Z" };
  assert.deepEqual(readStatusQuestion(asked), asked);
  const changes: JsonObject[] = [
    { part: "all" }, { part: null }, { part: {} }, { part: { slot: -1 } }, { part: { slot: "5" } },
    { part: { slot: 2 ** 32 } }, { part: { slot: 5, more: 1 } }, { part: { registry: null } },
    { registry: ID.toUpperCase() }, { registry: ID.slice(2) }, { registry: 5 }, { time: null },
    { time: "2026-11-21" }, { time: "2026-11-31T06:00:00Z" }, { version: 1 }, { more: 1 },
    { part: "registry", version: 1 },
  ];
  for (const change of changes) {
    const what = canonicalText(change);
    assert.throws(() => readStatusQuestion({ ...asked, ...change }), FormatError, what);
  }
  for (const version of [-1, "1", null]) {
    const question = { part: "registry", registry: ID, version };
    assert.throws(() => readStatusQuestion(question), FormatError, String(version));
  }
});

test("a certified answer is judged as a whole", () => {
  const keys = validatorKeys(4);
  const forge = new Forge(keys);
  const { time: begin } = forge.trust;
  const record = { ...registry, created: formatTime(begin) };
  type Held = readonly [string, Json];
  const own: Held = [`revocation-registry/${ID}`, record];
  const records: readonly [Held, Held] = [own, [`status/${ID}`, headOf(changed)]];
  const shown = {
    ...common, timestamp: Math.floor(begin / 1000), version: 1, statuses: toBase64(changed),
  };
  const status = { ...all, registry: ID };
  const verdictOf = (question: JsonObject, answer: JsonObject, held = records): string => {
    const text = canonicalText(forge.answered(question, held, answer, keys));
    return verify(forge.trust, text, { now: begin + 60_000 }).verdict;
  };
  assert.equal(verdictOf({ status }, shown), "valid");
  assert.equal(verdictOf({ status }, { ...shown, statuses: toBase64(fresh) }), "invalid");
  assert.equal(verdictOf({ status }, { ...shown, version: 2 }), "invalid");
  assert.equal(verdictOf({ status }, { ...shown, locked: true }), "invalid");
  assert.equal(verdictOf({ status: { ...status, part: "registry" } }, shown), "invalid");
  assert.equal(verdictOf({ status, record: "a" }, shown), "invalid");
  const slot = { locked: true, registry: ID, slot: 6, status: "suspended" };
  const asked = { status: { part: { slot: 6 }, registry: ID } };
  assert.equal(verdictOf(asked, slot, [own, [chunkKey, content]]), "valid");
  assert.equal(verdictOf(asked, { ...slot, locked: false }, [own, [chunkKey, content]]), "invalid");
  const forged = { height: 5, by: keys, next: keys };
  const none = forge.absent(`revocation-registry/${ID}`, forged, { status }, no(
    "there is no such registry",
  ));
  const text = canonicalText(none);
  assert.equal(verify(forge.trust, text, { now: begin + 60_000 }).verdict, "valid");
});
