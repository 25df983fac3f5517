"""Trust moves forward by certified hand-overs only, and forks name the guilty."""

import contextlib
import io
import json
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from dzong import check, check_receipt
from dzong.__main__ import main
from dzong.trust import Trust, check_fork, follow, follow_all
from dzong.verdict import Refusal

from .support import DAY, ROOT, Key, Network, encode


class Chains(unittest.TestCase):
    def setUp(self):
        self.network = Network()
        self.now = self.network.time + 60_000

    def follow(self, *steps, trust=None, now=None, **changes):
        chain = {**self.network.chain(*steps), **changes}
        now = self.now if now is None else now
        return follow(trust or self.network.trust(), json.dumps(chain).encode(), now)

    def verdict(self, *steps, **options) -> str:
        return self.follow(*steps, **options)[0].name

    def test_a_chain_of_hand_overs_leads_to_a_checkpoint_that_can_be_pinned(self):
        step = self.network.step
        steps = (
            step(3, (1, 2, 3, 4), (2, 3, 4, 5)),
            step(9, (2, 3, 4, 5), (6, 7, 8, 9)),
            step(12, (6, 7, 8, 9)),
        )
        verdict, trust = self.follow(*steps)
        self.assertEqual((verdict.name, verdict.height, trust.height), ("valid", 12, 12))
        self.assertEqual(trust.validators, self.network.set((6, 7, 8, 9)))
        pinned = Trust.from_checkpoint(json.dumps(trust.to_checkpoint()).encode())
        self.assertEqual(pinned, trust)
        # From there on, what is known is skipped; what is below is a rollback.
        later = step(20, (6, 7, 8, 9))
        self.assertEqual(self.follow(*steps, later, trust=pinned)[1].height, 20)
        self.assertEqual(self.verdict(*steps, trust=pinned), "valid")
        self.assertEqual(self.verdict(*steps[:2], trust=pinned), "stale")

    def test_a_long_chain_is_followed_in_parts(self):
        step = self.network.step
        parts = {
            0: [step(3, (1, 2, 3, 4), (2, 3, 4, 5))],
            3: [step(3, (1, 2, 3, 4), (2, 3, 4, 5)), step(9, (2, 3, 4, 5), (6, 7, 8, 9))],
            9: [step(9, (2, 3, 4, 5), (6, 7, 8, 9))],
        }

        def chain_from(height: int) -> bytes:
            return json.dumps(self.network.chain(*parts[height])).encode()

        verdict, trust = follow_all(self.network.trust(), chain_from, self.now)
        self.assertEqual((verdict.name, trust.height), ("valid", 9))
        parts[9] = [step(5)]
        verdict, trust = follow_all(self.network.trust(), chain_from, self.now)
        self.assertEqual((verdict.name, trust.height), ("stale", 9))

    def test_a_missing_hand_over_or_retired_validators_are_untrusted(self):
        step = self.network.step
        self.assertEqual(self.verdict(step(9, (2, 3, 4, 5))), "untrusted")
        moved = step(3, (1, 2, 3, 4), (6, 7, 8, 9))
        self.assertEqual(self.verdict(moved, step(5, (1, 2, 3, 4))), "untrusted")

    def test_a_trust_past_its_period_and_another_network_are_untrusted(self):
        step = self.network.step(3)
        late = self.network.time + 30 * DAY
        self.assertEqual(self.verdict(step, now=late), "valid")
        self.assertEqual(self.verdict(step, now=late + 1), "untrusted")
        self.assertEqual(self.verdict(step, genesis="00" * 32), "untrusted")

    def test_broken_steps_are_invalid(self):
        network, step = self.network, self.network.step
        self.assertEqual(self.verdict(), "invalid")
        self.assertEqual(self.verdict(step(3), step(3)), "invalid")
        self.assertEqual(self.verdict(step(4), step(3)), "invalid")
        self.assertEqual(self.verdict(step(3, signers=(1, 2))), "invalid")
        self.assertEqual(self.verdict(step(3, signers=(1, 2, 5))), "invalid")
        self.assertEqual(self.verdict(step(3, signers=(1, 2, 2))), "invalid")
        others = {**step(3), "validators": network.set((1, 2, 3, 5)).to_json()}
        self.assertEqual(self.verdict(others), "invalid")
        twice = {**step(3), "validators": 2 * step(3)["validators"]}
        self.assertEqual(self.verdict(twice), "invalid")
        other = {**step(3), "certificate": step(4)["certificate"]}
        self.assertEqual(self.verdict(other), "invalid")
        self.assertEqual(self.verdict({**step(3), "more": 1}), "invalid")
        self.assertEqual(self.verdict(step(3), more=1), "invalid")
        self.assertEqual(self.verdict(step(3), type="DzongTrust"), "invalid")

    def test_time_does_not_run_backwards_nor_ahead_of_the_clock(self):
        step, time = self.network.step, self.network.time
        self.assertEqual(self.verdict(step(3, time=time - 1)), "invalid")
        self.assertEqual(self.verdict(step(3, time=self.now + 60_000)), "valid")
        self.assertEqual(self.verdict(step(3, time=self.now + 60_001)), "untrusted")

    def test_the_trust_stays_as_it_was_unless_the_chain_is_valid(self):
        good, bad = self.network.step(3), self.network.step(5, signers=(1,))
        verdict, trust = self.follow(good, bad)
        self.assertEqual((verdict.name, trust), ("invalid", self.network.trust()))


