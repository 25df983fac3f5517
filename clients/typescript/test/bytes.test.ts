import assert from "node:assert/strict";
import { test } from "node:test";

import { fromBase58, fromBase64, fromHex, toBase58, toBase64, toHex } from "../src/index.js";
import { formatTime, parseTime } from "../src/index.js";
import { Random } from "./random.js";

test("bytes come back from each of their texts", () => {
  const random = new Random(7);
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at < length % 4 ? 0 : random.below(256)));
    assert.deepEqual(fromHex(toHex(bytes), length), bytes);
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
    assert.deepEqual(fromBase58(toBase58(bytes), length), bytes);
  }
  assert.equal(toBase58(fromHex("0000287fb4cd", 6)), "11233QC4");
});

test("a text has one spelling", () => {
  for (const text of ["QQ=", "QQ", "QR==", "QQ==QQ==", "Q===", "QQ\n=", "-_==", "QQ =", "é==="]) {
    assert.throws(() => fromBase64(text), { code: "format" }, text);
  }
  for (const text of ["0", "AA", "0g", "000", " 0"]) {
    assert.throws(() => fromHex(text, 1), { code: "format" }, text);
  }
  for (const text of ["0", "O", "I", "l", "é", " ", "zz"]) {
    assert.throws(() => fromBase58(text, 1), { code: "format" }, text);
  }
});

test("times have one spelling, and days exist", () => {
  for (const [text, seconds] of [
    ["1970-01-01T00:00:00Z", 0],
    ["2000-02-29T23:59:59Z", 951_868_799],
    ["9999-12-31T23:59:59Z", 253_402_300_799],
  ] as const) {
    assert.equal(parseTime(text), seconds * 1000);
    assert.equal(formatTime(seconds * 1000 + 999), text);
  }
  assert.equal(formatTime(Number.MAX_SAFE_INTEGER), "9999-12-31T23:59:59Z");
  for (const text of [
    "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-01-01T24:00:00Z", "1969-12-31T23:59:59Z",
    "2026-11-21T22:18:23.000Z", "2026-11-21T22:18:23+00:00", "2026-13-01T00:00:00Z", "",
  ]) {
    assert.throws(() => parseTime(text), { code: "format" }, text);
  }
});
