/**
 * AnonCreds objects of did:ndi issuers for Credo agents: schemas, as resources of their DID. What
 * an agent gets to see was proven first. Credential definitions and revocation are not on the
 * ledger yet, and asking for them is answered so.
 */

import type {
  AnonCredsRegistry, AnonCredsSchema, GetCredentialDefinitionReturn,
  GetRevocationRegistryDefinitionReturn, GetRevocationStatusListReturn, GetSchemaReturn,
  RegisterCredentialDefinitionReturn, RegisterRevocationRegistryDefinitionReturn,
  RegisterRevocationStatusListReturn, RegisterSchemaOptions, RegisterSchemaReturn,
} from "@credo-ts/anoncreds";
import type { AgentContext } from "@credo-ts/core";
import {
  DzongError, FormatError, canonicalText, isDid, isObject, resourceId, resourceUri,
  schemaPublished, type DzongClient, type Json, type JsonObject,
} from "@dzong/client";

import { signedBy } from "./signer.js";

/** The `resourceType` of schemas on the ledger. */
const SCHEMA = "anonCredsSchema";

const MULTIHASH = "Qm[1-9A-HJ-NP-Za-km-z]{44}";
const ISSUER = `did:ndi:[a-z0-9-]{1,32}:${MULTIHASH}`;
const OBJECT = new RegExp(`^(${ISSUER})/resources/z${MULTIHASH}$`);

/** What signs a schema: control keys of its issuer, by their ids in the agent's key management. */
export interface NdiSchemaOptions {
  readonly keyIds: readonly string[];
}

/** Options of Credo are of no type of their own. */
export interface NdiRegisterSchemaOptions extends RegisterSchemaOptions {
  options: RegisterSchemaOptions["options"] & NdiSchemaOptions;
}

/** The AnonCreds registry of did:ndi. */
export class NdiAnonCredsRegistry implements AnonCredsRegistry {
  readonly methodName = "ndi";
  readonly supportedIdentifier = new RegExp(`^${ISSUER}(/resources/z${MULTIHASH})?$`);
  /** A schema is named by the hash of its content, so none ever changes. */
  readonly allowsCaching = true;
  readonly allowsLocalRecord = true;
  readonly #client: DzongClient;

  constructor(client: DzongClient) {
    this.#client = client;
  }

  /** The schema with this DID URL, proven. */
  async getSchema(_context: AgentContext, schemaId: string): Promise<GetSchemaReturn> {
    const [, issuerId] = OBJECT.exec(schemaId) ?? [];
    if (issuerId === undefined) {
      return missing(schemaId, "invalid", `\`${schemaId}\` is not <did:ndi>/resources/<id>`);
    }
    try {
      const { content, metadata, height, error } = await this.#client.dereference(schemaId);
      if (error !== null) {
        return missing(schemaId, "notFound", `${error.title}, at height ${height}`);
      }
      const schema = metadata["resourceType"] === SCHEMA ? schemaOf(content) : null;
      if (schema?.issuerId !== issuerId) {
        return missing(schemaId, "invalid", "what is published there is no AnonCreds schema");
      }
      return { schema, schemaId, resolutionMetadata: {}, schemaMetadata: plain(metadata) };
    } catch (error) {
      if (!(error instanceof DzongError)) throw error;
      return missing(schemaId, error.code, error.message);
    }
  }

  /**
   * Publishes a schema under its issuer's DID, after the latest of its name if there is one. One
   * that is published already is as good as new.
   */
  async registerSchema(
    context: AgentContext,
    { schema, options }: NdiRegisterSchemaOptions,
  ): Promise<RegisterSchemaReturn> {
    const result = { schemaMetadata: {}, registrationMetadata: {} };
    try {
      const state = await this.#publish(context, schema, options.keyIds ?? []);
      return { ...result, schemaState: { ...state, schema } };
    } catch (error) {
      if (!(error instanceof DzongError)) throw error;
      const reason = `${error.code}: ${error.message}`;
      return { ...result, schemaState: { state: "failed", reason, schema } };
    }
  }

