/** Registers, updates and deactivates did:ndi with keys of a Credo agent. */

import {
  DidDocumentRole, DidRecord, DidRepository, type AgentContext, type DidCreateOptions,
  type DidCreateResult, type DidDeactivateOptions, type DidDeactivateResult, type DidDocument,
  type DidRegistrar, type DidUpdateOptions, type DidUpdateResult,
} from "@credo-ts/core";
import {
  DzongError, FormatError, didCreated, didDeactivated, didUpdated, endorse, keyHash,
  parse, type Control, type DzongClient, type Event, type JsonObject, type Signer,
} from "@dzong/client";

import { documentOf } from "./resolver.js";
import { kmsSigner, kmsSigners, signedBy } from "./signer.js";

/** Who vouches for a new DID: takes the signed event, and gives it back endorsed. */
export type Endorser = (event: Event, domain: string) => Promise<Event>;

/** An endorser whose key is here. Another organisation's is asked over whatever joins the two. */
export function endorserOf(did: string, key: Signer): Endorser {
  return (event, domain) => endorse(event, { did, key, domain });
}

/** Who may change a DID, by ids of keys in the agent's key management. */
export interface KmsControl {
  readonly keyIds: readonly string[];
  /** How many of keys and controllers must agree; all of the keys without it. */
  readonly threshold?: number;
  /** Pre-rotation: the only keys that may come next. */
  readonly nextKeyIds?: readonly string[];
  readonly controllers?: readonly string[];
}

/** A key of the document: it signs for the subject, and changes nothing on the ledger. */
export interface DocumentKey {
  /** What names it in the document, such as `#issuing`. */
  readonly id: string;
  readonly keyId: string;
  readonly purposes: readonly ("authentication" | "assertionMethod")[];
}

/** What a new DID is made of. */
export interface NdiDidCreateOptions extends DidCreateOptions {
  method: "ndi";
  did?: never;
  didDocument?: never;
  options: {
    control: KmsControl;
    keys?: readonly DocumentKey[];
    service?: readonly JsonObject[];
  };
}

/** The whole new document, and what signs; `control` replaces who may change the DID. */
export interface NdiDidUpdateOptions extends DidUpdateOptions {
  didDocument: DidDocument;
  options: { keyIds: readonly string[]; control?: KmsControl };
}

/** What signs the end of a DID. */
export interface NdiDidDeactivateOptions extends DidDeactivateOptions {
  options: { keyIds: readonly string[] };
}

type Result = DidCreateResult & DidUpdateResult & DidDeactivateResult;
type State = Result["didState"];

/** The registrar for `did:ndi`. */
export class NdiDidRegistrar implements DidRegistrar {
  readonly supportedMethods = ["ndi"];
  readonly #client: DzongClient;
  readonly #endorser: Endorser | undefined;

  /** @param endorser who vouches for new DIDs; without it none is created */
  constructor(client: DzongClient, endorser?: Endorser) {
    this.#client = client;
    this.#endorser = endorser;
  }