class Receipts(unittest.TestCase):
    """The validators hand over at heights 3 and 9."""

    def setUp(self):
        self.network = Network()
        self.now = self.network.time + 60_000
        step = self.network.step
        self.steps = [
            step(3, (1, 2, 3, 4), (2, 3, 4, 5)),
            step(9, (2, 3, 4, 5), (6, 7, 8, 9)),
            step(12, (6, 7, 8, 9)),
        ]

    def check(self, answer: dict, *parts, now=None) -> str:
        """The verdict where the chain from each height is the next of these."""
        chains = [json.dumps(self.network.chain(*part)).encode() for part in parts]
        data, now = json.dumps(answer).encode(), self.now if now is None else now
        return str(check_receipt(self.network.trust(), data, lambda _: chains.pop(0), now))

    def test_a_receipt_is_proven_under_whoever_certified_its_block(self):
        whole = [self.steps, self.steps]
        for height, keys in ((2, (1, 2, 3, 4)), (7, (2, 3, 4, 5)), (11, (6, 7, 8, 9))):
            receipt = self.network.receipt(height, keys)
            self.assertEqual(self.check(receipt, *whole), f"Valid at height {height}")
            in_parts = [self.steps[:1], self.steps, self.steps[1:]]
            self.assertEqual(self.check(receipt, *in_parts), f"Valid at height {height}")
            receipt["event"]["created"] = "2020-01-01T00:00:00Z"
            self.assertTrue(self.check(receipt, *whole).startswith("Invalid"))

    def test_strangers_forged_chains_and_ended_trust_prove_no_receipt(self):
        receipt = self.network.receipt(7, (2, 3, 4, 5))
        strange = self.network.receipt(7, (11, 12, 13, 14))
        forged = [self.network.step(3, (1, 2, 3, 4), (2, 3, 4, 5), (1, 2))]
        late = self.network.time + 31 * DAY
        for verdict in (
            self.check(strange, self.steps, self.steps),
            self.check(receipt, forged),
            self.check(receipt, self.steps[2:]),
            self.check(receipt, self.steps, now=late),
        ):
            self.assertTrue(verdict.startswith("Untrusted"), verdict)

    def test_any_other_answer_from_before_a_hand_over_stays_unknown(self):
        chain = self.network.chain(self.steps[1])
        verdict = self.check(chain, self.steps, self.steps)
        self.assertTrue(verdict.startswith("Untrusted"), verdict)