  async #publish(
    context: AgentContext,
    { issuerId: did, name, version, attrNames }: AnonCredsSchema,
    keyIds: readonly string[],
  ): Promise<{ readonly state: "finished" | "wait"; readonly schemaId: string }> {
    if (!isDid(did)) throw new FormatError(`\`issuerId\` is \`${did}\`, and no did:ndi identifier`);
    const content: JsonObject = { issuerId: did, name, version, attrNames: [...attrNames] };
    const schemaId = resourceUri(did, resourceId(content));
    const there = await this.#client.dereference(schemaId);
    if (there.error === null) return { state: "finished", schemaId };
    if (keyIds.length === 0) throw new FormatError("name the issuer's keys in `options.keyIds`");
    const series = `resourceType=${SCHEMA}&resourceName=${encodeURIComponent(name)}`;
    const { metadata: { resourceId: latest } } = await this.#client.dereference(`${did}?${series}`);
    const event = schemaPublished({
      did,
      content,
      resourceType: SCHEMA,
      resourceName: name,
      resourceVersion: version,
      previousVersionId: typeof latest === "string" ? latest : undefined,
    });
    const signed = await signedBy(context, this.#client, event, did, keyIds);
    const { status } = await this.#client.submit(signed);
    return { state: status === "certified" ? "finished" : "wait", schemaId };
  }

  async getCredentialDefinition(
    _context: AgentContext,
    credentialDefinitionId: string,
  ): Promise<GetCredentialDefinitionReturn> {
    const resolutionMetadata = unsupported("credential definitions");
    return { credentialDefinitionId, resolutionMetadata, credentialDefinitionMetadata: {} };
  }

  async registerCredentialDefinition(): Promise<RegisterCredentialDefinitionReturn> {
    return {
      credentialDefinitionState: refused("credential definitions"),
      credentialDefinitionMetadata: {},
      registrationMetadata: {},
    };
  }

  async getRevocationRegistryDefinition(
    _context: AgentContext,
    revocationRegistryDefinitionId: string,
  ): Promise<GetRevocationRegistryDefinitionReturn> {
    return {
      revocationRegistryDefinitionId,
      resolutionMetadata: unsupported("revocation registries"),
      revocationRegistryDefinitionMetadata: {},
    };
  }

  async registerRevocationRegistryDefinition(
  ): Promise<RegisterRevocationRegistryDefinitionReturn> {
    return {
      revocationRegistryDefinitionState: refused("revocation registries"),
      revocationRegistryDefinitionMetadata: {},
      registrationMetadata: {},
    };
  }

  async getRevocationStatusList(): Promise<GetRevocationStatusListReturn> {
    const resolutionMetadata = unsupported("revocation status lists");
    return { resolutionMetadata, revocationStatusListMetadata: {} };
  }

  async registerRevocationStatusList(): Promise<RegisterRevocationStatusListReturn> {
    return {
      revocationStatusListState: refused("revocation status lists"),
      revocationStatusListMetadata: {},
      registrationMetadata: {},
    };
  }
}

function missing(schemaId: string, error: string, message: string): GetSchemaReturn {
  return { schemaId, resolutionMetadata: { error, message }, schemaMetadata: {} };
}

function plain(json: JsonObject): Record<string, unknown> {
  return JSON.parse(canonicalText(json));
}

/** The content of a resource as a schema; null where it has not the form of one. */
function schemaOf(content: Json): AnonCredsSchema | null {
  if (!isObject(content)) return null;
  const { issuerId, name, version, attrNames } = content;
  const isText = (value: Json | undefined): value is string => typeof value === "string";
  if (!isText(issuerId) || !isText(name) || !isText(version) || !Array.isArray(attrNames)) {
    return null;
  }
  return attrNames.every(isText) ? { issuerId, name, version, attrNames } : null;
}

const SO_FAR = "a did:ndi ledger holds AnonCreds schemas so far, and no";

function unsupported(what: string): { readonly error: string; readonly message: string } {
  return { error: "unsupportedAnonCredsMethod", message: `${SO_FAR} ${what}` };
}

function refused(what: string): { readonly state: "failed"; readonly reason: string } {
  return { state: "failed", reason: `${SO_FAR} ${what}` };
}
