"""The three trees: state (records at one height), history (a record's past), log (events)."""

import hashlib
from dataclasses import dataclass

from . import hashes
from .hashes import tagged
from .members import array, hexadecimal, members, natural
from .verdict import Invalid

EMPTY = bytes(32)
_HISTORY_SIZE_BITS = 64


def prove_state(proof: bytes, root: bytes, key: str, record: bytes | None) -> None:
    """Checks that `key` holds exactly these record bytes (or nothing) under the state root."""
    path = tagged(hashes.STATE_KEY, key.encode())
    reader = _Reader(proof)
    terminal = reader.take(1)[0]
    other = (reader.take(32), reader.take(32)) if terminal == 2 else None
    depth = int.from_bytes(reader.take(2), "big")
    if depth > 256 or terminal > 2 or (terminal == 1) != (record is not None):
        raise Invalid("the state proof does not fit its record")
    if terminal == 1:
        node = _state_leaf(path, tagged(hashes.RECORD, record))
    elif other:
        if other[0] == path or _bits(other[0])[:depth] != _bits(path)[:depth]:
            raise Invalid("the state proof leads to a place where the key cannot be")
        node = _state_leaf(*other)
    else:
        node = EMPTY
    bitmap = _bits(reader.take((depth + 7) // 8))
    if "1" in bitmap[depth:]:
        raise Invalid("the state proof has another spelling")
    siblings = [reader.take(32) if bit == "1" else EMPTY for bit in bitmap[:depth]]
    reader.end()
    if any(bit == "1" and sibling == EMPTY for bit, sibling in zip(bitmap, siblings)):
        raise Invalid("the state proof has another spelling")
    for bit, sibling in reversed(list(zip(_bits(path), siblings))):
        pair = node + sibling if bit == "0" else sibling + node
        node = tagged(hashes.STATE_NODE, pair)
    if node != root:
        raise Invalid(f"the record `{key}` is not proven by the header's state root")


def _state_leaf(path: bytes, record_hash: bytes) -> bytes:
    return tagged(hashes.STATE_LEAF, path + record_hash)


def _bits(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


class _Reader:
    def __init__(self, data: bytes):
        self.data = data

    def take(self, length: int) -> bytes:
        taken, self.data = self.data[:length], self.data[length:]
        if len(taken) != length:
            raise Invalid("the state proof is cut off")
        return taken

    def end(self) -> None:
        if self.data:
            raise Invalid("the state proof is too long")


@dataclass(frozen=True)
class Entry:
    """A superseded version, as a leaf of its record's history."""

    version: int
    time: int
    event: bytes
    content: bytes

    @classmethod
    def read(cls, value) -> "Entry":
        members(value, "version", "time", "event", "content")
        hashes_read = hexadecimal(value["event"]), hexadecimal(value["content"])
        return cls(natural(value["version"]), natural(value["time"]), *hashes_read)

    def hash(self) -> bytes:
        numbers = self.version.to_bytes(8, "big") + self.time.to_bytes(8, "big")
        return tagged(hashes.HISTORY_LEAF, numbers + self.event + self.content)


@dataclass(frozen=True)
class History:
    """`size` superseded versions under the roots of perfect trees, largest first."""

    size: int
    peaks: list

    @classmethod
    def read(cls, value) -> "History":
        members(value, "size", "peaks")
        peaks = [hexadecimal(peak) for peak in array(value["peaks"])]
        return cls(natural(value["size"]), peaks)

    def contains(self, entry: Entry, path: list) -> bool:
        """Whether `entry` is in the history, by its path from the leaf to its peak."""
        index = entry.version - 1
        widths = [1 << n for n in reversed(range(_HISTORY_SIZE_BITS)) if self.size >> n & 1]
        if not 0 <= index < self.size or len(widths) != len(self.peaks):
            return False
        start = 0
        for width, peak in zip(widths, self.peaks):
            if index < start + width:
                at = index - start
                return 1 << len(path) == width and _climb(entry.hash(), at, path) == peak
            start += width
        return False


def _climb(node: bytes, index: int, path: list) -> bytes:
    """The root of the perfect tree in which `node` is leaf `index`."""
    for sibling in path:
        pair = sibling + node if index & 1 else node + sibling
        node, index = tagged(hashes.HISTORY_NODE, pair), index >> 1
    return node


def log_leaf(entry: bytes) -> bytes:
    """RFC 9162, section 2.1.1."""
    return hashlib.sha256(b"\0" + entry).digest()


def log_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def prove_inclusion(leaf: bytes, index: int, size: int, path: list, root: bytes) -> None:
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        raise Invalid("the log is not as long as the entry's index says")
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise Invalid("the inclusion path is too long")
        if fn & 1 or fn == sn:
            node = log_node(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = log_node(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn or node != root:
        raise Invalid("the event is not proven by the header's log root")


def prove_consistency(first: int, first_root: bytes, second: int, root: bytes, path: list) -> None:
    """RFC 9162, section 2.1.4.2: the log of size `first` is a prefix of that of size `second`."""
    broken = Invalid("the newer log is not proven to continue the older one")
    # Of the empty log there is nothing to prove.
    if not 0 < first <= second:
        raise broken
    if first == second:
        if path or first_root != root:
            raise broken
        return
    nodes = list(path)
    if first & (first - 1) == 0:
        nodes.insert(0, first_root)
    if not nodes:
        raise broken
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if sn == 0:
            raise broken
        if fn & 1 or fn == sn:
            old, new = log_node(node, old), log_node(node, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = log_node(new, node)
        fn, sn = fn >> 1, sn >> 1
    if sn or old != first_root or new != root:
        raise broken


def log_root(leaves: list) -> bytes:
    """The root over leaf hashes: RFC 9162, section 2.1.1, level by level."""
    if not leaves:
        return hashlib.sha256().digest()
    while len(leaves) > 1:
        above = [log_node(*leaves[at : at + 2]) for at in range(0, len(leaves) - 1, 2)]
        # A node without a partner stands for itself one level up.
        leaves = above + leaves[2 * len(above) :]
    return leaves[0]
