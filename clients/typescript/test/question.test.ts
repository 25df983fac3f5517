import assert from "node:assert/strict";
import { test } from "node:test";

import { readDidUrl } from "../src/asked.js";
import {
  FormatError, canonicalText, formatTime, verify, type Json, type JsonObject,
} from "../src/index.js";
import { Misuse, absolute, checkReference, isRelative } from "../src/urls.js";
import { Forge, validatorKeys } from "./forge.js";
import { at, now, trust } from "./golden.js";

const keys = validatorKeys(4);
const forge = new Forge(keys);
const OWN = "did:ndi:bt-forged:QmTPZrUFr4ShEhgaiD6iQBoKScxqsR8gdTvjLgoUcHh3Rb";
const context = ["https://www.w3.org/ns/did/v1.1"];
const files = { id: "#files", type: "Files", serviceEndpoint: "https://a.example.bt/base?q" };
const box = {
  id: `${OWN}#box`,
  type: ["Box", "Files"],
  serviceEndpoint: [{ uri: "x:y" }, "https://b.example.bt/in/box"],
};
const document: JsonObject = {
  "@context": context,
  id: OWN,
  controller: "#stays",
  verificationMethod: [{ id: "#one", type: "Multikey" }],
  authentication: ["#one", `${OWN}#two`],
  assertionMethod: [{ id: "#three", type: "Multikey", "@context": ["own"] }],
  service: [
    files,
    box,
    { id: "#map", type: "Map", serviceEndpoint: { uri: "x:y" } },
    { id: "#anchor", type: "Anchor", serviceEndpoint: "https://c.example.bt/#top" },
    { id: "#path", type: "Path", serviceEndpoint: "#relative" },
  ],
  extension: { id: "/a/../b", deep: { id: "#deep" } },
};
const control = { keys: ["z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"], threshold: 1 };
const created = forge.trust.time;
const state: JsonObject = { control, created, document };
const contentMetadata = { created: formatTime(created), versionId: "1" };

/** The verdict on a result in the network whose one DID has this state. */
function verdictOf(question: JsonObject, result: JsonObject, held = state): string {
  const asked = { dereferencing: { did: OWN, ...question } };
  const answer = forge.dereferenced(asked, `did/${OWN}`, held, result, keys);
  return verify(forge.trust, canonicalText(answer), { now: created + 60_000 }).verdict;
}

function means(question: JsonObject, content: Json, contentType = "application/did"): void {
  const result = { content, contentMetadata, dereferencingMetadata: { contentType } };
  const what = canonicalText(question);
  assert.equal(verdictOf(question, result), "valid", what);
  assert.equal(verdictOf(question, { ...result, content: { id: OWN } }), "invalid", what);
}

function links(question: JsonObject, ...urls: string[]): void {
  means({ ...question, accept: "text/uri-list" }, urls, "text/uri-list");
}

function fails(question: JsonObject, code: string, title: string, detail: string): void {
  const isUse = code.endsWith("VERIFICATION_METHOD");
  const type = `${isUse ? "https://w3id.org/security#" : "https://www.w3.org/ns/did#"}${code}`;
  const error: JsonObject = { type, title, detail };
  const what = canonicalText(question);
  assert.equal(verdictOf(question, { dereferencingMetadata: { error } }), "valid", what);
  for (const name of Object.keys(error)) {
    const other = { dereferencingMetadata: { error: { ...error, [name]: "other" } } };
    assert.equal(verdictOf(question, other), "invalid", what);
  }
}

test("a fragment names a part, in the context of its document", () => {
  const one = { "@context": context, id: `${OWN}#one`, type: "Multikey" };
  means({ fragment: "one" }, one);
  means({ fragment: "one", verificationRelationship: "authentication" }, one);
  const three = { "@context": ["own"], id: `${OWN}#three`, type: "Multikey" };
  means({ fragment: "three" }, three);
  means({ fragment: "three", verificationRelationship: "assertionMethod" }, three);
  means({ fragment: "box", serviceType: "Files" }, { "@context": context, ...box });
});

