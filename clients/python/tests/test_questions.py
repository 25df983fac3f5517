"""DID URLs and resources: answers made anew from records, by the rules of docs/format.md."""

import json
import unittest

from dzong import asked, check, hashes, urls
from dzong.canonical import canonical
from dzong.hashes import tagged
from dzong.verdict import Invalid

from .support import Network, encode, golden, golden_trust

OWN = "did:ndi:test:QmTPZrUFr4ShEhgaiD6iQBoKScxqsR8gdTvjLgoUcHh3Rb"
CONTROL = {"keys": ["z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"], "threshold": 1}
DOCUMENT = {
    "@context": ["https://www.w3.org/ns/did/v1.1"],
    "id": OWN,
    "controller": "#stays",
    "verificationMethod": [{"id": "#one", "type": "Multikey"}],
    "authentication": ["#one", f"{OWN}#two"],
    "assertionMethod": [{"id": "#three", "type": "Multikey", "@context": ["own"]}],
    "service": [
        {"id": "#files", "type": "Files", "serviceEndpoint": "https://a.example.bt/base?q"},
        {
            "id": f"{OWN}#box",
            "type": ["Box", "Files"],
            "serviceEndpoint": [{"uri": "x:y"}, "https://b.example.bt/in/box"],
        },
        {"id": "#map", "type": "Map", "serviceEndpoint": {"uri": "x:y"}},
        {"id": "#anchor", "type": "Anchor", "serviceEndpoint": "https://c.example.bt/#top"},
        {"id": "#path", "type": "Path", "serviceEndpoint": "#relative"},
    ],
    "extension": {"id": "/a/../b", "deep": {"id": "#deep"}},
}


class Ledger(Network):
    """A network whose state is one record, so that it proves whatever a test asks for."""

    def answer(self, question: dict, key: str, held, **shown) -> bytes:
        record = {
            "content": held,
            "event": "00" * 32,
            "height": 1,
            "history": {"peaks": [], "size": 0},
            "time": self.time,
            "version": 1,
        }
        path = tagged(hashes.STATE_KEY, key.encode())
        root = tagged(hashes.STATE_LEAF, path + tagged(hashes.RECORD, canonical(record)))
        # The state root stands behind version, genesis, height, time, parent, proposer and log.
        header = bytearray(self.header(5))
        header[156:188] = root
        evidence = {
            "genesis": self.genesis.hex(),
            "header": encode(bytes(header)),
            "certificate": self.certificate(bytes(header), (1, 2, 3)),
            "records": [{"key": key, "record": record, "path": encode(bytes([1, 0, 0]))}],
        }
        proof = {"type": "DzongProof", "question": question, "evidence": evidence}
        metadata = {**shown.pop("metadata", {}), "proof": [proof]}
        return json.dumps({**shown, "contentMetadata": metadata}).encode()


