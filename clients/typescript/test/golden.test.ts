import assert from "node:assert/strict";
import { test } from "node:test";

import { fromHex, toHex, utf8 } from "../src/bytes.js";
import { logLeaf } from "../src/merkle.js";
import { headerId, readHeader } from "../src/header.js";
import {
  canonical, canonicalText, checkInception, checkSignatures, checkpointOf, eventId, genesisHash,
  parse, parseCanonical, trustCheckpoint, trustGenesis, verify, type JsonObject,
} from "../src/index.js";
import { recordHash } from "../src/record.js";
import { keyPath } from "../src/state.js";
import { checkCertificate, readCertificate } from "../src/validators.js";
import { at, examples, now, textAt, trust } from "./golden.js";

const DAY = 86_400_000;

test("every frozen hash is computed anew", () => {
  assert.equal(toHex(genesisHash(textAt("genesis", "text"))), textAt("genesis", "hash"));
  assert.equal(toHex(trust.validators.hash), textAt("validators", "hash"));
  const event = parseCanonical(textAt("event", "text")) as JsonObject;
  assert.equal(toHex(eventId(event)), textAt("event", "id"));
  assert.equal(toHex(logLeaf(utf8(textAt("event", "text")))), textAt("event", "logLeaf"));
  const header = fromHex(textAt("header", "bytes"), 284);
  assert.equal(toHex(headerId(header)), textAt("header", "id"));
  assert.equal(readHeader(header).height, 4n);
  assert.equal(toHex(keyPath(textAt("record", "key"))), textAt("record", "path"));
  const record = parseCanonical(textAt("record", "text"));
  assert.equal(toHex(recordHash(record)), textAt("record", "hash"));
});

test("the frozen certificate holds, and its event's identifier and signatures too", () => {
  checkCertificate(readCertificate(at("certificate")), trust.genesis, trust.validators);
  const event = parse(textAt("event", "text")) as JsonObject;
  checkInception(event);
  checkSignatures(event);
  assert.equal(event["author"], textAt("event", "did"));
});

test("every frozen answer is valid, and its age and the network decide further", () => {
  for (const { name, answer, genesis, trust, now } of examples) {
    const foreign = trustGenesis(genesis.replace(/"bt-[a-z]+","p/, '"bt-other","p'));
    const text = canonicalText(answer);
    const fresh = verify(trust, text, { now, maxAge: 60_000 });
    assert.equal(fresh.verdict, "valid", `${name}: ${JSON.stringify(fresh)}`);
    const late = verify(trust, text, { now: now + DAY, maxAge: 60_000 });
    assert.equal(late.verdict, name === "receipt" ? "valid" : "stale", name);
    assert.equal(verify(trust, text, { now: now + 31 * DAY }).verdict, "untrusted", name);
    assert.equal(verify(trust, text, { now: now - DAY }).verdict, "untrusted", name);
    assert.equal(verify(foreign, text, { now }).verdict, "untrusted", name);
  }
});

test("an answer may be spelled with white space, but not with a member twice", () => {
  const answer = at("answers", "current");
  const spaced = JSON.stringify(answer, null, 2);
  assert.equal(verify(trust, spaced, { now }).verdict, "valid");
  const twice = spaced.replace("{", '{ "didDocument": null,');
  assert.equal(verify(trust, twice, { now }).verdict, "invalid");
});

test("a proof in another place than its question's is refused", () => {
  const absent = at("answers", "absent") as JsonObject;
  const { proof } = absent["didDocumentMetadata"] as JsonObject;
  const [only] = proof as JsonObject[];
  const moved = { ...absent, didDocumentMetadata: {}, proof: only ?? null };
  assert.equal(verify(trust, canonical(moved), { now }).verdict, "invalid");
});

test("that there is no such DID or version, or no sense in the question, is proven", () => {
  const current = at("answers", "current") as JsonObject;
  const asked = (question: JsonObject, code: string, title: string): string => {
    const { proof } = JSON.parse(canonicalText(current["didDocumentMetadata"] ?? null));
    // The answer shows no document, so the record in the proof does.
    proof[0].evidence.records[0].record.content.document = current["didDocument"];
    proof[0].question = { resolution: question };
    const error = { type: `https://www.w3.org/ns/did#${code}`, title };
    const answer = {
      didDocument: null,
      didDocumentMetadata: { proof },
      didResolutionMetadata: { error },
    };
    return verify(trust, canonical(answer), { now }).verdict;
  };
  const did = textAt("event", "did");
  const none = "there is no such DID or version";
  assert.equal(asked({ did, versionId: "3" }, "NOT_FOUND", none), "valid");
  assert.equal(asked({ did, versionTime: "2026-11-20T00:00:00Z" }, "NOT_FOUND", none), "valid");
  assert.equal(asked({ did, versionId: "2" }, "NOT_FOUND", none), "invalid", "there is one");
  assert.equal(asked({ did, versionId: "1" }, "NOT_FOUND", none), "invalid", "there was one");
  const options = "an option has a value that makes no sense";
  const both = { did, versionId: "1", versionTime: "2026-11-20T00:00:00Z" };
  for (const question of [{ did, versionId: "01" }, { did, versionTime: "yesterday" }, both]) {
    assert.equal(asked(question, "INVALID_OPTIONS", options), "valid");
    assert.equal(asked(question, "NOT_FOUND", none), "invalid");
  }
  const kind = "this registry does not hold DIDs of that kind";
  const elsewhere = did.replace("bt-golden", "bt-other");
  assert.equal(asked({ did: elsewhere }, "METHOD_NOT_SUPPORTED", kind), "valid");
  assert.equal(asked({ did: "did:web:example.bt" }, "METHOD_NOT_SUPPORTED", kind), "valid");
  assert.equal(asked({ did: "did:web:" }, "INVALID_DID", "the identifier is not a DID"), "valid");
});

test("a checkpoint gives the trust that it was made from", () => {
  const again = trustCheckpoint(checkpointOf(trust));
  assert.equal(checkpointOf(again), checkpointOf(trust));
  assert.throws(() => trustCheckpoint('{"type":"DzongCheckpoint"}'), /no member `genesis`/);
  const later = { ...trust, height: 5 };
  const current = canonicalText(at("answers", "current"));
  assert.equal(verify(later, current, { now }).verdict, "stale");
});

test("a genesis document with another hash than the pinned one is refused", () => {
  const text = textAt("genesis", "text");
  assert.equal(trustGenesis(text, textAt("genesis", "hash")).network, "bt-golden");
  assert.throws(() => trustGenesis(text, "00".repeat(32)), /has the hash/);
});
