/** The author's side: events are built, given their identifier, signed, endorsed and checked. */

import { concat, fromBase58, toBase58 } from "./bytes.js";
import { PLACEHOLDER, checkMultihash, parseDid, scidOf } from "./did.js";
import { FormatError } from "./errors.js";
import { sha256, tagged } from "./hash.js";
import {
  canonical, canonicalText, isObject, parse, type Json, type JsonObject,
} from "./json.js";
import { readPublicKey, verifySignature, type Signer } from "./keys.js";
import type { Control } from "./resolution.js";
import { formatTime } from "./time.js";

/** The context that every event names first, so that all hash the same bytes. Never fetched. */
export const CONTEXT = "https://w3id.org/security/data-integrity/v2";

/** The largest event, in canonical bytes. */
export const EVENT_BYTES_MAX = 65_535;

const ENTRIES_MAX = 16;
const DAY = 24 * 3600 * 1000;

/** When an event was made, and until when it may take effect, in milliseconds since 1970. */
export interface Times {
  /** Now, without it. */
  readonly created?: number;
  /** A day after `created`, without it; at most seven days ahead of block time. */
  readonly validUntil?: number;
}

/** An event without proofs, or with some. */
export type Event = JsonObject;

/** What a new DID begins with. */
export interface Inception extends Times {
  /** The network's name. */
  readonly network: string;
  readonly control: Control;
  /** The document, made from the DID's placeholder; without it, one that holds the DID alone. */
  readonly document?: ((did: string) => JsonObject) | undefined;
}

/** The `DidCreated` event of a new DID, without proofs, and the DID that follows from it. */
export function didCreated(inception: Inception): { readonly did: string; readonly event: Event } {
  const { network, control, document = (id): JsonObject => ({ id }) } = inception;
  const author = `did:ndi:${network}:${PLACEHOLDER}`;
  checkControl(control, author);
  const members = { control: controlJson(control), document: document(author) };
  const template = envelope("DidCreated", author, network, inception, members);
  const scid = scidOf(template);
  const { did } = parseDid(author.replace(PLACEHOLDER, scid));
  const text = canonicalText(template).replaceAll(PLACEHOLDER, scid);
  return { did, event: parse(text) as JsonObject };
}

/** What changes, and the version that is replaced. */
export interface Update extends Times {
  readonly did: string;
  /** The version in force (`versionId` of a resolution). */
  readonly previousVersion: number;
  readonly control?: Control | undefined;
  readonly document?: JsonObject | undefined;
}

/** A `DidUpdated` event, without proofs. What is absent stays as it is. */
export function didUpdated(update: Update): Event {
  const { did, previousVersion, control, document } = update;
  if (control === undefined && document === undefined) {
    throw new FormatError("an update changes the document, the control or both");
  }
  const members: JsonObject = { previousVersion };
  if (document !== undefined) members["document"] = document;
  if (control !== undefined) {
    checkControl(control, did);
    members["control"] = controlJson(control);
  }
  return envelope("DidUpdated", did, parseDid(did).network, update, members);
}

/** Which DID ends, and the version that is replaced. */
export interface Deactivation extends Times {
  readonly did: string;
  readonly previousVersion: number;
  /** Under pre-rotation: the committed keys that sign. */
  readonly revealedKeys?: readonly string[] | undefined;
}

/** A `DidDeactivated` event, without proofs. It is for good. */
export function didDeactivated(deactivation: Deactivation): Event {
  const { did, previousVersion, revealedKeys } = deactivation;
  const members: JsonObject = { previousVersion };
  if (revealedKeys !== undefined) members["revealedKeys"] = [...revealedKeys];
  return envelope("DidDeactivated", did, parseDid(did).network, deactivation, members);
}

/** What is published for good, and the version that it follows. */
export interface Publication extends Times {
  readonly did: string;
  /** `JsonSchema` or `anonCredsSchema`. */
  readonly resourceType: string;
  readonly resourceName: string;
  /** The publisher's own label of this version. */
  readonly resourceVersion?: string | undefined;
  readonly content: JsonObject;
  /** The id of the latest version of this type and name; absent for the first. */
  readonly previousVersionId?: string | undefined;
}

/** A `SchemaPublished` event, without proofs: the keys in force of the DID sign it. */
export function schemaPublished(publication: Publication): Event {
  const { did, content, resourceName, resourceType } = publication;
  const members: JsonObject = { content, resourceName, resourceType };
  for (const name of ["resourceVersion", "previousVersionId"] as const) {
    const value = publication[name];
    if (value !== undefined) members[name] = value;
  }
  return envelope("SchemaPublished", did, parseDid(did).network, publication, members);
}

function envelope(
  type: string,
  author: string,
  network: string,
  { created = Date.now(), validUntil = created + DAY }: Times,
  members: JsonObject,
): Event {
  return {
    "@context": [CONTEXT],
    author,
    created: formatTime(created),
    network,
    type,
    validUntil: formatTime(validUntil),
    ...members,
  };
}

/** Refuses a control that no event may give. */
export function checkControl(control: Control, did: string): void {
  const { keys, threshold, controllers = [], nextKeyHashes = [] } = control;
  for (const [name, list] of Object.entries({ keys, controllers, nextKeyHashes })) {
    if (list.length > ENTRIES_MAX) throw new FormatError(`\`${name}\` has at most 16 entries`);
    if (new Set(list).size !== list.length) {
      throw new FormatError(`an entry stands twice in \`${name}\``);
    }
  }
  for (const key of keys) readPublicKey(key);
  for (const controller of controllers) {
    if (parseDid(controller).did === did) throw new FormatError("a DID is not its own controller");
  }
  for (const hash of nextKeyHashes) checkMultihash(hash, "an item of `nextKeyHashes`");
  const voices = keys.length + controllers.length;
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > voices) {
    throw new FormatError(`\`threshold\` is from 1 to ${voices}, the keys and controllers`);
  }
}

