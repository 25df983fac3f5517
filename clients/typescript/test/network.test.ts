import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import {
  DzongClient, LocalKey, ProblemError, UnverifiedError, ValidatorSet, canonicalText,
  checkInception, didCreated, didDeactivated, didUpdated, endorse, formatTime, keyHash, parse,
  resourceId, resourceUri, schemaPublished, sign, toHex, verify, type Control, type Event,
  type Json, type JsonObject, type Receipt,
} from "../src/index.js";
import { Localnet, SKIP } from "./localnet.js";
import { harmless, mutate } from "./mutations.js";
import { Random } from "./random.js";

let net: Localnet;
let client: DzongClient;

before(() => {
  if (SKIP !== false) return;
  net = new Localnet();
  client = new DzongClient(net.url(), { genesis: net.genesis(), maxAge: 30_000 });
});
after(() => net?.stop());

/** Signs with all of the keys, submits, and waits for the certificate. */
async function certify(
  event: Event,
  did: string,
  keys: readonly LocalKey[],
  endorsed = false,
): Promise<Receipt> {
  const domain = await client.domain();
  let signed = event;
  for (const key of keys) signed = await sign(signed, { did, key, domain });
  if (endorsed) signed = await endorse(signed, { ...net.key("endorser"), domain });
  const submitted = await client.submit(signed);
  assert.ok(submitted.status === "certified");
  return submitted.receipt;
}

async function create(
  control: Control,
  keys: readonly LocalKey[],
  document?: (did: string) => JsonObject,
): Promise<string> {
  const { network } = await client.trust();
  const { did, event } = didCreated({ network, control, document });
  checkInception(event);
  const receipt = await certify(event, did, keys, true);
  assert.equal(receipt.event["author"], did);
  return did;
}

