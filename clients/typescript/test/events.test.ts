import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  LocalKey, canonicalText, checkControl, checkInception, checkSignatures, didCreated,
  didDeactivated, didUpdated, endorse, eventBytes, eventId, keyHash, parse, parseCanonical, sign,
  toHex, verifySignature, type Control, type Event, type JsonObject,
} from "../src/index.js";

const DOMAIN = "bt-test:0123456789abcdef";
const ENDORSER = "did:ndi:bt-test:QmYjZ978GRbtr4jPsiKSVkebKxuBt1TFfSYLVNVxtT8h7L";
const created = Date.UTC(2026, 10, 21, 9);
// The test vectors of W3C Data Integrity: EdDSA and ECDSA cryptosuites 1.0.
const ed25519 = LocalKey.fromSecret("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq");
const p256 = LocalKey.fromSecret("z42twTcNeSYcnqg1FLuSFs2bsGH3ZqbRHFmvS9XMsYhjxvHN");

function control(members: Partial<Control> = {}): Control {
  return { keys: [ed25519.publicKey, p256.publicKey], threshold: 2, ...members };
}

function inception(): { readonly did: string; readonly event: Event } {
  return didCreated({ network: "bt-test", control: control(), created });
}

test("the keys of W3C's test vectors have the texts that stand there", () => {
  assert.equal(ed25519.publicKey, "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2");
  assert.equal(p256.publicKey, "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP");
});

test("the identifier of the DID method's example follows from its event", () => {
  const page = readFileSync(new URL("../../../../docs/did-ndi.md", import.meta.url), "utf8");
  const example = /```json\n(\{"@context".*"DidCreated".*\})\n```/.exec(page)?.[1];
  const event = parseCanonical(example ?? assert.fail("no example")) as JsonObject;
  checkInception(event);
  const other = { ...event, validUntil: "2026-11-22T09:00:01Z" };
  assert.throws(() => checkInception(other), /does not follow/);
});

test("a new DID follows from its event, wherever its document names it", () => {
  const document = (did: string): JsonObject => ({
    id: did,
    verificationMethod: [{
      id: `${did}#key`, type: "Multikey", controller: did, publicKeyMultibase: p256.publicKey,
    }],
  });
  const { did, event } = didCreated({ network: "bt-test", control: control(), document, created });
  checkInception(event);
  assert.equal(event["author"], did);
  assert.deepEqual(JSON.parse(canonicalText(event["document"] ?? null)), document(did));
  assert.equal(event["validUntil"], "2026-11-22T09:00:00Z");
});

test("both suites sign, and any order of signing and endorsing gives the same bytes", async () => {
  const { did, event } = inception();
  const by = (key: LocalKey) => ({ did, key, domain: DOMAIN });
  const endorser = { did: ENDORSER, key: ed25519, domain: DOMAIN };
  const one = await sign(await sign(event, by(ed25519)), by(p256));
  const other = await sign(await sign(event, by(p256)), by(ed25519));
  assert.deepEqual(eventBytes(one), eventBytes(other));
  const endorsed = await endorse(one, endorser);
  checkSignatures(endorsed);
  assert.deepEqual(eventBytes(endorsed), eventBytes(await endorse(other, endorser)));
  assert.equal(toHex(eventId(endorsed)), toHex(eventId(event)), "proofs do not change the id");
});

test("an endorsement covers all of the author's proofs, so none is added behind it", async () => {
  const { did, event } = inception();
  const endorser = { did: ENDORSER, key: p256, domain: DOMAIN };
  await assert.rejects(async () => endorse(event, endorser), /signs after the author/);
  const signed = await sign(event, { did, key: ed25519, domain: DOMAIN });
  const endorsed = await endorse(signed, endorser);
  const late = { did, key: p256, domain: DOMAIN };
  await assert.rejects(async () => sign(endorsed, late), /endorsed already/);
});

test("a changed member breaks every signature over it", async () => {
  const { did, event } = inception();
  const signed = await sign(event, { did, key: p256, domain: DOMAIN });
  const endorsed = await endorse(signed, { did: ENDORSER, key: ed25519, domain: DOMAIN });
  checkSignatures(endorsed);
  assert.throws(() => checkSignatures({ ...endorsed, network: "bt-other" }), /does not verify/);
  const proofs = endorsed["proof"] as JsonObject[];
  for (const at of proofs.keys()) {
    for (const member of [{ domain: "bt-test:0000000000000000" }, { created: "" }]) {
      const changed = proofs.map((proof, n) => (n === at ? { ...proof, ...member } : proof));
      assert.throws(() => checkSignatures({ ...endorsed, proof: changed }), /does not verify/);
    }
  }
});

test("signatures are of 64 bytes by the named key", () => {
  const message = new Uint8Array(64).fill(5);
  for (const key of [ed25519, p256, LocalKey.generate(), LocalKey.generate("p256")]) {
    const signature = key.sign(message);
    assert.ok(verifySignature(key.publicKey, message, signature));
    assert.ok(!verifySignature(key.publicKey, new Uint8Array(64), signature));
    assert.ok(!verifySignature(key.publicKey, message, signature.subarray(1)));
    assert.deepEqual(LocalKey.fromSecret(key.secret()).publicKey, key.publicKey);
  }
});

test("updates and deactivations name the version that they replace", () => {
  const { did } = inception();
  const next = control({ nextKeyHashes: [keyHash(ed25519.publicKey)] });
  const rotated = didUpdated({ did, previousVersion: 3, control: next, created });
  assert.equal(rotated["previousVersion"], 3);
  assert.ok(!("document" in rotated));
  const ended = didDeactivated({ did, previousVersion: 4, revealedKeys: [p256.publicKey] });
  assert.deepEqual(ended["revealedKeys"], [p256.publicKey]);
  assert.throws(() => didUpdated({ did, previousVersion: 1 }), /changes the document/);
});

test("a control that no event may give is refused before it is signed", () => {
  const { did } = inception();
  const cases: readonly (readonly [Partial<Control>, RegExp])[] = [
    [{ threshold: 0 }, /`threshold` is from 1 to 2/],
    [{ threshold: 3 }, /`threshold` is from 1 to 2/],
    [{ keys: [p256.publicKey, p256.publicKey] }, /stands twice in `keys`/],
    [{ keys: ["z6Mk"] }, /wrong length|no suite/],
    [{ controllers: [did] }, /its own controller/],
    [{ controllers: ["did:web:example.bt"] }, /no did:ndi identifier/],
    [{ nextKeyHashes: [p256.publicKey] }, /multihash/],
    [{ nextKeyHashes: Array.from({ length: 17 }, (_, at) => `${at}`) }, /at most 16/],
  ];
  for (const [members, message] of cases) {
    assert.throws(() => checkControl(control(members), did), message);
  }
  checkControl(control({ controllers: [ENDORSER], threshold: 3 }), did);
});

test("an event that is too large is refused before it is sent", () => {
  const { event } = inception();
  const large = { ...event, document: { text: "x".repeat(65_535) } };
  assert.throws(() => eventBytes(large), /at most 65535/);
  assert.ok(parse(eventBytes(event)));
});