/** Empty lists are left out: the record writes them so, and a document is hashed as written. */
function controlJson(control: Control): JsonObject {
  const { keys, threshold, controllers = [], nextKeyHashes = [] } = control;
  const json: JsonObject = { keys: [...keys], threshold };
  if (controllers.length > 0) json["controllers"] = [...controllers];
  if (nextKeyHashes.length > 0) json["nextKeyHashes"] = [...nextKeyHashes];
  return json;
}

/** Who signs: a control key of a DID, for the network with this `domain` (`domainOf`). */
export interface Signing {
  readonly did: string;
  readonly key: Signer;
  readonly domain: string;
}

/** The event with one more proof of its author's, or of a controller's, key. */
export function sign(event: Event, signing: Signing): Promise<Event> {
  if (proofsOf(event).some((proof) => proof["previousProof"] !== undefined)) {
    throw new FormatError("the event is endorsed already: the author signs before the endorser");
  }
  const id = `urn:ndi:proof:${signing.key.publicKey}`;
  return withProof(event, signing, { id, proofPurpose: "capabilityInvocation" });
}

/** The event with an endorser's proof, which stands over all of the author's. */
export function endorse(event: Event, signing: Signing): Promise<Event> {
  const own = proofsOf(event).filter((proof) => proof["previousProof"] === undefined);
  const previousProof = own.map((proof) => proof["id"]);
  if (previousProof.length === 0 || !previousProof.every((id) => typeof id === "string")) {
    throw new FormatError("an endorser signs after the author, each of whose proofs has an id");
  }
  return withProof(event, signing, { previousProof, proofPurpose: "assertionMethod" });
}

async function withProof(
  event: Event,
  { did, key, domain }: Signing,
  purpose: JsonObject,
): Promise<Event> {
  const config: JsonObject = {
    "@context": event["@context"] as Json,
    type: "DataIntegrityProof",
    cryptosuite: readPublicKey(key.publicKey).suite,
    domain,
    verificationMethod: `${did}#${key.publicKey}`,
    ...purpose,
  };
  const proofs = proofsOf(event);
  const signature = await key.sign(messageOf(event, proofs, config));
  const all = [...proofs, { ...config, proofValue: `z${toBase58(signature)}` }];
  return { ...event, proof: sorted(all) };
}

/** Proofs stand in the order of their canonical bytes, so any order of signing gives one event. */
function sorted(proofs: readonly JsonObject[]): JsonObject[] {
  const compare = (a: Uint8Array, b: Uint8Array): number => {
    const at = a.findIndex((byte, place) => byte !== b[place]);
    return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
  };
  const texts = proofs.map((proof) => ({ proof, bytes: canonical(proof) }));
  return texts.sort((a, b) => compare(a.bytes, b.bytes)).map(({ proof }) => proof);
}

function proofsOf(event: Event): JsonObject[] {
  const proofs = event["proof"] ?? [];
  if (!Array.isArray(proofs) || !proofs.every(isObject)) {
    throw new FormatError("`proof` of an event is a list of proofs");
  }
  return proofs;
}

/**
 * What a proof signs: SHA-256 of the proof without its value, then of the event without proofs, or,
 * for an endorser, with those that it endorses.
 */
function messageOf(
  event: Event,
  proofs: readonly JsonObject[],
  { proofValue: _, ...config }: JsonObject,
): Uint8Array {
  const { proof: __, ...unsecured } = event;
  const previous = config["previousProof"];
  const ids = typeof previous === "string" ? [previous] : Array.isArray(previous) ? previous : [];
  const endorsed = sorted(proofs).filter(({ id }) => id !== undefined && ids.includes(id));
  if (endorsed.length !== ids.length) {
    throw new FormatError("`previousProof` names proofs that the event does not bear");
  }
  const document = ids.length === 0 ? unsecured : { ...unsecured, proof: endorsed };
  return concat(sha256(canonical(config)), sha256(canonical(document)));
}

/** The event's id: it does not depend on the proofs. */
export function eventId(event: Event): Uint8Array {
  const { proof: _, ...unsecured } = event;
  return tagged("event", canonical(unsecured));
}

/** Refuses an event with a signature that does not hold. Whether a key may sign is the ledger's. */
export function checkSignatures(event: Event): void {
  const proofs = proofsOf(event);
  if (proofs.length === 0) throw new FormatError("the event bears no proof");
  for (const proof of proofs) {
    const method = String(proof["verificationMethod"]);
    const [did = "", key = ""] = method.split("#");
    parseDid(did);
    if (readPublicKey(key).suite !== proof["cryptosuite"]) {
      throw new FormatError(`the key of \`${method}\` is of another suite than its proof says`);
    }
    const value = String(proof["proofValue"]);
    if (!value.startsWith("z")) throw new FormatError("`proofValue` is z and base58btc");
    const signature = fromBase58(value.slice(1), 64);
    if (!verifySignature(key, messageOf(event, proofs, proof), signature)) {
      throw new FormatError(`the signature of \`${method}\` does not verify`);
    }
  }
}

/** The bytes to submit. */
export function eventBytes(event: Event): Uint8Array {
  const bytes = canonical(event);
  if (bytes.length > EVENT_BYTES_MAX) {
    throw new FormatError(`the event has ${bytes.length} bytes, of at most ${EVENT_BYTES_MAX}`);
  }
  return bytes;
}
