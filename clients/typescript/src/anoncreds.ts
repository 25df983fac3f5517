/** An imported AnonCreds object by its old DID URL (`docs/format.md`, What was imported). */

import { utf8 } from "./bytes.js";
import { dereferenced } from "./dereferencing.js";
import { multihash } from "./did.js";
import { FormatError } from "./errors.js";
import { importedKey, readOrigin, shownOrigin } from "./imported.js";
import { canonicalText, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import { none } from "./resource.js";
import type { Answering } from "./resolution.js";
import { formatTime } from "./time.js";

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
  if (record === null) return none();
  const names = ["content", "origin", "resourceType"];
  const members = new Members(record.content, "the object's record", names);
  const origin = readOrigin(members.json("origin"));
  const metadata: JsonObject = {
    imported: shownOrigin(origin, record),
    resourceType: members.text("resourceType"),
  };
  if (origin.time !== undefined) metadata["created"] = formatTime(origin.time);
  return dereferenced(members.json("content"), metadata, { contentType: "application/json" });
}
