/** The questions of proofs: where each has its answer, and the answer that proven records make. */

import { dereferencingOf, readDereferencing, type DereferencingQuestion } from "./dereferencing.js";
import { FormatError } from "./errors.js";
import { importedOf, readImportedQuestion, type ImportedQuestion } from "./anoncreds.js";
import { isObject, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import { readResourceQuestion, resourceOf, type ResourceQuestion } from "./resource.js";
import { readQuestion, resolutionOf, type Answering, type Question } from "./resolution.js";
import { readStatusQuestion, statusOf, type StatusQuestion } from "./status.js";
import { readTrustQuestion, trustAnswerOf, type TrustQuery, type TrustQuestion } from "./trqp.js";

/** A question of any kind. */
export type Asked =
  | { readonly kind: "resolution"; readonly question: Question }
  | { readonly kind: "dereferencing"; readonly question: DereferencingQuestion }
  | { readonly kind: "resource"; readonly question: ResourceQuestion }
  | { readonly kind: "imported"; readonly question: ImportedQuestion }
  | { readonly kind: "record"; readonly key: string }
  | { readonly kind: "status"; readonly question: StatusQuestion }
  | { readonly kind: TrustQuery; readonly question: TrustQuestion };

/** The member of an answer that holds the proof, or whose metadata do. */
export type Place = "proof" | "didDocumentMetadata" | "contentMetadata";

const PLACES = {
  authorization: "proof",
  recognition: "proof",
  record: "proof",
  status: "proof",
  resolution: "didDocumentMetadata",
  dereferencing: "contentMetadata",
  resource: "contentMetadata",
  imported: "contentMetadata",
} as const satisfies { [kind in Asked["kind"]]: Place };

/** Reads the question of a proof that stands in this place. */
export function readAsked(value: Json | undefined, place: Place): Asked {
  const members = new Members(value, "the question", Object.keys(PLACES));
  const kinds = Object.keys(PLACES) as Asked["kind"][];
  const [kind, ...others] = kinds.filter((name) => members.has(name));
  if (kind === undefined || others.length > 0 || PLACES[kind] !== place) {
    throw new FormatError("the proof is not of the kind that such an answer has");
  }
  switch (kind) {
    case "record": return { kind, key: members.text(kind) };
    case "resolution": return { kind, question: readQuestion(members.json(kind)) };
    case "dereferencing": return { kind, question: readDereferencing(members.json(kind)) };
    case "resource": return { kind, question: readResourceQuestion(members.json(kind)) };
    case "imported": return { kind, question: readImportedQuestion(members.json(kind)) };
    case "status": return { kind, question: readStatusQuestion(members.json(kind)) };
    default: return { kind, question: readTrustQuestion(members.json(kind)) };
  }
}

/** What an answer shows as the record holds it, so that its proof leaves it out. */
export interface Shown {
  /** The member of the answer. */
  readonly place: "content" | "didDocument";
  /** The member of the record's content. */
  readonly member: "content" | "document";
}

/** What the answer shows, if it shows anything. */
export function shownBy(asked: Asked): Shown | null {
  if (asked.kind === "resolution" && asked.question.expandRelativeUrls !== true) {
    return { place: "didDocument", member: "document" };
  }
  const isResource = asked.kind === "resource" && asked.question.resourceMetadata !== true;
  if (isResource || asked.kind === "imported") {
    return { place: "content", member: "content" };
  }
  return null;
}

/** A record as it is proven, and its JSON. */
export interface ProvenRecord extends Answering {
  readonly json: Json;
}

/**
 * The answer, without its proof, that proven records make.
 *
 * @param network the network whose DIDs are asked for; null for the one that the DID names
 * @param time of the block that the answer speaks for, in milliseconds
 * @param given the answer that is judged: of a list of statuses the records have only the hashes
 */
export function answerOf(
  asked: Asked,
  network: string | null,
  records: readonly ProvenRecord[],
  time: number,
  given: JsonObject,
): JsonObject {
  if (asked.kind === "resource") return resourceOf(asked.question, network, records);
  if (asked.kind === "authorization" || asked.kind === "recognition") {
    return trustAnswerOf(asked.kind, asked.question, records, time);
  }
  if (asked.kind === "status") {
    return statusOf(asked.question, records, time, given["statuses"]);
  }
  const [proven, ...others] = records;
  if (proven === undefined || others.length > 0) {
    throw new FormatError("the proof is about another number of records than one");
  }
  switch (asked.kind) {
    case "resolution": return resolutionOf(asked.question, network, proven);
    case "dereferencing": return dereferencingOf(asked.question, network, proven);
    case "imported": return importedOf(asked.question, proven);
    case "record":
      if (asked.key !== proven.key || proven.past !== null) {
        throw new FormatError("the proof is about another record");
      }
      return { key: proven.key, record: proven.json };
  }
}

/** The content of the last record of a proof's evidence, or of its past version. */
export function lastContent(records: Json | undefined): JsonObject | null {
  const last = Array.isArray(records) ? records.at(-1) : undefined;
  const holder = member(member(last, "past") ?? member(last, "record"), "content");
  return isObject(holder) ? holder : null;
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
