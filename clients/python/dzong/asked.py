"""Which question a DID or DID URL asks (`docs/resolvers.md`, `docs/did-ndi.md` 9.2)."""

from urllib.parse import unquote_to_bytes

from . import anoncreds, dereferencing, did, imported, resource, urls
from .verdict import Invalid

_SELECTORS = ("relativeRef", "service", "serviceType", "verificationRelationship")
_RESOURCE = "/resources/"
_ANONCREDS = "/anoncreds/v0/"
#: The only values of options that are yes or no.
_FLAGS = {"true": True, "false": False}


def read(url: str, uri_list: bool = False) -> tuple[str, object]:
    """The kind of question, as a proof names it, and the question; raises `Invalid` where the
    text is no DID URL, and where no record proves an answer. With `uri_list` the URLs of services
    are asked for."""
    path, query, fragment = urls.split(url)
    name = path.partition("/")[0]
    path, rest = path[len(name) :], url[len(name) :]
    if not did.is_did(name) or rest and not urls.is_relative(rest):
        raise Invalid(f"`{url}` is no DID URL")
    parameters = _parameters(query or "")
    if path.startswith(_ANONCREDS) and imported.is_foreign(name):
        if parameters or fragment is not None:
            raise Invalid("an imported object has neither parameters nor fragments")
        words = path.removeprefix(_ANONCREDS).split("/")
        return "imported", anoncreds.Question(name, tuple(map(_decoded, words)))
    if path or any(key.startswith("resource") or key == "checksum" for key in parameters):
        return "resource", _resource(name, path, fragment, parameters)
    asked = {"did": name, **parameters}
    if fragment is not None:
        asked["fragment"] = fragment
    if uri_list:
        return "dereferencing", dereferencing.Question.read({**asked, "accept": "text/uri-list"})
    if fragment is None and not any(selector in asked for selector in _SELECTORS):
        return "resolution", did.Question.read(asked)
    return "dereferencing", dereferencing.Question.read(asked)


def _resource(name: str, path: str, fragment: str | None, parameters: dict) -> resource.Question:
    asked = {"did": name, **parameters}
    if path:
        if not path.startswith(_RESOURCE) or "resourceId" in asked or fragment is not None:
            raise Invalid(f"nothing is known under `{path}` of a DID")
        asked["resourceId"] = path.removeprefix(_RESOURCE)
    question = resource.Question.read(asked)
    if not question.is_provable:
        raise Invalid("no record proves a search: name `resourceId`, or type and name alone")
    return question


def _parameters(query: str) -> dict:
    parameters = {}
    for part in filter(None, query.split("&")):
        name, value = (_decoded(text) for text in part.partition("=")[::2])
        if name in parameters:
            raise Invalid(f"`{name}` stands twice")
        if name in ("expandRelativeUrls", "resourceMetadata"):
            if value not in _FLAGS:
                raise Invalid(f"`{name}` is `true` or `false`")
            if not _FLAGS[value]:
                continue
            value = True
        parameters[name] = value
    return parameters


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Invalid("a parameter is not UTF-8") from None
