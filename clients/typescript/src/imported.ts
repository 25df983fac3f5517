/** What records say that were made of another ledger's transactions (`docs/format.md`). */

import { fromBase58 } from "./bytes.js";
import type { Json, JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { LedgerRecord } from "./record.js";
import { formatTime } from "./time.js";

const FOREIGN = /^did:(?:sov|indy:[a-z0-9_-]{1,32}(?::[a-z0-9_-]{1,32})?):([^:]*)$/;

/** Whether a text is a DID that may have been imported: did:indy, or did:sov of old. */
export function isForeign(did: string): boolean {
  const id = FOREIGN.exec(did)?.[1];
  if (id === undefined) return false;
  try {
    return [16, 32].includes(fromBase58(id, 32).length);
  } catch {
    return false;
  }
}

/** The key of the record of an imported DID. */
export function importedKey(did: string): string {
  return `imported/${did}`;
}

const DID_NAMES = [
  "created", "diddocContent", "document", "endpoint", "equivalentId", "keys", "origin",
];

/** The document of an imported DID, if it was not ended, and its metadata. */
export function importedDid(
  record: LedgerRecord,
): { readonly document: Json | undefined; readonly metadata: JsonObject } {
  const members = new Members(record.content, "the DID's record", DID_NAMES);
  const origin = readOrigin(members.json("origin"));
  const metadata: JsonObject = {
    imported: shownOrigin(origin, record),
    versionId: String(origin.seqNo),
  };
  if (members.has("created")) metadata["created"] = formatTime(members.count("created"));
  if (!members.has("document")) metadata["deactivated"] = true;
  if (members.has("equivalentId")) metadata["equivalentId"] = [members.text("equivalentId")];
  if (record.version > 1 && origin.time !== undefined) {
    metadata["updated"] = formatTime(origin.time);
  }
  return { document: members.has("document") ? members.json("document") : undefined, metadata };
}

/** Where a record comes from. */
export interface Origin {
  readonly leafHash: string;
  readonly namespace: string;
  readonly rootHash: string;
  readonly seqNo: number;
  readonly signers: string[];
  readonly size: number;
  /** When the other ledger took it, in milliseconds. */
  readonly time?: number;
}

const ORIGIN = ["leafHash", "namespace", "rootHash", "seqNo", "signers", "size", "time"];

/** Reads where a record comes from. */
export function readOrigin(value: Json): Origin {
  const members = new Members(value, "`origin`", ORIGIN);
  return {
    leafHash: members.text("leafHash"),
    namespace: members.text("namespace"),
    rootHash: members.text("rootHash"),
    seqNo: members.count("seqNo"),
    signers: members.texts("signers"),
    size: members.count("size"),
    ...(members.has("time") ? { time: members.count("time") } : {}),
  };
}

/** An origin as answers show it. */
export function shownOrigin({ time: _, ...origin }: Origin, record: LedgerRecord): JsonObject {
  return { ...origin, event: record.event, ledger: "indy" };
}
