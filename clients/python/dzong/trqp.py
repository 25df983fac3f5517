"""What the trust registry answers (`docs/format.md`, What counts; ToIP TRQP 2.0)."""

import hashlib
import re
from dataclasses import dataclass

from . import base58, moments
from .canonical import canonical
from .did import is_ndi
from .members import members, text
from .verdict import Invalid

_WORDS = ("action", "authority_id", "entity_id", "resource")
_WORD_BYTES_MAX = 1024
_CONTEXT_MAX = 16
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)
_FRACTION = re.compile(r"(\d{1,9})Z", re.ASCII)

#: Most DIDs of a chain.
_CHAIN_MAX = 5
_ROOT = object()
_REGISTRY = "trust registry"

#: The roles of which an entity needs one, ascending, by the action that is asked about.
_REGISTRIES = ("delegated-trust-registry", "trust-registry")
_ROLES = {
    "certify": ("certification-service-provider",),
    "delegate": _REGISTRIES,
    "issue": ("issuer",),
    "provide-wallet": (
        "agent-provider",
        "custodial-wallet-provider",
        "hybrid-wallet-provider",
        "non-custodial-wallet-provider",
    ),
    "request": ("verifier",),
    "revoke": ("revocation-service-provider",),
    "run-registry": _REGISTRIES,
}
_NOT_CERTIFIED = ("issuer", "verifier")


class _Unknown(Exception):
    """Nobody knows the authority."""


class _No(Exception):
    """Why not, in the words of the format."""


@dataclass(frozen=True)
class Question:
    """Four words, and a context with perhaps a time."""

    action: str
    authority: str
    entity: str
    resource: str
    context: dict | None = None

    #: Where an answer has its proof.
    PLACE = "proof"
    did = ""
    shown = None

    @classmethod
    def read(cls, value) -> "Question":
        members(value, *_WORDS, optional=("context",))
        context = value.get("context", {})
        if type(context) is not dict or len(context) > _CONTEXT_MAX:
            raise Invalid(f"a context is an object of at most {_CONTEXT_MAX} members")
        words = [text(value[name]) for name in _WORDS]
        for word in (*words, *context):
            if not 1 <= len(word.encode()) <= _WORD_BYTES_MAX:
                raise Invalid(f"a word of a question has 1 to {_WORD_BYTES_MAX} bytes")
        if not all(_URI.fullmatch(value[name]) for name in ("authority_id", "entity_id")):
            raise Invalid("authority and entity are identifiers with a scheme")
        for said in context.values():
            text(said)
        question = cls(*words, value.get("context"))
        question._moment()
        return question

    def to_json(self) -> dict:
        words = (self.action, self.authority, self.entity, self.resource)
        asked = dict(zip(_WORDS, words))
        return asked if self.context is None else {**asked, "context": self.context}

    def _moment(self) -> int | None:
        """The moment that is asked about, in milliseconds."""
        if self.context is None or "time" not in self.context:
            return None
        whole, point, rest = self.context["time"].partition(".")
        fraction = _FRACTION.fullmatch(rest)
        moment = moments.parse(f"{whole}Z" if point else whole)
        if moment is None or bool(point) != bool(fraction):
            raise Invalid("the time of a question's context is no time")
        # The text means all of its second, or its millisecond.
        return moment + (int(fraction[1].ljust(3, "0")[:3]) if fraction else 999)

    def answer(self, _network: str, records: list, now: int) -> dict:
        """The answer that the records make in a block of the time `now`; raises `Invalid` where
        they make none."""
        moment = self._moment()
        walk = _Walk(records, now if moment is None else moment)
        answer = {**self.to_json(), "time_evaluated": moments.show(now)}
        if moment is not None:
            answer["time_requested"] = self.context["time"]
        try:
            answer |= {self.SAID: True, "chain": self._chain(walk)}
        except _No as why:
            answer |= {self.SAID: False, "message": str(why)}
        except _Unknown:
            answer = {
                "detail": f"`{self.authority}` is no authority of this registry",
                "status": 404,
                "title": "the authority is not recognized",
                "type": "urn:dzong:problem:unknown-authority",
            }
        walk.end()
        return answer

    @property
    def _id(self) -> str:
        """m(words)"""
        words = [self.authority, self.entity, self.action, self.resource]
        return base58.multihash(hashlib.sha256(canonical(words)).digest())

    def _covers(self, listing: dict) -> bool:
        """Whether the scope of a registry covers the action on the resource."""
        scope = _member(listing, "scope", dict)
        if self.action not in _ROLES:
            return False
        if self.action == "delegate" and _member(listing, "depth", int) == 0:
            return False
        if self.action != "run-registry" and self.action not in _member(scope, "actions", list):
            return False
        wanted = self.resource.removesuffix("*")
        return any(
            wanted.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == self.resource
            for pattern in map(text, _member(scope, "resources", list))
        )

    def _recognised(self, walk: "_Walk") -> list:
        authority = walk.known_authority(self.authority)
        recognition = walk.listed("recognition", self._id)
        why = walk.not_counting("recognition", recognition)
        if why is None:
            return [self.entity, *walk.climb(self.authority, authority, lambda _: True)]
        registry = None
        if recognition is None and is_ndi(self.entity):
            registry = walk.listed("registry", self.entity)
        if registry is None:
            raise _No(why)
        chain = walk.climb(self.entity, registry, self._covers)
        if self.authority not in chain:
            raise _No("the registry rests on another authority")
        return chain


