import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { AnonCredsModule, type RegisterSchemaReturn } from "@credo-ts/anoncreds";
import { DzongClient } from "@dzong/client";
import { Localnet, SKIP } from "@dzong/client/localnet";

import { NdiAnonCredsRegistry, type NdiRegisterSchemaOptions } from "../src/anoncreds.js";
import {
  NdiDidRegistrar, NdiDidResolver, endorserOf, type NdiDidCreateOptions,
} from "../src/index.js";
import { memoryAgent } from "./memory.js";

/** Schemas are read and published without AnonCreds' cryptography, whose parts are native. */
const modulesOf = (client: DzongClient) => ({
  anoncreds: new AnonCredsModule({
    anoncreds: {} as never,
    registries: [new NdiAnonCredsRegistry(client)],
  }),
});

type TestAgent = Awaited<ReturnType<typeof memoryAgent<ReturnType<typeof modulesOf>>>>;

let net: Localnet;
/** The issuer writes to one node; the verifier reads from another. */
let issuer: TestAgent;
let verifier: TestAgent;
let issuerId: string;
let keyId: string;

before(async () => {
  if (SKIP !== false) return;
  net = new Localnet();
  const genesis = net.genesis();
  const writing = new DzongClient(net.url(0), { genesis });
  const reading = new DzongClient(net.url(1), { genesis, maxAge: 30_000 });
  const endorser = net.key("endorser");
  const registrar = new NdiDidRegistrar(writing, endorserOf(endorser.did, endorser.key));
  issuer = await memoryAgent([new NdiDidResolver(writing)], [registrar], modulesOf(writing));
  verifier = await memoryAgent([new NdiDidResolver(reading)], [], modulesOf(reading));
  ({ keyId } = await issuer.kms.createKey({ type: { kty: "OKP", crv: "Ed25519" } }));
  const { didState } = await issuer.dids.create<NdiDidCreateOptions>({
    method: "ndi",
    options: { control: { keyIds: [keyId] } },
  });
  assert.ok(didState.state === "finished", JSON.stringify(didState));
  issuerId = didState.did;
});
after(async () => {
  await issuer?.shutdown();
  await verifier?.shutdown();
  net?.stop();
});

const attrNames = ["class", "since", "ལམ་ཡིག"];

async function register(
  version: string,
  changes: Partial<NdiRegisterSchemaOptions["schema"]> = {},
  keyIds = [keyId],
): Promise<RegisterSchemaReturn["schemaState"]> {
  const schema = { issuerId, name: "Driving Licence", version, attrNames, ...changes };
  const options = { schema, options: { keyIds } };
  return (await issuer.modules.anoncreds.registerSchema(options)).schemaState;
}

/** What the verifier's node proves of a schema, once it has it: it may be a block behind. */
async function read(schemaId: string) {
  for (let tries = 0; ; tries++) {
    const found = await verifier.modules.anoncreds.getSchema(schemaId);
    if (found.resolutionMetadata.error !== "notFound" || tries === 100) return found;
    await new Promise((later) => setTimeout(later, 50));
  }
}

test("a schema is published by its issuer, and proven to another agent", {
  skip: SKIP,
}, async () => {
  const first = await register("1.0");
  assert.ok(first.state === "finished", JSON.stringify(first));
  assert.ok(first.schemaId.startsWith(`${issuerId}/resources/z`));
  const found = await read(first.schemaId);
  assert.deepEqual(found.schema, { issuerId, name: "Driving Licence", version: "1.0", attrNames });
  assert.equal(found.schemaMetadata["resourceType"], "anonCredsSchema");

  // The next version follows the one before; the same once more is the same.
  const second = await register("1.1");
  assert.ok(second.state === "finished", JSON.stringify(second));
  const { schemaMetadata } = await read(second.schemaId);
  assert.equal(schemaMetadata["previousVersionId"], first.schemaId.split("/").at(-1));
  const again = await register("1.0");
  assert.deepEqual([again.state, again.schemaId], ["finished", first.schemaId]);
  const created = await issuer.modules.anoncreds.getCreatedSchemas({ issuerId });
  assert.ok(created.some(({ schemaId }) => schemaId === second.schemaId));
});

test("what the ledger refuses, or does not have, is told with its reason", {
  skip: SKIP,
}, async () => {
  const { keyId: other } = await issuer.kms.createKey({ type: { kty: "EC", crv: "P-256" } });
  for (const [state, reason] of [
    [await register("2.0", {}, [other]), /./],
    [await register("2.0", {}, []), /`options.keyIds`/],
    [await register("2.0", { attrNames: ["A b", "ab"] }), /each attribute once/],
  ] as const) {
    assert.ok(state.state === "failed", JSON.stringify(state));
    assert.match(state.reason, reason);
  }
  const none = `${issuerId}/resources/zQmYjZ978GRbtr4jPsiKSVkebKxuBt1TFfSYLVNVxtT8h7L`;
  const missing = await verifier.modules.anoncreds.getSchema(none);
  assert.equal(missing.resolutionMetadata.error, "notFound");
  const wrong = await verifier.modules.anoncreds.getSchema(issuerId);
  assert.equal(wrong.resolutionMetadata.error, "invalid");
});

test("credential definitions and revocation are said not to be on the ledger yet", {
  skip: SKIP,
}, async () => {
  const id = `${issuerId}/resources/zQmYjZ978GRbtr4jPsiKSVkebKxuBt1TFfSYLVNVxtT8h7L`;
  const { anoncreds } = verifier.modules;
  for (const { resolutionMetadata } of [
    await anoncreds.getCredentialDefinition(id),
    await anoncreds.getRevocationRegistryDefinition(id),
    await anoncreds.getRevocationStatusList(id, 1),
  ]) {
    assert.equal(resolutionMetadata.error, "unsupportedAnonCredsMethod");
    assert.match(String(resolutionMetadata.message), /schemas so far, and no /);
  }
  const registry = new NdiAnonCredsRegistry(new DzongClient(net.url(), { genesis: net.genesis() }));
  for (const state of [
    (await registry.registerCredentialDefinition()).credentialDefinitionState,
    (await registry.registerRevocationRegistryDefinition()).revocationRegistryDefinitionState,
    (await registry.registerRevocationStatusList()).revocationStatusListState,
  ]) {
    assert.ok(state.state === "failed");
    assert.match(state.reason, /schemas so far, and no /);
  }
});