class DidUrls(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.trust = self.ledger.trust()
        self.content = {"control": CONTROL, "created": Ledger.time, "document": DOCUMENT}

    def check(self, question: dict, content, metadata: dict, outcome: dict) -> str:
        question = {"dereferencing": {"did": OWN, **question}}
        shown = {"content": content, "contentStream": content, "dereferencingMetadata": outcome}
        key = f"did/{OWN}"
        data = self.ledger.answer(question, key, self.content, metadata=metadata, **shown)
        return str(check(self.trust, data, Ledger.time + 60_000))

    def means(self, content, kind: str = "application/did", **question) -> None:
        metadata = {"created": "2027-01-15T08:00:00Z", "versionId": "1"}
        verdict = self.check(question, content, metadata, {"contentType": kind})
        self.assertEqual(verdict, "Valid at height 5")
        other = self.check(question, {"id": OWN}, metadata, {"contentType": kind})
        self.assertTrue(other.startswith("Invalid"), other)

    def links(self, *links: str, **question) -> None:
        self.means(list(links), "text/uri-list", accept="text/uri-list", **question)

    def fails(self, code: str, title: str, detail: str, **question) -> None:
        named = code.endswith("VERIFICATION_METHOD")
        namespace = "https://w3id.org/security#" if named else "https://www.w3.org/ns/did#"
        error = {"type": f"{namespace}{code}", "title": title, "detail": detail}
        verdict = self.check(question, None, {}, {"error": error})
        self.assertEqual(verdict, "Valid at height 5")
        for name in error:
            changed = {"error": {**error, name: "other"}}
            other = self.check(question, None, {}, changed)
            self.assertTrue(other.startswith("Invalid"), other)

    def test_a_fragment_names_a_part_in_the_context_of_its_document(self):
        context = {"@context": DOCUMENT["@context"]}
        one = {**context, "id": f"{OWN}#one", "type": "Multikey"}
        self.means(one, fragment="one")
        self.means(one, fragment="one", verificationRelationship="authentication")
        three = {"@context": ["own"], "id": f"{OWN}#three", "type": "Multikey"}
        self.means(three, fragment="three")
        self.means(three, fragment="three", verificationRelationship="assertionMethod")
        box = DOCUMENT["service"][1]
        self.means({**context, **box}, fragment="box")
        self.means({**context, **box}, fragment="box", serviceType="Files")

    def test_a_document_is_shown_whole_expanded_or_with_some_of_its_services(self):
        self.means(DOCUMENT)
        services = DOCUMENT["service"]
        for question, selected in (
            ({"service": "files"}, services[:1]),
            ({"service": "#files"}, services[:1]),
            ({"service": f"{OWN}#box"}, services[1:2]),
            ({"serviceType": "Files"}, services[:2]),
            ({"service": "box", "serviceType": "Files", "relativeRef": "a"}, services[1:2]),
        ):
            self.means({**DOCUMENT, "service": selected}, **question)
        full = [{**service, "id": OWN + service["id"].removeprefix(OWN)} for service in services]
        expanded = {
            **DOCUMENT,
            "verificationMethod": [{"id": f"{OWN}#one", "type": "Multikey"}],
            "authentication": [f"{OWN}#one", f"{OWN}#two"],
            "assertionMethod": [{**DOCUMENT["assertionMethod"][0], "id": f"{OWN}#three"}],
            "service": full,
            "extension": {"id": f"{OWN}/b", "deep": {"id": "#deep"}},
        }
        self.means(expanded, expandRelativeUrls=True)

    def test_the_urls_of_services_are_their_endpoints_with_what_is_meant_below(self):
        base, box = "https://a.example.bt/base", "https://b.example.bt/in/box"
        self.links(f"{base}?q", service="files")
        self.links(f"{base}?q", box, serviceType="Files")
        self.links(f"{base}/a/b?c#d", service="files", relativeRef="/a/./b?c#d")
        self.links("https://a.example.bt/a", "https://b.example.bt/in/a", serviceType="Files",
                   relativeRef="a")  # fmt: skip
        self.links(f"{base}?r", service="files", relativeRef="?r")
        self.links(f"{base}?q#f", service="files", relativeRef="", fragment="f")
        self.links("https://c.example.bt/a", service="anchor", relativeRef="/a")

    def test_what_cannot_be_had_fails_with_the_code_and_words_of_the_format(self):
        none = "there is no such DID or version"
        options, url = (
            "an option has a value that makes no sense",
            "the identifier is not a DID URL",
        )
        accept = {"accept": "text/uri-list"}
        word = "`verificationRelationship` is an ASCII word"
        for relationship in ("", "é"):
            self.fails("INVALID_OPTIONS", options, word, verificationRelationship=relationship)
        needs = "`relativeRef` needs `service` or `serviceType`"
        self.fails("NOT_FOUND", none, needs, relativeRef="a")
        services = "only services have URLs: name one by `service` or `serviceType`"
        representation = "there is no such representation"
        self.fails("REPRESENTATION_NOT_SUPPORTED", representation, services, **accept)
        self.fails("NOT_FOUND", none, "the document has no such service", service="none")
        once = "`relativeRef` is a relative reference of RFC 3986, percent-encoded once"
        host = "`relativeRef` is relative: it names no scheme and no host"
        out = "`relativeRef` leads out of the endpoint"
        for reference, detail in (
            *((text, once) for text in ("a b", "é", "%zz", "..\\x", "a\u0001", "?q=<", "#a#b")),
            *((text, host) for text in ("//e.bt/x", "https://e.bt", "javascript:alert(1)")),
            *((text, out) for text in ("../x", "/../x", "a/../../x", "/a/..", "%2E%2e%2Fx")),
            *((text, out) for text in ("%252E%252E%252Fx", "%25252e%25252e/x", "..%5Cx", ".%2E")),
        ):
            with self.subTest(reference):
                self.fails("INVALID_DID_URL", url, detail, service="files", relativeRef=reference)
        two = "the service's URL has a fragment of its own"
        self.fails("INVALID_DID_URL", url, two, service="anchor", fragment="x", **accept)
        scheme = "the service's endpoint is not a URL"
        self.fails("INVALID_DID_URL", url, scheme, service="path", relativeRef="a", **accept)
        no_url = "no endpoint of the service is a URL"
        self.fails("NOT_FOUND", none, no_url, service="map", **accept)
        self.fails("NOT_FOUND", none, "the document has no such part", fragment="deep")
        method = "the fragment names no verification method of the document"
        no_method = "there is no such verification method"
        for fragment in ({"fragment": "files"}, {}):
            asked = {"verificationRelationship": "authentication", **fragment}
            self.fails("INVALID_VERIFICATION_METHOD", no_method, method, **asked)
        listed = "the document does not list the verification method under that relationship"
        use, code = "the verification method is not for that use", "INVALID_RELATIONSHIP_FOR_"
        for relationship in ("assertionMethod", "keyAgreement", "service"):
            asked = {"fragment": "one", "verificationRelationship": relationship}
            self.fails(f"{code}VERIFICATION_METHOD", use, listed, **asked)

    def test_what_the_resolution_fails_with_has_no_detail(self):
        error = {
            "type": "https://www.w3.org/ns/did#NOT_FOUND",
            "title": "there is no such DID or version",
        }
        asked = {"versionId": "2", "fragment": "one"}
        self.assertTrue(self.check(asked, None, {}, {"error": error}).startswith("Valid"))

    def test_a_deactivated_did_means_nothing_once_the_question_makes_sense(self):
        self.content = {"control": CONTROL, "created": Ledger.time, "deactivated": True}
        metadata = {"created": "2027-01-15T08:00:00Z", "versionId": "1", "deactivated": True}
        verdict = self.check({"fragment": "one"}, None, metadata, {})
        self.assertEqual(verdict, "Valid at height 5")
        needs = "`relativeRef` needs `service` or `serviceType`"
        self.fails("NOT_FOUND", "there is no such DID or version", needs, relativeRef="a")

    def test_a_question_has_one_spelling(self):
        metadata = {"created": "2027-01-15T08:00:00Z", "versionId": "1"}
        for question in (
            {"expandRelativeUrls": False},
            {"accept": None},
            {"accept": "application/did"},
            {"fragment": None},
            {"unknown": "x"},
        ):
            kind = {"contentType": "application/did"}
            verdict = self.check(question, DOCUMENT, metadata, kind)
            self.assertTrue(verdict.startswith("Invalid"), verdict)


class Places(unittest.TestCase):
    def test_a_proof_elsewhere_than_its_kind_of_answer_has_it_is_refused(self):
        for answer, place in (
            (golden()["answers"]["absent"], "didDocumentMetadata"),
            (golden()["resources"]["answers"]["absent"], "contentMetadata"),
        ):
            (proof,) = answer[place].pop("proof")
            other = {"didDocumentMetadata", "contentMetadata"} - {place}
            for moved in ({"proof": proof}, {other.pop(): {"proof": [proof]}}):
                data = json.dumps({**answer, **moved}).encode()
                self.assertEqual(check(golden_trust(), data, golden()["now"]).name, "invalid")


class Asked(unittest.TestCase):
    def test_a_did_url_is_read_into_the_question_of_its_proof(self):
        for text, kind, question in (
            ("", "resolution", {}),
            ("?versionId=2", "resolution", {"versionId": "2"}),
            ("?expandRelativeUrls=false", "resolution", {}),
            ("#a", "dereferencing", {"fragment": "a"}),
            ("?service=%23a&expandRelativeUrls=true", "dereferencing",
             {"service": "#a", "expandRelativeUrls": True}),
            ("/resources/zQm", "resource", {"resourceId": "zQm"}),
            ("?resourceType=T&resourceName=%E0%BD%A3&resourceMetadata=true", "resource",
             {"resourceType": "T", "resourceName": "\u0f63", "resourceMetadata": True}),
        ):  # fmt: skip
            got, read = asked.read(OWN + text)
            self.assertEqual((got, read.to_json()), (kind, {"did": OWN, **question}), text)
        for text in ("/whois", "#a#b", "?a b", "?versionId=1&versionId=1", "?unknown=1",
                     "?service=%ff", "?resourceMetadata=true", "?resourceName=a"):  # fmt: skip
            with self.subTest(text), self.assertRaises(Invalid):
                asked.read(OWN + text)

    def test_references_are_absolute_as_rfc_3986_has_it(self):
        for reference, absolute in (
            ("#c", "did:a:b#c"),
            ("?c#d", "did:a:b?c#d"),
            ("c", "did:a:b/c"),
            ("/c/./d/../e/?f#g", "did:a:b/c/e/?f#g"),
            ("../c/..", "did:a:b/"),
            ("did:c:d#e", "did:c:d#e"),
            ("https://c/d", "https://c/d"),
        ):
            self.assertEqual(urls.absolute("did:a:b", reference), absolute)
        for text in ("#a", "?a=b", "/a/b", "a", "a/b?c#d", "./a:b", "..", "%20"):
            self.assertTrue(urls.is_relative(text), text)
        for text in ("", "//a", "a:b", "https://a", "#a#b", "a b", "ü", "%2"):
            self.assertFalse(urls.is_relative(text), text)

    def test_however_often_a_path_is_encoded_it_is_decoded_in_linear_time(self):
        with self.assertRaises(urls.Misuse):
            urls.check_reference("%25" * 1 + "25" * 200_000 + "2e./x")


if __name__ == "__main__":
    unittest.main()
