"""Answers and receipts: from bytes and trust to a verdict (`docs/format.md`, Answers)."""

from dataclasses import dataclass

from . import anoncreds, dereferencing, did, hashes, resource, status, trqp
from .canonical import canonical, parse
from .chain import Certificate, Header
from .events import EVENT_BYTES_MAX
from .hashes import tagged
from .members import array, base64_bytes, hexadecimal, members, natural, text
from .trees import Entry, History, log_leaf, prove_inclusion, prove_state
from .trust import Trust, check_clock, follow_steps, on_the_way, read_fork
from .verdict import Invalid, Stale, Verdict, judged

ANSWER_BYTES_MAX = 16 << 20
PROOF_TYPE = "DzongProof"


def check(trust: Trust, data: bytes, now: int, age_max: int | None = None, asked=None) -> Verdict:
    """Whether the answer in `data` (about a DID, a DID URL, a resource, a record, who may do what,
    or what was revoked; a receipt, a trust chain or a fork proof) is proven to someone who holds
    `trust`, at `now`, and not older than `age_max`; all in milliseconds.

    `asked` is the question that was put, as it stands in a proof (`{"record": key}`). Whoever
    receives an answer over a network gives it: a proof of another question is no answer.
    """

    def judge():
        answer = parse(data, ANSWER_BYTES_MAX)
        if type(answer) is not dict:
            raise Invalid("an answer is an object")
        apart = _apart(answer)
        if apart is None:
            return _check_answer(trust, answer, now, age_max, asked)
        if asked is not None:
            raise Invalid("this answers no question")
        return apart(trust, answer, now)

    return judged(judge)


def check_receipt(trust: Trust, data: bytes, chain_from, now: int) -> Verdict:
    """As `check`, of a receipt, which those may have certified who were trusted on the way from
    `trust` to now: `chain_from(height)` gives the network's trust chain from a height on."""
    verdict = check(trust, data, now)
    if verdict.name != "untrusted":
        return verdict
    # Any other answer from before a hand-over is older than what is known.
    if _apart(parse(data, ANSWER_BYTES_MAX)) is not _check_receipt:
        return verdict
    judged_along = (check(reached, data, now) for reached in on_the_way(trust, chain_from, now))
    return next((known for known in judged_along if known.name != "untrusted"), verdict)


def _apart(answer: dict):
    """How a document is checked that answers no question."""
    kind = answer.get("type")
    if kind == "DzongTrustChain":
        return _check_chain
    if kind == "DzongForkProof":
        return _check_fork
    return _check_receipt if "index" in answer else None


def _check_chain(trust: Trust, chain: dict, now: int):
    reached = [trust, *follow_steps(trust, chain, now)][-1]
    return reached.height, reached.time


def _check_fork(trust: Trust, proof: dict, _now: int):
    fork = read_fork(trust, proof)
    return fork.height, fork.time


def _check_receipt(trust: Trust, receipt: dict, now: int):
    members(receipt, "id", "event", "index", "path", "header", "certificate", "genesis")
    certificate = Certificate.read(receipt["certificate"])
    header = Header.decode(base64_bytes(receipt["header"]))
    path = [hexadecimal(node) for node in array(receipt["path"])]
    if event_id(receipt["event"]) != hexadecimal(receipt["id"]):
        raise Invalid("the receipt is for another event than it shows")
    certificate.is_for(header, hexadecimal(receipt["genesis"]))
    leaf = log_leaf(canonical(receipt["event"]))
    prove_inclusion(leaf, natural(receipt["index"]), header.log_size, path, header.log_root)
    # A receipt speaks of its own block for ever: it does not get stale.
    return _settle(trust, header, certificate, now)


def event_id(event) -> bytes:
    """The id of a signed event."""
    if type(event) is not dict or len(canonical(event)) > EVENT_BYTES_MAX:
        raise Invalid(f"an event is an object of at most {EVENT_BYTES_MAX} bytes")
    unsecured = {name: value for name, value in event.items() if name != "proof"}
    return tagged(hashes.EVENT, canonical(unsecured))


def _check_answer(trust: Trust, answer: dict, now: int, age_max, asked):
    place, proof = _take_proof(answer)
    members(proof, "type", "question", "evidence")
    if proof["type"] != PROOF_TYPE:
        raise Invalid(f"the proof is not a `{PROOF_TYPE}`")
    if asked is not None and canonical(proof["question"]) != canonical(asked):
        raise Invalid("this answers another question than the one asked")
    question = _read_question(proof["question"])
    if place != question.PLACE:
        raise Invalid("the proof stands where that of another kind of answer does")
    evidence = members(proof["evidence"], "genesis", "header", "certificate", "records")
    genesis = hexadecimal(evidence["genesis"])
    certificate = Certificate.read(evidence["certificate"])
    header = Header.decode(base64_bytes(evidence["header"]))
    certificate.is_for(header, genesis)
    records = array(evidence["records"])
    if question.shown:
        _put_back(answer, *question.shown, records)
    proven = [Proven.read(record) for record in records]
    for one in proven:
        one.verify(header.state_root)
    # Another network's answer is judged as such later, not by its DIDs' names.
    network = trust.network if genesis == trust.genesis else _network(question.did)
    # Of a list of statuses the records have only the hashes.
    given = [answer.get("statuses")] if type(question) is status.Question else []
    rebuilt = question.answer(network, proven, header.time, *given)
    # Canonical bytes are compared: to Python, `True` equals 1.
    if canonical(rebuilt) != canonical(answer):
        raise Invalid("the answer is not what the proven records say")
    height, time = _settle(trust, header, certificate, now)
    if height < trust.height:
        raise Stale(f"you already know height {trust.height}", height, time)
    if age_max is not None and now - time > age_max:
        why = f"{(now - time) // 1000} s old, you allow {age_max // 1000} s"
        raise Stale(why, height, time)
    return height, time


