"""DID-linked resources (`docs/format.md`, A resource; `docs/did-ndi.md`, section 9)."""

import hashlib
from dataclasses import dataclass

from . import base58, did, moments
from .canonical import canonical
from .dereferencing import result
from .members import flag, members, natural, optional_texts, text
from .verdict import Invalid

_TEXTS = (
    "checksum",
    "resourceCollectionId",
    "resourceId",
    "resourceName",
    "resourceType",
    "resourceVersion",
    "resourceVersionTime",
)
_MEDIA_TYPES = {"JsonSchema": "application/schema+json"}
JSON = "application/json"
NONE = {
    "error": {
        "type": "https://www.w3.org/ns/did#NOT_FOUND",
        "title": "there is no such resource",
    }
}


@dataclass(frozen=True)
class Question:
    """A DID and what is wanted of its resources; what is `None` excludes nothing."""

    did: str
    checksum: str | None = None
    collection: str | None = None
    id: str | None = None
    name: str | None = None
    type: str | None = None
    version: str | None = None
    version_time: str | None = None
    #: Whether the metadata are wanted, not the content.
    metadata: bool = False

    #: Where an answer has its metadata.
    PLACE = "contentMetadata"

    @classmethod
    def read(cls, value) -> "Question":
        members(value, "did", optional=(*_TEXTS, "resourceMetadata"))
        return cls(*optional_texts(value, "did", *_TEXTS), flag(value, "resourceMetadata"))

    def to_json(self) -> dict:
        own = (self.checksum, self.collection, self.id, self.name, self.type, self.version)
        values = zip(("did", *_TEXTS), (self.did, *own, self.version_time))
        asked = {name: value for name, value in values if value is not None}
        return {**asked, "resourceMetadata": True} if self.metadata else asked

    @property
    def is_provable(self) -> bool:
        """Whether records answer; what else there is has to be searched for."""
        of_series = self.type is not None and self.name is not None and self.version is None
        return self.id is not None or of_series

    @property
    def shown(self) -> tuple | None:
        """What the answer shows as the record holds it: where, and the content's member."""
        return None if self.metadata else ("content", "content")

    def answer(self, network: str, records: list, _now: int) -> dict:
        """The answer that the records make; raises `Invalid` where they make none."""
        if not self.is_provable:
            raise Invalid("no record proves what has to be searched for")
        moment = self._check(network)
        if self.id is not None:
            keys = [_key(self.did, self.id)]
        else:
            series, *records = records or [None]
            named = self._named(series, moment)
            keys = [] if named is None else [_key(self.did, named)]
        if [resource.key for resource in records] != keys:
            raise Invalid("the records are not those that the question leads to")
        resource = records[0] if records else None
        if resource is None or resource.record is None:
            return result(None, {}, NONE)
        if resource.past:
            raise Invalid("a resource has no past version")
        return self._show(Resource.read(resource.record.content), moment)

    def _check(self, network: str) -> int | None:
        """The moment that is asked for, in milliseconds."""
        if did.Question(self.did).failure(network):
            raise Invalid("a question about no DID of the network has no proof")
        if self.collection not in (None, _collection(self.did)):
            raise Invalid("a question about another collection has no proof")
        if self.id is not None and not (self.id[:1] == "z" and base58.is_multihash(self.id[1:])):
            raise Invalid("a question about what is no id has no proof")
        if self.version_time is None:
            return None
        moment = moments.parse(self.version_time)
        if moment is None:
            raise Invalid("a question about what is no time has no proof")
        # The text means all of its second.
        return moment + 999

    def _named(self, series, moment: int | None) -> str | None:
        """The id of the resource that the series names; `None` where it had none yet."""
        if series is None or series.key != series_key(self.did, self.type, self.name):
            raise Invalid("the proof is about another series")
        record, past = series.record, series.past
        if record is None:
            return None
        if past:
            if moment is None or not past.entry.time <= moment < past.until(record):
                raise Invalid("the proof shows another version than the one asked for")
            return _named_by(past.content)[1]
        created, named = _named_by(record.content)
        if moment is not None and moment < created:
            return None
        if moment is not None and moment < record.time:
            raise Invalid("the record does not answer: a past version is asked for")
        return named

    def _show(self, resource: "Resource", moment: int | None) -> dict:
        pairs = (
            (self.name, resource.name),
            (self.type, resource.type),
            (self.version, resource.version or ""),
            (self.checksum, resource.checksum),
            (self.id, resource.id),
        )
        fits = all(asked in (None, has) for asked, has in pairs)
        if not fits or moment is not None and moment < resource.created:
            return result(None, {}, NONE)
        metadata = resource.metadata(self.did)
        if self.metadata:
            return result({"linkedResourceMetadata": [metadata]}, {}, {"contentType": JSON})
        return result(resource.content, metadata, {"contentType": resource.media_type})


@dataclass(frozen=True)
class Resource:
    """The content of `resource/<did>/<id>`."""

    content: object
    created: int
    next: str | None
    previous: str | None
    name: str
    type: str
    version: str | None

    @classmethod
    def read(cls, value) -> "Resource":
        links = ("nextVersionId", "previousVersionId")
        required = ("content", "created", "resourceName", "resourceType")
        members(value, *required, optional=(*links, "resourceVersion"))
        name, kind = text(value["resourceName"]), text(value["resourceType"])
        before, after, version = optional_texts(value, *links, "resourceVersion")
        return cls(value["content"], natural(value["created"]), before, after, name, kind, version)

    @property
    def _digest(self) -> bytes:
        return hashlib.sha256(canonical(self.content)).digest()

    @property
    def checksum(self) -> str:
        return self._digest.hex()

    @property
    def id(self) -> str:
        return _id(self._digest)

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES.get(self.type, JSON)

    def metadata(self, publisher: str) -> dict:
        metadata = {
            "checksum": self.checksum,
            "created": moments.show(self.created),
            "mediaType": self.media_type,
            "nextVersionId": self.next,
            "previousVersionId": self.previous,
            "resourceCollectionId": _collection(publisher),
            "resourceId": self.id,
            "resourceName": self.name,
            "resourceType": self.type,
            "resourceURI": f"{publisher}/resources/{self.id}",
        }
        return metadata if self.version is None else {**metadata, "resourceVersion": self.version}


def _named_by(content) -> tuple[int, str]:
    """When a series began, and its latest version."""
    members(content, "created", "resourceId")
    return natural(content["created"]), text(content["resourceId"])


def _id(digest: bytes) -> str:
    return f"z{base58.multihash(digest)}"


def _key(publisher: str, resource_id: str) -> str:
    return f"resource/{publisher}/{resource_id}"


def series_key(publisher: str, resource_type: str, name: str) -> str:
    """The key of the record that names a series' latest version."""
    series = hashlib.sha256(canonical([resource_type, name])).digest()
    return f"resource-series/{publisher}/{_id(series)}"


def _collection(publisher: str) -> str:
    return publisher.rpartition(":")[2]
