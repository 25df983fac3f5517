/** What records say that were made of another ledger's transactions (`docs/format.md`). */

import { fromBase58, utf8 } from "./bytes.js";
import { dereferenced } from "./dereferencing.js";
import { multihash } from "./did.js";
import { FormatError } from "./errors.js";
import { canonicalText, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { LedgerRecord } from "./record.js";
import type { Answering } from "./resolution.js";
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
    imported: shown(origin, record),
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
interface Origin {
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

function readOrigin(value: Json): Origin {
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
function shown({ time: _, ...origin }: Origin, record: LedgerRecord): JsonObject {
  return { ...origin, event: record.event, ledger: "indy" };
}

/** An AnonCreds object by its old DID URL. */
export interface ImportedQuestion {
  readonly did: string;
  /** What follows `/anoncreds/v0/`, decoded. */
  readonly words: readonly string[];
}

/** Reads a question of a proof. */
export function readImportedQuestion(value: Json): ImportedQuestion {
  const members = new Members(value, "the question", ["did", "words"]);
  return { did: members.text("did"), words: members.texts("words") };
}

/** The result that follows from what is proven. A record that does not answer is refused. */
export function importedOf(
  { did, words }: ImportedQuestion,
  { key, record, past }: Answering,
): JsonObject {
  const name = multihash(utf8(canonicalText([...words])));
  if (key !== `${importedKey(did)}/${name}` || past !== null) {
    throw new FormatError("the proof is about another record");
  }
  if (record === null) {
    const type = "https://www.w3.org/ns/did#NOT_FOUND";
    return dereferenced(null, {}, { error: { type, title: "there is no such resource" } });
  }
  const names = ["content", "origin", "resourceType"];
  const members = new Members(record.content, "the object's record", names);
  const origin = readOrigin(members.json("origin"));
  const metadata: JsonObject = {
    imported: shown(origin, record),
    resourceType: members.text("resourceType"),
  };
  if (origin.time !== undefined) metadata["created"] = formatTime(origin.time);
  return dereferenced(members.json("content"), metadata, { contentType: "application/json" });
}
