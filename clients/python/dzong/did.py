"""Resolution results rebuilt from proven records (`docs/did-ndi.md` 4.2, `docs/format.md`)."""

import re
from dataclasses import dataclass, field, replace

from . import base58, imported, moments
from .members import flag, members, natural, optional_texts
from .urls import URL_CHARS_MAX, absolute
from .verdict import Invalid

_DID = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?<!:)", re.ASCII)
_NDI = re.compile(r"did:ndi:[a-z0-9-]{1,32}:(Qm[1-9A-HJ-NP-Za-km-z]{44})", re.ASCII)
_VERSION = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)

#: The verification relationships of DID Core.
RELATIONSHIPS = (
    "authentication",
    "assertionMethod",
    "keyAgreement",
    "capabilityInvocation",
    "capabilityDelegation",
)
#: Members of a document that name the subject and others; these hold no relative DID URLs.
_NAMES = ("@context", "alsoKnownAs", "controller", "id")
_OPTIONS = ("versionId", "versionTime")
MEDIA_TYPE = "application/did"

TITLES = {
    "INVALID_DID": "the identifier is not a DID",
    "METHOD_NOT_SUPPORTED": "this registry does not hold DIDs of that kind",
    "FEATURE_NOT_SUPPORTED": "this registry does not support that option",
    "INVALID_OPTIONS": "an option has a value that makes no sense",
    "NOT_FOUND": "there is no such DID or version",
}


@dataclass(frozen=True)
class Resolution:
    """A document with its metadata, or the code of why there is none. A DID that is deactivated
    has metadata alone."""

    failure: str | None = None
    document: object = None
    metadata: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What was asked; at most one of the versions."""

    did: str
    version_id: str | None = None
    version_time: str | None = None
    #: Whether relative DID URLs are made absolute.
    expand: bool = False

    #: Where an answer has its metadata.
    PLACE = "didDocumentMetadata"

    @classmethod
    def read(cls, value) -> "Question":
        members(value, "did", optional=(*_OPTIONS, "expandRelativeUrls"))
        return cls(*optional_texts(value, "did", *_OPTIONS), flag(value, "expandRelativeUrls"))

    def to_json(self) -> dict:
        values = zip(("did", *_OPTIONS), (self.did, self.version_id, self.version_time))
        asked = {name: value for name, value in values if value is not None}
        return {**asked, "expandRelativeUrls": True} if self.expand else asked

    @property
    def shown(self) -> tuple | None:
        """What the answer shows as the record holds it: where, and the content's member."""
        return None if self.expand else ("didDocument", "document")

    def failure(self, network: str) -> str | None:
        """Why no record can answer, whatever it holds."""
        if not is_did(self.did):
            return "INVALID_DID"
        if imported.is_foreign(self.did):
            # Of other ledgers' DIDs there is the newest version alone.
            wanted = self._wanted()
            if wanted is None:
                return "INVALID_OPTIONS"
            return None if wanted[0] == "latest" else "FEATURE_NOT_SUPPORTED"
        if not self.did.startswith("did:ndi:"):
            return "METHOD_NOT_SUPPORTED"
        if not is_ndi(self.did):
            return "INVALID_DID"
        if self.did.split(":")[2] != network:
            return "METHOD_NOT_SUPPORTED"
        return None if self._wanted() else "INVALID_OPTIONS"

    def _wanted(self) -> tuple | None:
        """("latest", 0), ("version", n) or ("time", milliseconds)."""
        if self.version_id is not None and self.version_time is not None:
            return None
        if self.version_id is not None:
            number = int(self.version_id) if _VERSION.fullmatch(self.version_id) else 0
            return ("version", number) if 0 < number < 1 << 64 else None
        if self.version_time is not None:
            moment = moments.parse(self.version_time)
            # The text means all of its second.
            return None if moment is None else ("time", moment + 999)
        return ("latest", 0)

    def answer(self, network: str, records: list, _now: int) -> dict:
        """The answer that the one record makes; raises `Invalid` where it makes none."""
        resolution = self.resolve(network, records)
        document, metadata = resolution.document, {}
        if resolution.failure:
            kind = f"https://www.w3.org/ns/did#{resolution.failure}"
            metadata = {"error": {"type": kind, "title": TITLES[resolution.failure]}}
        elif document is not None:
            metadata = {"contentType": MEDIA_TYPE}
        return {
            "didDocument": document,
            "didDocumentMetadata": resolution.metadata,
            "didResolutionMetadata": metadata,
        }

    def resolve(self, network: str, records: list) -> Resolution:
        """What the one record under this DID (or its absence) says."""
        if len(records) != 1:
            raise Invalid("the proof is about another number of records than one")
        proven = records[0]
        failure = self.failure(network)
        if failure:
            return Resolution(failure)
        foreign = imported.is_foreign(self.did)
        if proven.key != (imported.key(self.did) if foreign else f"did/{self.did}"):
            raise Invalid("the proof is about another record")
        version = self._imported if foreign else self._version
        resolution = version(proven.record, proven.past)
        if self.expand and type(resolution.document) is dict:
            return replace(resolution, document=expanded(resolution.document, self.did))
        return resolution

    def _imported(self, record, past) -> Resolution:
        if past is not None:
            raise Invalid("the proof shows another version than the one asked for")
        if record is None:
            return Resolution("METHOD_NOT_SUPPORTED")
        return Resolution(None, *imported.resolved(record))

    def _version(self, record, past) -> Resolution:
        kind, wanted = self._wanted()
        if record is None:
            return Resolution("NOT_FOUND")
        state = State.read(record.content)
        if past is not None:
            entry, until = past.entry, past.until(record)
            asked_for = {
                "latest": False,
                "version": entry.version == wanted,
                "time": entry.time <= wanted < until,
            }[kind]
            if not asked_for:
                raise Invalid("the proof shows another version than the one asked for")
            was = State.read(past.content)
            return was.resolution(entry.version, entry.time, until, state.deactivated)
        if kind == "version" and wanted > record.version:
            return Resolution("NOT_FOUND")
        if kind == "time" and wanted < state.created:
            return Resolution("NOT_FOUND")
        since = {"latest": 0, "version": record.version, "time": record.time}[kind]
        if wanted < since:
            raise Invalid("the record does not answer: a past version is asked for")
        return state.resolution(record.version, record.time, None, state.deactivated)