test("a document is shown whole, expanded, or with some of its services", () => {
  means({}, document);
  means({ service: "files" }, { ...document, service: [files] });
  means({ service: "#files" }, { ...document, service: [files] });
  means({ service: `${OWN}#box` }, { ...document, service: [box] });
  means({ serviceType: "Files" }, { ...document, service: [files, box] });
  const both = { service: "box", serviceType: "Files", relativeRef: "a" };
  means(both, { ...document, service: [box] });
  const full = (item: Json): Json => {
    const { id, ...rest } = item as JsonObject & { id: string };
    return { ...rest, id: OWN + id.replace(OWN, "") };
  };
  means({ expandRelativeUrls: true }, {
    ...document,
    verificationMethod: [{ id: `${OWN}#one`, type: "Multikey" }],
    authentication: [`${OWN}#one`, `${OWN}#two`],
    assertionMethod: [{ id: `${OWN}#three`, type: "Multikey", "@context": ["own"] }],
    service: (document["service"] as Json[]).map(full),
    extension: { id: `${OWN}/b`, deep: { id: "#deep" } },
  });
});

test("the URLs of services are their endpoints, with what is meant below them", () => {
  const [base, other] = ["https://a.example.bt/base", "https://b.example.bt/in"];
  links({ service: "files" }, `${base}?q`);
  links({ serviceType: "Files" }, `${base}?q`, `${other}/box`);
  links({ service: "files", relativeRef: "/a/./b?c#d" }, `${base}/a/b?c#d`);
  links({ serviceType: "Files", relativeRef: "a" }, "https://a.example.bt/a", `${other}/a`);
  links({ service: "files", relativeRef: "?r" }, `${base}?r`);
  links({ service: "files", relativeRef: "", fragment: "f" }, `${base}?q#f`);
  links({ service: "anchor", relativeRef: "/a" }, "https://c.example.bt/a");
});

test("what cannot be had fails with the code and the words of the format", () => {
  const none = "there is no such DID or version";
  const isWord = "`verificationRelationship` is an ASCII word";
  for (const verificationRelationship of ["", "\u00e9"]) {
    const options = "an option has a value that makes no sense";
    fails({ verificationRelationship }, "INVALID_OPTIONS", options, isWord);
  }
  fails({ relativeRef: "a" }, "NOT_FOUND", none, "`relativeRef` needs `service` or `serviceType`");
  const services = "only services have URLs: name one by `service` or `serviceType`";
  const accept = "text/uri-list";
  const representation = "there is no such representation";
  fails({ accept }, "REPRESENTATION_NOT_SUPPORTED", representation, services);
  fails({ service: "none" }, "NOT_FOUND", none, "the document has no such service");
  const refused = {
    "`relativeRef` is a relative reference of RFC 3986, percent-encoded once":
      ["a b", "\u00e9", "%zz", "..\\x", "a\u0001", "?q=<", "#a#b"],
    "`relativeRef` is relative: it names no scheme and no host":
      ["//e.bt/x", "https://e.bt", "javascript:alert(1)"],
    "`relativeRef` leads out of the endpoint": [
      "../x", "/../x", "a/../../x", "/a/..", "%2E%2e%2Fx", "%252E%252E%252Fx", "%25252e%25252e/x",
      "..%5Cx", ".%2E",
    ],
  };
  const [url, isNone] = ["the identifier is not a DID URL", "INVALID_DID_URL"];
  for (const [detail, references] of Object.entries(refused)) {
    for (const relativeRef of references) {
      fails({ service: "files", relativeRef }, isNone, url, detail);
    }
  }
  const two = "the service's URL has a fragment of its own";
  fails({ service: "anchor", fragment: "x", accept }, isNone, url, two);
  const scheme = "the service's endpoint is not a URL";
  fails({ service: "path", relativeRef: "a", accept }, isNone, url, scheme);
  fails({ service: "map", accept }, "NOT_FOUND", none, "no endpoint of the service is a URL");
  fails({ fragment: "deep" }, "NOT_FOUND", none, "the document has no such part");
  const method = "the fragment names no verification method of the document";
  const noMethod = "there is no such verification method";
  for (const question of [{ fragment: "files" }, {}] as JsonObject[]) {
    const asked = { ...question, verificationRelationship: "authentication" };
    fails(asked, "INVALID_VERIFICATION_METHOD", noMethod, method);
  }
  const listed = "the document does not list the verification method under that relationship";
  const use = "the verification method is not for that use";
  for (const verificationRelationship of ["assertionMethod", "keyAgreement", "service"]) {
    const code = "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD";
    fails({ fragment: "one", verificationRelationship }, code, use, listed);
  }
});

