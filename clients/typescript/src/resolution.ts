/** DID resolution: from a question and the proven record of a DID to the one possible result. */

import { isAnyDid, isDid, parseDid } from "./did.js";
import { FormatError } from "./errors.js";
import { importedDid, importedKey, isForeign } from "./imported.js";
import { isObject, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { LedgerRecord, Past } from "./record.js";
import { formatTime, isTime, parseTime } from "./time.js";
import { absolute } from "./urls.js";

/** What was asked: a DID, and perhaps one of its versions by number or by time. */
export interface Question {
  readonly did: string;
  readonly versionId?: string;
  readonly versionTime?: string;
  /** Relative DID URLs are made absolute. */
  readonly expandRelativeUrls?: true;
}

/** The media type of documents and their parts. */
export const DOCUMENT = "application/did";

/** The verification relationships of DID Core. */
export const RELATIONSHIPS = [
  "authentication", "assertionMethod", "keyAgreement", "capabilityInvocation",
  "capabilityDelegation",
] as const;

/** Who may change a DID (`docs/did-ndi.md`, section 2). */
export interface Control {
  readonly keys: readonly string[];
  readonly threshold: number;
  readonly controllers?: readonly string[];
  readonly nextKeyHashes?: readonly string[];
}

/** What the record of a DID holds. */
export interface DidState {
  readonly control: Control;
  /** Block time of its creation, in milliseconds. */
  readonly created: number;
  readonly deactivated: boolean;
  readonly document: Json | undefined;
  /** Who vouched for it; none for those of genesis. */
  readonly endorser: string | undefined;
}

/** A version by its number, or the one in force at a moment. */
type Wanted = { readonly version: bigint } | { readonly moment: number };

/** Why a resolution fails, and what the result says then. */
export const DID_ERRORS = {
  INVALID_DID: "the identifier is not a DID",
  METHOD_NOT_SUPPORTED: "this registry does not hold DIDs of that kind",
  FEATURE_NOT_SUPPORTED: "this registry does not support that option",
  INVALID_OPTIONS: "an option has a value that makes no sense",
  NOT_FOUND: "there is no such DID or version",
} as const;

/** The codes of DID Resolution with which a resolution fails. */
export type Failure = keyof typeof DID_ERRORS;

/** A document with its metadata, or why there is none. A deactivated DID has metadata alone. */
export interface Resolution {
  readonly failure: Failure | null;
  readonly document: Json | undefined;
  readonly metadata: JsonObject;
}

function failed(failure: Failure): Resolution {
  return { failure, document: undefined, metadata: {} };
}

/** The failure that a result shows, if it shows one. */
export function failureOf(result: JsonObject): Failure | null {
  const metadata = result["didResolutionMetadata"];
  const error = isObject(metadata) ? metadata["error"] : undefined;
  const code = isObject(error) ? String(error["type"]).split("#")[1] : undefined;
  return code !== undefined && Object.hasOwn(DID_ERRORS, code) ? (code as Failure) : null;
}

const VERSION = ["versionId", "versionTime"] as const;

/** Reads a question of a proof. */
export function readQuestion(value: Json): Question {
  const members = new Members(value, "the question", ["did", ...VERSION, "expandRelativeUrls"]);
  return {
    did: members.text("did"),
    ...members.optionalTexts(VERSION),
    ...(members.flag("expandRelativeUrls") ? { expandRelativeUrls: true } : {}),
  };
}

/** The key of the record that answers for a DID. */
export function didKey(did: string): string {
  return `did/${parseDid(did).did}`;
}

/** Reads the content of a DID's record. */
export function readDidState(content: Json): DidState {
  const names = ["control", "created", "deactivated", "document", "endorser"];
  const members = new Members(content, "the DID's record", names);
  const deactivated = members.has("deactivated");
  if (deactivated && members.json("deactivated") !== true) {
    throw new FormatError("`deactivated` of the DID's record is true or absent");
  }
  return {
    control: readControl(members.json("control")),
    created: members.count("created"),
    deactivated,
    document: members.has("document") ? members.json("document") : undefined,
    endorser: members.has("endorser") ? members.text("endorser") : undefined,
  };
}

function readControl(value: Json): Control {
  const names = ["controllers", "keys", "nextKeyHashes", "threshold"];
  const members = new Members(value, "`control`", names);
  const optional = (name: string): Record<string, string[]> =>
    members.has(name) ? { [name]: members.texts(name) } : {};
  return {
    keys: members.texts("keys"),
    threshold: members.count("threshold"),
    ...optional("controllers"),
    ...optional("nextKeyHashes"),
  };
}

/** What is proven about the record that a question is answered from. */
export interface Answering {
  readonly key: string;
  readonly record: LedgerRecord | null;
  readonly past: Past | null;
}

/** The result, without its proof, that follows from what is proven. */
export function resolutionOf(
  question: Question,
  network: string | null,
  proven: Answering,
): JsonObject {
  const { failure, document, metadata } = resolve(question, network, proven);
  const error = failure !== null
    && { error: { title: DID_ERRORS[failure], type: `https://www.w3.org/ns/did#${failure}` } };
  const contentType = document !== undefined && { contentType: DOCUMENT };
  return {
    didDocument: document ?? null,
    didDocumentMetadata: metadata,
    didResolutionMetadata: error || contentType || {},
  };
}

/**
 * What is proven of a DID. A record that does not answer the question is refused.
 *
 * @param network the network whose DIDs are resolved; null for the one that the DID names
 */
export function resolve(
  question: Question,
  network: string | null,
  proven: Answering,
): Resolution {
  const resolution = versionOf(question, network, proven);
  const { document } = resolution;
  if (question.expandRelativeUrls !== true || !isObject(document)) return resolution;
  return { ...resolution, document: expanded(document, question.did) };
}

function versionOf(
  question: Question,
  network: string | null,
  { key, record, past }: Answering,
): Resolution {
  if (!isAnyDid(question.did)) return failed("INVALID_DID");
  if (isForeign(question.did)) return ofAnotherLedger(question, { key, record, past });
  if (!question.did.startsWith("did:ndi:")) return failed("METHOD_NOT_SUPPORTED");
  if (!isDid(question.did)) return failed("INVALID_DID");
  if (network !== null && parseDid(question.did).network !== network) {
    return failed("METHOD_NOT_SUPPORTED");
  }
  const wanted = wantedVersion(question);
  if (wanted === undefined) return failed("INVALID_OPTIONS");
  if (key !== didKey(question.did)) throw new FormatError("the proof is about another record");
  if (record === null) return failed("NOT_FOUND");
  const current = readDidState(record.content);
  if (past !== null) {
    const { entry: { version, time }, until } = past;
    if (wanted === null || !isThat(wanted, version, time, until)) {
      throw new FormatError("the past version is not the one that was asked for");
    }
    return result(readDidState(past.content), current.deactivated, version, time, until);
  }
  if (wanted !== null && "version" in wanted && wanted.version > BigInt(record.version)) {
    return failed("NOT_FOUND");
  }
  if (wanted !== null && "moment" in wanted && wanted.moment < current.created) {
    return failed("NOT_FOUND");
  }
  if (wanted !== null && !isThat(wanted, record.version, record.time, Infinity)) {
    throw new FormatError("the proof is not about the version that was asked for");
  }
  return result(current, current.deactivated, record.version, record.time, null);
}

/** What is proven of a DID of another ledger, of which there is the newest version alone. */
function ofAnotherLedger(question: Question, { key, record, past }: Answering): Resolution {
  const wanted = wantedVersion(question);
  if (wanted === undefined) return failed("INVALID_OPTIONS");
  if (wanted !== null) return failed("FEATURE_NOT_SUPPORTED");
  if (key !== importedKey(question.did) || past !== null) {
    throw new FormatError("the proof is about another record");
  }
  if (record === null) return failed("METHOD_NOT_SUPPORTED");
  return { failure: null, ...importedDid(record) };
}

/** Whether a version, in force from one moment until before another, is the wanted one. */
function isThat(wanted: Wanted, version: number, since: number, until: number): boolean {
  if ("version" in wanted) return wanted.version === BigInt(version);
  return since <= wanted.moment && wanted.moment < until;
}

const VERSION_MAX = 2n ** 64n - 1n;

/** The version that is asked for: null for the one in force, undefined for what makes no sense. */
function wantedVersion({ versionId, versionTime }: Question): Wanted | null | undefined {
  if (versionId !== undefined) {
    const isNumber = /^[1-9][0-9]{0,19}$/.test(versionId) && BigInt(versionId) <= VERSION_MAX;
    return isNumber && versionTime === undefined ? { version: BigInt(versionId) } : undefined;
  }
  if (versionTime === undefined) return null;
  // The text means all of its second.
  return isTime(versionTime) ? { moment: parseTime(versionTime) + 999 } : undefined;
}

function result(
  state: DidState,
  deactivated: boolean,
  version: number,
  since: number,
  until: number | null,
): Resolution {
  const metadata: JsonObject = {
    created: formatTime(state.created),
    versionId: String(version),
  };
  if (deactivated) metadata["deactivated"] = true;
  if (version > 1) metadata["updated"] = formatTime(since);
  if (until !== null) {
    metadata["nextUpdate"] = formatTime(until);
    metadata["nextVersionId"] = String(version + 1);
  }
  return { failure: null, document: state.document, metadata };
}

/** The items of a set, which may be one value alone. */
export function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** Members that name the subject and others; these hold no relative DID URLs. */
const NAMES = ["@context", "alsoKnownAs", "controller", "id"];

/** A document with its relative DID URLs made absolute. */
function expanded(document: JsonObject, did: string): JsonObject {
  const full = (name: string, item: Json): Json => {
    if (isObject(item) && typeof item["id"] === "string") {
      return { ...item, id: absolute(did, item["id"]) };
    }
    const isReference = RELATIONSHIPS.some((relationship) => relationship === name);
    return isReference && typeof item === "string" ? absolute(did, item) : item;
  };
  const members = Object.entries(document).map(([name, value]): [string, Json] => {
    if (NAMES.includes(name)) return [name, value];
    const items = Array.isArray(value) ? value.map((item) => full(name, item)) : full(name, value);
    return [name, items];
  });
  return Object.fromEntries(members);
}
