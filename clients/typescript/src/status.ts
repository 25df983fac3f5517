/** What is asked about a revocation registry (`docs/format.md`, A revocation registry). */

import { fromBase64, toBase64 } from "./bytes.js";
import { FormatError } from "./errors.js";
import type { Json, JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { Answering } from "./resolution.js";
import { parseTime } from "./time.js";
import { CHUNK_BYTES, CHUNK_SLOTS, nodesOf, statusAt } from "./vector.js";

/** What of a registry: what it is with its head, all statuses, or one slot's. */
export type StatusPart = "registry" | "statuses" | { readonly slot: number };

/** What is asked of a registry; without `time` and `version`, as it is now. */
export interface StatusQuestion {
  readonly part: StatusPart;
  /** The registry's id. */
  readonly registry: string;
  /** As it was at the end of this second. */
  readonly time?: string;
  /** As it was in this version of its head. */
  readonly version?: number;
}

const SLOT_MAX = 2 ** 32 - 1;
const LOCK_BYTES = CHUNK_SLOTS / 8;
const ACCUMULATOR_BYTES = 128;
const COMMITMENT_BYTES = 48;
const TAU_BYTES = 96;

/** Reads a question, and refuses one that nothing answers. */
export function readStatusQuestion(value: Json): StatusQuestion {
  const names = ["part", "registry", "time", "version"];
  const members = new Members(value, "the question", names);
  members.hash("registry");
  const [part, registry] = [readPart(members.json("part")), members.text("registry")];
  const { time } = members.optionalTexts(["time"]);
  if (time !== undefined) parseTime(time);
  if (!members.has("version")) return { part, registry, ...(time === undefined ? {} : { time }) };
  if (time !== undefined || typeof part === "object") {
    throw new FormatError("a version is asked for of a registry or its statuses, and not by time");
  }
  return { part, registry, version: members.count("version") };
}

function readPart(value: Json): StatusPart {
  if (value === "registry" || value === "statuses") return value;
  const slot = new Members(value, "the part", ["slot"]).count("slot");
  if (slot > SLOT_MAX) throw new FormatError("a slot's number has 32 bits");
  return { slot };
}

/**
 * The answer that follows from what is proven. Records that do not answer are refused.
 *
 * @param now the time of the answer's block in milliseconds
 * @param given the `statuses` of the answer that is judged, where all are asked for: no record
 *   holds them, but the head's hashes say whether these are they
 */
export function statusOf(
  question: StatusQuestion,
  records: readonly Answering[],
  now: number,
  given: Json | undefined,
): JsonObject {
  const { part, registry: id, time } = question;
  const second = time === undefined ? null : parseTime(time);
  if (second !== null && second > now) throw new FormatError("the future has no statuses");
  const [registry, ...others] = records;
  if (registry?.key !== `revocation-registry/${id}` || registry.past !== null) {
    throw new FormatError("the proof is about another registry");
  }
  const none = (error: string): JsonObject => {
    if (others.length === 0) return { error, registry: id };
    throw new FormatError("the proof has more records than the question leads to");
  };
  if (registry.record === null) return none("there is no such registry");
  const held = readRegistry(registry.record.content);
  const slot = typeof part === "object" ? part.slot : null;
  if (slot !== null && (slot === 0 || slot >= held.capacity)) {
    return none("the registry has no such slot");
  }
  // The text means all of its second.
  const moment = second === null ? null : second + 999;
  if (moment !== null && moment < held.created) return none("the registry did not exist yet");
  const chunk = Math.floor((slot ?? 0) / CHUNK_SLOTS);
  const [proven, ...more] = others;
  const key = slot === null ? `status/${id}` : `status-chunk/${id}/${chunk}`;
  if (proven?.key !== key || more.length > 0) {
    throw new FormatError("the records are not those that the question leads to");
  }
  const { version = null } = question;
  const found = heldAt(proven, moment, version);
  if (slot !== null) return { registry: id, slot, ...slotOf(found, slot) };
  if (found !== null) return headOf(question, held, found, given);
  if (version !== null && proven.record !== null) {
    return { error: "the registry has no such version", registry: id };
  }
  throw new FormatError("a registry has a head from its beginning on");
}

interface Registry {
  readonly capacity: number;
  /** Block time in milliseconds, rounded down to the second. */
  readonly created: number;
  /** What an answer about the registry says of it. */
  readonly shown: JsonObject;
  readonly issuer: string;
}

function readRegistry(content: Json): Registry {
  const names =
    ["anoncreds", "capacity", "created", "credentialType", "formats", "hold", "issuer", "slots"];
  const members = new Members(content, "the registry's record", names);
  const created = members.text("created");
  const { credentialType = null } = members.optionalTexts(["credentialType"]);
  const [hold = null, ground] = members.has("hold") ? members.texts("hold") : [];
  if ((hold === null) !== (ground === undefined)) {
    throw new FormatError("the registry's record has a hold of another form");
  }
  return {
    capacity: members.count("capacity"),
    created: parseTime(created),
    shown: {
      anoncreds: members.has("anoncreds") ? readAnoncreds(members.json("anoncreds")) : null,
      created,
      credentialType,
      formats: members.texts("formats"),
      hold,
      slots: members.has("slots") ? readSlots(members.json("slots")) : null,
    },
    issuer: members.text("issuer"),
  };
}

/** Where a registry's AnonCreds objects are. */
function readAnoncreds(value: Json): JsonObject {
  const members = new Members(value, "the registry's AnonCreds objects", ["definition", "tails"]);
  return { definition: members.text("definition"), tails: members.text("tails") };
}

/** On which set-up a registry's slot commitment rests. */
function readSlots(value: Json): JsonObject {
  const members = new Members(value, "the registry's set-up", ["domain", "setup", "tau"]);
  const tau = readPoint(members, "tau", TAU_BYTES);
  if (!members.has("tau")) throw new FormatError("the registry's set-up lacks tau");
  return { domain: members.count("domain"), setup: members.text("setup"), ...tau };
}

/** A content, since when it is in force in milliseconds, and its version. */
interface Held {
  readonly content: Json;
  readonly since: number;
  readonly version: number;
}

/**
 * What a record held at a moment, in a version, or (where both are null) holds now; null where it
 * began later, or has no such version yet.
 */
function heldAt(
  { record, past }: Answering,
  moment: number | null,
  version: number | null,
): Held | null {
  if (record === null) return null;
  const [held, until] = past === null
    ? [{ content: record.content, since: record.time, version: record.version }, Infinity]
    : [{ content: past.content, since: past.entry.time, version: past.entry.version }, past.until];
  let isThat = past === null;
  if (version !== null) {
    if (past === null && held.version < version) return null;
    isThat = held.version === version;
  } else if (moment !== null) {
    // Of what came later the first version says that there was none.
    if (held.version === 1 && moment < held.since) return null;
    isThat = held.since <= moment && moment < until;
  }
  if (isThat) return held;
  throw new FormatError("the proof does not show the version that was asked for");
}

/** One slot of a chunk; of none it is as it began. */
function slotOf(chunk: Held | null, slot: number): JsonObject {
  if (chunk === null) return { locked: false, status: "valid" };
  const members = new Members(chunk.content, "the chunk's record", ["locks", "statuses"]);
  const statuses = members.base64("statuses");
  const locks = members.has("locks") ? members.base64("locks") : new Uint8Array(LOCK_BYTES);
  if (statuses.length !== CHUNK_BYTES || locks.length !== LOCK_BYTES) {
    throw new FormatError("the chunk's record has another length");
  }
  const place = slot % CHUNK_SLOTS;
  const locked = (((locks[place >> 3] ?? 0) >> (place & 7)) & 1) === 1;
  return { locked, status: statusAt(statuses, place) };
}

/** The registry or all its statuses, in a version of its head. */
function headOf(
  { part, registry }: StatusQuestion,
  { capacity, issuer, shown }: Registry,
  { content, since, version }: Held,
  given: Json | undefined,
): JsonObject {
  const head = new Members(content, "the head's record", ["accumulator", "commitment", "nodes"]);
  head.hashes("nodes");
  const nodes = head.texts("nodes");
  const timestamp = Math.floor(since / 1000);
  const points = {
    ...readPoint(head, "accumulator", ACCUMULATOR_BYTES),
    ...readPoint(head, "commitment", COMMITMENT_BYTES),
  };
  const common = { ...points, capacity, issuer, registry, timestamp, version };
  if (part === "registry") return { ...common, ...shown, nodes };
  const statuses = fromBase64(typeof given === "string" ? given : "");
  if (nodesOf(statuses, capacity).join() !== nodes.join()) {
    throw new FormatError("the statuses are not those of the registry's head");
  }
  return { ...common, statuses: toBase64(statuses) };
}

/** A point of an accumulator or of its set-up, as the record writes it, where it is there. */
function readPoint(members: Members, name: string, length: number): JsonObject {
  if (!members.has(name)) return {};
  if (members.base64(name).length === length) return { [name]: members.text(name) };
  throw new FormatError(`the record's ${name} has another length`);
}
