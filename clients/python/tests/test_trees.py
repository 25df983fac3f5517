"""Inclusion, consistency, history: RFC 9162 by others' vectors, the record's past by our own."""

import base64
import json
import unittest

from dzong import hashes
from dzong.hashes import tagged
from dzong.trees import (
    EMPTY,
    Entry,
    History,
    log_leaf,
    log_node,
    log_root,
    prove_consistency,
    prove_inclusion,
    prove_state,
)
from dzong.verdict import Invalid

from .support import vectors


def holds(check, *arguments) -> bool:
    try:
        check(*arguments)
        return True
    except Invalid:
        return False


def inclusion_path(leaves: list, index: int) -> list:
    """RFC 9162, section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    if index < middle:
        return inclusion_path(leaves[:middle], index) + [log_root(leaves[middle:])]
    return inclusion_path(leaves[middle:], index - middle) + [log_root(leaves[:middle])]


def consistency_path(first: int, leaves: list, whole: bool = True) -> list:
    """RFC 9162, section 2.1.4.1."""
    if first == len(leaves):
        return [] if whole else [log_root(leaves)]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    if first <= middle:
        return consistency_path(first, leaves[:middle], whole) + [log_root(leaves[middle:])]
    right = consistency_path(first - middle, leaves[middle:], False)
    return right + [log_root(leaves[:middle])]


class Log(unittest.TestCase):
    def test_the_vectors_of_others_are_decided_alike(self):
        def read(value):
            return base64.b64decode(value or "")

        lines = vectors(self, "merkle/inclusion.jsonl").splitlines()
        for case in (json.loads(line)["case"] for line in lines):
            path = [read(node) for node in case["proof"] or []]
            where = read(case["leafHash"]), case["leafIdx"], case["treeSize"]
            if len(where[0]) != 32:
                continue  # What is no hash does not get so far: `members.hexadecimal`.
            held = holds(prove_inclusion, *where, path, read(case["root"]))
            self.assertEqual(held, not case["wantErr"], case)
        lines = vectors(self, "merkle/consistency.jsonl").splitlines()
        for case in (json.loads(line)["case"] for line in lines):
            path = [read(node) for node in case["proof"] or []]
            logs = case["size1"], read(case["root1"]), case["size2"], read(case["root2"])
            held = holds(prove_consistency, *logs, path)
            self.assertEqual(held, not case["wantErr"], case)

    def test_logs_of_every_small_size_prove_their_entries_and_their_growth(self):
        leaves = [log_leaf(bytes([n])) for n in range(20)]
        for size in range(1, 21):
            root = log_root(leaves[:size])
            for index in range(size):
                path = inclusion_path(leaves[:size], index)
                prove_inclusion(leaves[index], index, size, path, root)
                for other in range(size + 1):
                    held = holds(prove_inclusion, leaves[index], other, size, path, root)
                    self.assertEqual(held, other == index)
            for first in range(1, size + 1):
                path = consistency_path(first, leaves[:size])
                old = log_root(leaves[:first])
                prove_consistency(first, old, size, root, path)
                for wrong in (path + [root], path[:-1], [bytes(32), *path[1:]]):
                    if wrong != path:
                        self.assertFalse(holds(prove_consistency, first, old, size, root, wrong))

    def test_the_root_is_that_of_the_standard(self):
        a, b, c = (log_leaf(letter) for letter in (b"a", b"b", b"c"))
        self.assertEqual(log_root([a, b, c]), log_node(log_node(a, b), c))


class State(unittest.TestCase):
    """A tree of two keys whose paths first differ in their highest bit."""

    def setUp(self):
        paths = {key: tagged(hashes.STATE_KEY, key.encode()) for key in map(str, range(64))}
        self.left = next(key for key, path in paths.items() if path[0] < 128)
        self.right = next(key for key, path in paths.items() if path[0] >= 128)
        # A key beside the left one, which is not in the tree.
        self.absent = next(k for k, path in paths.items() if path[0] < 128 and k != self.left)
        self.paths = paths
        self.leaf = {
            key: tagged(hashes.STATE_LEAF, paths[key] + tagged(hashes.RECORD, b"{}"))
            for key in (self.left, self.right)
        }
        children = self.leaf[self.left] + self.leaf[self.right]
        self.root = tagged(hashes.STATE_NODE, children)
        self.tail = b"\0\1\x80" + self.leaf[self.right]

    def test_a_record_and_an_absence_are_proven(self):
        prove_state(b"\1" + self.tail, self.root, self.left, b"{}")
        other = self.paths[self.left] + tagged(hashes.RECORD, b"{}")
        prove_state(b"\2" + other + self.tail, self.root, self.absent, None)
        prove_state(b"\0\0\0", EMPTY, self.left, None)

    def test_nothing_else_is_proven(self):
        other = self.paths[self.left] + tagged(hashes.RECORD, b"{}")
        for proof, key, record in (
            (b"\1" + self.tail, self.left, b"[]"),
            (b"\1" + self.tail, self.left, None),
            (b"\1" + self.tail, self.right, b"{}"),
            (b"\1" + self.tail + b"\0", self.left, b"{}"),
            (b"\1" + self.tail[:-1], self.left, b"{}"),
            # Another spelling: a bit set below the depth, an empty sibling that is spelled out.
            (b"\1\0\1\x81" + self.leaf[self.right], self.left, b"{}"),
            (b"\1\0\1\x80" + EMPTY, self.left, b"{}"),
            (b"\0" + self.tail, self.left, None),
            (b"\2" + other + self.tail, self.left, None),
            (b"\2" + other + self.tail, self.right, None),
            (b"\3" + self.tail, self.left, None),
            (b"\1\1\1" + bytes(33), self.left, b"{}"),
            (b"", self.left, None),
        ):
            with self.subTest(proof.hex()[:20], key=key):
                self.assertFalse(holds(prove_state, proof, self.root, key, record))


class RecordHistory(unittest.TestCase):
    def test_every_version_of_a_long_history_is_proven_in_its_place_only(self):
        entries = [Entry(n + 1, n, bytes([n]) * 32, bytes(32)) for n in range(21)]
        for size in range(1, 22):
            peaks, paths = self.mountains([entry.hash() for entry in entries[:size]])
            history = History(size, peaks)
            for entry, path in zip(entries, paths):
                self.assertTrue(history.contains(entry, path))
                self.assertFalse(history.contains(entry, path + [bytes(32)]))
                self.assertFalse(History(size, peaks[:-1]).contains(entry, path))
                elsewhere = Entry(entry.version + 1, entry.time, entry.event, entry.content)
                self.assertFalse(history.contains(elsewhere, path))
        self.assertFalse(History(0, []).contains(entries[0], []))
        self.assertFalse(History(1, [bytes(32)]).contains(Entry(0, 0, bytes(32), bytes(32)), []))

    def mountains(self, leaves: list):
        """The peaks, and the path of each leaf, by the definition."""
        if not leaves:
            return [], []
        width = 1 << len(leaves).bit_length() - 1
        peak, paths = self.perfect(leaves[:width])
        peaks, more = self.mountains(leaves[width:])
        return [peak, *peaks], paths + more

    def perfect(self, leaves: list):
        if len(leaves) == 1:
            return leaves[0], [[]]
        half = len(leaves) // 2
        (left, lefts), (right, rights) = self.perfect(leaves[:half]), self.perfect(leaves[half:])
        paths = [path + [right] for path in lefts] + [path + [left] for path in rights]
        return tagged(hashes.HISTORY_NODE, left + right), paths
