/** Resolves did:ndi for a Credo agent: what an agent gets to see was proven first. */

import {
  DidDocument, type AgentContext, type DidResolutionOptions, type DidResolutionResult,
  type DidResolver, type ParsedDid,
} from "@credo-ts/core";
import { DzongError, canonicalText, isDid, type DzongClient, type JsonObject } from "@dzong/client";

/** The resolver for `did:ndi`. */
export class NdiDidResolver implements DidResolver {
  readonly supportedMethods = ["ndi"];
  /** A key that was taken out of a document must not go on counting for minutes. */
  readonly allowsCaching = false;
  readonly allowsLocalDidRecord = false;
  readonly #client: DzongClient;

  /** @param client the network; several nodes' clients make several resolvers */
  constructor(client: DzongClient) {
    this.#client = client;
  }

  /** Resolves the DID, or its version that `versionId` or `versionTime` of a DID URL asks for. */
  async resolve(
    _context: AgentContext,
    did: string,
    parsed: ParsedDid,
    _options: DidResolutionOptions,
  ): Promise<DidResolutionResult> {
    if (!isDid(did)) return failure("invalidDid", `\`${did}\` is no did:ndi identifier`);
    const asked = new URLSearchParams(parsed.query ?? "");
    const [versionId, versionTime] = [asked.get("versionId"), asked.get("versionTime")];
    try {
      const { document, metadata, error, height } = await this.#client.resolve(did, {
        ...(versionId === null ? {} : { versionId }),
        ...(versionTime === null ? {} : { versionTime }),
      });
      if (error !== null) return failure("notFound", `nothing is registered, at height ${height}`);
      return {
        didDocument: document === null ? null : documentOf(did, document),
        didDocumentMetadata: JSON.parse(canonicalText(metadata)),
        didResolutionMetadata: { contentType: "application/did+json" },
      };
    } catch (error) {
      if (!(error instanceof DzongError)) throw error;
      return failure(error.code, error.message);
    }
  }
}

function failure(error: string, message: string): DidResolutionResult {
  const didResolutionMetadata = { error, message };
  return { didDocument: null, didDocumentMetadata: {}, didResolutionMetadata };
}

const RELATIONSHIPS = [
  "authentication", "assertionMethod", "keyAgreement", "capabilityInvocation",
  "capabilityDelegation",
];

/** A document for Credo, which compares ids as text: relative ones are written in full. */
export function documentOf(did: string, document: JsonObject): DidDocument {
  const json = JSON.parse(canonicalText(document)) as Record<string, unknown>;
  const full = (id: unknown): unknown =>
    typeof id === "string" && id.startsWith("#") ? `${did}${id}` : id;
  const named = (item: unknown): unknown =>
    isMap(item) ? { ...item, id: full(item["id"]) } : full(item);
  for (const name of ["verificationMethod", "service", ...RELATIONSHIPS]) {
    const list = json[name];
    if (Array.isArray(list)) json[name] = list.map(named);
  }
  return DidDocument.fromJSON(json);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
