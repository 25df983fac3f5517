"""What records say that were made of another ledger's transactions (`docs/format.md`, What was
imported)."""

import re
from dataclasses import dataclass

from . import base58, moments
from .members import hexadecimal, members, natural, text

_NAMESPACE = re.compile(r"[a-z0-9_-]{1,32}(?::[a-z0-9_-]{1,32})?", re.ASCII)
#: More characters than 32 bytes have in base58.
_ID_CHARS_MAX = 44
_ORIGIN = ("leafHash", "namespace", "rootHash", "seqNo", "signers", "size")


def is_foreign(did: str) -> bool:
    """Whether a text is a DID that may have been imported: did:indy, or did:sov of old."""
    if did.startswith("did:sov:"):
        return _is_id(did.removeprefix("did:sov:"))
    namespace, _, name = did.removeprefix("did:indy:").rpartition(":")
    return did.startswith("did:indy:") and bool(_NAMESPACE.fullmatch(namespace)) and _is_id(name)


def _is_id(name: str) -> bool:
    data = base58.decode(name) if len(name) <= _ID_CHARS_MAX else None
    return data is not None and len(data) in (16, 32)


def key(did: str) -> str:
    """The key of the record of an imported DID."""
    return f"imported/{did}"


def resolved(record) -> tuple:
    """The document of an imported DID, `None` where it was ended, and its metadata."""
    optional = ("created", "diddocContent", "document", "endpoint", "equivalentId")
    content = members(record.content, "keys", "origin", optional=optional)
    origin = Origin.read(content["origin"])
    metadata = {"imported": origin.shown(record), "versionId": str(origin.number)}
    if "created" in content:
        metadata["created"] = moments.show(natural(content["created"]))
    if "document" not in content:
        metadata["deactivated"] = True
    if "equivalentId" in content:
        metadata["equivalentId"] = [text(content["equivalentId"])]
    if record.version > 1 and origin.time is not None:
        metadata["updated"] = moments.show(origin.time)
    return content.get("document"), metadata


@dataclass(frozen=True)
class Origin:
    """Where a record comes from."""

    #: As the record has it.
    value: dict
    number: int
    time: int | None

    @classmethod
    def read(cls, value) -> "Origin":
        members(value, *_ORIGIN, optional=("time",))
        hexadecimal(value["leafHash"])
        hexadecimal(value["rootHash"])
        natural(value["size"])
        time = natural(value["time"]) if "time" in value else None
        return cls(value, natural(value["seqNo"]), time)

    def shown(self, record) -> dict:
        """As answers show it."""
        own = {name: self.value[name] for name in _ORIGIN}
        return {**own, "event": record.value["event"], "ledger": "indy"}
