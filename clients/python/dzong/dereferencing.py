"""What a DID URL means in a proven version of a document (`docs/format.md`, A DID URL)."""

from dataclasses import dataclass

from . import did, urls
from .did import RELATIONSHIPS
from .members import flag, members, optional_texts
from .urls import Misuse
from .verdict import Invalid

URI_LIST = "text/uri-list"
_DID = "https://www.w3.org/ns/did#"
_SECURITY = "https://w3id.org/security#"
_TEXTS = ("fragment", "relativeRef", "service", "serviceType", "verificationRelationship")
_VERSIONS = ("versionId", "versionTime")
_METHODS = ("verificationMethod", *RELATIONSHIPS)

#: By code: where it is defined, and its title. The first are those of resolution.
_ERRORS = {
    **{code: (_DID, title) for code, title in did.TITLES.items()},
    "INVALID_DID_URL": (_DID, "the identifier is not a DID URL"),
    "REPRESENTATION_NOT_SUPPORTED": (_DID, "there is no such representation"),
    "INVALID_VERIFICATION_METHOD": (_SECURITY, "there is no such verification method"),
    "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD": (
        _SECURITY,
        "the verification method is not for that use",
    ),
}


class _Failed(Exception):
    """No content, with the code and the detail that the answer must show."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True)
class Question:
    """A DID URL in its parts, and options; what is absent is `None`."""

    did: str
    fragment: str | None = None
    relative_ref: str | None = None
    service: str | None = None
    service_type: str | None = None
    relationship: str | None = None
    version_id: str | None = None
    version_time: str | None = None
    expand: bool = False
    #: Whether the URLs of services are wanted, not a document.
    uri_list: bool = False

    #: Where an answer has its metadata, and what of the record it shows as it is.
    PLACE = "contentMetadata"
    shown = None

    @classmethod
    def read(cls, value) -> "Question":
        names = (*_TEXTS, *_VERSIONS, "expandRelativeUrls", "accept")
        members(value, "did", optional=names)
        if value.get("accept", URI_LIST) != URI_LIST:
            raise Invalid(f"`accept` is `{URI_LIST}` or absent")
        texts = optional_texts(value, "did", *_TEXTS, *_VERSIONS)
        return cls(*texts, flag(value, "expandRelativeUrls"), "accept" in value)

    def to_json(self) -> dict:
        own = (self.fragment, self.relative_ref, self.service, self.service_type)
        values = (self.did, *own, self.relationship, self.version_id, self.version_time)
        pairs = zip(("did", *_TEXTS, *_VERSIONS), values)
        asked = {name: value for name, value in pairs if value is not None}
        asked |= {"expandRelativeUrls": True} if self.expand else {}
        return asked | ({"accept": URI_LIST} if self.uri_list else {})

    def answer(self, network: str, records: list, _now: int) -> dict:
        """The answer that the one record makes; raises `Invalid` where it makes none."""
        # In a part of a document nothing says what a relative URL is relative to.
        expand = self.expand or self.fragment is not None
        question = did.Question(self.did, self.version_id, self.version_time, expand)
        resolution = question.resolve(network, records)
        if resolution.failure:
            return result(None, {}, {"error": _error(resolution.failure)})
        try:
            self._check()
            if resolution.document is None:
                return result(None, resolution.metadata, {})
            content_type, content = self._find(resolution.document)
        except _Failed as failed:
            return result(None, {}, {"error": _error(failed.code, str(failed))})
        return result(content, resolution.metadata, {"contentType": content_type})

    def _selects_services(self) -> bool:
        return self.service is not None or self.service_type is not None

    def _check(self) -> None:
        """What needs no document."""
        name = self.relationship
        if name is not None and not (name and name.isascii()):
            raise _Failed("INVALID_OPTIONS", "`verificationRelationship` is an ASCII word")
        if self.relative_ref is not None:
            if not self._selects_services():
                raise _Failed("NOT_FOUND", "`relativeRef` needs `service` or `serviceType`")
            try:
                urls.check_reference(self.relative_ref)
            except Misuse as misuse:
                raise _Failed("INVALID_DID_URL", str(misuse)) from None
        if self.uri_list and not self._selects_services():
            detail = "only services have URLs: name one by `service` or `serviceType`"
            raise _Failed("REPRESENTATION_NOT_SUPPORTED", detail)

    def _find(self, document: dict) -> tuple[str, object]:
        """The content and its media type."""
        if self._selects_services():
            selected = self._services(document)
            if self.uri_list:
                return URI_LIST, self._urls(selected)
            document = {**document, "service": selected}
        if self.relationship is not None:
            return did.MEDIA_TYPE, _in_context(self._method(document), document)
        if self.fragment is not None:
            return did.MEDIA_TYPE, _in_context(self._part(document), document)
        return did.MEDIA_TYPE, document

    def _services(self, document: dict) -> list:
        wanted = []
        if self.service is not None:
            wanted.append(urls.absolute(self.did, self.service))
            # As is usual, the fragment alone may name it.
            if urls.is_relative(f"#{self.service}"):
                wanted.append(f"{self.did}#{self.service}")

        def is_selected(service) -> bool:
            if type(service) is not dict or type(service.get("id")) is not str:
                return False
            by_id = self.service is None or urls.absolute(self.did, service["id"]) in wanted
            types = did.items(service.get("type"))
            return by_id and (self.service_type is None or self.service_type in types)

        selected = [one for one in did.items(document.get("service")) if is_selected(one)]
        if not selected:
            raise _Failed("NOT_FOUND", "the document has no such service")
        return selected

    def _urls(self, services: list) -> list:
        endpoints = [one for s in services for one in did.items(s.get("serviceEndpoint"))]
        texts = [endpoint for endpoint in endpoints if type(endpoint) is str]
        try:
            found = [urls.below(text, self.relative_ref, self.fragment) for text in texts]
        except Misuse as misuse:
            raise _Failed("INVALID_DID_URL", str(misuse)) from None
        if not found:
            raise _Failed("NOT_FOUND", "no endpoint of the service is a URL")
        return found

    def _part(self, document: dict) -> dict:
        # Code points are in the order of their bytes in UTF-8.
        part = self._first(document, (*_METHODS, "service", *sorted(document)))
        if part is None:
            raise _Failed("NOT_FOUND", "the document has no such part")
        return part

    def _method(self, document: dict) -> dict:
        method = self._first(document, _METHODS)
        if method is None:
            detail = "the fragment names no verification method of the document"
            raise _Failed("INVALID_VERIFICATION_METHOD", detail)
        listed = []
        if self.relationship in RELATIONSHIPS:
            listed = did.items(document.get(self.relationship))
        if not any(item == self._id or _has_id(item, self._id) for item in listed):
            detail = "the document does not list the verification method under that relationship"
            raise _Failed("INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD", detail)
        return method

    @property
    def _id(self) -> str:
        return f"{self.did}#{self.fragment or ''}"

    def _first(self, document: dict, names: tuple) -> dict | None:
        items = (item for name in names for item in did.items(document.get(name)))
        return next((item for item in items if _has_id(item, self._id)), None)


def _has_id(item, wanted: str) -> bool:
    return type(item) is dict and item.get("id") == wanted


def _in_context(part: dict, document: dict) -> dict:
    """A part with the document's context, in which its terms have their meaning."""
    return {"@context": document["@context"], **part} if "@context" in document else part


def _error(code: str, detail: str | None = None) -> dict:
    namespace, title = _ERRORS[code]
    error = {"type": f"{namespace}{code}", "title": title}
    return error if detail is None else {**error, "detail": detail}


def result(content, metadata: dict, dereferencing: dict) -> dict:
    """A whole result of dereferencing."""
    return {
        "content": content,
        "contentStream": content,
        "contentMetadata": metadata,
        "dereferencingMetadata": dereferencing,
    }
