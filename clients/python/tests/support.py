"""What the tests share: frozen examples, other people's vectors, a network with known keys."""

import base64
import json
import os
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dzong import hashes
from dzong.canonical import canonical
from dzong.chain import Header, ValidatorSet
from dzong.hashes import tagged
from dzong.trust import Trust

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("DZONG_SHARED", ROOT.parent / "shared"))
DAY = 86_400_000


def golden(file: str = "format.json") -> dict:
    return json.loads((ROOT / "tests/golden" / file).read_text())


def golden_trust() -> Trust:
    return Trust.from_genesis(golden()["genesis"]["text"].encode())


@dataclass(frozen=True)
class Example:
    """A frozen answer, and by what it is judged."""

    name: str
    answer: dict
    genesis: str
    now: int

    @property
    def text(self) -> str:
        return json.dumps(self.answer, separators=(",", ":"))

    @property
    def trust(self) -> Trust:
        return _trust(self.genesis)

    @property
    def asked(self):
        """The question of the answer; a receipt has none."""
        places = ("contentMetadata", "didDocumentMetadata")
        metadata = next((self.answer[place] for place in places if place in self.answer), None)
        proof = metadata["proof"][0] if metadata else self.answer.get("proof", {})
        return proof.get("question")


@lru_cache
def _trust(genesis: str) -> Trust:
    return Trust.from_genesis(genesis.encode())


@lru_cache
def examples() -> list:
    """The frozen answers and the receipt."""
    made = golden()
    genesis, now = made["genesis"]["text"], made["now"]
    named = {**made["answers"], "receipt": made["receipt"]}
    found = [Example(*pair, genesis, now) for pair in named.items()]
    for kind in ("resources", "dereferencing", "imported", "status"):
        then = made[kind].get("now", now)
        for name, answer in made[kind]["answers"].items():
            found.append(Example(f"{kind} {name}", answer, genesis, then))
    return found + trqp_examples()


def trqp_examples() -> list:
    made = golden("trqp.json")
    genesis, now = made["genesis"], made["now"]
    pairs = [
        (f"{kind} {name}", answer)
        for kind in ("authorization", "recognition")
        for name, answer in made[kind].items()
    ]
    return [Example(*pair, genesis, now) for pair in pairs]


def vectors(test, path: str) -> str:
    """Other people's vectors, which are not part of the project."""
    file = SHARED / "vectors" / path
    if not file.exists():
        test.skipTest(f"{file} is not here: name its place with DZONG_SHARED")
    return file.read_text()


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Key:
    """A validator's key, known by a number."""

    def __init__(self, number: int):
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public = self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


class Network:
    """Certified headers of a network that never ran."""

    genesis = bytes([7]) * 32
    time = 1_800_000_000_000

    def trust(self, keys=(1, 2, 3, 4)) -> Trust:
        return Trust(self.genesis, "test", 0, self.time, self.set(keys), 30 * DAY)

    def set(self, keys) -> ValidatorSet:
        return ValidatorSet.new([(Key(number).public, 1) for number in keys])

    def header(self, height: int, keys=(1, 2, 3, 4), following=None, time=None) -> bytes:
        time = self.time + 1000 * height if time is None else time
        zero, validators = bytes(32), self.set(keys).hash()
        following = self.set(following or keys).hash()
        fields = (zero, zero, 0, zero, zero, validators, following, zero)
        layout = ">I32sQQ32s32sQ32s32s32s32s32s"
        return struct.pack(layout, 1, self.genesis, height, time, *fields)

    def certificate(self, header: bytes, signers, round: int = 0) -> dict:
        decoded = Header.decode(header)
        position = decoded.height.to_bytes(8, "big") + round.to_bytes(4, "big")
        message = hashes.padded(b"dzong/precommit/v1") + self.genesis + position + decoded.id
        keys = [Key(number) for number in signers]
        signatures = [
            {"validator": key.public.hex(), "signature": encode(key.sign(message))} for key in keys
        ]
        return {
            "height": decoded.height,
            "round": round,
            "block": decoded.id.hex(),
            "signatures": signatures,
        }

    def answered(self, question: dict, held: dict, shown: dict) -> bytes:
        """An answer in a state of two records, which proves what a test asks for."""
        records = [{"key": key, "record": self.record(content)} for key, content in held.items()]
        paths = [tagged(hashes.STATE_KEY, key.encode()) for key in held]
        leaves = [
            tagged(hashes.STATE_LEAF, path + tagged(hashes.RECORD, canonical(one["record"])))
            for path, one in zip(paths, records)
        ]
        one, other = ("".join(f"{byte:08b}" for byte in path) for path in paths)
        depth = next(at for at in range(256) if one[at] != other[at])
        root = tagged(hashes.STATE_NODE, b"".join(leaves if one[depth] == "0" else leaves[::-1]))
        for bit in reversed(one[:depth]):
            root = tagged(hashes.STATE_NODE, root + bytes(32) if bit == "0" else bytes(32) + root)
        # Of the levels down to where the two part, the last alone has a sibling.
        bitmap = bytearray(depth // 8 + 1)
        bitmap[depth // 8] = 0x80 >> depth % 8
        start = b"\1" + (depth + 1).to_bytes(2, "big") + bitmap
        for record, sibling in zip(records, reversed(leaves)):
            record["path"] = encode(start + sibling)
        return self.proven(question, root, records, shown)

    def absent(self, question: dict, key: str, shown: dict) -> bytes:
        """An answer in a state of no records."""
        records = [{"key": key, "record": None, "path": encode(bytes(3))}]
        return self.proven(question, bytes(32), records, shown)

    def record(self, content) -> dict:
        return {
            "content": content,
            "event": "00" * 32,
            "height": 1,
            "history": {"peaks": [], "size": 0},
            "time": self.time,
            "version": 1,
        }

    def proven(self, question: dict, root: bytes, records: list, shown: dict) -> bytes:
        # The state root stands behind version, genesis, height, time, parent, proposer and log.
        header = bytearray(self.header(5))
        header[156:188] = root
        evidence = {
            "genesis": self.genesis.hex(),
            "header": encode(bytes(header)),
            "certificate": self.certificate(bytes(header), (1, 2, 3)),
            "records": records,
        }
        proof = {"type": "DzongProof", "question": question, "evidence": evidence}
        return json.dumps({**shown, "proof": proof}).encode()

    def step(self, height: int, keys=(1, 2, 3, 4), following=None, signers=None, time=None) -> dict:
        header = self.header(height, keys, following, time)
        return {
            "header": encode(header),
            "certificate": self.certificate(header, signers or keys[:3]),
            "validators": self.set(following or keys).to_json(),
        }

    def receipt(self, height: int, keys=(1, 2, 3, 4)) -> dict:
        """That the frozen event is all that the log holds."""
        event = golden()["event"]
        # Size and root of the log stand behind version, genesis, height, time, parent, proposer.
        header = bytearray(self.header(height, keys))
        header[116:156] = (1).to_bytes(8, "big") + bytes.fromhex(event["logLeaf"])
        return {
            "id": event["id"],
            "event": json.loads(event["text"]),
            "index": 0,
            "path": [],
            "header": encode(bytes(header)),
            "certificate": self.certificate(bytes(header), keys[:3]),
            "genesis": self.genesis.hex(),
        }

    def chain(self, *steps) -> dict:
        return {"type": "DzongTrustChain", "genesis": self.genesis.hex(), "steps": list(steps)}
