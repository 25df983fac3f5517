import assert from "node:assert/strict";
import { test } from "node:test";

import { blake3 } from "@noble/hashes/blake3.js";

import { toHex, utf8 } from "../src/bytes.js";
import { FormatError, applyDelta, nodesOf, statusAt } from "../src/index.js";

/** The tagged hash, as its definition has it. */
function hash(tag: string, bytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(32);
  key.set(utf8(tag));
  return blake3(bytes, { key });
}

/** The node over 32 chunks, each of them zero but for these bytes. */
function node(bytes: { readonly [at: number]: number }): string {
  const chunks = new Uint8Array(32 * 256);
  for (const [at, byte] of Object.entries(bytes)) chunks[Number(at)] = byte;
  const hashes = new Uint8Array(32 * 32);
  for (let chunk = 0; chunk < 32; chunk++) {
    const own = chunks.slice(256 * chunk, 256 * chunk + 256);
    hashes.set(hash("dzong/status-chunk/v1", own), 32 * chunk);
  }
  return toHex(hash("dzong/status-node/v1", hashes));
}

/** The statuses of so many slots, zero but for these bytes. */
function list(capacity: number, bytes: { readonly [at: number]: number } = {}): Uint8Array {
  const statuses = new Uint8Array(Math.ceil(capacity / 4));
  for (const [at, byte] of Object.entries(bytes)) statuses[Number(at)] = byte;
  return statuses;
}

test("the first of four slots stands in the lowest bits of a byte", () => {
  const statuses = Uint8Array.of(0b10_00_01_01, 0b00_00_00_10);
  const all = Array.from({ length: 8 }, (_, slot) => statusAt(statuses, slot));
  assert.deepEqual(all, [
    "revoked", "revoked", "valid", "suspended", "suspended", "valid", "valid", "valid",
  ]);
  for (const slot of [8, -1, 1.5, Number.NaN, 2 ** 32]) {
    assert.throws(() => statusAt(statuses, slot), FormatError, String(slot));
  }
  assert.throws(() => statusAt(statuses, 5, 5), FormatError);
  assert.throws(() => statusAt(Uint8Array.of(0b00_11_00_00), 2), FormatError);
});

test("nodes hash chunks of 1,024 slots, and those that nobody has as they began", () => {
  assert.deepEqual(nodesOf(list(2, { 0: 1 }), 2), [node({ 0: 1 })]);
  assert.deepEqual(nodesOf(list(1025, { 0: 1, 256: 2 }), 1025), [node({ 0: 1, 256: 2 })]);
  assert.deepEqual(nodesOf(list(32_768, { 0: 9, 8191: 64 }), 32_768), [node({ 0: 9, 8191: 64 })]);
  assert.deepEqual(nodesOf(list(70_000, { 0: 1, 8192: 4, 17_499: 0x80 }), 70_000), [
    node({ 0: 1 }), node({ 0: 4 }), node({ [17_499 - 2 * 8192]: 0x80 }),
  ]);
  assert.equal(nodesOf(list(2 ** 20, { 0: 1 }), 2 ** 20).length, 32);
});

test("statuses are as many as the slots, and each is known", () => {
  assert.ok(nodesOf(Uint8Array.of(0b10_00_01), 3));
  // A revoked slot beside a suspended one is no 3.
  assert.ok(nodesOf(Uint8Array.of(0b01_10_01_10), 4));
  const bad: [number, number[]][] = [
    [5, [0]], [4, [0, 0]], [4, []], [3, [0b01_00_00_00]], [1, [0b01_00]], [6, [0, 0b10_00_00]],
    ...[0, 1, 2, 3].map((slot): [number, number[]] => [8, [0, 3 << (2 * slot)]]),
  ];
  for (const [capacity, bytes] of bad) {
    assert.throws(() => nodesOf(Uint8Array.from(bytes), capacity), FormatError, String(bytes));
  }
});

test("a delta changes slots by their distances, to their new statuses", () => {
  const before = list(70_000, { 0: 1, 1: 0b01_00_10_00 });
  // Slot 5 to valid, 7 to suspended, 40,000 to revoked.
  const delta = Uint8Array.of(5 << 2, 2 << 2 | 2, 0xe5, 0xe1, 0x09);
  assert.equal((0x65 | 0x61 << 7 | 0x09 << 14) >> 2, 39_993);
  assert.deepEqual(applyDelta(before, delta), list(70_000, { 0: 1, 1: 0b10_00_00_00, 10_000: 1 }));
  assert.equal(before[1], 0b01_00_10_00, "what was given is as it was");
  assert.deepEqual(applyDelta(before, new Uint8Array()), before);
  // The last slot of the largest registry takes a number of four bytes.
  const far = Uint8Array.of(0xfd, 0xff, 0xff, 0x01);
  assert.equal(applyDelta(list(2 ** 20), far).at(-1), 0x40);
});

test("a delta of another form is refused", () => {
  const before = list(70_000);
  for (const [what, ...bytes] of [
    ["cut", 0x80], ["cut behind another", 4, 0xff], ["slot 0", 0x00], ["slot 0 revoked", 0x01],
    ["a slot twice", 4, 1], ["longer than need be", 0x84, 0x00], ["3 is no status", 0x07],
    ["five bytes", 0x84, 0x80, 0x80, 0x80, 0x00], ["too large", 0xff, 0xff, 0xff, 0xff, 0x0f],
    ["beyond the last", 0xc1, 0x8b, 0x11], ["far beyond", 0xfd, 0xff, 0xff, 0x7f],
  ] as [string, ...number[]][]) {
    assert.throws(() => applyDelta(before, Uint8Array.from(bytes)), FormatError, what);
  }
  assert.equal(applyDelta(before, Uint8Array.of(0xbd, 0x8b, 0x11)).at(-1), 0x40, "the last");
});