test("a version that there is not, and a DID that ended, mean nothing", () => {
  const type = "https://www.w3.org/ns/did#NOT_FOUND";
  const error = { type, title: "there is no such DID or version" };
  const asked = { versionId: "2", fragment: "one" };
  assert.equal(verdictOf(asked, { dereferencingMetadata: { error } }), "valid");
  const ended = { control, created, deactivated: true };
  const metadata = { ...contentMetadata, deactivated: true };
  const result = { contentMetadata: metadata };
  assert.equal(verdictOf({ fragment: "one" }, result, ended), "valid");
  assert.equal(verdictOf({ accept: "text/uri-list" }, result, ended), "invalid");
});

test("a question has one spelling", () => {
  const dereferencingMetadata = { contentType: "application/did" };
  const result = { content: document, contentMetadata, dereferencingMetadata };
  for (const question of [
    { expandRelativeUrls: false }, { accept: null }, { accept: "application/did" },
    { fragment: null }, { unknown: "x" },
  ] as JsonObject[]) {
    assert.equal(verdictOf(question, result), "invalid", canonicalText(question));
  }
});

test("a proof elsewhere than its kind of answer has it is refused", () => {
  const metadata = at("resources", "answers", "absent", "contentMetadata") as JsonObject;
  const answer = at("resources", "answers", "absent") as JsonObject;
  const [proof = null] = metadata["proof"] as Json[];
  const moved = [
    { ...answer, contentMetadata: {}, proof },
    { ...answer, contentMetadata: {}, didDocumentMetadata: { proof: [proof] } },
    { ...answer, contentMetadata: { proof: [proof, proof] } },
  ];
  for (const one of moved) {
    assert.equal(verify(trust, canonicalText(one), { now }).verdict, "invalid");
  }
});

test("a DID URL is read into the question of its proof", () => {
  const cases: [string, string, JsonObject][] = [
    ["", "dereferencing", {}],
    ["?versionId=2", "dereferencing", { versionId: "2" }],
    ["?expandRelativeUrls=false#a", "dereferencing", { fragment: "a" }],
    ["?service=%23a&relativeRef=%2Fb%3D", "dereferencing", { service: "#a", relativeRef: "/b=" }],
    ["/resources/zQm", "resource", { resourceId: "zQm" }],
    ["?resourceType=T&resourceName=%E0%BD%A3&resourceMetadata=true", "resource", {
      resourceType: "T", resourceName: "\u0f63", resourceMetadata: true,
    }],
  ];
  for (const [text, kind, question] of cases) {
    const asked = readDidUrl(OWN + text, false);
    assert.deepEqual(asked, { kind, question: { did: OWN, ...question } }, text);
  }
  for (const text of [
    "/whois", "#a#b", "?a b", "?versionId=1&versionId=1", "?unknown=1", "?service=%ff",
    "?resourceMetadata=true", "?resourceName=a", "?__proto__=a",
  ]) {
    assert.throws(() => readDidUrl(OWN + text, false), FormatError, text);
  }
});

test("references are made absolute as RFC 3986 has it", () => {
  for (const [reference, meant] of Object.entries({
    "#c": "did:a:b#c", "?c#d": "did:a:b?c#d", "c": "did:a:b/c", "../c/..": "did:a:b/",
    "/c/./d/../e/?f#g": "did:a:b/c/e/?f#g", "did:c:d#e": "did:c:d#e", "https://c/d": "https://c/d",
  })) {
    assert.equal(absolute("did:a:b", reference), meant);
  }
  for (const text of ["#a", "?a=b", "/a/b", "a", "a/b?c#d", "./a:b", "..", "%20"]) {
    assert.ok(isRelative(text), text);
  }
  for (const text of ["", "//a", "a:b", "https://a", "#a#b", "a b", "\u00fc", "%2"]) {
    assert.ok(!isRelative(text), text);
  }
});

test("however often a path is encoded, it is decoded in linear time", () => {
  const path = `%25${"25".repeat(200_000)}2e./x`;
  assert.throws(() => checkReference(path), Misuse);
});
