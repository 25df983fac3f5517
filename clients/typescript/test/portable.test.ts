import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const SOURCES = new URL("../../src/", import.meta.url);

test("the library runs in browsers: it imports two packages and nothing of Node.js", () => {
  const allowed = ["./", "@noble/curves/", "@noble/hashes/"];
  const files = readdirSync(SOURCES);
  assert.ok(files.length > 15);
  for (const file of files) {
    const text = readFileSync(new URL(file, SOURCES), "utf8");
    for (const [, from = ""] of text.matchAll(/ from "([^"]+)";/g)) {
      assert.ok(allowed.some((start) => from.startsWith(start)), `${file} imports ${from}`);
    }
    assert.ok(!/\b(Buffer|process|require|__dirname)\b/.test(text), `${file} uses Node.js`);
  }
});
