"""Resolution results rebuilt from proven records (`docs/did-ndi.md` 4.2, `docs/format.md`)."""

import re
from dataclasses import dataclass
from datetime import datetime, timezone

from .members import members, natural, text
from .verdict import Invalid

_DID_CHARS_MAX = 2048
_DID = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?<!:)", re.ASCII)
_NDI = re.compile(r"did:ndi:([a-z0-9-]{1,32}):(Qm[1-9A-HJ-NP-Za-km-z]{44})", re.ASCII)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VERSION = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"
#: 9999-12-31T23:59:59Z.
_SECONDS_MAX = 253_402_300_799

_QUESTION_MEMBERS = ("did", "versionId", "versionTime")

_TITLES = {
    "INVALID_DID": "the identifier is not a DID",
    "METHOD_NOT_SUPPORTED": "this registry does not hold DIDs of that kind",
    "INVALID_OPTIONS": "an option has a value that makes no sense",
    "NOT_FOUND": "there is no such DID or version",
}


@dataclass(frozen=True)
class Question:
    """What was asked; at most one of the options."""

    did: str
    version_id: str | None = None
    version_time: str | None = None

    @classmethod
    def read(cls, value) -> "Question":
        members(value, "did", optional=("versionId", "versionTime"))
        return cls(*(text(value[n]) if n in value else None for n in _QUESTION_MEMBERS))

    def to_json(self) -> dict:
        values = zip(_QUESTION_MEMBERS, (self.did, self.version_id, self.version_time))
        return {name: value for name, value in values if value is not None}

    def failure(self, network: str) -> str | None:
        """Why no record can answer, whatever it holds."""
        if not is_did(self.did):
            return "INVALID_DID"
        ndi = _NDI.fullmatch(self.did)
        if not ndi or ndi[1] != network or not _is_multihash(ndi[2]):
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
            moment = parse_time(self.version_time)
            # The text means all of its second.
            return None if moment is None else ("time", moment + 999)
        return ("latest", 0)

    def answer(self, record, past) -> dict:
        """The result that the record under this DID (or its absence) makes; `past` is a superseded
        version of it where one is asked for."""
        kind, wanted = self._wanted()
        if record is None:
            return failed("NOT_FOUND")
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
            return was.result(entry.version, entry.time, until, state.deactivated)
        if kind == "version" and wanted > record.version:
            return failed("NOT_FOUND")
        if kind == "time" and wanted < state.created:
            return failed("NOT_FOUND")
        since = {"latest": 0, "version": record.version, "time": record.time}[kind]
        if wanted < since:
            raise Invalid("the record does not answer: a past version is asked for")
        return state.result(record.version, record.time, None, state.deactivated)


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

    def result(self, version: int, since: int, until: int | None, deactivated: bool) -> dict:
        metadata = {"created": format_time(self.created), "versionId": str(version)}
        if version > 1:
            metadata["updated"] = format_time(since)
        if until is not None:
            metadata["nextUpdate"] = format_time(until)
            metadata["nextVersionId"] = str(version + 1)
        if deactivated:
            metadata["deactivated"] = True
        has_document = self.document is not None
        return {
            "didDocument": self.document,
            "didDocumentMetadata": metadata,
            "didResolutionMetadata": {"contentType": "application/did"} if has_document else {},
        }


def failed(code: str) -> dict:
    """The result for an error of DID Resolution."""
    error = {"type": f"https://www.w3.org/ns/did#{code}", "title": _TITLES[code]}
    return {
        "didDocument": None,
        "didDocumentMetadata": {},
        "didResolutionMetadata": {"error": error},
    }


def is_did(value: str) -> bool:
    """DID Core, section 3.1."""
    return len(value) <= _DID_CHARS_MAX and bool(_DID.fullmatch(value))


def base58_decode(value: str) -> bytes | None:
    number = 0
    for char in value:
        digit = _BASE58.find(char)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(value) - len(value.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58_encode(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def _is_multihash(scid: str) -> bool:
    data = base58_decode(scid)
    return data is not None and len(data) == 34 and data[:2] == b"\x12\x20"


def parse_time(value: str) -> int | None:
    """Milliseconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`; `None` for any other text or day."""
    if not _TIME.fullmatch(value):
        return None
    try:
        moment = datetime.strptime(value, _TIME_FORM).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    seconds = int(moment.timestamp())
    return seconds * 1000 if seconds >= 0 else None


def format_time(milliseconds: int) -> str:
    """The text of a moment, rounded down to the second."""
    seconds = min(milliseconds // 1000, _SECONDS_MAX)
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(_TIME_FORM)
