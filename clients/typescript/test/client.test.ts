import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";

import {
  DzongClient, ProblemError, TransportError, UnverifiedError, canonicalText, checkpointOf,
  formatTime, nodesOf, parse, toBase64, toHex, trustCheckpoint, type Anchor, type ClientOptions,
  type Json, type JsonObject, type TrustQuestion,
} from "../src/index.js";
import { Forge, validatorKeys } from "./forge.js";
import { at, now, textAt, trqp, trust, type Example } from "./golden.js";

type Route = (request: IncomingMessage, response: ServerResponse) => void;

/** A node that says what a test tells it to say. */
const routes = new Map<string, Route>();
let server: Server;
let url = "";

before(async () => {
  server = createServer((request, response) => {
    const route = routes.get(`${request.method} ${request.url}`);
    if (route !== undefined) return route(request, response);
    problem(404, "not-found", "there is no such thing")(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => routes.clear());
after(() => {
  server.closeAllConnections();
  server.close();
});

function json(status: number, value: Json, headers: { [name: string]: string } = {}): Route {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(canonicalText(value));
  };
}

function problem(status: number, code: string, title: string): Route {
  const body = { type: `urn:dzong:problem:${code}`, title, status, detail: "do this" };
  return json(status, body, { "retry-after": "3" });
}

function client(options: Partial<Anchor & ClientOptions> = {}): DzongClient {
  return new DzongClient(url, { trust, now: () => now, timeout: 2_000, ...options });
}

const DID = textAt("event", "did");
const RESOLVE = `GET /1.0/identifiers/${encodeURIComponent(DID)}?proof=true`;

test("a resolution comes back verified, and an absence is a result", async () => {
  routes.set(RESOLVE, json(200, at("answers", "current")));
  const current = await client().resolve(DID);
  assert.equal(current.document?.["id"], DID);
  assert.deepEqual([current.metadata["versionId"], current.height, current.error], ["2", 4, null]);

  const absent = String(at("answers", "absent", "didDocumentMetadata", "proof", 0, "question",
    "resolution", "did"));
  const path = `GET /1.0/identifiers/${encodeURIComponent(absent)}?proof=true`;
  routes.set(path, json(404, at("answers", "absent")));
  const none = await client().resolve(absent);
  assert.deepEqual([none.document, none.error], [null, "NOT_FOUND"]);
});

test("a version is asked for, and a valid answer to another question is refused", async () => {
  routes.set(`${RESOLVE}&versionId=1`, json(200, at("answers", "past")));
  const past = await client().resolve(DID, { versionId: "1" });
  assert.equal(past.metadata["nextVersionId"], "2");
  routes.set(RESOLVE, json(200, at("answers", "past")));
  await assert.rejects(client().resolve(DID), { code: "invalid", message: /another question/ });
});

test("what is not proven is an error with its verdict", async () => {
  const answer = JSON.parse(canonicalText(at("answers", "current")));
  answer.didDocument.alsoKnownAs = ["https://evil.example/"];
  routes.set(RESOLVE, json(200, answer));
  await assert.rejects(client().resolve(DID), (error) => {
    assert.ok(error instanceof UnverifiedError);
    assert.equal(error.code, "invalid");
    return true;
  });
  routes.set(RESOLVE, json(200, at("answers", "current")));
  const late = client({ now: () => now + 90_000, maxAge: 60_000 });
  await assert.rejects(late.resolve(DID), { code: "stale" });
  await assert.rejects(client({ now: () => now + 40 * 86_400_000 }).resolve(DID), {
    code: "untrusted",
  });
});

test("the genesis document is fetched where only its hash is known, and checked", async () => {
  routes.set("GET /v1/genesis", (_, response) => response.end(textAt("genesis", "text")));
  routes.set(RESOLVE, json(200, at("answers", "current")));
  const by = (genesisHash: string): DzongClient =>
    new DzongClient(url, { genesisHash, now: () => now });
  assert.equal((await by(textAt("genesis", "hash")).resolve(DID)).height, 4);
  await assert.rejects(by("00".repeat(32)).resolve(DID), /has the hash/);
});

test("a receipt is verified, and one of another event is refused", async () => {
  const id = textAt("event", "id");
  routes.set(`GET /v1/events/${id}/receipt`, json(200, at("receipt")));
  assert.equal((await client().receipt(id)).index, 0);
  const other = "ab".repeat(32);
  routes.set(`GET /v1/events/${other}/receipt`, json(200, at("receipt")));
  await assert.rejects(client().receipt(other), { code: "invalid" });
});

test("a node's refusal carries its problem details", async () => {
  const problemOf = async (run: () => Promise<unknown>): Promise<ProblemError> => {
    const error: unknown = await run().then(() => null, (reason: unknown) => reason);
    assert.ok(error instanceof ProblemError, String(error));
    return error;
  };
  routes.set("POST /v1/events?wait=certified", problem(422, "signature", "the event is refused"));
  const refused = await problemOf(() => client().submit({ a: 1 }));
  assert.equal(refused.code, "signature");
  assert.deepEqual([refused.problem.status, refused.retryAfter], [422, 3]);
  assert.match(refused.message, /the event is refused: do this/);
  // Errors of DID resolution have their own form.
  const type = "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED";
  const error = { type, title: "no such network" };
  const failed = { didDocument: null, didDocumentMetadata: {}, didResolutionMetadata: { error } };
  routes.set(RESOLVE, json(501, failed));
  assert.match((await problemOf(() => client().resolve(DID))).message, /no such network/);
});

test("an event that waits for its block is pending", async () => {
  routes.set("POST /v1/events", json(202, { id: "x", status: "pending" }));
  assert.equal((await client().submit({ a: 1 }, { wait: false })).status, "pending");
});

test("a node that is silent, too talkative, absent or no node is told apart", async () => {
  const codeOf = (run: Promise<unknown>): Promise<string> => run.then(
    () => "none",
    (error: unknown) => (error instanceof TransportError ? error.code : String(error)),
  );
  routes.set("GET /v1/status", () => undefined);
  assert.equal(await codeOf(client({ timeout: 50 }).status()), "timeout");
  routes.set("GET /v1/status", (_, response) => {
    response.write("{");
    response.flushHeaders();
  });
  assert.equal(await codeOf(client({ timeout: 100 }).status()), "timeout");
  routes.set("GET /v1/status", (_, response) => response.end("x".repeat(2_000)));
  assert.equal(await codeOf(client({ maxBytes: 1_000 }).status()), "too-large");
  assert.equal(await codeOf(client().status()), "not-an-answer");
  routes.set("GET /v1/status", (_, response) => response.writeHead(502).end("<html>"));
  assert.equal(await codeOf(client().status()), "not-an-answer");
  const nobody = new DzongClient("http://127.0.0.1:1", { trust });
  assert.equal(await codeOf(nobody.status()), "unreachable");
});

test("a chain is followed when the validators have changed, and its head is pinned", async () => {
  const keys = validatorKeys(5);
  const [first, second] = [keys.slice(0, 4), keys.slice(1, 5)];
  const forge = new Forge(first);
  const key = "governance/body";
  routes.set(`GET /v1/records/${key}?proof=true`, json(404, forge.absent(key, {
    height: 30, by: second, next: second,
  })));
  const options = { trust: forge.trust, now: () => forge.trust.time + 40_000 };
  const pinned: string[] = [];
  const following = client({ ...options, onCheckpoint: (text) => void pinned.push(text) });
  await assert.rejects(following.record(key), { code: "untrusted", message: /is not known/ });

  routes.set("GET /v1/trust-chain?from=0", json(200, {
    type: "DzongTrustChain",
    genesis: toHex(forge.trust.genesis),
    steps: [
      forge.step({ height: 10, by: first, next: second }),
      forge.step({ height: 29, by: second, next: second }),
    ],
  }));
  assert.deepEqual(await following.record(key), {
    record: null, height: 30, time: forge.trust.time + 30_000,
  });
  const [checkpoint] = pinned;
  assert.equal(checkpoint, await following.checkpoint());
  assert.equal(trustCheckpoint(checkpoint ?? "").height, 29);
  assert.equal(checkpointOf(await following.trust()), checkpoint);
  // Whoever starts from the checkpoint needs no chain.
  routes.delete("GET /v1/trust-chain?from=0");
  const anew = new DzongClient(url, { checkpoint: checkpoint ?? "", now: options.now });
  assert.equal((await anew.record(key)).height, 30);
});

test("a receipt from before the last hand-over is proven under who was trusted then", async () => {
  const keys = validatorKeys(5);
  const [first, second] = [keys.slice(0, 4), keys.slice(1, 5)];
  const forge = new Forge(first);
  const event = parse(textAt("event", "text")) as JsonObject;
  const id = textAt("event", "id");
  const serve = (by: typeof keys): void => {
    const receipt = forge.receipt(event, { height: 15, by, next: by });
    routes.set(`GET /v1/events/${id}/receipt`, json(200, receipt));
  };
  const steps = [
    forge.step({ height: 10, by: first, next: second }),
    forge.step({ height: 20, by: second, next: first }),
    forge.step({ height: 29, by: first, next: first }),
  ];
  const type = "DzongTrustChain";
  const genesis = toHex(forge.trust.genesis);
  routes.set("GET /v1/trust-chain?from=0", json(200, { type, genesis, steps }));
  routes.set("GET /v1/trust-chain?from=29", json(200, { type, genesis, steps: steps.slice(2) }));
  const following = client({ trust: forge.trust, now: () => forge.trust.time + 40_000 });
  serve(second);
  assert.equal((await following.receipt(id)).height, 15);
  assert.equal((await following.trust()).height, 29);
  // It is remembered, and nobody else is believed.
  routes.delete("GET /v1/trust-chain?from=0");
  assert.equal((await following.receipt(id)).height, 15);
  serve(validatorKeys(14).slice(10));
  await assert.rejects(following.receipt(id), { code: "untrusted" });
});

test("who may do what comes back verified, and no answer to another question", async () => {
  const [{ trust: held, now: at } = assert.fail()] = trqp;
  const asking = client({ trust: held, now: () => at });
  const serve = (example: Example | undefined): TrustQuestion => {
    const { name, answer } = example ?? assert.fail();
    const [kind = ""] = name.split(" ");
    routes.set(`POST /${kind}?proof=true`, json("status" in answer ? 404 : 200, answer));
    const { question } = answer["proof"] as { question: { [kind: string]: Json } };
    return question[kind] as unknown as TrustQuestion;
  };
  for (const example of trqp) {
    const question = serve(example);
    const isAuthorization = example.name.startsWith("authorization");
    const answered = await (
      isAuthorization ? asking.authorization(question) : asking.recognition(question)
    );
    const { authorized, recognized = authorized, chain, message, detail } = example.answer;
    assert.deepEqual(answered.holds, recognized ?? null, example.name);
    const why = message ?? detail ?? null;
    assert.deepEqual([answered.chain, answered.message], [chain ?? null, why], example.name);
  }
  const question = serve(trqp.find(({ name }) => name === "authorization granted"));
  const other = asking.authorization({ ...question, action: "request" });
  await assert.rejects(other, { code: "invalid", message: /another question/ });
  const malformed = asking.authorization({ ...question, entity_id: "bank" });
  await assert.rejects(malformed, { code: "format" });
});

test("statuses come back verified, and a delta counts only where it leads to them", async () => {
  const keys = validatorKeys(4);
  const forge = new Forge(keys);
  const begin = forge.trust.time;
  const id = "5e".repeat(32);
  const issuer = DID.replace("bt-golden", "bt-forged");
  const [before, after] = [Uint8Array.of(1, 0, 0), Uint8Array.of(1, 4, 0)];
  const capacity = 10;
  const created = formatTime(begin);
  const nodes = nodesOf(after, capacity);
  const registry = { capacity, created, formats: ["token"], issuer };
  const own = [`revocation-registry/${id}`, registry] as const;
  const versioned = {
    capacity, issuer, registry: id, timestamp: Math.floor(begin / 1000), version: 1,
  };
  const shown = {
    ...versioned, created, credentialType: null, formats: ["token"], hold: null, nodes,
  };
  const base = `/v1/revocation/registries/${id}`;
  const serve = (part: Json, below: string, answer: JsonObject, key = `status/${id}`, held: Json = {
    nodes,
  }): void => {
    const question = { status: { part, registry: id } };
    const whole = forge.answered(question, [own, [key, held]], answer, keys);
    routes.set(`GET ${base}${below}?proof=true`, json(200, whole));
  };
  serve("registry", "", { ...shown, anoncreds: null, slots: null });
  serve("statuses", "/statuses", { ...versioned, statuses: toBase64(after) });
  const chunk = new Uint8Array(256);
  chunk.set(after);
  const slot = { locked: false, registry: id, slot: 5, status: "revoked" };
  serve({ slot: 5 }, "/slots/5", slot, `status-chunk/${id}/0`, { statuses: toBase64(chunk) });

  const at = { height: 5, time: begin + 5_000 };
  const asking = client({ trust: forge.trust, now: () => begin + 60_000 });
  const all = { ...versioned, statuses: after };
  assert.deepEqual(await asking.revocationRegistry(id), { ...at, error: null, found: shown });
  assert.deepEqual(await asking.statuses(id), { ...at, error: null, found: all });
  assert.deepEqual(await asking.slotStatus(id, 5), { ...at, error: null, found: slot });

  const held = { ...versioned, version: 7, statuses: before };
  const delta = `GET ${base}/delta?from=7`;
  const asked: string[] = [];
  const whole = routes.get(`GET ${base}/statuses?proof=true`) ?? assert.fail();
  routes.set(`GET ${base}/statuses?proof=true`, (request, response) => {
    asked.push("all");
    whole(request, response);
  });
  for (const [bytes, isEnough] of [
    [[5 << 2 | 1], true], [[6 << 2 | 1], false], [[0x80], false],
  ] as [number[], boolean][]) {
    routes.set(delta, (_, response) => response.end(Uint8Array.from(bytes)));
    const { found } = await asking.statusesSince(held);
    assert.deepEqual(found, all, String(bytes));
    assert.deepEqual(asked.splice(0), isEnough ? [] : ["all"], String(bytes));
  }
  routes.delete(delta);
  assert.deepEqual((await asking.statusesSince(held)).found, all);

  // An answer to another question is none, and what is not proven has its reason from the node.
  routes.set(`GET ${base}/statuses?proof=true&version=2`, whole);
  const other = asking.statuses(id, { version: 2 });
  await assert.rejects(other, { code: "invalid", message: /another/ });
  const time = "2026-11-21T00:00:01Z";
  const later = problem(404, "not-found", "this version was replaced in its own block");
  routes.set(`GET ${base}?proof=true&time=${encodeURIComponent(time)}`, later);
  await assert.rejects(asking.revocationRegistry(id, { time }), { code: "not-found" });
  await assert.rejects(asking.slotStatus(id, -1), { code: "format" });
  const none = { error: "there is no such registry", registry: id };
  const question = { status: { part: "registry", registry: id } };
  const forged = { height: 5, by: keys, next: keys };
  const absent = forge.absent(`revocation-registry/${id}`, forged, question, none);
  routes.set(`GET ${base}?proof=true`, json(404, absent));
  const missing = { ...at, error: none.error, found: null };
  assert.deepEqual(await asking.revocationRegistry(id), missing);
  assert.deepEqual(await asking.statusesSince(held), missing);
});

test("trust moves forward in time before it ends", async () => {
  const forge = new Forge(validatorKeys(4));
  const by = validatorKeys(4);
  const later = 20 * 86_400_000;
  const key = "governance/body";
  const answer = forge.absent(key, { height: 30, by, next: by, time: later });
  routes.set(`GET /v1/records/${key}?proof=true`, json(404, answer));
  routes.set("GET /v1/trust-chain?from=0", json(200, {
    type: "DzongTrustChain",
    genesis: toHex(forge.trust.genesis),
    steps: [forge.step({ height: 30, by, next: by, time: later })],
  }));
  const following = client({ trust: forge.trust, now: () => forge.trust.time + later });
  assert.equal((await following.record(key)).record, null);
  assert.equal((await following.trust()).height, 30);
});