class Frozen(unittest.TestCase):
    def test_every_frozen_chain_and_fork_is_judged_as_the_ledger_judges_it(self):
        cases = json.loads((ROOT / "tests/golden/trust.json").read_text())
        self.assertGreater(len(cases), 20)
        for case in cases:
            with self.subTest(case["name"]):
                trust = Trust.from_checkpoint(json.dumps(case["trust"]).encode())
                data, wanted = json.dumps(case["document"]).encode(), case["verdict"]
                verdict = check(trust, data, case["now"])
                self.assertEqual(verdict.name, wanted["verdict"], verdict)
                if "height" in wanted:
                    found = (verdict.height, verdict.time)
                    self.assertEqual(found, (wanted["height"], wanted["time"]))
                if case["checkpoint"]:
                    _, moved = follow(trust, data, case["now"])
                    self.assertEqual(moved.to_checkpoint(), case["checkpoint"])
                if case["fork"]:
                    fork = check_fork(trust, data)
                    named = [
                        [key.hex() for key in keys] for keys in (fork.guilty, fork.signed_both)
                    ]
                    self.assertEqual(named, [case["fork"]["guilty"], case["fork"]["signedBoth"]])
                asked = {"record": "network/validators"}
                self.assertEqual(check(trust, data, case["now"], asked=asked).name, "invalid")


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.network = Network()
        self.network.time = time.time_ns() // 10**6 - 60_000
        self.trusted = self.file("trusted", self.network.trust().to_checkpoint())

    def file(self, name: str, value) -> str:
        path = self.folder / name
        path.write_text(json.dumps(value))
        return str(path)

    def verify(self, *arguments: str) -> tuple[int, str]:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = main(["verify", *arguments])
        return code, out.getvalue()

    def test_a_valid_chain_leaves_a_checkpoint_that_the_next_one_starts_from(self):
        first = self.network.step(3, (1, 2, 3, 4), (5, 6, 7, 8))
        second = self.network.step(9, (5, 6, 7, 8))
        chain = self.file("chain", self.network.chain(first))
        longer = self.file("longer", self.network.chain(second))
        pinned = str(self.folder / "pinned")
        self.assertEqual(self.verify(longer, "--checkpoint", self.trusted, "--pin", pinned)[0], 3)
        self.assertFalse(Path(pinned).exists())
        code, out = self.verify(chain, "--checkpoint", self.trusted, "--pin", pinned)
        self.assertEqual((code, out), (0, "Valid at height 3\n"))
        code, out = self.verify(longer, "--checkpoint", pinned, "--pin", pinned)
        self.assertEqual((code, out), (0, "Valid at height 9\n"))
        self.assertEqual(self.verify(chain, "--checkpoint", pinned)[0], 2)

    def test_a_fork_names_the_guilty_and_what_is_no_json_is_invalid(self):
        sides = [self.network.header(5, time=number) for number in (1, 2)]
        first, second = (
            {"header": encode(side), "certificate": self.network.certificate(side, (1, 2, 3))}
            for side in sides
        )
        proof = {"type": "DzongForkProof", "first": first, "second": second}
        code, out = self.verify(self.file("fork", proof), "--checkpoint", self.trusted)
        self.assertEqual((code, out.count("is guilty")), (0, 3), out)
        proof["second"] = first
        self.assertEqual(self.verify(self.file("fork", proof), "--checkpoint", self.trusted)[0], 4)
        Path(self.trusted + "x").write_text("{")
        self.assertEqual(self.verify(self.trusted + "x", "--checkpoint", self.trusted)[0], 4)

    def test_without_something_to_trust_nothing_is_checked(self):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            code = main(["verify", self.trusted, "--genesis", self.trusted])
        self.assertEqual(code, 1)
        self.assertIn("nothing to trust", errors.getvalue())


class Forks(unittest.TestCase):
    def setUp(self):
        self.network = Network()

    def side(self, height, time, signers=(1, 2, 3), round=0, keys=(1, 2, 3, 4)):
        header = self.network.header(height, keys, time=time)
        certificate = self.network.certificate(header, signers, round)
        return {"header": encode(header), "certificate": certificate}

    def check(self, first, second):
        proof = {"type": "DzongForkProof", "first": first, "second": second}
        try:
            return check_fork(self.network.trust(), json.dumps(proof).encode())
        except Refusal as refusal:
            return refusal.verdict

    def test_who_signed_both_blocks_in_one_round_is_guilty(self):
        keys = sorted((Key(2).public, Key(3).public))
        fork = self.check(self.side(5, 1, (1, 2, 3)), self.side(5, 2, (2, 3, 4)))
        self.assertEqual((fork.height, fork.guilty, fork.signed_both), (5, keys, []))
        fork = self.check(self.side(5, 1, (1, 2, 3)), self.side(5, 2, (2, 3, 4), round=1))
        self.assertEqual((fork.guilty, fork.signed_both), ([], keys))

    def test_what_is_no_fork_accuses_nobody(self):
        first = self.side(5, 1)
        self.assertEqual(self.check(first, first), "invalid")
        self.assertEqual(self.check(first, self.side(5, 1, (2, 3, 4))), "invalid")
        self.assertEqual(self.check(first, self.side(6, 2)), "invalid")
        self.assertEqual(self.check(first, self.side(5, 2, (1, 2))), "invalid")
        self.assertEqual(self.check(first, self.side(5, 2, keys=(1, 2, 3, 5))), "untrusted")
