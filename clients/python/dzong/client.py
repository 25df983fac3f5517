"""Where bytes come from: a node over HTTP, or a folder that mirrors one.

Nothing here is believed.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .answer import ANSWER_BYTES_MAX
from .asked import read
from .imported import is_foreign
from .status import Question as StatusQuestion
from .trust import CHAIN_BYTES_MAX

_SECONDS_MAX = 30
_USER_AGENT = "dzong-python"


class Unavailable(Exception):
    """What was asked for could not be had."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A node answers itself; following it elsewhere would let it aim requests at other hosts."""

    def redirect_request(self, *_):
        return None


class Node:
    """A node's HTTP interface."""

    def __init__(self, url: str, seconds: float = _SECONDS_MAX):
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Unavailable(f"`{url}` is no address of a node: begin it with http:// or https://")
        self.url, self.seconds = url.rstrip("/"), seconds
        self.opener = urllib.request.build_opener(_NoRedirect)

    def get(
        self,
        path: str,
        bytes_max: int,
        statuses: tuple = (200,),
        accept: str = "*/*",
        sent: bytes | None = None,
    ) -> bytes:
        """The body under `path`, posted to if something is sent; raises `Unavailable` for other
        statuses and for longer bodies."""
        headers = {"User-Agent": _USER_AGENT, "Accept": accept, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/{path}", sent, headers)
        try:
            try:
                reply = self.opener.open(request, timeout=self.seconds)
            except urllib.error.HTTPError as error:
                reply = error
            with reply:
                body = self._read(reply, bytes_max + 1)
        except (OSError, ValueError) as error:
            raise Unavailable(f"no answer from {self.url}/{path}: {error}") from None
        if reply.status not in statuses:
            said = body[:200].decode("utf-8", "replace")
            raise Unavailable(f"{self.url}/{path} answered {reply.status}: {said}")
        if len(body) > bytes_max:
            raise Unavailable(f"{self.url}/{path} answered with more than {bytes_max} bytes")
        return body

    def _read(self, reply, bytes_max: int) -> bytes:
        """At most so many bytes. The deadline is for the whole: a node may not drip for ever."""
        until, body = time.monotonic() + self.seconds, b""
        while len(body) < bytes_max and (part := reply.read1(bytes_max - len(body))):
            body += part
            if time.monotonic() > until:
                raise TimeoutError(f"not whole after {self.seconds} s")
        return body

    def ask(self, url: str, uri_list: bool = False) -> bytes:
        """The answer about a DID or DID URL with its proof, in whatever way the node answers;
        with `uri_list` about the URLs of services."""
        kind, question = read(url)
        accept = "*/*"
        if kind in ("dereferencing", "imported") or uri_list:
            wanted = "text/uri-list" if uri_list else "application/did"
            accept = f"application/did-url-dereferencing, {wanted}"
        path = f"1.0/identifiers/{urllib.parse.quote(url, safe='')}?proof=true"
        # What cannot be had of a document is proven, too, be it an error to HTTP; and that a DID of
        # another ledger was not imported.
        missing = (501,) if is_foreign(question.did) else ()
        return self.get(path, ANSWER_BYTES_MAX, (200, 400, 404, 410, 500, *missing), accept)

    def query(self, kind: str, question: dict) -> bytes:
        """The trust registry's answer to an `authorization` or `recognition`, with its proof."""
        sent = json.dumps(question).encode()
        # That nobody knows the authority is proven, too.
        return self.get(f"{kind}?proof=true", ANSWER_BYTES_MAX, (200, 404), sent=sent)

    def status(self, question: StatusQuestion) -> bytes:
        """A revocation registry, its statuses or a slot's, with the proof."""
        below = "" if question.part == "registry" else "/statuses"
        if type(question.part) is int:
            below = f"/slots/{question.part}"
        asked = {"proof": "true", "time": question.time, "version": question.version}
        query = {name: value for name, value in asked.items() if value is not None}
        path = f"{_registry(question.registry)}{below}?{urllib.parse.urlencode(query)}"
        # That there is no such registry, version or slot is proven, too.
        return self.get(path, ANSWER_BYTES_MAX, (200, 404))

    def status_delta(self, registry: str, version: int) -> bytes:
        """What changed in a revocation registry since a version; nothing proves it but the hashes
        of the registry's head."""
        return self.get(f"{_registry(registry)}/delta?from={version}", ANSWER_BYTES_MAX)

    def receipt(self, event: str) -> bytes:
        """The proof that an event is in the log."""
        path = f"v1/events/{urllib.parse.quote(event, safe='')}/receipt"
        return self.get(path, ANSWER_BYTES_MAX)

    def trust_chain(self, height: int) -> bytes:
        """The certified hand-overs from a height on, or as many as fit one chain."""
        return self.get(f"v1/trust-chain?from={height}", CHAIN_BYTES_MAX)

    def record(self, key: str) -> bytes:
        """The record under a key with its proof."""
        return self.get(f"v1/records/{urllib.parse.quote(key)}?proof=true", ANSWER_BYTES_MAX)


def _registry(registry: str) -> str:
    return f"v1/revocation/registries/{urllib.parse.quote(registry, safe='')}"


class Folder:
    """Files under the paths at which a node serves them."""

    def __init__(self, folder: str):
        self.folder = Path(folder)

    def get(self, path: str, bytes_max: int) -> bytes:
        try:
            with (self.folder / path).open("rb") as file:
                body = file.read(bytes_max + 1)
        except OSError as error:
            raise Unavailable(f"cannot read {self.folder / path}: {error.strerror}") from None
        if len(body) > bytes_max:
            raise Unavailable(f"{self.folder / path} has more than {bytes_max} bytes")
        return body