class Authorization(Question):
    """Whether the authority authorises the entity."""

    SAID = "authorized"

    def _chain(self, walk: "_Walk") -> list:
        authority = walk.known_authority(self.authority)
        if self.action in ("delegate", "run-registry"):
            return self._recognised(walk)
        if self.action not in _ROLES:
            raise _No("there is no such action")
        authorization = walk.listed("authorization", self._id)
        why = walk.not_counting("authorization", authorization)
        why = why or walk.not_standing(self.entity, self.action)
        if why:
            raise _No(why)
        return walk.climb(self.authority, authority, self._covers)


class Recognition(Question):
    """Whether the authority recognises the entity as one itself."""

    SAID = "recognized"

    def _chain(self, walk: "_Walk") -> list:
        return self._recognised(walk)


class _Walk:
    """Reads proven records one after another, each once, as they were at a moment."""

    def __init__(self, records: list, moment: int):
        self.rest, self.moment, self.read = iter(records), moment, {}

    def end(self) -> None:
        if next(self.rest, None) is not None:
            raise Invalid("the proof has more records than the question leads to")

    def content(self, key: str):
        """What the record held; `None` where there was none."""
        if key not in self.read:
            proven = next(self.rest, None)
            if proven is None or proven.key != key:
                raise Invalid(f"the proof does not show the record {key} in its place")
            self.read[key] = self._held(proven.record, proven.past)
        return self.read[key]

    def _held(self, record, past):
        if record is None:
            return None
        if past is None:
            if record.time <= self.moment:
                return record.content
            since, version = record.time, record.version
        else:
            since, version = past.entry.time, past.entry.version
            if since <= self.moment < past.until(record):
                return past.content
        if self.moment < since and version == 1:
            return None
        raise Invalid("a record of the proof does not show the version of that moment")

    def listed(self, family: str, subject: str) -> dict | None:
        content = self.content(f"{family}/{subject}")
        return None if content is None else members(content, "listing", "status")

    def authority(self, name: str):
        """`_ROOT`, what is listed of a registry, or `None` for who is no authority."""
        if not is_ndi(name):
            return None
        roles = self.content(f"role/{name}")
        if roles is not None and "administrative-body" in _member(roles, "roles", list):
            return _ROOT
        return self.listed("registry", name)

    def known_authority(self, name: str):
        authority = self.authority(name)
        if authority is None:
            raise _Unknown
        return authority

    def not_counting(self, noun: str, listed: dict | None) -> str | None:
        """Why something listed does not count; `None` where it does."""
        if listed is None:
            return f"there is no such {noun}"
        status, listing = listed["status"], listed["listing"]
        state = _member(status, "state", str)
        if state != "active":
            ground = _member(status, "ground", str) if "ground" in status else "no ground"
            return f"the {noun} is {state} since {_member(status, 'since', str)} ({ground})"
        if type(listing) is not dict or "period" not in listing:
            return None
        begin, end = (_member(listing["period"], name, str) for name in ("from", "until"))
        if self.moment < _time(begin):
            return f"the {noun} begins at {begin}"
        return f"the {noun} ended at {end}" if self.moment >= _time(end) else None

    def not_standing(self, entity: str, action: str) -> str | None:
        """Why an entity does not stand for an action; `None` where it does."""
        listed = self.listed("entity", entity)
        why = self.not_counting("entity", listed)
        if why:
            return why
        particulars = _member(listed["listing"], "particulars", dict)
        certifications = particulars.get("certifications", {})
        why = "the entity is not listed for such a role"
        for role in sorted({*map(text, _member(particulars, "roles", list))} & {*_ROLES[action]}):
            if role in certifications:
                identifier = _member(certifications, role, str)
                certification = self.listed("certification", identifier)
                why = self.not_counting("certification", certification)
            else:
                why = None if role in _NOT_CERTIFIED else "it is not certified"
            if why is None:
                break
        return why

    def climb(self, at: str, authority, covers) -> list:
        """The DIDs from an authority to the root; raises `_No` where the chain breaks."""
        chain = []
        while authority is not None and len(chain) < _CHAIN_MAX:
            chain.append(at)
            if authority is _ROOT:
                return chain
            why, listing = self.not_counting(_REGISTRY, authority), authority["listing"]
            if why is None and not covers(listing):
                raise _No(f"it is outside the scope of {at}")
            why = why or self.not_standing(at, "run-registry")
            if why:
                raise _No(f"{why}: {at}")
            at = _member(listing, "parent", str)
            authority = self.authority(at)
        raise _No(f"the chain ends at {at}, which is no authority")


def _member(value, name: str, kind: type):
    """A member of what a record holds."""
    if type(value) is not dict or type(value.get(name)) is not kind:
        raise Invalid(f"a record has no `{name}` of the right form")
    return value[name]


def _time(value: str) -> int:
    moment = moments.parse(value)
    if moment is None:
        raise Invalid("a record has a time of another form")
    return moment
