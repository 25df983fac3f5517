"""An imported AnonCreds object by its old DID URL (`docs/format.md`, What was imported)."""

import hashlib
from dataclasses import dataclass

from . import base58, moments
from .canonical import canonical
from .dereferencing import result
from .imported import Origin
from .imported import key as imported_key
from .members import array, members, text
from .resource import JSON, NONE
from .verdict import Invalid


@dataclass(frozen=True)
class Question:
    """An AnonCreds object by its old DID URL."""

    did: str
    #: What follows `/anoncreds/v0/`, decoded.
    words: tuple

    PLACE = "contentMetadata"
    shown = ("content", "content")

    @classmethod
    def read(cls, value) -> "Question":
        members(value, "did", "words")
        return cls(text(value["did"]), tuple(text(word) for word in array(value["words"])))

    def to_json(self) -> dict:
        return {"did": self.did, "words": list(self.words)}

    @property
    def key(self) -> str:
        words = hashlib.sha256(canonical(list(self.words))).digest()
        return f"{imported_key(self.did)}/{base58.multihash(words)}"

    def answer(self, _network: str, records: list, _now: int) -> dict:
        """The answer that the one record makes; raises `Invalid` where it makes none."""
        if [proven.key for proven in records] != [self.key] or records[0].past:
            raise Invalid("the proof is about another record")
        record = records[0].record
        if record is None:
            return result(None, {}, NONE)
        content = members(record.content, "content", "origin", "resourceType")
        origin = Origin.read(content["origin"])
        metadata = {
            "imported": origin.shown(record),
            "resourceType": text(content["resourceType"]),
        }
        if origin.time is not None:
            metadata["created"] = moments.show(origin.time)
        return result(content["content"], metadata, {"contentType": JSON})