for (const kind of ["ed25519", "p256"] as const) {
  test(`a DID of ${kind} is created, updated, rotated and deactivated`, {
    skip: SKIP,
  }, async () => {
    const [first, second] = [LocalKey.generate(kind), LocalKey.generate(kind)];
    const control = { keys: [first.publicKey], threshold: 1 };
    const did = await create(control, [first], (id) => ({
      id,
      assertionMethod: [{
        id: `${id}#issuing`, type: "Multikey", controller: id, publicKeyMultibase: first.publicKey,
      }],
    }));
    const created = await client.resolve(did);
    assert.deepEqual([created.metadata["versionId"], created.error], ["1", null]);
    assert.match(canonicalText(created.document), /#issuing/);

    const document = { id: did, alsoKnownAs: ["https://example.bt/"] };
    await certify(didUpdated({ did, previousVersion: 1, document }), did, [first]);
    const updated = await client.resolve(did);
    assert.deepEqual(JSON.parse(canonicalText(updated.document)), document);

    const next: Control = { keys: [second.publicKey], threshold: 1 };
    await certify(didUpdated({ did, previousVersion: 2, control: next }), did, [first]);
    assert.deepEqual((await client.didState(did))?.control, next);
    const retired = didUpdated({ did, previousVersion: 3, document: { id: did } });
    await assert.rejects(certify(retired, did, [first]), ProblemError);

    await certify(didDeactivated({ did, previousVersion: 3 }), did, [second]);
    const ended = await client.resolve(did);
    assert.deepEqual([ended.document, ended.metadata["deactivated"]], [null, true]);
    const past = await client.resolve(did, { versionId: "2" });
    assert.deepEqual(JSON.parse(canonicalText(past.document)), document);
    const versionTime = formatTime(ended.time);
    const latest = await client.resolve(did, { versionTime });
    assert.equal(latest.metadata["versionId"], "4");
    const before = formatTime(created.time - 60_000);
    assert.equal((await client.resolve(did, { versionTime: before })).error, "NOT_FOUND");
    assert.equal((await client.resolve(did, { versionId: "9" })).error, "NOT_FOUND");
  });
}

test("two of two keys of both suites sign, and pre-rotation reveals the next", {
  skip: SKIP,
}, async () => {
  const keys = [LocalKey.generate("ed25519"), LocalKey.generate("p256")];
  const next = [LocalKey.generate("p256"), LocalKey.generate("ed25519")];
  const names = (list: readonly LocalKey[]): string[] => list.map(({ publicKey }) => publicKey);
  const nextKeyHashes = names(next).map(keyHash);
  const did = await create({ keys: names(keys), threshold: 2, nextKeyHashes }, keys);

  const document = { id: did, alsoKnownAs: ["https://stolen.example/"] };
  const stolen = didUpdated({ did, previousVersion: 1, document });
  await assert.rejects(certify(stolen, did, keys), ProblemError, "today's keys decide nothing");

  const back = names(keys).map(keyHash);
  const control: Control = { keys: names(next), threshold: 2, nextKeyHashes: back };
  const half = didUpdated({ did, previousVersion: 1, control });
  await assert.rejects(certify(half, did, next.slice(1)), ProblemError, "one of two is too few");
  await certify(half, did, next);

  const revealedKeys = names(keys);
  await certify(didDeactivated({ did, previousVersion: 2, revealedKeys }), did, keys);
  assert.equal((await client.didState(did))?.deactivated, true);
});

test("an answer of any node proves itself to whoever knows the genesis hash", {
  skip: SKIP,
}, async () => {
  const key = LocalKey.generate();
  const did = await create({ keys: [key.publicKey], threshold: 1 }, [key]);
  const { genesis } = (await client.status()) as { genesis: string };
  const other = new DzongClient(net.url(3), { genesisHash: genesis });
  // That node may be a block behind the one that certified.
  let resolved = await other.resolve(did);
  for (let tries = 0; resolved.error !== null && tries < 100; tries++) {
    await new Promise((later) => setTimeout(later, 50));
    resolved = await other.resolve(did);
  }
  assert.equal(resolved.document?.["id"], did);
  const { record } = await other.record("network/parameters");
  assert.equal(record?.version, 1);
  assert.equal((await other.record("role/did:ndi:none")).record, null);
});

test("parts of documents, services and their URLs are proven, and so is their absence", {
  skip: SKIP,
}, async () => {
  const key = LocalKey.generate();
  const did = await create({ keys: [key.publicKey], threshold: 1 }, [key], (id) => ({
    "@context": ["https://www.w3.org/ns/did/v1.1"],
    id,
    verificationMethod: [{
      id: "#issuing", type: "Multikey", controller: id, publicKeyMultibase: key.publicKey,
    }],
    assertionMethod: ["#issuing"],
    service: [
      { id: "#files", type: "Files", serviceEndpoint: "https://a.example.bt/base" },
      { id: `${id}#box`, type: ["Box", "Files"], serviceEndpoint: "https://b.example.bt/box" },
    ],
  }));
  const part = await client.dereference(`${did}#issuing`);
  assert.ok(part.content !== null && typeof part.content === "object");
  assert.equal((part.content as JsonObject)["id"], `${did}#issuing`);
  assert.deepEqual([part.contentType, part.error], ["application/did", null]);
  assert.equal(part.metadata["versionId"], "1");
  const allowed = `${did}?verificationRelationship=assertionMethod#issuing`;
  assert.deepEqual((await client.dereference(allowed)).content, part.content);
  const links = `${did}?service=files&relativeRef=%2Fa%3Fb%3Dc#d`;
  const { content } = await client.dereference(links, { uriList: true });
  assert.deepEqual(content, ["https://a.example.bt/base/a?b=c#d"]);
  const all = await client.dereference(`${did}?serviceType=Files`, { uriList: true });
  assert.equal((all.content as Json[]).length, 2);
  for (const [url, code] of [
    [`${did}#none`, "NOT_FOUND"],
    [`${did}?service=none`, "NOT_FOUND"],
    [`${did}?versionId=7#issuing`, "NOT_FOUND"],
    [`${did}?verificationRelationship=authentication#files`, "INVALID_VERIFICATION_METHOD"],
  ] as const) {
    const { content: nothing, error } = await client.dereference(url);
    assert.deepEqual([nothing, error?.code], [null, code], url);
  }
  const climbing = client.dereference(`${did}?service=files&relativeRef=..%2Fx`);
  await assert.rejects(climbing, { name: "ProblemError", code: "INVALID_DID_URL" });
});

test("schemas are published, and proven by id, as the latest, and as of a time", {
  skip: SKIP,
}, async () => {
  const key = LocalKey.generate("p256");
  const did = await create({ keys: [key.publicKey], threshold: 1 }, [key]);
  const [resourceType, resourceName] = ["anonCredsSchema", "ལམ་ཡིག Licence"];
  const publish = async (version: string, previousVersionId?: string): Promise<string> => {
    const attrNames = ["class", `since ${version}`];
    const content: JsonObject = { issuerId: did, name: resourceName, version, attrNames };
    const named = { resourceName, resourceType, resourceVersion: version, previousVersionId };
    await certify(schemaPublished({ did, content, ...named }), did, [key]);
    return resourceId(content);
  };
  const first = await publish("1.0");
  const second = await publish("1.1", first);
  await assert.rejects(publish("1.2", first), ProblemError, "it does not follow the latest");
  const byId = await client.dereference(resourceUri(did, first));
  assert.equal((byId.content as JsonObject)["version"], "1.0");
  const { nextVersionId, checksum } = byId.metadata;
  assert.deepEqual([nextVersionId, byId.contentType], [second, "application/json"]);
  const query = new URLSearchParams({ resourceType, resourceName }).toString();
  const series = `${did}?${query.replaceAll("+", "%20")}`;
  const latest = await client.dereference(series);
  assert.equal((latest.content as JsonObject)["version"], "1.1");
  const listed = await client.dereference(`${did}?resourceId=${first}&resourceMetadata=true`);
  const { linkedResourceMetadata } = listed.content as { linkedResourceMetadata: Json };
  assert.match(canonicalText(linkedResourceMetadata), new RegExp(String(checksum)));
  for (const url of [
    `${series}&resourceVersionTime=2020-01-01T00:00:00Z`,
    `${did}?resourceType=anonCredsSchema&resourceName=None`,
    `${did}?resourceId=${first}&checksum=${"00".repeat(32)}`,
  ]) {
    const { content, error } = await client.dereference(url);
    assert.deepEqual([content, error?.code], [null, "NOT_FOUND"], url);
  }
});

test("that nothing was granted, and that nobody knows an authority, is proven", {
  skip: SKIP,
}, async () => {
  const { did } = net.key("administrative-body");
  const words = { action: "issue", resource: "DrivingLicence" };
  const bank = "https://bank.example.bt/";
  const asked = { ...words, authority_id: did, entity_id: bank };
  const none = await client.authorization(asked);
  assert.deepEqual([none.holds, none.message], [false, "there is no such authorization"]);
  const before = { time: "2020-01-01T00:00:00Z", locator: "ལམ" };
  assert.equal((await client.recognition({ ...asked, context: before })).holds, null);
  const unknown = await client.recognition({ ...words, authority_id: bank, entity_id: did });
  assert.equal(unknown.holds, null);
});

test("a receipt is fetched again and stays valid, and the same event is known", {
  skip: SKIP,
}, async () => {
  const key = LocalKey.generate();
  const { network } = await client.trust();
  const { did, event } = didCreated({ network, control: { keys: [key.publicKey], threshold: 1 } });
  const receipt = await certify(event, did, [key], true);
  assert.deepEqual((await client.receipt(receipt.id)).index, receipt.index);
  const again = await client.submit(parse(canonicalText(receipt.event)) as Event);
  assert.ok(again.status === "certified" && again.receipt.id === receipt.id);
  const later = Date.now() + 20 * 86_400_000;
  assert.equal(verify(await client.trust(), receipt.bytes, { now: later }).verdict, "valid");
});

test("trust moves along the network's own chain, and what it leads to is pinned", {
  skip: SKIP,
}, async () => {
  const key = LocalKey.generate();
  const did = await create({ keys: [key.publicKey], threshold: 1 }, [key]);
  const early = await (await fetch(`${net.url()}/1.0/identifiers/${did}?proof=true`)).text();
  await certify(didUpdated({ did, previousVersion: 1, document: {
    id: did, alsoKnownAs: ["https://example.bt/"],
  } }), did, [key]);
  const pinned: string[] = [];
  const onCheckpoint = (text: string): void => void pinned.push(text);
  const following = new DzongClient(net.url(), { genesis: net.genesis(), onCheckpoint });
  const begin = await following.trust();
  const reached = await following.follow();
  assert.ok(begin.height === 0 && reached.height > 0 && reached.time > begin.time);
  assert.equal(toHex(reached.validators.hash), toHex(begin.validators.hash));
  assert.deepEqual(pinned, [await following.checkpoint()]);

  // From the checkpoint on nothing older is believed, and the chain goes on from there.
  const [checkpoint = ""] = pinned;
  const anew = new DzongClient(net.url(), { checkpoint });
  assert.equal((await anew.resolve(did)).metadata["versionId"], "2");
  assert.ok((await anew.follow()).height >= reached.height);
  assert.equal(verify(reached, early, { now: Date.now() }).verdict, "stale");
  const later = JSON.parse(checkpoint);
  const ahead = new DzongClient(net.url(), {
    checkpoint: JSON.stringify({ ...later, height: later.height + 1_000_000 }),
  });
  // The node gives its newest header, which is below what is known: a rollback.
  await assert.rejects(ahead.follow(), { code: "stale" });

  const chain = await (await fetch(`${net.url()}/v1/trust-chain`)).text();
  const judge = (text: string, held = begin): string =>
    verify(held, text, { now: Date.now() }).verdict;
  assert.equal(judge(chain), "valid");
  assert.equal(judge(chain, { ...begin, genesis: new Uint8Array(32) }), "untrusted");
  const { members } = begin.validators;
  const others = { ...begin, validators: new ValidatorSet(members.slice(1)) };
  assert.equal(judge(chain, others), "untrusted");
  const random = new Random(7);
  for (let round = 0; round < 200; round++) {
    const mutant = mutate(chain, random);
    if (harmless(chain, mutant.text) !== null) continue;
    const { verdict } = verify(begin, mutant.text, { now: Date.now() });
    assert.ok(["invalid", "untrusted"].includes(verdict), `${mutant.what} is ${verdict}`);
  }
});

test("a proxy that changes or replays answers is caught", { skip: SKIP }, async () => {
  const key = LocalKey.generate();
  const did = await create({ keys: [key.publicKey], threshold: 1 }, [key]);
  const random = new Random(11);
  let tampered = 0;
  let replayed: Uint8Array | undefined;
  const proxy = createServer((request, response) => {
    void fetch(`${net.url()}${request.url}`).then(async (answer) => {
      const text = await answer.text();
      let mutant = mutate(text, random).text;
      while (harmless(text, mutant) !== null) mutant = mutate(text, random).text;
      tampered++;
      response.writeHead(answer.status).end(replayed ?? mutant);
    });
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const deceived = new DzongClient(url, { genesis: net.genesis(), maxAge: 30_000 });
  for (let round = 0; round < 200; round++) {
    await assert.rejects(deceived.resolve(did), UnverifiedError);
  }
  assert.equal(tampered, 200);

  const old = await fetch(`${net.url()}/1.0/identifiers/${did}?proof=true`);
  replayed = new Uint8Array(await old.arrayBuffer());
  assert.ok((await deceived.resolve(did)).document, "as it is now, it is a good answer");
  const [genesis, now] = [net.genesis(), (): number => Date.now() + 60_000];
  const later = new DzongClient(url, { genesis, now, maxAge: 30_000 });
  await assert.rejects(later.resolve(did), { code: "stale" });
  proxy.closeAllConnections();
  proxy.close();
});

test("the program of the wallet developers' guide runs", { skip: SKIP }, () => {
  const page = readFileSync(new URL("../../../../docs/wallets.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  assert.ok(blocks.length > 5);
  // Inside the package, so that it is found by its name.
  const program = fileURLToPath(new URL("guide.mjs", import.meta.url));
  writeFileSync(program, blocks.join("\n"));
  const env = { ...process.env, DZONG_URL: net.url(), DZONG_HOME: net.home };
  const printed = execFileSync(process.execPath, [program], { env, encoding: "utf8" });
  assert.match(printed, /valid invalid .*certified/s);
  assert.match(printed, /true null\nnull NOT_FOUND the document has no such service/);
  assert.match(printed, /application\/schema\+json true/);
  assert.match(printed, /may it issue\? false there is no such authorization/);
  assert.match(printed, /deactivated: true/);
  assert.match(printed, /the event is refused/);
});
