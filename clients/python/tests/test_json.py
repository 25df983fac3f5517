"""Strict JSON: what is read, what is refused, and the one spelling that is written."""

import base64
import json
import unittest

from dzong.canonical import canonical, parse, parse_canonical
from dzong.verdict import Invalid

from .support import vectors

BYTES_MAX = 1 << 16


class Json(unittest.TestCase):
    def refused(self, *texts):
        for text in texts:
            with self.subTest(text[:60]), self.assertRaises(Invalid):
                parse(text if isinstance(text, bytes) else text.encode(), BYTES_MAX)

    def test_the_test_suite_of_json_is_decided_as_the_profile_asks(self):
        cases = [
            json.loads(line) for line in vectors(self, "json/jsontestsuite.jsonl").splitlines()
        ]
        self.assertGreater(len(cases), 300)
        for case in cases:
            data = base64.b64decode(case["base64"])
            try:
                value = parse(data, 1 << 20)
            except Invalid:
                # Valid JSON may be outside the profile: floats, U+0000, a name twice.
                wanted = case["name"].startswith("y_") and "number" not in case["name"]
                excused = b"\\u0000" in data or b"." in data or "duplicated" in case["name"]
                self.assertFalse(wanted and not excused, case["name"])
                continue
            self.assertFalse(case["name"].startswith("n_"), case["name"])
            self.assertEqual(parse(canonical(value), 1 << 20), value)

    def test_what_the_profile_has_not_is_refused(self):
        self.refused(
            "1.5", "1e2", "-0", "[-0]", "9007199254740992", "-9007199254740992", "1" * 5000
        )
        self.refused("NaN", "Infinity", "-Infinity", '{"a":1,"a":1}', '{"a":1,"\\u0061":2}')
        self.refused('"\\u0000"', '"\\ud83d"', '"\\ude00\\ud83d"', '{"\\ud800":1}', '"\x01"')
        self.refused(b'"\xff"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b'"\xc0\xaf"', "{} {}", "")
        self.refused("[" * 33 + "]" * 33, "[" * 30_000, '{"a":' * 20_000, " " * BYTES_MAX + "1")
        self.assertEqual(parse(b"[" * 32 + b"]" * 32, BYTES_MAX), json.loads("[" * 32 + "]" * 32))
        self.assertEqual(parse(b"[9007199254740991,-9007199254740991]", 99)[0], 2**53 - 1)

    def test_names_are_ordered_by_utf_16(self):
        # RFC 8785, section 3.2.3.
        text = '{"\\r":1,"1":2,"\u0080":3,"\u00f6":4,"\u20ac":5,"\U0001f600":6,"\ufb33":7}'
        value = parse(text.encode(), BYTES_MAX)
        self.assertEqual(canonical(dict(reversed(value.items()))), text.encode())

    def test_texts_have_one_spelling(self):
        value = {"": '"\\/\b\t\n\f\r\x01\x1f\x7f\u00e9\u2028\U0001f600'}
        text = '{"":"\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\u00e9\u2028\U0001f600"}'
        self.assertEqual(canonical(value), text.encode())
        self.assertEqual(parse_canonical(text.encode(), BYTES_MAX), value)
        for other in (
            ' {"a":1}',
            '{"a": 1}',
            '{"b":1,"a":2}',
            '{"a":"\\u0041"}',
            '{"a":"\\/"}',
            "[]",
        ):
            with self.subTest(other), self.assertRaises(Invalid):
                parse_canonical(other.encode(), BYTES_MAX)
