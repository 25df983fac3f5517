"""Revocation registries: their bytes, and answers made anew from records by docs/format.md."""

import base64
import io
import json
import unittest
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from blake3 import blake3

from dzong import apply_delta, check, moments, nodes_of, status_at
from dzong.__main__ import main
from dzong.answer import Past, Proven, Record
from dzong.client import Node
from dzong.status import Question
from dzong.trees import Entry, History
from dzong.verdict import Invalid

from .support import Network

ID = "5e" * 32
ISSUER = "did:ndi:test:QmTPZrUFr4ShEhgaiD6iQBoKScxqsR8gdTvjLgoUcHh3Rb"
CAPACITY = 2_000
CREATED = 1_800_000_000_000
#: Blocks are within seconds: the registry's, one 10 s later, and the newest, 20 s later.
BEGIN, CHANGE, NOW = CREATED + 300, CREATED + 10_500, CREATED + 20_500
REGISTRY = {
    "capacity": CAPACITY,
    "created": moments.show(CREATED),
    "formats": ["bitstring", "token"],
    "issuer": ISSUER,
}


def statuses(capacity: int = CAPACITY, **bytes_at: int) -> bytes:
    """The statuses of so many slots, zero but for these bytes."""
    made = bytearray(-(-capacity // 4))
    for at, byte in bytes_at.items():
        made[int(at[1:])] = byte
    return bytes(made)


def node(**bytes_at: int) -> str:
    """The node over 32 chunks, zero but for these bytes, as the definition of the hash has it."""
    whole = statuses(32 * 1024, **bytes_at)
    keys = [name.ljust(32, b"\0") for name in (b"dzong/status-chunk/v1", b"dzong/status-node/v1")]
    node_hash = blake3(key=keys[1])
    for number in range(32):
        node_hash.update(blake3(whole[256 * number :][:256], key=keys[0]).digest())
    return node_hash.hexdigest()


class Vector(unittest.TestCase):
    def test_the_first_of_four_slots_stands_in_the_lowest_bits_of_a_byte(self):
        data = bytes([0b10_00_01_01, 0b00_00_00_10])
        said = [status_at(data, slot)[0] for slot in range(8)]
        self.assertEqual("".join(said), "rrvssvvv")
        for slot, capacity in ((8, None), (-1, None), (5, 5), (8, 9)):
            with self.assertRaises(Invalid):
                status_at(data, slot, capacity)
        with self.assertRaises(Invalid):
            status_at(bytes([0b00_11_00_00]), 2)

    def test_nodes_hash_chunks_and_those_that_nobody_has_as_they_began(self):
        self.assertEqual(nodes_of(statuses(2, _0=1), 2), [node(_0=1)])
        self.assertEqual(nodes_of(statuses(1025, _0=1, _256=2), 1025), [node(_0=1, _256=2)])
        whole = statuses(32_768, _0=9, _8191=64)
        self.assertEqual(nodes_of(whole, 32_768), [node(_0=9, _8191=64)])
        several = statuses(70_000, _0=1, _8192=4, _17499=0x80)
        nodes = [node(_0=1), node(_0=4), node(_1115=0x80)]
        self.assertEqual(nodes_of(several, 70_000), nodes)
        self.assertEqual(len(nodes_of(statuses(1 << 20), 1 << 20)), 32)

    def test_statuses_are_as_many_as_the_slots_and_each_is_known(self):
        nodes_of(bytes([0b10_00_01]), 3)
        # A revoked slot beside a suspended one is no 3.
        nodes_of(bytes([0b01_10_01_10]), 4)
        for capacity, data in (
            (5, [0]), (4, [0, 0]), (4, []), (3, [0b01_00_00_00]), (1, [0b01_00]),
            (6, [0, 0b10_00_00]), *((8, [0, 3 << 2 * slot]) for slot in range(4)),
        ):  # fmt: skip
            with self.subTest(data), self.assertRaises(Invalid):
                nodes_of(bytes(data), capacity)

    def test_a_delta_changes_slots_by_their_distances_to_their_new_statuses(self):
        before = statuses(70_000, _0=1, _1=0b01_00_10_00)
        # Slot 5 to valid, 7 to suspended, 40,000 to revoked.
        delta = bytes([5 << 2, 2 << 2 | 2, 0xE5, 0xE1, 0x09])
        after = statuses(70_000, _0=1, _1=0b10_00_00_00, _10000=1)
        self.assertEqual(apply_delta(before, delta), after)
        self.assertEqual(apply_delta(before, b""), before)
        # The last slot of the largest registry takes a number of four bytes.
        far = apply_delta(statuses(1 << 20), bytes([0xFD, 0xFF, 0xFF, 0x01]))
        self.assertEqual(far[-1], 0x40)

    def test_a_delta_of_another_form_is_refused(self):
        before = statuses(70_000)
        for what, data in (
            ("cut", [0x80]), ("cut behind another", [4, 0xFF]), ("slot 0", [0x00]),
            ("slot 0 revoked", [0x01]), ("a slot twice", [4, 1]), ("3 is no status", [0x07]),
            ("longer than need be", [0x84, 0x00]),
            ("five bytes", [0x84, 0x80, 0x80, 0x80, 0x00]),
            ("too large", [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), ("beyond", [0xC1, 0x8B, 0x11]),
            ("far beyond", [0xFD, 0xFF, 0xFF, 0x7F]),
        ):  # fmt: skip
            with self.subTest(what), self.assertRaises(Invalid):
                apply_delta(before, bytes(data))
        self.assertEqual(apply_delta(before, bytes([0xBD, 0x8B, 0x11]))[-1], 0x40, "the last")


def proven(key: str, content, time: int = BEGIN, version: int = 1) -> Proven:
    """A record as it is, or not at all."""
    record = None if content is None else Record(content, version, time, History(0, []), {})
    return Proven(key, b"", record, None)


def passed(current: Proven, content, since: int, version: int) -> Proven:
    """A record that shows the version that it superseded."""
    entry = Entry(version, since, bytes(32), bytes(32))
    return replace(current, past=Past(content, entry, [], None))


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def head_of(data: bytes) -> dict:
    return {"nodes": nodes_of(data, CAPACITY)}


def at(seconds: int) -> dict:
    return {"time": moments.show(CREATED + 1000 * seconds)}


def none(why: str) -> dict:
    return {"error": why, "registry": ID}


FRESH = statuses(_0=1)
CHANGED = statuses(_0=1, _1=0b00_10_01_00, _300=1)
OWN = proven(f"revocation-registry/{ID}", REGISTRY)
HEAD = proven(f"status/{ID}", head_of(CHANGED), CHANGE, 2)
FIRST_HEAD = passed(HEAD, head_of(FRESH), BEGIN, 1)
CHUNK_KEY = f"status-chunk/{ID}/0"
LOCKS = bytes([0b0100_0000]).ljust(128, b"\0")
CONTENT = {"locks": encoded(LOCKS), "statuses": encoded(CHANGED[:256])}
CHUNK = proven(CHUNK_KEY, CONTENT, CHANGE)
COMMON = {"capacity": CAPACITY, "issuer": ISSUER, "registry": ID}
FIRST = {**COMMON, "timestamp": CREATED // 1000, "version": 1}
SECOND = {**COMMON, "timestamp": CREATED // 1000 + 10, "version": 2}


class Answers(unittest.TestCase):
    def answer(self, part, records, given=None, **question) -> dict:
        question = Question.read({"part": part, "registry": ID, **question})
        given = None if given is None else encoded(given)
        return question.answer("test", list(records), NOW, given)

    def refused(self, part, records, given=None, **question) -> None:
        with self.subTest(part=part, **question), self.assertRaises(Invalid):
            self.answer(part, records, given, **question)

    def test_a_registry_is_shown_with_its_head_in_the_version_that_was_asked_for(self):
        more = {
            "anoncreds": None,
            "created": REGISTRY["created"],
            "credentialType": None,
            "formats": ["bitstring", "token"],
            "hold": None,
            "slots": None,
        }
        now = {**SECOND, **more, **head_of(CHANGED)}
        self.assertEqual(self.answer("registry", [OWN, HEAD]), now)
        before = {**FIRST, **more, **head_of(FRESH)}
        for question in ({"version": 1}, at(9)):
            shown = self.answer("registry", [OWN, FIRST_HEAD], **question)
            self.assertEqual(shown, before)
        held = {**REGISTRY, "credentialType": "Degree", "hold": ["frozen", "00" * 32]}
        shown = self.answer("registry", [proven(OWN.key, held, CHANGE, 2), HEAD])
        self.assertEqual((shown["credentialType"], shown["hold"]), ("Degree", "frozen"))
        for hold in (["frozen"], "frozen", [], ["frozen", 1]):
            self.refused("registry", [proven(OWN.key, {**REGISTRY, "hold": hold}), HEAD])

    def test_what_a_registry_is_proven_against_is_shown_as_the_records_have_it(self):
        anoncreds = {"definition": "zDefinition", "tails": "zTails"}
        slots = {"domain": 4096, "setup": "zSetup", "tau": encoded(bytes(96))}
        points = {"accumulator": encoded(bytes(128)), "commitment": encoded(bytes(48))}

        def record(**more):
            return proven(OWN.key, {**REGISTRY, **more})

        def head(**more):
            return proven(HEAD.key, {**head_of(CHANGED), **more}, CHANGE, 2)

        both = [record(anoncreds=anoncreds, slots=slots), head(**points)]
        shown = self.answer("registry", both)
        self.assertEqual((shown["anoncreds"], shown["slots"]), (anoncreds, slots))
        self.assertEqual({name: shown[name] for name in points}, points)
        shown = self.answer("statuses", both, CHANGED)
        self.assertEqual(shown, {**SECOND, **points, "statuses": encoded(CHANGED)})
        for name in points:
            for wrong in ("", encoded(bytes(47)), 1, None):
                self.refused("registry", [OWN, head(**{name: wrong})])
        others = (
            {"domain": 4096, "setup": "zSetup"},
            {**slots, "domain": "4096"},
            {**slots, "tau": ""},
            {**slots, "tau": encoded(bytes(95))},
            {**slots, "more": ""},
            None,
        )
        for wrong in others:
            self.refused("registry", [record(slots=wrong), HEAD])

    def test_all_statuses_are_those_whose_hashes_the_head_has(self):
        now = {**SECOND, "statuses": encoded(CHANGED)}
        # A version is in force in the whole second of its block: its end is asked about.
        for question in ({}, {"version": 2}, at(10), at(20)):
            shown = self.answer("statuses", [OWN, HEAD], CHANGED, **question)
            self.assertEqual(shown, now)
        before = {**FIRST, "statuses": encoded(FRESH)}
        for question in ({"version": 1}, at(0), at(9)):
            shown = self.answer("statuses", [OWN, FIRST_HEAD], FRESH, **question)
            self.assertEqual(shown, before)
        unknown = statuses(_0=1, _1=0b00_10_01_00, _300=3)
        for given in (FRESH, unknown, CHANGED[1:], b"", None):
            self.refused("statuses", [OWN, HEAD], given)
        self.refused("statuses", [OWN, FIRST_HEAD], CHANGED, version=1)

    def test_another_version_than_the_one_that_was_asked_for_is_refused(self):
        self.refused("statuses", [OWN, FIRST_HEAD], FRESH)
        self.refused("statuses", [OWN, HEAD], CHANGED, version=1)
        self.refused("statuses", [OWN, FIRST_HEAD], FRESH, version=2)
        self.refused("statuses", [OWN, HEAD], CHANGED, version=0)
        self.refused("statuses", [OWN, HEAD], CHANGED, **at(9))
        self.refused("statuses", [OWN, FIRST_HEAD], FRESH, **at(10))
        self.refused("statuses", [OWN, HEAD], CHANGED, **at(21))
        for part in ("registry", "statuses"):
            why = none("the registry has no such version")
            self.assertEqual(self.answer(part, [OWN, HEAD], version=3), why)
        self.refused("statuses", [OWN, FIRST_HEAD], FRESH, version=3)
        self.refused("statuses", [OWN, proven(HEAD.key, None)], FRESH)

    def test_a_slot_is_as_its_chunk_has_it_and_as_it_began_where_that_was_not_yet(self):
        absent = proven(f"status-chunk/{ID}/1", None)
        later = proven(CHUNK_KEY, {"statuses": encoded(bytes(256))}, NOW, 2)
        past = passed(later, CONTENT, CHANGE, 1)
        unlocked = proven(CHUNK_KEY, {"statuses": CONTENT["statuses"]})
        for slot, record, question, status in (
            (4, CHUNK, {}, "valid"), (5, CHUNK, {}, "revoked"), (6, CHUNK, {}, "suspended"),
            (5, unlocked, {}, "revoked"), (1_999, absent, {}, "valid"),
            (1_024, absent, at(0), "valid"), (5, CHUNK, at(10), "revoked"),
            (5, CHUNK, at(9), "valid"), (5, past, at(19), "revoked"), (5, past, at(9), "valid"),
        ):  # fmt: skip
            shown = self.answer({"slot": slot}, [OWN, record], **question)
            locked = slot == 6
            said = {"locked": locked, "registry": ID, "slot": slot, "status": status}
            self.assertEqual(shown, said)
        part = {"slot": 5}
        self.refused(part, [OWN, past])
        self.refused(part, [OWN, past], **at(20))
        self.refused(part, [OWN, later], **at(19))
        for record in (
            absent, HEAD, proven(CHUNK_KEY, {**CONTENT, "locks": ""}),
            proven(CHUNK_KEY, {"statuses": encoded(CHANGED)}),
        ):  # fmt: skip
            self.refused(part, [OWN, record])
        self.refused({"slot": 1_024}, [OWN, CHUNK])

    def test_there_is_no_such_registry_slot_or_time_and_then_the_registry_stands_alone(self):
        absent = proven(OWN.key, None)
        for part in ("registry", "statuses", {"slot": 5}):
            missing = none("there is no such registry")
            self.assertEqual(self.answer(part, [absent]), missing)
            before = none("the registry did not exist yet")
            self.assertEqual(self.answer(part, [OWN], **at(-1)), before)
            other = FIRST_HEAD if type(part) is str else CHUNK
            self.refused(part, [OWN, other], **at(-1))
            self.refused(part, [OWN], **at(21))
            self.refused(part, [absent], **at(21))
            for records in (
                [absent, other], [OWN], [], [other, OWN], [OWN, other, other],
                [passed(OWN, REGISTRY, BEGIN, 1), other],
                [proven(f"revocation-registry/{'5f' * 32}", REGISTRY), other],
            ):  # fmt: skip
                self.refused(part, records)
        for slot in (0, CAPACITY, (1 << 32) - 1):
            why = none("the registry has no such slot")
            self.assertEqual(self.answer({"slot": slot}, [OWN]), why)
            self.assertEqual(self.answer({"slot": slot}, [OWN], **at(-1)), why)
            self.refused({"slot": slot}, [OWN, CHUNK])

    def test_a_question_has_one_spelling(self):
        asked = {"part": {"slot": 5}, "registry": ID, "time": "2026-11-21T06:00:00Z"}
        self.assertEqual(Question.read(asked).to_json(), asked)
        for change in (
            *({"part": part} for part in (
                "all", None, {}, 5, {"slot": -1}, {"slot": "5"}, {"slot": 1 << 32},
                {"slot": 5, "more": 1}, {"registry": None}, ["registry"],
            )),
            {"registry": ID.upper()}, {"registry": ID[2:]}, {"registry": 5}, {"time": None},
            {"time": "2026-11-21"}, {"time": "2026-11-31T06:00:00Z"}, {"version": 1}, {"more": 1},
            {"part": "registry", "version": 1},
        ):  # fmt: skip
            with self.subTest(change), self.assertRaises(Invalid):
                Question.read({**asked, **change})
        for version in (-1, "1", None, True):
            with self.subTest(version), self.assertRaises(Invalid):
                Question.read({"part": "registry", "registry": ID, "version": version})


class Certified(unittest.TestCase):
    def verdict(self, data: bytes, asked=None) -> str:
        return check(Network().trust(), data, Network.time + 60_000, asked=asked).name

    def test_a_certified_answer_is_judged_as_a_whole(self):
        network = Network()
        record = {**REGISTRY, "created": moments.show(Network.time)}
        held = {OWN.key: record, HEAD.key: head_of(CHANGED)}
        since = {**COMMON, "timestamp": Network.time // 1000, "version": 1}
        shown = {**since, "statuses": encoded(CHANGED)}
        asked = {"part": "statuses", "registry": ID}
        question = {"status": asked}
        data = network.answered(question, held, shown)
        self.assertEqual(self.verdict(data, question), "valid")
        other = {"status": {**asked, "part": "registry"}}
        self.assertEqual(self.verdict(data, other), "invalid")
        for change in (
            {"statuses": encoded(FRESH)}, {"statuses": None}, {"version": 2}, {"version": True},
            {"locked": True},
        ):  # fmt: skip
            changed = network.answered(question, held, {**shown, **change})
            self.assertEqual(self.verdict(changed), "invalid", change)
        for asks in (other, {**question, "record": "a"}):
            self.assertEqual(self.verdict(network.answered(asks, held, shown)), "invalid")
        slot = {"locked": True, "registry": ID, "slot": 6, "status": "suspended"}
        asked = {"status": {"part": {"slot": 6}, "registry": ID}}
        held = {OWN.key: record, CHUNK_KEY: CONTENT}
        for said, verdict in ((slot, "valid"), ({**slot, "locked": False}, "invalid")):
            self.assertEqual(self.verdict(network.answered(asked, held, said)), verdict)
        why = none("there is no such registry")
        self.assertEqual(self.verdict(network.absent(question, OWN.key, why)), "valid")


class Paths(unittest.TestCase):
    def test_a_node_is_asked_under_the_paths_of_its_interface(self):
        asked = []

        class Listener(Node):
            def get(self, path, *_, **__):
                asked.append(path)
                return json.dumps({}).encode()

        node = Listener("http://127.0.0.1:1")
        node.status(Question("registry", ID))
        node.status(Question("statuses", ID, version=2))
        node.status(Question(5, ID, "2026-11-21T06:00:00Z"))
        node.status_delta(ID, 7)
        base = f"v1/revocation/registries/{ID}"
        paths = [
            f"{base}?proof=true",
            f"{base}/statuses?proof=true&version=2",
            f"{base}/slots/5?proof=true&time=2026-11-21T06%3A00%3A00Z",
            f"{base}/delta?from=7",
        ]
        self.assertEqual(asked, paths)

    def test_the_command_shows_what_is_proven_and_its_exit_code_says_whether_there_is_some(self):
        network = Network()
        question = {"status": {"part": {"slot": 6}, "registry": ID}}
        slot = {"locked": True, "registry": ID, "slot": 6, "status": "suspended"}
        record = {**REGISTRY, "created": moments.show(Network.time)}
        held = {OWN.key: record, CHUNK_KEY: CONTENT}
        missing = none("there is no such registry")
        with TemporaryDirectory() as folder:
            pinned = Path(folder, "checkpoint.json")
            pinned.write_text(json.dumps(network.trust().to_checkpoint()))
            for data, options, code, shown in (
                (network.answered(question, held, slot), ("--slot", "6"), 0, slot),
                (network.absent(question, OWN.key, missing), ("--slot", "6"), 1, missing),
                (network.answered(question, held, slot), ("--slot", "5"), 4, None),
                (network.answered(question, held, slot), ("--all",), 4, None),
                (b"", ("--slot", "6", "--version", "1"), 1, None),
            ):
                out = io.StringIO()
                with (
                    mock.patch.object(Node, "get", lambda *_, data=data, **__: data),
                    mock.patch("dzong.__main__._now", lambda: Network.time + 60_000),
                    redirect_stdout(out),
                    redirect_stderr(io.StringIO()),
                ):
                    at_node = ("--url", "http://127.0.0.1:1", "--checkpoint", str(pinned))
                    got = main(["status", ID, *options, *at_node])
                self.assertEqual(got, code)
                self.assertEqual(json.loads(out.getvalue() or "null"), shown)


if __name__ == "__main__":
    unittest.main()
