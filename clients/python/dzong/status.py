"""What is asked about a revocation registry (`docs/format.md`, A revocation registry)."""

from dataclasses import dataclass

from . import moments
from .members import array, base64_bytes, hexadecimal, members, natural, text
from .vector import CHUNK_BYTES, CHUNK_SLOTS, nodes_of, status_at
from .verdict import Invalid

_WHOLE = ("registry", "statuses")
_LOCK_BYTES = CHUNK_SLOTS // 8
#: The bytes of what accumulates a registry's statuses.
_POINTS = {"accumulator": 128, "commitment": 48}


@dataclass(frozen=True)
class Question:
    """What of a registry: what it is with its head, all its statuses, or those of one slot; as it
    is now, was at the end of a second, or in a version of its head."""

    #: `registry`, `statuses`, or the number of a slot.
    part: str | int
    registry: str
    time: str | None = None
    version: int | None = None

    #: Where an answer has its proof.
    PLACE = "proof"
    did = ""
    shown = None

    @classmethod
    def read(cls, value) -> "Question":
        members(value, "part", "registry", optional=("time", "version"))
        part = value["part"]
        if part not in _WHOLE:
            part = natural(members(part, "slot")["slot"], 32)
        hexadecimal(value["registry"])
        time, version = None, None
        if "time" in value:
            time = text(value["time"])
            _second(time)
        if "version" in value:
            version = natural(value["version"])
            if time is not None or part not in _WHOLE:
                raise Invalid("a version is asked for of a registry or its statuses, not by time")
        return cls(part, value["registry"], time, version)

    def to_json(self) -> dict:
        part = self.part if self.part in _WHOLE else {"slot": self.part}
        asked = {"part": part, "registry": self.registry}
        if self.time is not None:
            asked["time"] = self.time
        return asked if self.version is None else {**asked, "version": self.version}

    def answer(self, _network: str, records: list, now: int, given=None) -> dict:
        """The answer that the records make in a block of the time `now`; raises `Invalid` where
        they make none.

        `given` are the statuses of the answer that is judged, where all are asked for: no record
        holds them, but the head's hashes say whether these are they.
        """
        moment = None
        if self.time is not None:
            second = _second(self.time)
            if second > now:
                raise Invalid("the future has no statuses")
            # The text means all of its second.
            moment = second + 999
        own, others = (records[0], records[1:]) if records else (None, [])
        if own is None or own.key != f"revocation-registry/{self.registry}" or own.past:
            raise Invalid("the proof is about another registry")
        registry = None if own.record is None else Registry.read(own.record.content)
        why = self._missing(registry, moment)
        if why:
            if others:
                raise Invalid("the proof has more records than the question leads to")
            return self._none(why)
        key = f"status/{self.registry}"
        if self.part not in _WHOLE:
            key = f"status-chunk/{self.registry}/{self.part // CHUNK_SLOTS}"
        if [proven.key for proven in others] != [key]:
            raise Invalid("the records are not those that the question leads to")
        held = self._held(others[0], moment)
        if self.part not in _WHOLE:
            return {"registry": self.registry, "slot": self.part, **self._slot(held)}
        if held is not None:
            return self._head(registry, held, given)
        if self.version is None or others[0].record is None:
            raise Invalid("a registry has a head from its beginning on")
        return self._none("the registry has no such version")

    def _none(self, why: str) -> dict:
        return {"error": why, "registry": self.registry}

    def _missing(self, registry, moment: int | None) -> str | None:
        """Why the registry alone answers, if it does."""
        if registry is None:
            return "there is no such registry"
        if self.part not in _WHOLE and not 0 < self.part < registry.capacity:
            return "the registry has no such slot"
        if moment is not None and moment < registry.began:
            return "the registry did not exist yet"
        return None

    def _held(self, proven, moment: int | None):
        """What a record held in the version that is asked for; `None` where it began later, or has
        no such version yet."""
        record, past = proven.record, proven.past
        if record is None:
            return None
        held = _Held(record.content, record.time, record.version)
        if past:
            held = _Held(past.content, past.entry.time, past.entry.version)
        if self.version is not None:
            if not past and held.version < self.version:
                return None
            answers = held.version == self.version
        elif moment is not None:
            # Of what came later the first version says that there was none.
            if held.version == 1 and moment < held.since:
                return None
            answers = held.since <= moment and not (past and past.until(record) <= moment)
        else:
            answers = not past
        if not answers:
            raise Invalid("the proof shows another version than the one asked for")
        return held

    def _slot(self, chunk) -> dict:
        """One slot of a chunk; of none it is as it began."""
        if chunk is None:
            return {"locked": False, "status": "valid"}
        members(chunk.content, "statuses", optional=("locks",))
        statuses = base64_bytes(chunk.content["statuses"], CHUNK_BYTES)
        locks = bytes(_LOCK_BYTES)
        if "locks" in chunk.content:
            locks = base64_bytes(chunk.content["locks"], _LOCK_BYTES)
        place = self.part % CHUNK_SLOTS
        locked = bool(locks[place // 8] >> place % 8 & 1)
        return {"locked": locked, "status": status_at(statuses, place)}

    def _head(self, registry: "Registry", held: "_Held", given) -> dict:
        head = members(held.content, "nodes", optional=tuple(_POINTS))
        nodes = array(head["nodes"])
        for node in nodes:
            hexadecimal(node)
        common = {
            "capacity": registry.capacity,
            "issuer": registry.issuer,
            "registry": self.registry,
            "timestamp": held.since // 1000,
            "version": held.version,
        }
        for name, length in _POINTS.items():
            if name in head:
                base64_bytes(head[name], length)
                common[name] = head[name]
        if self.part == "registry":
            return {**common, **registry.shown(), "nodes": nodes}
        if nodes_of(base64_bytes(given), registry.capacity) != nodes:
            raise Invalid("the statuses are not those of the registry's head")
        return {**common, "statuses": given}


@dataclass(frozen=True)
class Registry:
    """The content of `revocation-registry/<id>`."""

    #: Where its AnonCreds objects are.
    anoncreds: dict | None
    capacity: int
    created: str
    credential_type: str | None
    formats: list
    hold: str | None
    issuer: str
    #: On which set-up its slot commitment rests.
    slots: dict | None

    @classmethod
    def read(cls, value) -> "Registry":
        optional = ("anoncreds", "credentialType", "hold", "slots")
        members(value, "capacity", "created", "formats", "issuer", optional=optional)
        hold = None
        if "hold" in value:
            if len(array(value["hold"])) != 2:
                raise Invalid("a registry's hold is what it is and its ground")
            hold, _ = map(text, value["hold"])
        anoncreds = value.get("anoncreds")
        if "anoncreds" in value:
            for name in members(anoncreds, "definition", "tails").values():
                text(name)
        slots = value.get("slots")
        if "slots" in value:
            natural(members(slots, "domain", "setup", "tau")["domain"], 32)
            text(slots["setup"])
            base64_bytes(slots["tau"], 96)
        kind = text(value["credentialType"]) if "credentialType" in value else None
        formats = [text(form) for form in array(value["formats"])]
        created, issuer = text(value["created"]), text(value["issuer"])
        _second(created)
        capacity = natural(value["capacity"], 32)
        return cls(anoncreds, capacity, created, kind, formats, hold, issuer, slots)

    @property
    def began(self) -> int:
        """Block time in milliseconds, rounded down to the second."""
        return _second(self.created)

    def shown(self) -> dict:
        """What an answer about the registry says of it."""
        return {
            "anoncreds": self.anoncreds,
            "created": self.created,
            "credentialType": self.credential_type,
            "formats": self.formats,
            "hold": self.hold,
            "slots": self.slots,
        }


@dataclass(frozen=True)
class _Held:
    """A content, since when it is in force in milliseconds, and its version."""

    content: dict
    since: int
    version: int


def _second(value: str) -> int:
    """The beginning of a second in milliseconds."""
    moment = moments.parse(value)
    if moment is None:
        raise Invalid("not a time where one belongs")
    return moment
