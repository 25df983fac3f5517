"""Headers, validator sets, certificates (`docs/format.md`, Header, block, certificate)."""

import struct
from dataclasses import dataclass, field

from . import ed25519, hashes
from .hashes import tagged
from .members import array, base64_bytes, hexadecimal, members, natural
from .verdict import Invalid

_LAYOUT = struct.Struct(">I32sQQ32s32sQ32s32s32s32s32s")
_POWER_MAX = 2**53 - 1


@dataclass(frozen=True)
class Header:
    """A block's header; times in milliseconds since 1970."""

    genesis: bytes
    height: int
    time: int
    parent: bytes
    proposer: bytes
    log_size: int
    log_root: bytes
    state_root: bytes
    validators: bytes
    next_validators: bytes
    parameters: bytes
    id: bytes

    @classmethod
    def decode(cls, data: bytes) -> "Header":
        if len(data) != _LAYOUT.size:
            raise Invalid("the header is malformed")
        version, *fields = _LAYOUT.unpack(data)
        if version != 1:
            raise Invalid("the header is malformed")
        return cls(*fields, tagged(hashes.HEADER, data))


@dataclass(frozen=True)
class ValidatorSet:
    """Voting power by key."""

    powers: dict = field(hash=False)

    @classmethod
    def new(cls, validators: list) -> "ValidatorSet":
        """The set of these (key, power) pairs."""
        powers = dict(validators)
        if not powers or len(powers) != len(validators):
            raise Invalid("a validator set has at least one validator, and each key once")
        if 0 in powers.values() or sum(powers.values()) > _POWER_MAX:
            raise Invalid("voting power is at least 1 each and at most 2^53 - 1 together")
        if not all(ed25519.point(key) for key in powers):
            raise Invalid("a validator's key is not an Ed25519 public key")
        return cls(dict(sorted(powers.items())))

    def to_json(self) -> list:
        return [{"key": key.hex(), "power": power} for key, power in self.powers.items()]

    def hash(self) -> bytes:
        pairs = (key + power.to_bytes(8, "big") for key, power in self.powers.items())
        return tagged(hashes.VALIDATORS, b"".join(pairs))

    def is_quorum(self, power: int) -> bool:
        return 3 * power > 2 * sum(self.powers.values())


def read_powers(value) -> list:
    """The (key, power) pairs of a list of validators."""
    pairs = [members(item, "key", "power") for item in array(value)]
    return [(hexadecimal(pair["key"]), natural(pair["power"])) for pair in pairs]


@dataclass(frozen=True)
class Certificate:
    """Precommits for a block."""

    height: int
    round: int
    block: bytes
    #: (validator's key, signature).
    signatures: list = field(hash=False)

    @classmethod
    def read(cls, value) -> "Certificate":
        members(value, "height", "round", "block", "signatures")
        signatures = []
        for item in array(value["signatures"]):
            members(item, "validator", "signature")
            key = hexadecimal(item["validator"])
            signatures.append((key, base64_bytes(item["signature"], 64)))
        block = hexadecimal(value["block"])
        return cls(natural(value["height"]), natural(value["round"], 32), block, signatures)

    def is_for(self, header: Header, genesis: bytes) -> None:
        """Checks that this certificate and `genesis` speak of the header. Signatures are not
        looked at: that needs a validator set."""
        if header.genesis != genesis:
            raise Invalid("the header names another genesis than the proof")
        if (self.block, self.height) != (header.id, header.height):
            raise Invalid("the certificate is not for this header")

    def verify(self, genesis: bytes, validators: ValidatorSet) -> None:
        """Checks that more than two thirds of the voting power signed; one bad signature spoils
        the whole."""
        signers = [key for key, _ in self.signatures]
        # Cheap refusals first, so that a flood of strangers costs no curve arithmetic.
        if len(set(signers)) != len(signers):
            raise Invalid("the certificate does not hold: a validator signed twice")
        if not all(key in validators.powers for key in signers):
            raise Invalid("the certificate does not hold: a stranger signed")
        if not validators.is_quorum(sum(validators.powers[key] for key in signers)):
            raise Invalid("the certificate does not hold: no quorum")
        position = self.height.to_bytes(8, "big") + self.round.to_bytes(4, "big")
        message = hashes.padded(hashes.PRECOMMIT) + genesis + position + self.block
        for key, signature in self.signatures:
            if not ed25519.verify(key, message, signature):
                raise Invalid(f"the certificate does not hold: the signature of {key.hex()}")
