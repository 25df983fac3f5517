"""Signed events: what can be told without any state (`docs/format.md`, Events; `docs/did-ndi.md`).

That every signature is what it says is checked here; whether a key may sign is for the ledger.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from . import base58, ed25519, moments
from .canonical import canonical, parse_canonical
from .members import array, members, text
from .verdict import Invalid

EVENT_BYTES_MAX = 65_535
CONTEXT = "https://w3id.org/security/data-integrity/v2"
PLACEHOLDER = "{SCID}"
_PROOFS_MAX = 16
_MULTIBASE_CHARS_MAX = 128
_ENVELOPE = ("@context", "type", "network", "author", "created", "validUntil", "proof")
_PROOF = ("type", "cryptosuite", "proofPurpose", "verificationMethod", "domain", "proofValue")
_PROOF_OPTIONAL = ("@context", "created", "id", "previousProof")


def check_event(data: bytes, network: str, genesis: bytes) -> dict:
    """The event in these canonical bytes, once its form and every signature hold on the network
    with this name and genesis hash; raises `Invalid` otherwise."""
    event = parse_canonical(data, EVENT_BYTES_MAX)
    for name in _ENVELOPE:
        if name not in event:
            raise Invalid(f"the event has no `{name}`")
    if array(event["@context"])[:1] != [CONTEXT] or event["network"] != network:
        raise Invalid("the event is of another format or network")
    if None in (moments.parse(text(event["created"])), moments.parse(text(event["validUntil"]))):
        raise Invalid("the event's times are not written as YYYY-MM-DDThh:mm:ssZ")
    if event["type"] == "DidCreated" and text(event["author"]) != inception_did(event):
        raise Invalid("the identifier is not the hash of its inception event")
    domain = f"{network}:{genesis.hex()[:16]}"
    _check_proofs(event, array(event["proof"]), domain)
    return event


def inception_did(event: dict) -> str:
    """The DID that a `DidCreated` event makes (`docs/did-ndi.md` 1.1)."""
    unsecured = canonical(_without(event, "proof"))
    scid = text(event["author"]).rpartition(":")[2]
    if PLACEHOLDER.encode() in unsecured or not scid:
        raise Invalid("the event still holds the placeholder of its identifier")
    digest = hashlib.sha256(unsecured.replace(scid.encode(), PLACEHOLDER.encode())).digest()
    return f"did:ndi:{text(event['network'])}:{base58.multihash(digest)}"


def _check_proofs(event: dict, proofs: list, domain: str) -> None:
    texts = [canonical(proof) for proof in proofs]
    if not 1 <= len(proofs) <= _PROOFS_MAX or texts != sorted(set(texts)):
        raise Invalid("an event has 1 to 16 proofs, each once, ascending by their canonical bytes")
    for proof in proofs:
        members(proof, *_PROOF, optional=_PROOF_OPTIONAL)
        if proof["domain"] != domain:
            raise Invalid("a proof is for another network")
        if proof.get("@context", event["@context"]) != event["@context"]:
            raise Invalid("a proof has another `@context` than the event")
    methods = [text(proof["verificationMethod"]) for proof in proofs]
    if len(set(methods)) != len(methods):
        raise Invalid("a key signs twice")
    ids = [text(proof["id"]) for proof in proofs if "id" in proof]
    if len(set(ids)) != len(ids):
        raise Invalid("two proofs have one id")
    authors = [proof for proof in proofs if "previousProof" not in proof]
    for proof in proofs:
        _check_proof(event, proof, authors)


def _check_proof(event: dict, proof: dict, authors: list) -> None:
    secured = _without(event, "proof")
    purpose = "capabilityInvocation"
    if "previousProof" in proof:
        purpose = "assertionMethod"
        previous = proof["previousProof"]
        previous = [previous] if type(previous) is str else previous
        if not previous or previous != [author.get("id", "") for author in authors]:
            raise Invalid("an endorser's proof does not follow all proofs of the author")
        secured["proof"] = authors
    if proof["proofPurpose"] != purpose:
        raise Invalid(f"a proof's purpose is not `{purpose}`")
    key = proof["verificationMethod"].partition("#")[2]
    if not verify_proof(secured, proof, key):
        raise Invalid(f"the signature by `{key[:60]}` does not verify")


def verify_proof(secured: dict, proof: dict, multikey: str) -> bool:
    """W3C Data Integrity, eddsa-jcs-2022 and ecdsa-jcs-2019: whether the proof over the document
    `secured` is this key's."""
    if proof["type"] != "DataIntegrityProof":
        return False
    suite = _SUITES.get(text(proof["cryptosuite"]))
    key, signature = multibase_decode(multikey), multibase_decode(text(proof["proofValue"]))
    if not suite or not key or not signature or len(signature) != 64:
        return False
    prefix, verify = suite
    parts = (_without(proof, "proofValue"), secured)
    message = b"".join(hashlib.sha256(canonical(part)).digest() for part in parts)
    return key.startswith(prefix) and verify(key[len(prefix) :], message, signature)


def multibase_decode(value: str) -> bytes | None:
    """The bytes of a base58btc multibase text."""
    if not value.startswith("z") or len(value) > _MULTIBASE_CHARS_MAX:
        return None
    return base58.decode(value[1:])


def _verify_p256(key: bytes, message: bytes, signature: bytes) -> bool:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        if len(key) != 33:
            return False
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        return True
    except (InvalidSignature, ValueError):
        return False


#: By cryptosuite: the multicodec prefix of its keys, and how it verifies.
_SUITES = {
    "eddsa-jcs-2022": (b"\xed\x01", ed25519.verify),
    "ecdsa-jcs-2019": (b"\x80\x24", _verify_p256),
}


def _without(value: dict, name: str) -> dict:
    return {key: item for key, item in value.items() if key != name}
