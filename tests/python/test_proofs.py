"""Data Integrity by others: did-webvh checks the network's signatures, openvc signs for it."""

import json
import unittest
from datetime import datetime, timezone
from pathlib import Path

import base58
import jsoncanon
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from did_webvh.core.proof import di_jcs_verify
from openvc.keys import Ed25519SigningKey, P256SigningKey
from openvc.proof.di_jcs import EcdsaJcsProofSuite, EddsaJcsProofSuite

from network import NetworkTest

CONTEXT = "https://w3id.org/security/data-integrity/v2"


def methods_hold(event: dict) -> int:
    """Verifies the author's proofs; raises where one does not hold. An endorser's proof is over
    other proofs, which the library does not know."""
    proofs = [proof for proof in event["proof"] if "previousProof" not in proof]
    for proof in proofs:
        key = proof["verificationMethod"].partition("#")[2]
        di_jcs_verify(event, proof, {"type": "Multikey", "publicKeyMultibase": key})
    return len(proofs)


class Signer:
    """A key of the command line in another library's hands."""

    def __init__(self, file: str):
        key = json.loads(Path(file).read_text())
        self.multikey = key["publicKeyMultibase"]
        # Without the two bytes of the multicodec prefix.
        secret = base58.b58decode(key["secretKeyMultibase"][1:])[2:]
        if key["suite"] == "p256":
            private = derive_private_key(int.from_bytes(secret, "big"), SECP256R1())
            self.key, self.suite = P256SigningKey(private, "key"), EcdsaJcsProofSuite()
        else:
            private = Ed25519PrivateKey.from_private_bytes(secret[:32])
            self.key, self.suite = Ed25519SigningKey(private, "key"), EddsaJcsProofSuite()

    def sign(self, event: dict, domain: str) -> dict:
        signed = self.suite.add_proof(
            event,
            signing_key=self.key,
            verification_method=f"{event['author']}#{self.multikey}",
            proof_purpose="capabilityInvocation",
            domain=domain,
        )
        # The library hashes the context as a member of the proof, as the standard asks, but does
        # not write it there.
        proof = {**signed["proof"], "@context": event["@context"]}
        return {**signed, "proof": [proof]}


class Proofs(NetworkTest):
    def test_the_signatures_of_genesis_hold_in_another_library(self):
        counted = [methods_hold(event) for event in self.genesis["events"]]
        self.assertEqual(counted, [1] * len(counted))
        changed = {**self.genesis["events"][0], "network": "other"}
        with self.assertRaisesRegex(ValueError, "Signature"):
            methods_hold(changed)

    def test_updates_signed_by_another_library_are_certified(self):
        status = self.get("/v1/status")
        domain = f"{status['network']}:{status['genesis'][:16]}"
        for suite in ("ed25519", "p256"):
            file = self.key(suite)
            did = self.create(file)
            document = {"id": did, "alsoKnownAs": [f"https://{suite}.example.bt/"]}
            event = {
                "@context": [CONTEXT],
                "type": "DidUpdated",
                "network": status["network"],
                "author": did,
                "created": "2026-01-01T00:00:00Z",
                "validUntil": self.tomorrow(status["time"]),
                "previousVersion": 1,
                "document": document,
            }
            signed = Signer(file).sign(event, domain)
            self.assertEqual(methods_hold(signed), 1)
            self.submit(signed, 200)
            self.assertEqual(self.get(f"/1.0/identifiers/{did}")["didDocument"], document)
            # Signed by the same key for another network, it is refused.
            event["previousVersion"] = 2
            self.submit(Signer(file).sign(event, "other:0123456789abcdef"), 422)

    def submit(self, event: dict, *statuses: int) -> None:
        status, body = self.post("/v1/events?wait=certified", jsoncanon.canonicalize(event))
        self.assertIn(status, statuses, body)

    @staticmethod
    def tomorrow(milliseconds: int) -> str:
        moment = datetime.fromtimestamp(milliseconds // 1000 + 86_400, timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    unittest.main()
