"""A nation's first day, on a network of real nodes: who may do what, and receipts from before the
validators handed over. `DZONG_BIN` names the binary; without it these tests are skipped.
"""

import json
import time
import unittest
from pathlib import Path

from dzong import check, check_receipt
from dzong.client import Node
from dzong.trust import on_the_way

from .test_network import BIN, PORT, Liar, command, run, start

_DEMO_SECONDS_MAX = 600
_LONG_AGO = "2020-01-01T00:00:00Z"


def now() -> int:
    return time.time_ns() // 10**6


@unittest.skipUnless(BIN, "name the binary with DZONG_BIN to test against a network")
class FirstDay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        start(cls)
        cls.url = f"http://127.0.0.1:{PORT}"
        run("demo", "--home", cls.home, "--url", cls.url, seconds=_DEMO_SECONDS_MAX)
        cls.node = Node(cls.url)

    def listings(self, family: str) -> list:
        found = json.loads(self.node.get(f"v1/{family}", 1 << 20))[family]
        return [one["record"] for one in found]

    def asking(self, kind: str, record: dict, **other: str) -> list:
        """The words of our own command line."""
        listing = record["content"]["listing"]
        words = {name: listing[name] for name in ("authority", "entity", "action", "resource")}
        words |= {"url": self.url, "genesis": self.genesis, **other}
        return [kind, *(part for name, value in words.items() for part in (f"--{name}", value))]

    def ask(self, kind: str, record: dict, **other: str) -> tuple[int, dict]:
        """Exit code and proven answer."""
        code, out, errors = command(*self.asking(kind, record, **other))
        self.assertTrue(errors.startswith("Valid at height"), errors)
        return code, json.loads(out)

    def test_what_was_granted_is_proven_as_of_any_time(self):
        granted = self.listings("authorizations")
        self.assertGreater(len(granted), 3)
        yes = 0
        for record in granted:
            code, answer = self.ask("authorization", record)
            self.assertEqual(code, 0 if answer["authorized"] else 1)
            yes += answer["authorized"]
            if not answer["authorized"]:
                self.assertIn("revoked since", answer["message"], "of the ended registry")
            code, answer = self.ask("authorization", record, time=_LONG_AGO)
            self.assertEqual((code, answer["status"]), (1, 404), "there was no authority yet")
            since = record["content"]["status"]["since"]
            moment = since.replace("Z", f".{record['time'] % 1000:03}Z")
            code, answer = self.ask("authorization", record, time=moment)
            self.assertEqual((code, answer["time_requested"]), (0, moment), answer)
            until = record["content"]["listing"]["period"]["until"]
            self.assertEqual(self.ask("authorization", record, time=until)[0], 1)
        self.assertGreaterEqual(yes, 3)
        self.assertLess(yes, len(granted))

    def test_what_was_not_granted_is_proven_not_to_be(self):
        record = self.listings("authorizations")[0]
        code, answer = self.ask("authorization", record, resource="Nothing")
        self.assertEqual((code, answer["message"]), (1, "there is no such authorization"))
        code, answer = self.ask("authorization", record, authority="did:web:example.org")
        self.assertEqual((code, answer["status"]), (1, 404))
        foreign = self.listings("recognitions")[0]
        code, answer = self.ask("recognition", foreign)
        listing = foreign["content"]["listing"]
        self.assertEqual(answer["chain"], [listing["entity"], listing["authority"]])
        code, answer = self.ask("recognition", foreign, entity="did:web:other.example.org")
        self.assertEqual((code, answer["message"]), (1, "there is no such recognition"))

    def test_a_node_that_lies_about_it_is_caught(self):
        granted = self.listings("authorizations")
        record = next(one for one in granted if self.ask("authorization", one)[0] == 0)
        listing = record["content"]["listing"]
        question = {name: listing[name] for name in ("action", "resource")}
        question |= {f"{name}_id": listing[name] for name in ("authority", "entity")}
        honest = self.node.query("authorization", question)
        for body, code in (
            (honest.replace(b'"authorized":true', b'"authorized":false'), 4),
            (self.node.query("authorization", {**question, "resource": "Other"}), 4),
            (self.node.query("recognition", question), 4),
            (honest, 0),
        ):
            with Liar(body) as lying:
                got = command(*self.asking("authorization", record, url=lying))
                self.assertEqual(got[0], code, got)

    def test_receipts_of_every_era_are_proven_from_genesis(self):
        passed = [self.trust, *on_the_way(self.trust, self.node.trust_chain, now())]
        sets = {trust.validators.hash() for trust in passed}
        self.assertGreater(len(sets), 1, "a fifth validator was admitted")
        events = json.loads(self.node.get("v1/events?limit=100", 1 << 24))["events"]
        chain = Path(self.home, "chain.json")
        chain.write_bytes(self.node.trust_chain(0))
        unknown = 0
        for event in events:
            data = self.node.receipt(event["id"])
            unknown += check(passed[-1], data, now()).name == "untrusted"
            verdict = check_receipt(self.trust, data, self.node.trust_chain, now())
            self.assertEqual((verdict.name, verdict.height), ("valid", event["height"]), verdict)
            file = Path(self.home, "receipt.json")
            file.write_bytes(data)
            trusting = ("verify", str(file), "--genesis", self.genesis)
            self.assertEqual(command(*trusting, "--chain", str(chain))[0], 0)
        self.assertGreater(unknown, 0, "those of now do not know all of them")
        code, out, _ = command("receipt", event["id"], "--url", self.url, "--genesis", self.genesis)
        self.assertEqual((code, json.loads(out)["id"]), (0, event["id"]))
        wrong = ("receipt", "00" * 32, "--url", self.url, "--genesis", self.genesis)
        self.assertEqual(command(*wrong)[0], 1)


if __name__ == "__main__":
    unittest.main()