  create(context: AgentContext, { options }: NdiDidCreateOptions): Promise<DidCreateResult> {
    return settle(async () => {
      const endorser = this.#endorser;
      if (endorser === undefined) throw new FormatError("give the registrar an endorser");
      const { control, keys = [], service = [] } = options;
      const methods = await methodsOf(context, keys);
      const { did, event } = didCreated({
        network: (await this.#client.trust()).network,
        control: await controlOf(context, control),
        document: (id) => document(id, methods, service),
      });
      const signed = await signedBy(context, this.#client, event, did, control.keyIds);
      const state = await this.#submitted(await endorser(signed, await this.#client.domain()), did);
      const record = new DidRecord({
        did,
        role: DidDocumentRole.Created,
        keys: keys.map(({ id, keyId }) => ({ didDocumentRelativeKeyId: id, kmsKeyId: keyId })),
      });
      await context.dependencyManager.resolve(DidRepository).save(context, record);
      return state;
    });
  }

  update(context: AgentContext, update: NdiDidUpdateOptions): Promise<DidUpdateResult> {
    return settle(async () => {
      const { did, didDocument, didDocumentOperation = "setDidDocument", options } = update;
      if (didDocumentOperation !== "setDidDocument") {
        throw new FormatError("an update gives the whole document: use setDidDocument");
      }
      const { version } = await this.#state(did);
      const control = options.control && await controlOf(context, options.control);
      const event = didUpdated({
        did,
        previousVersion: version,
        document: parse(JSON.stringify(didDocument.toJSON())) as JsonObject,
        control,
      });
      const signed = await signedBy(context, this.#client, event, did, options.keyIds);
      return this.#submitted(signed, did);
    });
  }

  deactivate(
    context: AgentContext,
    { did, options: { keyIds } }: NdiDidDeactivateOptions,
  ): Promise<DidDeactivateResult> {
    return settle(async () => {
      const { version, control } = await this.#state(did);
      const signers = await kmsSigners(context, keyIds);
      const isPreRotated = (control.nextKeyHashes ?? []).length > 0;
      const revealedKeys = isPreRotated ? signers.map(({ publicKey }) => publicKey) : undefined;
      const event = didDeactivated({ did, previousVersion: version, revealedKeys });
      return this.#submitted(await signedBy(context, this.#client, event, did, keyIds), did);
    });
  }

  async #state(did: string): Promise<{ readonly version: number; readonly control: Control }> {
    const state = await this.#client.didState(did);
    if (state === null) throw new FormatError(`\`${did}\` is not registered`);
    return state;
  }

  /** The state of the operation, from the ledger as it is after the event. */
  async #submitted(event: Event, did: string): Promise<State> {
    const { status } = await this.#client.submit(event);
    if (status === "pending") return { state: "wait", did };
    const { document: json } = await this.#client.resolve(did);
    const didDocument = documentOf(did, json ?? { id: did });
    return { state: "finished", did, didDocument };
  }
}

/** The result of an operation; what the ledger or a form refuses is a failure with its reason. */
async function settle(operation: () => Promise<State>): Promise<Result> {
  const result = { didRegistrationMetadata: {}, didDocumentMetadata: {} };
  try {
    return { ...result, didState: await operation() };
  } catch (error) {
    if (!(error instanceof DzongError)) throw error;
    return { ...result, didState: { state: "failed", reason: `${error.code}: ${error.message}` } };
  }
}

async function controlOf(context: AgentContext, control: KmsControl): Promise<Control> {
  const { keyIds, threshold = keyIds.length, nextKeyIds = [], controllers = [] } = control;
  const keys = (await kmsSigners(context, keyIds)).map(({ publicKey }) => publicKey);
  const next = await kmsSigners(context, nextKeyIds);
  const nextKeyHashes = next.map(({ publicKey }) => keyHash(publicKey));
  return { keys, threshold, controllers, nextKeyHashes };
}

interface Method extends DocumentKey {
  readonly publicKeyMultibase: string;
}

function methodsOf(context: AgentContext, keys: readonly DocumentKey[]): Promise<Method[]> {
  return Promise.all(keys.map(async (key) => {
    const { publicKey } = await kmsSigner(context, key.keyId);
    return { ...key, publicKeyMultibase: publicKey };
  }));
}

function document(
  did: string,
  methods: readonly Method[],
  service: readonly JsonObject[],
): JsonObject {
  const json: JsonObject = {
    "@context": ["https://www.w3.org/ns/did/v1.1", "https://w3id.org/security/multikey/v1"],
    id: did,
  };
  if (methods.length > 0) {
    json["verificationMethod"] = methods.map(({ id, publicKeyMultibase }) => (
      { id: `${did}${id}`, type: "Multikey", controller: did, publicKeyMultibase }
    ));
  }
  for (const purpose of ["authentication", "assertionMethod"] as const) {
    const ids = methods.filter(({ purposes }) => purposes.includes(purpose));
    if (ids.length > 0) json[purpose] = ids.map(({ id }) => `${did}${id}`);
  }
  if (service.length > 0) json["service"] = [...service];
  return json;
}
