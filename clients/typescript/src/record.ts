/** Records: what a key holds now, since when, and the history of what it replaced. */

import { bigEndian, equal } from "./bytes.js";
import { FormatError } from "./errors.js";
import { tagged } from "./hash.js";
import { canonical, type Json } from "./json.js";
import { Members } from "./members.js";

/** A record, as an answer shows it. */
export interface LedgerRecord {
  /** What the key holds. */
  readonly content: Json;
  /** The event that made this version, in hexadecimal digits; in genesis the genesis hash. */
  readonly event: string;
  /** The height since which this version is in force; 0 for genesis. */
  readonly height: number;
  /** Block time in milliseconds since which this version is in force. */
  readonly time: number;
  /** From 1. */
  readonly version: number;
  /** The superseded versions. */
  readonly history: History;
}

/** The superseded versions of a record: their number, and the roots of perfect trees over them. */
export interface History {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

/** A superseded version, as a leaf of the history. */
export interface Entry {
  readonly version: number;
  readonly time: number;
  readonly event: Uint8Array;
  readonly content: Uint8Array;
}

/** A superseded version, proven from the record that came after it. */
export interface Past {
  readonly content: Json;
  readonly entry: Entry;
  /** Block time in milliseconds at which it was superseded. */
  readonly until: number;
}

const RECORD = ["content", "event", "height", "history", "time", "version"];
const ENTRY = ["content", "event", "time", "version"];

/** Reads a record. */
export function readRecord(value: Json): LedgerRecord {
  const members = new Members(value, "the record", RECORD);
  const history = new Members(members.json("history"), "the history", ["peaks", "size"]);
  members.hash("event");
  return {
    content: members.json("content"),
    event: members.text("event"),
    height: members.count("height"),
    time: members.count("time"),
    version: members.count("version"),
    history: { size: history.count("size"), peaks: history.hashes("peaks") },
  };
}

/** The hash by which the state tree holds a record. */
export function recordHash(value: Json): Uint8Array {
  return tagged("record", canonical(value));
}

/** Reads a past version and refuses one that is not in the record's history. */
export function readPast(value: Json, record: LedgerRecord): Past {
  const members = new Members(value, "the past version", ["content", "entry", "next", "path"]);
  const content = members.json("content");
  const entry = readEntry(members.json("entry"));
  if (!equal(tagged("content", canonical(content)), entry.content)) {
    throw new FormatError("the content of the past version is not the one in the history");
  }
  checkHistory(record.history, entry, members.hashes("path"));
  if (!members.has("next")) {
    if (record.version !== entry.version + 1) {
      throw new FormatError("a version came between the past one and the record");
    }
    return { content, entry, until: record.time };
  }
  const next = new Members(members.json("next"), "the next version", ["entry", "path"]);
  const after = readEntry(next.json("entry"));
  if (after.version !== entry.version + 1) {
    throw new FormatError("the next version is not the one after the past one");
  }
  checkHistory(record.history, after, next.hashes("path"));
  return { content, entry, until: after.time };
}

function readEntry(value: Json): Entry {
  const members = new Members(value, "an entry of the history", ENTRY);
  return {
    version: members.count("version"),
    time: members.count("time"),
    event: members.hash("event"),
    content: members.hash("content"),
  };
}

/** Refuses an entry that is not among the superseded versions, by its path to its peak. */
export function checkHistory(history: History, entry: Entry, path: readonly Uint8Array[]): void {
  const wrong = new FormatError(`version ${entry.version} is not in the record's history`);
  let position = BigInt(entry.version) - 1n;
  const size = BigInt(history.size);
  if (position < 0n || position >= size) throw wrong;
  // The trees stand side by side, one for each set bit of the size, the highest first.
  const heights = Array.from({ length: 53 }, (_, at) => BigInt(52 - at))
    .filter((height) => ((size >> height) & 1n) === 1n);
  if (history.peaks.length !== heights.length) throw wrong;
  let tree = 0;
  for (const height of heights) {
    if (position < 1n << height) break;
    position -= 1n << height;
    tree++;
  }
  if (BigInt(path.length) !== heights[tree]) throw wrong;
  let hash = entryHash(entry);
  for (const sibling of path) {
    hash = (position & 1n) === 1n
      ? tagged("history-node", sibling, hash)
      : tagged("history-node", hash, sibling);
    position >>= 1n;
  }
  const peak = history.peaks[tree];
  if (peak === undefined || !equal(hash, peak)) throw wrong;
}

/** The hash of an entry, which is a leaf of the history. */
export function entryHash({ version, time, event, content }: Entry): Uint8Array {
  return tagged("history-leaf", bigEndian(version, 8), bigEndian(time, 8), event, content);
}
