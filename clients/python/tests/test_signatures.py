"""Ed25519 by ZIP 215, and the proofs of events."""

import json
import unittest
from unittest import mock

from dzong import base58, ed25519
from dzong.canonical import canonical
from dzong.events import check_event, inception_did, verify_proof
from dzong.verdict import Invalid

from .support import ROOT, Key, golden, golden_trust, vectors


class Ed25519(unittest.TestCase):
    def test_edge_cases_are_decided_by_zip_215(self):
        cases = json.loads(vectors(self, "ed25519/ed25519vectors.json"))
        accepted = openssl = 0
        for case in cases:
            flags = case["flags"] or []
            # Where A has low order, k does not matter.
            wanted = "reencoded_k" not in flags or "low_order_A" in flags
            key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
            message = case["msg"].encode()
            self.assertEqual(ed25519.verify(key, message, signature), wanted, case["number"])
            by_rule = ed25519.verify_zip215(key, message, signature)
            self.assertEqual(by_rule, wanted, case["number"])
            # What makes the fast path sound: OpenSSL accepts nothing else.
            by_openssl = self.by_openssl(key, message, signature)
            self.assertTrue(by_rule or not by_openssl)
            accepted, openssl = accepted + by_rule, openssl + by_openssl
        print(f"\n{len(cases)} edge cases: zip 215 accepts {accepted}, openssl {openssl}")

    @staticmethod
    def by_openssl(key, message, signature) -> bool:
        with mock.patch.object(ed25519, "verify_zip215", return_value=False):
            return ed25519.verify(key, message, signature)

    def test_honest_signatures_hold_by_the_rule_and_changed_ones_do_not(self):
        for number in range(1, 20):
            key, message = Key(number), b"m" * number
            signature = key.sign(message)
            self.assertTrue(ed25519.verify_zip215(key.public, message, signature))
            self.assertFalse(ed25519.verify(key.public, message + b"m", signature))
            self.assertFalse(ed25519.verify(Key(number + 1).public, message, signature))
            s = int.from_bytes(signature[32:], "little") + ed25519.ORDER
            again = signature[:32] + s.to_bytes(32, "little")
            self.assertFalse(ed25519.verify(key.public, message, again))

    def test_bytes_of_other_lengths_are_no_signature(self):
        for key, signature in ((b"", bytes(64)), (bytes(32), b""), (bytes(33), bytes(64))):
            self.assertFalse(ed25519.verify(key, b"", signature))


class Events(unittest.TestCase):
    def setUp(self):
        self.trust = golden_trust()
        self.text = golden()["event"]["text"].encode()

    def check(self, data: bytes):
        return check_event(data, self.trust.network, self.trust.genesis)

    def test_the_frozen_event_is_sound_and_certifies_its_identifier(self):
        event = self.check(self.text)
        self.assertEqual(event["author"], golden()["event"]["did"])

    def test_the_identifier_is_that_of_the_method_s_example(self):
        page = (ROOT / "docs/did-ndi.md").read_text()
        event = json.loads(page.split("```json\n")[1].split("\n```")[0])
        self.assertEqual(inception_did(event), event["author"])

    def test_a_changed_event_is_refused(self):
        event = json.loads(self.text)
        changes = [
            {"network": "bt-other"},
            {"validUntil": "2026-11-23T00:00:01Z"},
            {"created": "2026-02-30T00:00:00Z"},
            {"more": 1},
            {"proof": event["proof"][::-1]},
            {"proof": event["proof"][:1] * 2},
            {"proof": event["proof"][1:]},
            {"proof": []},
            {"proof": [{**event["proof"][0], "challenge": "x"}, event["proof"][1]]},
            {"proof": [{**event["proof"][0], "proofPurpose": "assertionMethod"}]},
            {"proof": [{**event["proof"][0], "domain": "bt-golden:0000000000000000"}]},
        ]
        for change in changes:
            with self.subTest(change), self.assertRaises(Invalid):
                self.check(canonical({**event, **change}))
        with self.assertRaises(Invalid):
            self.check(self.text + b"\n")

    def test_the_standard_s_vectors_of_both_suites_hold(self):
        for folder, file in (
            ("eddsa-jcs-2022", "signedJCS.json"),
            ("ecdsa-jcs-2019-p256", "signedJCSECDSAP256.json"),
        ):
            signed = json.loads(vectors(self, f"data-integrity/{folder}/{file}"))
            proof = signed.pop("proof")
            key = proof["verificationMethod"].partition("#")[2]
            self.assertTrue(verify_proof(signed, proof, key), folder)
            changed = {**signed, "name": "changed"}
            self.assertFalse(verify_proof(changed, proof, key), folder)
            value = bytearray(base58.decode(proof["proofValue"][1:]))
            value[40] ^= 1
            broken = {**proof, "proofValue": "z" + base58.encode(bytes(value))}
            self.assertFalse(verify_proof(signed, broken, key), folder)
            self.assertFalse(verify_proof(signed, {**proof, "proofValue": "z1"}, key), folder)
            self.assertFalse(verify_proof(signed, proof, key[:-1]), folder)
