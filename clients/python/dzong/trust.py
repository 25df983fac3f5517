"""What a client believes without proof, and how certified hand-overs move it forward in time."""

from dataclasses import dataclass, replace

from . import hashes
from .canonical import parse, parse_canonical
from .chain import Certificate, Header, ValidatorSet, read_powers
from .hashes import tagged
from .members import array, base64_bytes, hexadecimal, members, natural, text
from .verdict import Invalid, Stale, Untrusted, Verdict, judged

GENESIS_BYTES_MAX = 4 << 20
CHAIN_BYTES_MAX = 16 << 20
VALIDATORS_MAX = 128
#: How far a header's time may lie ahead of the caller's clock, in milliseconds.
CLOCK_SKEW_MAX = 60_000


@dataclass(frozen=True)
class Trust:
    """A network's genesis, or a later certified head of it. Times and period in milliseconds."""

    genesis: bytes
    network: str
    height: int
    time: int
    validators: ValidatorSet
    period: int

    @classmethod
    def from_genesis(cls, data: bytes) -> "Trust":
        """Trust in a genesis document. Raises `Invalid` if it is none."""
        # Editors end a file with a line break; the document itself has none.
        data = data.rstrip(b" \t\r\n")
        document = parse_canonical(data, GENESIS_BYTES_MAX)
        try:
            entries = [
                (hexadecimal(entry["validatorKey"]), natural(entry["power"]))
                for entry in array(document["validators"])
            ]
            period = 1000 * natural(document["parameters"]["trustPeriodSeconds"])
            network, time = text(document["network"]), natural(document["time"])
        except (KeyError, TypeError) as error:
            raise Invalid(f"not a genesis document: {error}") from None
        genesis = tagged(hashes.GENESIS, data)
        return cls(genesis, network, 0, time, ValidatorSet.new(entries), period)

    @classmethod
    def from_checkpoint(cls, data: bytes) -> "Trust":
        """Trust in a pinned checkpoint. Raises `Invalid` if it is none."""
        value = parse(data, GENESIS_BYTES_MAX)
        names = ("genesis", "network", "height", "time", "validators", "trustPeriodSeconds")
        members(value, "type", *names)
        if value["type"] != "DzongCheckpoint":
            raise Invalid("not a `DzongCheckpoint`")
        return cls(
            hexadecimal(value["genesis"]),
            text(value["network"]),
            natural(value["height"]),
            natural(value["time"]),
            ValidatorSet.new(read_powers(value["validators"])),
            1000 * natural(value["trustPeriodSeconds"]),
        )

    def to_checkpoint(self) -> dict:
        """This trust as a file to pin."""
        return {
            "type": "DzongCheckpoint",
            "genesis": self.genesis.hex(),
            "network": self.network,
            "height": self.height,
            "time": self.time,
            "validators": self.validators.to_json(),
            "trustPeriodSeconds": self.period // 1000,
        }

    def recognise(self, header: Header) -> None:
        """Checks that the header names the trusted network and validators."""
        if header.genesis != self.genesis:
            theirs, ours = header.genesis.hex(), self.genesis.hex()
            raise Untrusted(f"it is from the network with genesis {theirs}, you trust {ours}")
        if header.validators != self.validators.hash():
            raise Untrusted(
                f"the validator set of height {header.height} is not known: get a newer checkpoint"
            )

    def check_period(self, now: int) -> None:
        if now - self.time > self.period:
            raise Untrusted("what you trust is older than the trust period: get a newer checkpoint")


def check_clock(header: Header, now: int) -> None:
    if header.time > now + CLOCK_SKEW_MAX:
        raise Untrusted("it is from the future: check this machine's clock")


def follow(trust: Trust, data: bytes, now: int) -> tuple[Verdict, Trust]:
    """Follows a trust chain: the verdict, and what is trusted then (as before unless valid)."""
    verdict, way = _follow(trust, data, now)
    return verdict, way[-1]


def _follow(trust: Trust, data: bytes, now: int) -> tuple[Verdict, list]:
    """The same, with every trust on the way; the first is the one that it began with."""
    way = [trust]

    def check():
        way.extend(follow_steps(trust, parse(data, CHAIN_BYTES_MAX), now))
        return way[-1].height, way[-1].time

    return judged(check), way