def _take_proof(answer: dict) -> tuple:
    """Takes the proof out of the answer, so that what is left can be compared; with its place."""
    if "proof" in answer:
        return RecordQuestion.PLACE, answer.pop("proof")
    places = (resource.Question.PLACE, did.Question.PLACE)
    place = next((name for name in places if name in answer), None)
    metadata = answer.get(place)
    proofs = metadata.pop("proof", None) if type(metadata) is dict else None
    if type(proofs) is not list or len(proofs) != 1:
        raise Invalid("the answer carries no proof, or several")
    return place, proofs[0]


@dataclass(frozen=True)
class RecordQuestion:
    """A record by its key."""

    key: str

    PLACE = "proof"
    did = ""
    shown = None

    @classmethod
    def read(cls, value) -> "RecordQuestion":
        return cls(text(value))

    def answer(self, _network: str, records: list, _now: int) -> dict:
        if [proven.key for proven in records] != [self.key] or records[0].past:
            raise Invalid("the proof is about another record")
        record = records[0].record
        return {"key": self.key, "record": None if record is None else record.value}


_QUESTIONS = {
    "authorization": trqp.Authorization,
    "dereferencing": dereferencing.Question,
    "imported": anoncreds.Question,
    "recognition": trqp.Recognition,
    "record": RecordQuestion,
    "resolution": did.Question,
    "resource": resource.Question,
    "status": status.Question,
}


def _read_question(value):
    members(value, optional=tuple(_QUESTIONS))
    if len(value) != 1:
        raise Invalid("a proof is about one question")
    ((kind, asked),) = value.items()
    return _QUESTIONS[kind].read(asked)


def _network(name: str) -> str:
    """The network that a text which may be a DID names."""
    return (name.split(":") + ["", ""])[2]


def _put_back(answer: dict, place: str, member: str, records: list) -> None:
    """What the answer shows was left out of the last record of its proof."""
    shown, last = answer.get(place), records[-1] if records else None
    if type(shown) is not dict or type(last) is not dict:
        return
    holder = last["past"] if "past" in last else last.get("record")
    content = holder.get("content") if type(holder) is dict else None
    if type(content) is dict:
        if member in content:
            raise Invalid(f"the proof repeats the {member}")
        content[member] = shown


def _settle(trust: Trust, header: Header, certificate: Certificate, now: int):
    """What is whole is judged under what the caller trusts, in this order."""
    trust.recognise(header)
    certificate.verify(trust.genesis, trust.validators)
    trust.check_period(now)
    check_clock(header, now)
    return header.height, header.time


@dataclass(frozen=True)
class Record:
    """What a key holds at a height."""

    content: object
    version: int
    time: int
    history: History
    #: As it stands in the answer, the document put back.
    value: dict

    @classmethod
    def read(cls, value) -> "Record":
        members(value, "content", "event", "height", "history", "time", "version")
        hexadecimal(value["event"])
        natural(value["height"])
        version, time = natural(value["version"]), natural(value["time"])
        return cls(value["content"], version, time, History.read(value["history"]), value)


@dataclass(frozen=True)
class Past:
    """A superseded version, and the one that superseded it where that is not the current one."""

    content: object
    entry: Entry
    path: list
    next: tuple | None

    @classmethod
    def read(cls, value) -> "Past":
        members(value, "content", "entry", "path", optional=("next",))
        following = None
        if "next" in value:
            members(value["next"], "entry", "path")
            following = _placed(value["next"])
        return cls(value["content"], *_placed(value), following)

    def verify(self, record: Record) -> None:
        if self.next:
            follows = self.next[0].version == self.entry.version + 1
            follows = follows and record.history.contains(*self.next)
        else:
            follows = record.version == self.entry.version + 1
        content = tagged(hashes.CONTENT, canonical(self.content))
        held = content == self.entry.content and record.history.contains(self.entry, self.path)
        if not (follows and held):
            raise Invalid("the past version is not in its record's history")

    def until(self, record: Record) -> int:
        """Block time in milliseconds at which this version was superseded."""
        return self.next[0].time if self.next else record.time


def _placed(value: dict) -> tuple:
    return Entry.read(value["entry"]), [hexadecimal(node) for node in array(value["path"])]


@dataclass(frozen=True)
class Proven:
    """A record, or the absence of one, with its path to the state root."""

    key: str
    path: bytes
    record: Record | None
    past: Past | None

    @classmethod
    def read(cls, value) -> "Proven":
        members(value, "key", "path", "record", optional=("past",))
        record = None if value["record"] is None else Record.read(value["record"])
        past = Past.read(value["past"]) if "past" in value else None
        return cls(text(value["key"]), base64_bytes(value["path"]), record, past)

    def verify(self, state_root: bytes) -> None:
        record = None if self.record is None else canonical(self.record.value)
        prove_state(self.path, state_root, self.key, record)
        if self.past:
            if self.record is None:
                raise Invalid("what was never there has no past")
            self.past.verify(self.record)
