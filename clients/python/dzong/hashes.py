"""The one tagged hash (`docs/format.md`, Hashes)."""

from blake3 import blake3

EVENT = b"dzong/event/v1"
GENESIS = b"dzong/genesis/v1"
HEADER = b"dzong/header/v1"
VALIDATORS = b"dzong/validators/v1"
RECORD = b"dzong/record/v1"
CONTENT = b"dzong/content/v1"
STATE_KEY = b"dzong/state-key/v1"
STATE_LEAF = b"dzong/state-leaf/v1"
STATE_NODE = b"dzong/state-node/v1"
HISTORY_LEAF = b"dzong/history-leaf/v1"
HISTORY_NODE = b"dzong/history-node/v1"
STATUS_CHUNK = b"dzong/status-chunk/v1"
STATUS_NODE = b"dzong/status-node/v1"
#: Signed, not hashed.
PRECOMMIT = b"dzong/precommit/v1"


def padded(tag: bytes) -> bytes:
    """The tag as a key, and as it begins signed bytes."""
    return tag.ljust(32, b"\0")


def tagged(tag: bytes, data: bytes) -> bytes:
    """H(tag, data)."""
    return blake3(data, key=padded(tag)).digest()
