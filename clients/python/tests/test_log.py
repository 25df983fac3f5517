"""The auditor of the log, on a folder that mirrors a small log with known keys."""

import base64
import hashlib
import json
import shutil
import struct
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from dzong.client import Folder, Unavailable
from dzong.log import Checkpoint, Signer, audit, cosigner_name, key_id, tile_path, tiles
from dzong.trees import log_leaf, log_node, log_root
from dzong.verdict import Invalid, Untrusted

from .support import Key, encode, golden, golden_trust

_BLOCKS = 150
_TIME = 1_800_000_000


class Mirror:
    """The files of a log that repeats the frozen event, a block entry after each."""

    def __init__(self, folder: str, trust, keys=(1, 2, 3, 4), blocks: int = _BLOCKS):
        self.folder, self.trust = Path(folder), trust
        self.origin = f"dzong/{trust.network}/{trust.genesis.hex()}"
        self.signers = [Signer(1, Key(n).public, Key(n + 100).public) for n in keys]
        self.keys = keys
        event = golden()["event"]["text"].encode()
        self.entries = []
        for height in range(1, blocks + 1):
            header = struct.pack(">I32sQ200s", 1, trust.genesis, height, b"")
            self.entries += [event, b"dzong/block/v1\n" + header]
        self.write()

    def write(self, signers: int = 3, text: str | None = None) -> None:
        leaves = [log_leaf(entry) for entry in self.entries]
        root = encode(log_root(leaves))
        text = text or f"{self.origin}\n{len(leaves)}\n{root}\n"
        self.put("checkpoint", self.note(text, signers))
        for number, width in tiles(len(leaves)):
            part = self.entries[256 * number : 256 * number + width]
            bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
            self.put(tile_path("entries", number, width), bundle)
        level = 0
        while leaves:
            for number, width in tiles(len(leaves)):
                tile = leaves[256 * number : 256 * number + width]
                self.put(tile_path(level, number, width), b"".join(tile))
            for _ in range(8):
                leaves = [log_node(*leaves[at : at + 2]) for at in range(0, len(leaves) - 1, 2)]
            level += 1

    def put(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def note(self, text: str, signers: int) -> bytes:
        lines = [text, ""]
        for number, signer in list(zip(self.keys, self.signers))[:signers]:
            if len(lines) == 2:
                identity = key_id(self.origin, 1, signer.log_key)
                lines.append(line(self.origin, identity + Key(number).sign(text.encode())))
            name, time = cosigner_name(self.origin, signer), _TIME + number
            signature = Key(number + 100).sign(f"cosignature/v1\ntime {time}\n{text}".encode())
            identity = key_id(name, 4, signer.cosigner_key)
            lines.append(line(name, identity + time.to_bytes(8, "big") + signature))
        return "\n".join([lines[0] + lines[1], *lines[2:], ""]).encode()

    def audit(self, earlier=None):
        return audit(Folder(str(self.folder)), self.trust, self.signers, earlier)


def line(name: str, data: bytes) -> str:
    return f"\u2014 {name} {base64.b64encode(data).decode()}"


class Log(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.mirror = Mirror(folder, golden_trust())

    def broken(self, words: str, refusal=Invalid):
        with self.assertRaisesRegex(refusal, words):
            self.mirror.audit()

    def test_a_whole_log_is_found_whole(self):
        found = self.mirror.audit()
        self.assertEqual((found.size, found.events, found.blocks), (300, 150, 150))
        self.assertEqual(found.height, 150)

    def test_any_changed_file_is_found_out(self):
        files = [file for file in self.mirror.folder.rglob("*") if file.is_file()]
        self.assertEqual(len(files), 1 + 2 + 2 + 1)
        for file in files:
            whole = file.read_bytes()
            for at in range(0, len(whole), 1 + len(whole) // 6):
                file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
                # A changed name or key id makes a signature that nobody here knows.
                with self.subTest(file.name, at=at), self.assertRaises((Invalid, Untrusted)):
                    self.mirror.audit()
            file.write_bytes(whole[:-1])
            with self.subTest(file.name), self.assertRaises(Invalid):
                self.mirror.audit()
            file.write_bytes(whole)

    def test_a_missing_file_is_no_verdict(self):
        (self.mirror.folder / tile_path("entries", 0, 256)).unlink()
        self.broken("cannot read", Unavailable)

    def test_a_checkpoint_needs_a_quorum_and_the_right_log(self):
        self.mirror.write(signers=2)
        self.broken("two thirds", Untrusted)
        self.mirror.write(text="other\n300\n" + encode(bytes(32)) + "\n")
        self.broken("you trust", Untrusted)
        self.mirror.write(text=f"{self.mirror.origin}\n300\n{encode(bytes(32))}\n")
        self.broken("do not make the root")
        self.mirror.put("checkpoint", b"nothing\n")
        self.broken("not a checkpoint")

    def test_nobody_counts_twice(self):
        signers = self.mirror.signers
        self.mirror.signers = [signers[0], replace(signers[1], power=3), *signers[2:]]
        self.mirror.write(signers=1)
        note = (self.mirror.folder / "checkpoint").read_bytes()
        self.mirror.put("checkpoint", note + note.split(b"\n\n")[1] * 9)
        self.broken("two thirds", Untrusted)

    def test_entries_that_are_no_events_or_blocks_out_of_order_are_found_out(self):
        entries = self.mirror.entries
        for at, entry, words in (
            (0, b"{}", "entry 0 is no sound event"),
            (3, entries[1], "entry 3 is a block of another network or out of order"),
            (2, entries[1], "entry 2 is no block with events"),
            (299, entries[0], "the middle of a block"),
        ):
            self.mirror.entries = entries[:at] + [entry] + entries[at + 1 :]
            self.mirror.write()
            self.broken(words)

    def test_a_log_that_does_not_continue_the_last_audit_is_found_out(self):
        earlier = Checkpoint.read((self.mirror.folder / "checkpoint").read_bytes())
        self.mirror.audit(earlier)
        self.mirror.audit(replace(earlier, size=0, root=hashlib.sha256().digest()))
        with self.assertRaisesRegex(Invalid, "was changed"):
            self.mirror.audit(replace(earlier, size=299))
        with self.assertRaisesRegex(Invalid, "shorter"):
            self.mirror.audit(replace(earlier, size=301))

    def test_a_tile_has_the_path_of_the_standard(self):
        self.assertEqual(tile_path(1, 1_234_067, 8), "tile/1/x001/x234/067.p/8")
        self.assertEqual(tile_path("entries", 5, 256), "tile/entries/005")
        self.assertEqual(tiles(513), [(0, 256), (1, 256), (2, 1)])

    def test_signers_are_read_from_the_genesis_document(self):
        entries = json.loads(golden()["genesis"]["text"])["validators"]
        self.assertEqual(len(Signer.read_all(entries)), 4)
        with self.assertRaises(Invalid):
            Signer.read_all([{**entries[0], "more": 1}])
