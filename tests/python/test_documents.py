"""pydid, an implementation of DID Core by others, parses what a node serves."""

import unittest

import pydid

from network import NetworkTest

ID = "did:example:123"
KEY = "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
AGREEMENT = "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"
JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
CONTEXT = {"@context": ["https://www.w3.org/ns/did/v1.1"]}


def method(name: str, **material) -> dict:
    kind = "JsonWebKey" if "publicKeyJwk" in material else "Multikey"
    return {"id": f"{ID}#{name}", "type": kind, "controller": ID, **material}


DOCUMENTS = {
    "nothing but an id": {**CONTEXT, "id": ID},
    "no context": {"id": ID, "alsoKnownAs": ["https://example.bt/"]},
    "keys of two kinds": {
        **CONTEXT,
        "id": ID,
        "verificationMethod": [
            method("multikey", publicKeyMultibase=KEY),
            method("jwk", publicKeyJwk=JWK),
        ],
        "authentication": [f"{ID}#multikey"],
        "assertionMethod": [f"{ID}#jwk", f"{ID}#multikey"],
        "keyAgreement": [method("agree", publicKeyMultibase=AGREEMENT)],
    },
    "relative names": {
        **CONTEXT,
        "id": ID,
        "verificationMethod": [{**method("a", publicKeyMultibase=KEY), "id": "#a"}],
        "capabilityInvocation": ["#a"],
        "service": [{"id": "#s", "type": "LinkedDomains", "serviceEndpoint": "https://a.bt"}],
    },
    "services and names": {
        **CONTEXT,
        "id": ID,
        "controller": ["did:web:example.bt"],
        "alsoKnownAs": ["did:web:example.bt"],
        "service": [
            {
                "id": f"{ID}#both",
                "type": ["LinkedDomains", "Other"],
                "serviceEndpoint": {"origins": ["https://a.bt"]},
            },
            {
                "id": f"{ID}#messages",
                "type": "DIDCommMessaging",
                "serviceEndpoint": [{"uri": "https://a.bt", "accept": ["didcomm/v2"]}],
            },
        ],
    },
}


class Documents(NetworkTest):
    def resolved(self, did: str) -> dict:
        self.get(f"/1.0/identifiers/{did}")
        return self.get(f"/1.0/identifiers/{did}", Accept="application/did")

    def test_documents_of_every_form_are_parsed(self):
        key = self.key("ed25519")
        for name, document in DOCUMENTS.items():
            with self.subTest(name):
                did = self.create(key, document)
                served = self.resolved(did)
                parsed = pydid.deserialize_document(served, strict=True)
                self.assertEqual(str(parsed.id), did)
                methods = [m["id"] for m in served.get("verificationMethod", [])]
                known = [str(m.id) for m in parsed.verification_method or []]
                self.assertEqual(known, methods)
                services = [s["serviceEndpoint"] for s in served.get("service", [])]
                self.assertEqual(len(parsed.service or []), len(services))

    def test_the_first_documents_of_a_network_are_parsed_and_their_keys_found(self):
        dids = [event["author"] for event in self.genesis["events"]]
        self.assertGreaterEqual(len(dids), 8)
        for did in dids:
            parsed = pydid.deserialize_document(self.resolved(did), strict=True)
            self.assertEqual(str(parsed.id), did)
            for found in parsed.verification_method or []:
                self.assertIsInstance(found, pydid.verification_method.Multikey)
                self.assertEqual(parsed.dereference(found.id), found)


if __name__ == "__main__":
    unittest.main()
