"""An auditor of the log: reads C2SP checkpoint, entry bundles and tiles from a node or a folder,
recomputes the root from the entries, and checks that a quorum of validators cosigned it.

Formats: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles; what the entries are:
`docs/format.md`, Log.
"""

import hashlib
import re
import struct
from dataclasses import dataclass

from . import ed25519
from .events import EVENT_BYTES_MAX, check_event
from .members import array, base64_bytes, hexadecimal, members, natural
from .trees import log_leaf, log_node, log_root
from .trust import Trust
from .verdict import Invalid, Untrusted

CHECKPOINT_BYTES_MAX = 1 << 20
TILE = 256
_LEVELS = 8
_HASH_TILE_BYTES_MAX = TILE * 32
_BUNDLE_BYTES_MAX = TILE * (2 + EVENT_BYTES_MAX)
_LOG_KEY, _COSIGNER_KEY = 0x01, 0x04
_BLOCK_TAG = b"dzong/block/v1\n"
#: A header without log size and log root: version, genesis, height, and what follows.
_BLOCK = struct.Struct(">I32sQ200s")
_SIZE = re.compile(rb"0|[1-9][0-9]{0,15}")
_SIGNATURE = re.compile(r"\u2014 (\S+) (\S+)")


@dataclass(frozen=True)
class Signer:
    """A validator as the log knows it."""

    power: int
    log_key: bytes
    cosigner_key: bytes

    @classmethod
    def read_all(cls, entries) -> list:
        """The signers of a record `network/validators`, or of a genesis document's members."""
        names = ("name", "operator", "power", "validatorKey", "cosignerKey", "logKey", "peerKey")
        signers = []
        for entry in array(entries):
            members(entry, *names)
            keys = hexadecimal(entry["logKey"]), hexadecimal(entry["cosignerKey"])
            signers.append(cls(natural(entry["power"]), *keys))
        if not signers:
            raise Invalid("there is no validator")
        return signers


@dataclass(frozen=True)
class Checkpoint:
    """A cosigned checkpoint: the log's size and root, and who says so."""

    text: bytes
    origin: str
    size: int
    root: bytes
    #: (name, key id, signature bytes).
    signatures: list

    @classmethod
    def read(cls, note: bytes) -> "Checkpoint":
        text, blank, below = note.rpartition(b"\n\n")
        lines = text.split(b"\n")
        whole = blank and below.endswith(b"\n") and len(lines) >= 3
        if not whole or not _SIZE.fullmatch(lines[1]):
            raise Invalid("not a checkpoint: origin, size, root, a blank line, signatures")
        try:
            origin, root = lines[0].decode(), base64_bytes(lines[2].decode(), 32)
            matches = [_SIGNATURE.fullmatch(line) for line in below.decode().split("\n")[:-1]]
        except UnicodeDecodeError:
            raise Invalid("not a checkpoint: it is not utf-8") from None
        if not all(matches):
            raise Invalid("not a checkpoint: a signature line is malformed")
        signatures = []
        for match in matches:
            data = base64_bytes(match[2])
            signatures.append((match[1], data[:4], data[4:]))
        return cls(text + b"\n", origin, int(lines[1]), root, signatures)

    def verify(self, trust: Trust, signers: list) -> None:
        """Checks origin and signatures: the log's own by one validator at the least, and
        cosignatures of more than two thirds of the voting power. Unknown signers are passed over,
        as the format asks."""
        origin = f"dzong/{trust.network}/{trust.genesis.hex()}"
        if self.origin != origin:
            raise Untrusted(f"the log is `{self.origin}`, you trust `{origin}`")
        logs = sum(self._signed(origin, _LOG_KEY, signer.log_key) for signer in signers)
        power = sum(
            signer.power
            for signer in signers
            if self._signed(cosigner_name(origin, signer), _COSIGNER_KEY, signer.cosigner_key)
        )
        if not logs:
            raise Untrusted("no key of the log that you trust signed the checkpoint")
        if 3 * power <= 2 * sum(signer.power for signer in signers):
            raise Untrusted("not more than two thirds of the voting power cosigned the checkpoint")

    def _signed(self, name: str, kind: int, key: bytes) -> bool:
        """Whether there is a signature by this key; a broken one spoils the checkpoint."""
        wanted = name, key_id(name, kind, key)
        found = [data for *who, data in self.signatures if tuple(who) == wanted]
        for data in found:
            message = self.text
            if kind == _COSIGNER_KEY:
                time, data = int.from_bytes(data[:8], "big"), data[8:]
                message = f"cosignature/v1\ntime {time}\n".encode() + message
            if not ed25519.verify(key, message, data):
                raise Invalid(f"a signature of `{name}` does not verify")
        return bool(found)