def items(value) -> list:
    """The items of a set, which may be one value alone."""
    return value if type(value) is list else [] if value is None else [value]


def expanded(document: dict, did: str) -> dict:
    """A document with its relative DID URLs made absolute."""

    def full(name: str, item):
        if type(item) is dict and type(item.get("id")) is str:
            return {**item, "id": absolute(did, item["id"])}
        if type(item) is str and name in RELATIONSHIPS:
            return absolute(did, item)
        return item

    def member(name: str, value):
        if name in _NAMES:
            return value
        if type(value) is list:
            return [full(name, item) for item in value]
        return full(name, value)

    return {name: member(name, value) for name, value in document.items()}


@dataclass(frozen=True)
class State:
    """The content of `did/<did>`."""

    created: int
    deactivated: bool
    #: Absent where `None`.
    document: object

    @classmethod
    def read(cls, content) -> "State":
        members(content, "control", "created", optional=("deactivated", "document", "endorser"))
        deactivated = content.get("deactivated", False)
        if type(deactivated) is not bool:
            raise Invalid("the record of a DID has a `deactivated` that is not a boolean")
        return cls(natural(content["created"]), deactivated, content.get("document"))

    def resolution(self, version: int, since: int, until: int | None, ended: bool) -> Resolution:
        metadata = {"created": moments.show(self.created), "versionId": str(version)}
        if version > 1:
            metadata["updated"] = moments.show(since)
        if until is not None:
            metadata["nextUpdate"] = moments.show(until)
            metadata["nextVersionId"] = str(version + 1)
        if ended:
            metadata["deactivated"] = True
        return Resolution(None, self.document, metadata)


def is_did(value: str) -> bool:
    """DID Core, section 3.1."""
    return len(value) <= URL_CHARS_MAX and bool(_DID.fullmatch(value))


def is_ndi(value: str) -> bool:
    """Whether a text is a well-formed did:ndi, of whatever network."""
    ndi = _NDI.fullmatch(value)
    return ndi is not None and base58.is_multihash(ndi[1])
