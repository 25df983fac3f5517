"""DID URLs and references to them (DID Core 1.1, section 3; RFC 3986, sections 4 and 5)."""

import re

URL_CHARS_MAX = 2048
_PCHAR = r"A-Za-z0-9._~!$&'()*+,;=:@\-"
_PATH = re.compile(f"(?:[{_PCHAR}/]|%[0-9A-Fa-f]{{2}})*")
_TEXT = re.compile(f"(?:[{_PCHAR}/?]|%[0-9A-Fa-f]{{2}})*")
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Misuse(Exception):
    """A reference that does not mean what its writer may mean by it."""


def split(reference: str) -> tuple[str, str | None, str | None]:
    """Path, query and fragment."""
    rest, hash_sign, fragment = reference.partition("#")
    path, mark, query = rest.partition("?")
    return path, query if mark else None, fragment if hash_sign else None


def is_relative(text: str) -> bool:
    """Whether a text is a DID URL that is relative to a DID."""
    path, query, fragment = split(text)
    return (
        0 < len(text) <= URL_CHARS_MAX
        and ":" not in path.partition("/")[0]
        and not path.startswith("//")
        and bool(_PATH.fullmatch(path))
        and all(_TEXT.fullmatch(part or "") for part in (query, fragment))
    )


def absolute(did: str, reference: str) -> str:
    """What a reference in the document of a DID means; what is absolute stays."""
    path = split(reference)[0]
    if ":" in path.partition("/")[0]:
        return reference
    # The DID stands as an authority without a path, so a first slash is implied.
    return did + (_without_dots(path) if path else "") + reference[len(path) :]


def _without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4, of a path that begins with a slash or is read as if it did."""
    kept, segments = [], path.removeprefix("/").split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    end = "/" if kept and segments[-1] in (".", "..") else ""
    return f"/{'/'.join(kept)}{end}"


def check_reference(reference: str) -> None:
    """Raises `Misuse` for a `relativeRef` that would lead out of any endpoint."""
    path, query, fragment = split(reference)
    if not all(_TEXT.fullmatch(part or "") for part in (path, query, fragment)):
        raise Misuse("`relativeRef` is a relative reference of RFC 3986, percent-encoded once")
    if path.startswith("//") or ":" in path.partition("/")[0]:
        raise Misuse("`relativeRef` is relative: it names no scheme and no host")
    if b".." in re.split(rb"[/\\]", _decoded(path)):
        raise Misuse("`relativeRef` leads out of the endpoint")


def _decoded(path: str) -> bytes:
    """Without percent-encodings, however often they were applied; in time that grows linearly."""
    data = bytearray()
    for byte in path.encode():
        data.append(byte)
        while data[-3:-2] == b"%" and data[-2] in _HEX and data[-1] in _HEX:
            data[-3:] = bytes.fromhex(data[-2:].decode())
    return bytes(data)


def below(endpoint: str, reference: str | None, fragment: str | None) -> str:
    """The URL that a checked reference means at an endpoint, with a fragment behind."""
    url = endpoint if reference is None else _resolve(endpoint, reference)
    if fragment is None:
        return url
    if "#" in url:
        raise Misuse("the service's URL has a fragment of its own")
    return f"{url}#{fragment}"


def _resolve(endpoint: str, reference: str) -> str:
    base, base_query, _ = split(endpoint)
    scheme, colon, hierarchy = base.partition(":")
    if not colon:
        raise Misuse("the service's endpoint is not a URL")
    # A DID is an authority of its own kind.
    start = 2 if hierarchy.startswith("//") else 0
    at = hierarchy.find("/", start)
    at = len(hierarchy) if at < 0 else at
    authority, base_path = f"{scheme}:{hierarchy[:at]}", hierarchy[at:]
    path, query, fragment = split(reference)
    if not path:
        path, query = base_path, base_query if query is None else query
    elif path.startswith("/"):
        path = base_path.rstrip("/") + _without_dots(path)
    else:
        path = base_path.rpartition("/")[0] + _without_dots(f"/{path}")
    query = "" if query is None else f"?{query}"
    fragment = "" if fragment is None else f"#{fragment}"
    return f"{authority}{path}{query}{fragment}"
