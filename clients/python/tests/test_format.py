"""The frozen examples of docs/format.md, byte by byte."""

import json
import subprocess
import sys
import unittest

from dzong import check, hashes
from dzong.answer import event_id
from dzong.canonical import canonical, parse_canonical
from dzong.chain import Certificate, Header
from dzong.hashes import tagged
from dzong.trees import log_leaf

from .support import DAY, ROOT, examples, golden, golden_trust


class Format(unittest.TestCase):
    def setUp(self):
        self.examples, self.trust = golden(), golden_trust()

    def check(self, answer, now=0, age_max=60_000, **options):
        now = self.examples["now"] + now
        return check(self.trust, json.dumps(answer).encode(), now, age_max, **options)

    def test_hashes_are_those_of_the_examples(self):
        examples = self.examples
        self.assertEqual(self.trust.genesis.hex(), examples["genesis"]["hash"])
        self.assertEqual(self.trust.validators.hash().hex(), examples["validators"]["hash"])
        event = examples["event"]["text"].encode()
        self.assertEqual(event_id(parse_canonical(event, 65_535)).hex(), examples["event"]["id"])
        self.assertEqual(log_leaf(event).hex(), examples["event"]["logLeaf"])
        record = examples["record"]
        path = tagged(hashes.STATE_KEY, record["key"].encode())
        self.assertEqual(path.hex(), record["path"])
        self.assertEqual(tagged(hashes.RECORD, record["text"].encode()).hex(), record["hash"])

    def test_the_header_is_certified(self):
        header = Header.decode(bytes.fromhex(self.examples["header"]["bytes"]))
        self.assertEqual(header.id.hex(), self.examples["header"]["id"])
        certificate = Certificate.read(self.examples["certificate"])
        certificate.is_for(header, self.trust.genesis)
        certificate.verify(self.trust.genesis, self.trust.validators)

    def test_every_answer_is_valid_and_in_time_stale_then_untrusted(self):
        for example in examples():
            late = "valid" if example.name == "receipt" else "stale"
            for after, age_max, wanted in (
                (0, 60_000, "valid"),
                (0, 1000, late),
                (31 * DAY, None, "untrusted"),
                (-DAY, None, "untrusted"),
            ):
                now = example.now + after
                verdict = check(example.trust, canonical(example.answer), now, age_max)
                self.assertEqual(verdict.name, wanted, f"{example.name}: {verdict}")

    def test_any_spelling_of_an_answer_is_valid(self):
        for example in examples():
            spaced = json.dumps(example.answer, indent=3, sort_keys=False).encode()
            verdict = check(example.trust, spaced, example.now)
            self.assertEqual(verdict.name, "valid", verdict)

    def test_an_answer_to_another_question_is_no_answer(self):
        current = self.examples["answers"]["current"]
        did = current["didDocument"]["id"]
        asked = {"resolution": {"did": did}}
        self.assertEqual(self.check(current, asked=asked).name, "valid")
        asked["resolution"]["versionId"] = "1"
        self.assertEqual(self.check(current, asked=asked).name, "invalid")

    def test_another_genesis_makes_an_answer_untrusted(self):
        for example in examples():
            name = f'"{example.trust.network}"'
            genesis = example.genesis.replace(name, '"bt-other"')
            trust = type(self.trust).from_genesis(genesis.encode())
            verdict = check(trust, canonical(example.answer), example.now)
            self.assertEqual(verdict.name, "untrusted", verdict)

    def test_who_knows_a_later_height_calls_answers_stale_and_receipts_valid(self):
        for example in examples():
            later = {**example.trust.to_checkpoint(), "height": 99}
            trust = type(self.trust).from_checkpoint(json.dumps(later).encode())
            verdict = check(trust, canonical(example.answer), example.now)
            wanted = "valid" if example.name == "receipt" else "stale"
            self.assertEqual(verdict.name, wanted, verdict)

    def test_verdicts_are_given_by_the_line(self):
        answer = json.dumps(self.examples["answers"]["past"])
        genesis, now = self.examples["genesis"]["text"], self.examples["now"]
        lines = [
            {"genesis": genesis, "answer": answer, "now": now, "maxAgeMs": None},
            {"genesis": genesis, "answer": answer, "now": now, "maxAgeMs": 1},
            {"genesis": genesis, "answer": answer, "now": 0, "maxAgeMs": None},
            {"genesis": genesis, "answer": "\ud800", "now": now, "maxAgeMs": None},
            {"genesis": "{}", "answer": answer, "now": now, "maxAgeMs": None},
        ]
        done = subprocess.run(
            [sys.executable, "-m", "dzong.verdicts"],
            input="".join(json.dumps(line) + "\n" for line in lines),
            capture_output=True,
            text=True,
            cwd=ROOT / "clients/python",
            check=True,
        )
        verdicts = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
        self.assertEqual(verdicts, ["valid", "stale", "untrusted", "invalid", "invalid"])


if __name__ == "__main__":
    unittest.main()
