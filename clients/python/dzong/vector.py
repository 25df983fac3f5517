"""A revocation registry's statuses as bytes (`docs/format.md`, Revocation)."""

from . import hashes
from .hashes import tagged
from .verdict import Invalid

STATUSES = ("valid", "revoked", "suspended")
#: Slots of a chunk, four in a byte.
CHUNK_SLOTS = 1024
CHUNK_BYTES = CHUNK_SLOTS // 4
_NODE_CHUNKS = 32
#: Three bytes of seven bits do not hold every distance below 2^20.
_NUMBER_BYTES_MAX = 4
#: Two bits of 3, in any of a byte's four places, are no status.
_KNOWN = bytes(byte for byte in range(256) if not byte & byte >> 1 & 0b01010101)


def status_at(statuses: bytes, slot: int, capacity: int | None = None) -> str:
    """The status of a slot, of as many as the bytes hold where no `capacity` is given; raises
    `Invalid` where there is none."""
    held = 4 * len(statuses)
    if not 0 <= slot < (held if capacity is None else min(capacity, held)):
        raise Invalid(f"there is no slot {slot}")
    return _status(statuses[slot // 4] >> 2 * (slot % 4) & 3)


def _status(bits: int) -> str:
    if bits >= len(STATUSES):
        raise Invalid("two bits of 3 are no status")
    return STATUSES[bits]


def nodes_of(statuses: bytes, capacity: int) -> list:
    """The hashes over all statuses, in hexadecimal digits: those of the registry's head, if these
    are its statuses; raises `Invalid` for bytes that are not the statuses of so many slots."""
    if len(statuses) != -(-capacity // 4):
        raise Invalid(f"the statuses are not those of {capacity} slots")
    if statuses.translate(None, delete=_KNOWN):
        raise Invalid("two bits of 3 are no status")
    if capacity % 4 and statuses[-1] >> 2 * (capacity % 4):
        raise Invalid("there are statuses beyond the last slot")
    node_bytes = _NODE_CHUNKS * CHUNK_BYTES
    whole = statuses.ljust(-(-len(statuses) // node_bytes) * node_bytes, b"\0")
    chunks = [
        tagged(hashes.STATUS_CHUNK, whole[at : at + CHUNK_BYTES])
        for at in range(0, len(whole), CHUNK_BYTES)
    ]
    return [
        tagged(hashes.STATUS_NODE, b"".join(chunks[at : at + _NODE_CHUNKS])).hex()
        for at in range(0, len(chunks), _NODE_CHUNKS)
    ]


def apply_delta(statuses: bytes, delta: bytes) -> bytes:
    """The statuses after what a delta changes; raises `Invalid` for one of another form.

    Nothing proves a delta: that these are the statuses of a later version is for `nodes_of` to say.
    """
    after, slot = bytearray(statuses), 0
    for number in _numbers(delta):
        distance, bits = number >> 2, number & 3
        slot += distance
        _status(bits)
        if distance == 0 or slot >= 4 * len(after):
            raise Invalid("the delta changes what is no slot, or one twice")
        shift = 2 * (slot % 4)
        after[slot // 4] = after[slot // 4] & ~(3 << shift) | bits << shift
    return bytes(after)


def _numbers(data: bytes):
    """Numbers of LEB128 in their shortest form."""
    number, length = 0, 0
    for byte in data:
        number |= (byte & 0x7F) << 7 * length
        length += 1
        if length > _NUMBER_BYTES_MAX:
            raise Invalid("the delta has a number that is too long")
        if byte & 0x80:
            continue
        if byte == 0 and length > 1:
            raise Invalid("the delta has a number that is not in its shortest form")
        yield number
        number, length = 0, 0
    if length:
        raise Invalid("the delta ends within a number")
