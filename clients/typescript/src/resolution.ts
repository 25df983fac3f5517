/** DID resolution: from a question and the proven record of a DID to the one possible result. */

import { parseDid } from "./did.js";
import { FormatError } from "./errors.js";
import { isObject, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { LedgerRecord, Past } from "./record.js";
import { formatTime, parseTime } from "./time.js";

/** What was asked: a DID, and perhaps one of its versions by number or by time. */
export interface Question {
  readonly did: string;
  readonly versionId?: string;
  readonly versionTime?: string;
}

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

const NOT_FOUND: JsonObject = {
  didDocument: null,
  didDocumentMetadata: {},
  didResolutionMetadata: {
    error: {
      title: "there is no such DID or version",
      type: "https://www.w3.org/ns/did#NOT_FOUND",
    },
  },
};

/** Reads a question of a proof. */
export function readQuestion(value: Json): Question {
  const members = new Members(value, "the question", ["did", "versionId", "versionTime"]);
  return {
    did: members.text("did"),
    ...(members.has("versionId") ? { versionId: members.text("versionId") } : {}),
    ...(members.has("versionTime") ? { versionTime: members.text("versionTime") } : {}),
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

/**
 * The result, without its proof, that follows from what is proven. A record that does not answer
 * the question is refused.
 */
export function resolutionOf(
  question: Question,
  record: LedgerRecord | null,
  past: Past | null,
): JsonObject {
  const wanted = wantedVersion(question);
  if (record === null) return NOT_FOUND;
  const current = readDidState(record.content);
  if (past !== null) {
    const { entry: { version, time }, until } = past;
    if (wanted === null || !isThat(wanted, version, time, until)) {
      throw new FormatError("the past version is not the one that was asked for");
    }
    return result(readDidState(past.content), current.deactivated, version, time, until);
  }
  if (wanted !== null && "version" in wanted && wanted.version > BigInt(record.version)) {
    return NOT_FOUND;
  }
  if (wanted !== null && "moment" in wanted && wanted.moment < current.created) return NOT_FOUND;
  if (wanted !== null && !isThat(wanted, record.version, record.time, Infinity)) {
    throw new FormatError("the proof is not about the version that was asked for");
  }
  return result(current, current.deactivated, record.version, record.time, null);
}

/** Whether a version, in force from one moment until before another, is the wanted one. */
function isThat(wanted: Wanted, version: number, since: number, until: number): boolean {
  if ("version" in wanted) return wanted.version === BigInt(version);
  return since <= wanted.moment && wanted.moment < until;
}

function wantedVersion({ versionId, versionTime }: Question): Wanted | null {
  if (versionId !== undefined && versionTime !== undefined) {
    throw new FormatError("a version is asked for by its number or by a time, not by both");
  }
  if (versionId !== undefined) {
    if (!/^[1-9][0-9]{0,19}$/.test(versionId)) {
      throw new FormatError("`versionId` is a version's number from 1");
    }
    return { version: BigInt(versionId) };
  }
  // The text means all of its second.
  return versionTime === undefined ? null : { moment: parseTime(versionTime) + 999 };
}

function result(
  state: DidState,
  deactivated: boolean,
  version: number,
  since: number,
  until: number | null,
): JsonObject {
  const document = state.document;
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
  return {
    didDocument: document ?? null,
    didDocumentMetadata: metadata,
    didResolutionMetadata: document === undefined ? {} : { contentType: "application/did" },
  };
}

/** The member of a proof's JSON from which a resolution's document is left out. */
export function documentHolder(proof: Json): JsonObject | null {
  const records = member(member(proof, "evidence"), "records");
  const proven = Array.isArray(records) ? records[0] : undefined;
  const past = member(proven, "past");
  const holder = member(past ?? member(proven, "record"), "content");
  return isObject(holder) ? holder : null;
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
