/** Keys of an agent's key management sign events; their secrets stay where they are. */

import { Kms, type AgentContext } from "@credo-ts/core";
import { sign, type DzongClient, type Event, type Signer } from "@dzong/client";

/** The key with this id in the agent's key management: Ed25519 or P-256. */
export async function kmsSigner(context: AgentContext, keyId: string): Promise<Signer> {
  const kms = context.dependencyManager.resolve(Kms.KeyManagementApi);
  const publicJwk: Kms.PublicJwk = Kms.PublicJwk.fromUnknown(await kms.getPublicKey({ keyId }));
  const algorithm = publicJwk.kty === "OKP" ? "EdDSA" : "ES256";
  publicJwk.assertSignatureAlgorithmSupported(algorithm);
  return {
    publicKey: publicJwk.fingerprint,
    sign: async (data) => (await kms.sign({ keyId, algorithm, data })).signature,
  };
}

/** The keys with these ids, in this order. */
export function kmsSigners(
  context: AgentContext,
  keyIds: readonly string[],
): Promise<readonly Signer[]> {
  return Promise.all(keyIds.map((keyId) => kmsSigner(context, keyId)));
}

/** The event with a proof by each of these keys, as a voice of the DID. */
export async function signedBy(
  context: AgentContext,
  client: DzongClient,
  event: Event,
  did: string,
  keyIds: readonly string[],
): Promise<Event> {
  const domain = await client.domain();
  let signed = event;
  for (const key of await kmsSigners(context, keyIds)) {
    signed = await sign(signed, { did, key, domain });
  }
  return signed;
}