def cosigner_name(origin: str, signer: Signer) -> str:
    return f"{origin}/{signer.cosigner_key.hex()[:16]}"


def key_id(name: str, kind: int, key: bytes) -> bytes:
    """C2SP signed-note: the first four bytes of a hash over name, type and key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


@dataclass(frozen=True)
class Audit:
    """What an auditor found in a log that is whole."""

    size: int
    root: bytes
    events: int
    blocks: int
    height: int


def audit(source, trust: Trust, signers: list, earlier: Checkpoint | None = None) -> Audit:
    """Audits the log below `source` (a `Node` at its prefix, or a `Folder`); raises a refusal that
    says what is wrong and where.

    `earlier` is a checkpoint of a former audit: the log must continue it.
    """
    checkpoint = Checkpoint.read(source.get("checkpoint", CHECKPOINT_BYTES_MAX))
    checkpoint.verify(trust, signers)
    leaves: list = []
    contents = _Contents(trust)
    for number, width in tiles(checkpoint.size):
        for entry in _bundle(source, number, width):
            contents.take(entry, len(leaves))
            leaves.append(log_leaf(entry))
    contents.end()
    if log_root(leaves) != checkpoint.root:
        raise Invalid("the entries do not make the root of the checkpoint")
    _check_hash_tiles(source, leaves)
    if earlier:
        if earlier.origin != checkpoint.origin or earlier.size > checkpoint.size:
            raise Invalid("the log is shorter than, or another one than, that of the last audit")
        if log_root(leaves[: earlier.size]) != earlier.root:
            raise Invalid("the log was changed since the last audit: keep both checkpoints")
    return Audit(len(leaves), checkpoint.root, contents.events, contents.blocks, contents.height)


def tiles(size: int) -> list:
    """(number, width) of the tiles that hold `size` hashes or entries."""
    full, rest = divmod(size, TILE)
    return [(number, TILE) for number in range(full)] + ([(full, rest)] if rest else [])


def tile_path(level, number: int, width: int) -> str:
    """C2SP tlog-tiles: groups of three digits, all but the last with an `x` before it."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    partial = f".p/{width}" if width < TILE else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def _bundle(source, number: int, width: int) -> list:
    path = tile_path("entries", number, width)
    data = source.get(path, _BUNDLE_BYTES_MAX)
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        entries.append(data[2 : 2 + length])
        if len(data) < 2 + length:
            raise Invalid(f"{path} is cut off")
        data = data[2 + length :]
    if len(entries) != width:
        raise Invalid(f"{path} holds {len(entries)} entries in place of {width}")
    return entries


def _check_hash_tiles(source, hashes: list) -> None:
    """Compares the tiles of hashes with those that the entries make, level by level."""
    level = 0
    while hashes:
        for number, width in tiles(len(hashes)):
            path = tile_path(level, number, width)
            expected = b"".join(hashes[TILE * number : TILE * number + width])
            if source.get(path, _HASH_TILE_BYTES_MAX) != expected:
                raise Invalid(f"{path} is not what the entries make")
        for _ in range(_LEVELS):
            pairs = range(0, len(hashes) - 1, 2)
            hashes = [log_node(hashes[at], hashes[at + 1]) for at in pairs]
        level += 1


class _Contents:
    """What the entries are, in order: events, and after those of a block its block entry."""

    def __init__(self, trust: Trust):
        self.trust, self.events, self.blocks, self.height = trust, 0, 0, 0
        self.open = False

    def take(self, entry: bytes, index: int) -> None:
        if entry.startswith(_BLOCK_TAG):
            self._block(entry[len(_BLOCK_TAG) :], index)
            return
        try:
            check_event(entry, self.trust.network, self.trust.genesis)
        except Invalid as error:
            raise Invalid(f"entry {index} is no sound event: {error}") from None
        self.events, self.open = self.events + 1, True

    def _block(self, header: bytes, index: int) -> None:
        if len(header) != _BLOCK.size or not self.open:
            raise Invalid(f"entry {index} is no block with events")
        version, genesis, height, _ = _BLOCK.unpack(header)
        if version != 1 or genesis != self.trust.genesis or height <= self.height:
            raise Invalid(f"entry {index} is a block of another network or out of order")
        self.blocks, self.height, self.open = self.blocks + 1, height, False

    def end(self) -> None:
        if self.open:
            raise Invalid("the log ends in the middle of a block")
