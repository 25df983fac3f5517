import assert from "node:assert/strict";
import { test } from "node:test";

import { utf8 } from "../src/bytes.js";
import {
  JsonError, canonicalText, parse, parseCanonical, type Json,
} from "../src/index.js";

test("canonical form is that of RFC 8785", () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"b":2,"a":1}', '{"a":1,"b":2}'],
    [' [ 1 , true , null , "" ] ', '[1,true,null,""]'],
    ['"\\u0041\\/\\u20ac\\b\\u000f\\"\\\\"', '"A/€\\b\\u000f\\"\\\\"'],
    // By UTF-16 code units, so what needs a surrogate pair comes before U+FB33.
    ['{"\ufb33":1,"\u{1f600}":2,"\u20ac":3,"\\r":4}', '{"\\r":4,"€":3,"\u{1f600}":2,"\ufb33":1}'],
    ['{"__proto__":{"a":1},"constructor":2}', '{"__proto__":{"a":1},"constructor":2}'],
    ["9007199254740991", "9007199254740991"],
  ];
  for (const [text, expected] of cases) {
    assert.equal(canonicalText(parse(text)), expected);
    assert.equal(canonicalText(parseCanonical(expected)), expected);
  }
});

test("what the profile has not is refused, by its code and place", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const cases: readonly (readonly [string, string, string])[] = [
    ['{"a":{"b":1,"b":1}}', "duplicate-member", "/a/b"],
    ['{"a":1,"\\u0061":1}', "duplicate-member", "/a"],
    ['{"__proto__":1,"__proto__":1}', "duplicate-member", "/__proto__"],
    ['{"a~/b":[1,1.0]}', "float", "/a~0~1b/1"],
    ["1e3", "float", ""],
    ["-0", "number-range", ""],
    ["[9007199254740992]", "number-range", "/0"],
    ["-9007199254740992", "number-range", ""],
    [nested(33), "depth", "/0".repeat(32)],
    ['"\\ud800"', "lone-surrogate", ""],
    ['"\\udc00\\ud800"', "lone-surrogate", ""],
    ['"\\u0000"', "nul", ""],
    ['"\t"', "syntax", ""],
    ["01", "syntax", ""],
    ["+1", "syntax", ""],
    ["[1,]", "syntax", "/1"],
    ['{"a"}', "syntax", "/a"],
    ["tru", "syntax", ""],
    ["", "syntax", ""],
    ["{} {}", "syntax", ""],
    ["\ufeff{}", "syntax", ""],
  ];
  for (const [text, code, place] of cases) {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof JsonError);
      assert.deepEqual([error.code, error.place], [code, place], text);
      return true;
    });
  }
  assert.equal(canonicalText(parse(nested(32))), nested(32));
});

test("bytes that are not UTF-8, or too many, are refused", () => {
  for (const bytes of [[0x22, 0xff, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xc0, 0xaf]]) {
    assert.throws(() => parse(Uint8Array.from(bytes)), { code: "utf8" });
  }
  assert.throws(() => parse('"12345"', 6), { code: "size" });
});

test("a spelling that is not canonical is told from the canonical one", () => {
  for (const text of ['{"b":1,"a":1}', '{"a": 1}', '"\\u0041"', '"\\/"', '"\\u000F"']) {
    assert.throws(() => parseCanonical(text), { code: "not-canonical" });
    assert.throws(() => parseCanonical(utf8(text)), { code: "not-canonical" });
  }
});

test("values that have no canonical form are refused when they are written", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [[0.5], "float"], [Number.NaN, "float"], [-0, "number-range"], [2 ** 53, "number-range"],
    ["\ud800", "lone-surrogate"], ["\0", "nul"], [{ a: undefined }, "not-json"], [1n, "not-json"],
  ];
  for (const [value, code] of cases) {
    assert.throws(() => canonicalText(value as Json), { code });
  }
});