def follow_all(trust: Trust, chain_from, now: int) -> tuple[Verdict, Trust]:
    """Follows chain after chain, as `chain_from(height)` gives them, until they lead no further:
    one holds at most 256 hand-overs."""
    while True:
        verdict, moved = follow(trust, chain_from(trust.height), now)
        if verdict.name != "valid" or moved.height == trust.height:
            return verdict, moved
        trust = moved


def on_the_way(trust: Trust, chain_from, now: int):
    """The trusts to which chain after chain leads from this one, each hand-over one, until they
    lead no further or one does not hold."""
    while len(way := _follow(trust, chain_from(trust.height), now)[1]) > 1:
        yield from way[1:]
        trust = way[-1]


def follow_steps(trust: Trust, value, now: int) -> list:
    """The trusts to which the steps of a chain lead, one after another, none where nothing is new;
    raises a refusal where the chain does not hold."""
    members(value, "type", "genesis", "steps")
    if value["type"] != "DzongTrustChain":
        raise Invalid("not a `DzongTrustChain`")
    genesis = hexadecimal(value["genesis"])
    steps = [_Step.read(step) for step in array(value["steps"])]
    if not steps:
        raise Invalid("the chain has no step")
    if genesis != trust.genesis:
        raise Untrusted("the chain is another network's than the one you trust")
    trust.check_period(now)
    if any(one.header.height >= two.header.height for one, two in zip(steps, steps[1:])):
        raise Invalid("the steps of the chain do not ascend")
    known, newest, way = trust.height, steps[-1].header, []
    for step in steps:
        if step.header.height > known:
            trust = step.advance(trust, now)
            way.append(trust)
    if newest.height < known:
        raise Stale(f"you already know height {known}", newest.height, newest.time)
    return way


@dataclass(frozen=True)
class _Step:
    """A certified header, and the (key, power) pairs that certify what follows it."""

    header: Header
    certificate: Certificate
    validators: list

    @classmethod
    def read(cls, value) -> "_Step":
        members(value, "header", "certificate", "validators")
        header = Header.decode(base64_bytes(value["header"]))
        return cls(header, Certificate.read(value["certificate"]), read_powers(value["validators"]))

    def advance(self, trust: Trust, now: int) -> Trust:
        header = self.header
        self.certificate.is_for(header, trust.genesis)
        trust.recognise(header)
        self.certificate.verify(trust.genesis, trust.validators)
        # Each key costs curve arithmetic, so their number is looked at first.
        if len(self.validators) > VALIDATORS_MAX:
            raise Invalid("a step hands over to too many validators")
        following = ValidatorSet.new(self.validators)
        if following.hash() != header.next_validators:
            raise Invalid("the validators of a step are not those that its header names")
        if header.time < trust.time:
            raise Invalid("the time of a step is before that of the one it follows")
        check_clock(header, now)
        return replace(trust, height=header.height, time=header.time, validators=following)


@dataclass(frozen=True)
class Fork:
    """Two certified blocks of one height, and who signed both: `guilty` in one round, which no
    honest validator does, or `signed_both` in different rounds."""

    height: int
    time: int
    guilty: list
    signed_both: list


def check_fork(trust: Trust, data: bytes) -> Fork:
    """Reads a fork proof under the trusted set; raises a refusal where it proves no fork."""
    return read_fork(trust, parse(data, CHAIN_BYTES_MAX))


def read_fork(trust: Trust, value) -> Fork:
    """The same, of its value."""
    members(value, "type", "first", "second")
    if value["type"] != "DzongForkProof":
        raise Invalid("not a `DzongForkProof`")
    headers, certificates = [], []
    for side in (value["first"], value["second"]):
        members(side, "header", "certificate")
        headers.append(Header.decode(base64_bytes(side["header"])))
        certificates.append(Certificate.read(side["certificate"]))
        certificates[-1].is_for(headers[-1], headers[0].genesis)
    first, second = headers
    if first.height != second.height or first.id == second.id:
        raise Invalid("a fork is two different blocks of one height")
    for header in headers:
        trust.recognise(header)
    for certificate in certificates:
        certificate.verify(trust.genesis, trust.validators)
    signers = [{key for key, _ in certificate.signatures} for certificate in certificates]
    both = sorted(signers[0] & signers[1])
    one_round = certificates[0].round == certificates[1].round
    guilty, signed_both = (both, []) if one_round else ([], both)
    return Fork(first.height, first.time, guilty, signed_both)
