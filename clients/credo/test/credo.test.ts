import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  ClaimFormat, JsonTransformer, W3cCredential, W3cJwtVerifiableCredential, type DidResolutionResult,
} from "@credo-ts/core";
import { DzongClient } from "@dzong/client";
import { Localnet, SKIP } from "@dzong/client/localnet";

import {
  NdiDidRegistrar, NdiDidResolver, endorserOf, type NdiDidCreateOptions,
  type NdiDidDeactivateOptions, type NdiDidUpdateOptions,
} from "../src/index.js";
import { memoryAgent } from "./memory.js";

type TestAgent = Awaited<ReturnType<typeof memoryAgent<{}>>>;

let net: Localnet;
/** The issuer writes to one node; the verifier reads from another, and holds none of its keys. */
let issuer: TestAgent;
let verifier: TestAgent;

before(async () => {
  if (SKIP !== false) return;
  net = new Localnet();
  const genesis = net.genesis();
  const writing = new DzongClient(net.url(0), { genesis });
  const reading = new DzongClient(net.url(1), { genesis, maxAge: 30_000 });
  const endorser = net.key("endorser");
  const registrar = new NdiDidRegistrar(writing, endorserOf(endorser.did, endorser.key));
  issuer = await memoryAgent([new NdiDidResolver(writing)], [registrar], {});
  verifier = await memoryAgent([new NdiDidResolver(reading)], [], {});
});
after(async () => {
  await issuer?.shutdown();
  await verifier?.shutdown();
  net?.stop();
});

const ED25519 = { kty: "OKP", crv: "Ed25519" } as const;
const P256 = { kty: "EC", crv: "P-256" } as const;

async function key(type: typeof ED25519 | typeof P256): Promise<string> {
  return (await issuer.kms.createKey({ type })).keyId;
}

async function create(options: NdiDidCreateOptions["options"]): Promise<string> {
  const { didState } = await issuer.dids.create<NdiDidCreateOptions>({ method: "ndi", options });
  assert.ok(didState.state === "finished", JSON.stringify(didState));
  return didState.did;
}

function credential(issuerDid: string): W3cCredential {
  return JsonTransformer.fromJSON({
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    type: ["VerifiableCredential", "EmployeeCredential"],
    issuer: issuerDid,
    issuanceDate: "2026-11-21T00:00:00Z",
    credentialSubject: { id: "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2" },
  }, W3cCredential);
}

for (const [type, alg] of [[ED25519, "EdDSA"], [P256, "ES256"]] as const) {
  test(`a credential of a did:ndi issuer, signed by ${alg}, is verified by another agent`, {
    skip: SKIP,
  }, async () => {
    const [control, issuing] = [await key(type), await key(type)];
    const did = await create({
      control: { keyIds: [control] },
      keys: [{ id: "#issuing", keyId: issuing, purposes: ["assertionMethod"] }],
    });
    const signed = await issuer.w3cCredentials.signCredential<ClaimFormat.JwtVc>({
      format: ClaimFormat.JwtVc,
      alg,
      credential: credential(did),
      verificationMethod: `${did}#issuing`,
    });
    const jwt = signed.serializedJwt;
    await reaches(did, "1");
    const verified = await verifier.w3cCredentials.verifyCredential({
      credential: W3cJwtVerifiableCredential.fromSerializedJwt(jwt),
    });
    assert.ok(verified.isValid, String(verified.error));

    const [head = "", payload = "", signature = ""] = jwt.split(".");
    const changed = [head, payload, [...signature].reverse().join("")].join(".");
    const forged = await verifier.w3cCredentials.verifyCredential({
      credential: W3cJwtVerifiableCredential.fromSerializedJwt(changed),
    });
    assert.ok(!forged.isValid);

    // A key that is taken out of the document counts no longer.
    const { didDocument } = await reaches(did, "1");
    assert.ok(didDocument);
    delete didDocument.assertionMethod;
    await update({ did, didDocument, options: { keyIds: [control] } });
    await reaches(did, "2");
    const late = await verifier.w3cCredentials.verifyCredential({
      credential: W3cJwtVerifiableCredential.fromSerializedJwt(jwt),
    });
    assert.ok(!late.isValid);
  });
}

/** What the verifier's node says of a DID once it has this version: it may be a block behind. */
async function reaches(did: string, version: string): Promise<DidResolutionResult> {
  for (let tries = 0; tries < 100; tries++) {
    const result = await verifier.dids.resolve(did);
    if (result.didDocumentMetadata.versionId === version) return result;
    await new Promise((later) => setTimeout(later, 50));
  }
  return assert.fail(`the verifier's node never had version ${version} of ${did}`);
}

async function update(options: NdiDidUpdateOptions): Promise<void> {
  const { didState } = await issuer.dids.update<NdiDidUpdateOptions>(options);
  assert.equal(didState.state, "finished", JSON.stringify(didState));
}

test("a DID is rotated to the keys that it committed to, and deactivated by them", {
  skip: SKIP,
}, async () => {
  const [first, second] = [await key(ED25519), await key(P256)];
  const did = await create({ control: { keyIds: [first], nextKeyIds: [second] } });
  const { didDocument } = await reaches(did, "1");
  assert.ok(didDocument);
  const stolen = await issuer.dids.update<NdiDidUpdateOptions>({
    did, didDocument, options: { keyIds: [first] },
  });
  assert.ok(stolen.didState.state === "failed");
  const control = { keyIds: [second], nextKeyIds: [first] };
  await update({ did, didDocument, options: { keyIds: [second], control } });
  const ended = await issuer.dids.deactivate<NdiDidDeactivateOptions>({
    did, options: { keyIds: [first] },
  });
  assert.equal(ended.didState.state, "finished", JSON.stringify(ended.didState));

  const now = await reaches(did, "3");
  assert.deepEqual([now.didDocument, now.didDocumentMetadata.deactivated], [null, true]);
  const before = await verifier.dids.resolve(`${did}?versionId=1`);
  assert.equal(before.didDocument?.id, did);
});

test("what cannot be resolved or created is told with its reason", { skip: SKIP }, async () => {
  const none = await verifier.dids.resolve(
    "did:ndi:bt-demo:QmYjZ978GRbtr4jPsiKSVkebKxuBt1TFfSYLVNVxtT8h7L",
  );
  assert.equal(none.didResolutionMetadata.error, "notFound");
  const wrong = await verifier.dids.resolve("did:ndi:bt-demo:short");
  assert.equal(wrong.didResolutionMetadata.error, "invalidDid");
  const many = await issuer.dids.create<NdiDidCreateOptions>({
    method: "ndi",
    options: { control: { keyIds: [await key(ED25519)], threshold: 2 } },
  });
  assert.ok(many.didState.state === "failed");
  assert.match(many.didState.reason, /`threshold` is from 1 to 1/);
});
