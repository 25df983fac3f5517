/** Keys of an agent's key management sign events; their secrets stay where they are. */

import { Kms, type AgentContext } from "@credo-ts/core";
import type { Signer } from "@dzong/client";

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
