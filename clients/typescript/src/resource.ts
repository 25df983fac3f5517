/** DID-linked resources (`docs/format.md`, A resource; `docs/did-ndi.md`, section 9). */

import { toHex } from "./bytes.js";
import { dereferenced } from "./dereferencing.js";
import { checkMultihash, isDid, multihash, parseDid } from "./did.js";
import { FormatError } from "./errors.js";
import { sha256 } from "./hash.js";
import { canonical, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { Answering } from "./resolution.js";
import { formatTime, parseTime } from "./time.js";

/** A DID and what is wanted of its resources; what is absent excludes nothing. */
export interface ResourceQuestion {
  readonly did: string;
  readonly resourceId?: string;
  readonly resourceName?: string;
  readonly resourceType?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionTime?: string;
  readonly resourceCollectionId?: string;
  readonly checksum?: string;
  /** The metadata are wanted, not the content. */
  readonly resourceMetadata?: true;
}

const TEXTS = [
  "checksum", "resourceCollectionId", "resourceId", "resourceName", "resourceType",
  "resourceVersion", "resourceVersionTime",
] as const;

/** Reads a question of a proof. */
export function readResourceQuestion(value: Json): ResourceQuestion {
  const members = new Members(value, "the question", ["did", ...TEXTS, "resourceMetadata"]);
  return {
    did: members.text("did"),
    ...members.optionalTexts(TEXTS),
    ...(members.flag("resourceMetadata") ? { resourceMetadata: true } : {}),
  };
}

/** The id of a resource, which is made from its content. */
export function resourceId(content: Json): string {
  return `z${multihash(canonical(content))}`;
}

/** The DID URL of a resource. */
export function resourceUri(did: string, id: string): string {
  return `${did}/resources/${id}`;
}

/** Whether records answer; everything else has to be searched for. */
export function isProvable(question: ResourceQuestion): boolean {
  const { resourceId: id, resourceType, resourceName, resourceVersion } = question;
  const isSeries = resourceType !== undefined && resourceName !== undefined;
  return id !== undefined || isSeries && resourceVersion === undefined;
}

/**
 * The result that follows from what is proven. Records that do not answer are refused.
 *
 * @param network the network whose DIDs are asked for; null for the one that the DID names
 */
export function resourceOf(
  question: ResourceQuestion,
  network: string | null,
  records: readonly Answering[],
): JsonObject {
  const moment = checkQuestion(question, network);
  const { did, resourceId: id } = question;
  const [series, ...rest] = records;
  const named = id ?? namedBy(question, series, moment);
  const [resource, ...more] = id === undefined ? rest : records;
  if (more.length > 0 || resource?.key !== (named === null ? undefined : keyOf(did, named))) {
    throw new FormatError("the records are not those that the question leads to");
  }
  if (resource === undefined || resource.record === null) return none();
  if (resource.past !== null) throw new FormatError("a resource has no past version");
  return show(question, readResource(resource.record.content), moment);
}

/** The result where there is no such resource. */
export function none(): JsonObject {
  const type = "https://www.w3.org/ns/did#NOT_FOUND";
  return dereferenced(null, {}, { error: { type, title: "there is no such resource" } });
}

/** Refuses what no record answers. The moment that is asked for, in milliseconds. */
function checkQuestion(question: ResourceQuestion, network: string | null): number | null {
  const { did, resourceId: id, resourceCollectionId, resourceVersionTime } = question;
  if (!isProvable(question)) throw new FormatError("no record proves what is searched for");
  if (!isDid(did) || network !== null && parseDid(did).network !== network) {
    throw new FormatError("a question about no DID of the network has no proof");
  }
  if (resourceCollectionId !== undefined && resourceCollectionId !== parseDid(did).scid) {
    throw new FormatError("a question about another collection has no proof");
  }
  if (id !== undefined) {
    if (!id.startsWith("z")) throw new FormatError("a resource's id begins with z");
    checkMultihash(id.slice(1), "a resource's id without z");
  }
  // The text means all of its second.
  return resourceVersionTime === undefined ? null : parseTime(resourceVersionTime) + 999;
}

function keyOf(did: string, id: string): string {
  return `resource/${did}/${id}`;
}

/** The key of the record that names a series' latest version. */
function seriesKey(did: string, resourceType: string, resourceName: string): string {
  return `resource-series/${did}/${resourceId([resourceType, resourceName])}`;
}

/** The id of the resource that the series names, or null where it had none yet. */
function namedBy(
  { did, resourceType = "", resourceName = "" }: ResourceQuestion,
  series: Answering | undefined,
  moment: number | null,
): string | null {
  if (series === undefined || series.key !== seriesKey(did, resourceType, resourceName)) {
    throw new FormatError("the proof is about another series");
  }
  const { record, past } = series;
  if (record === null) return null;
  if (past !== null) {
    if (moment === null || moment < past.entry.time || moment >= past.until) {
      throw new FormatError("the past version is not the one that was asked for");
    }
    return readSeries(past.content).id;
  }
  const { created, id } = readSeries(record.content);
  if (moment !== null && moment < created) return null;
  if (moment !== null && moment < record.time) {
    throw new FormatError("the proof is not about the version that was asked for");
  }
  return id;
}

function readSeries(content: Json): { readonly created: number; readonly id: string } {
  const members = new Members(content, "the series' record", ["created", "resourceId"]);
  return { created: members.count("created"), id: members.text("resourceId") };
}

interface Resource {
  readonly content: Json;
  readonly created: number;
  readonly resourceName: string;
  readonly resourceType: string;
  readonly resourceVersion?: string;
  readonly nextVersionId?: string;
  readonly previousVersionId?: string;
}

const REQUIRED = ["content", "created", "resourceName", "resourceType"];
const OPTIONAL = ["nextVersionId", "previousVersionId", "resourceVersion"] as const;

function readResource(value: Json): Resource {
  const members = new Members(value, "the resource's record", [...REQUIRED, ...OPTIONAL]);
  return {
    content: members.json("content"),
    created: members.count("created"),
    resourceName: members.text("resourceName"),
    resourceType: members.text("resourceType"),
    ...members.optionalTexts(OPTIONAL),
  };
}

const NARROWING = [
  "checksum", "resourceId", "resourceName", "resourceType", "resourceVersion",
] as const;

function show(question: ResourceQuestion, resource: Resource, moment: number | null): JsonObject {
  const metadata = metadataOf(question.did, resource);
  const own: JsonObject = { ...metadata, resourceVersion: resource.resourceVersion ?? "" };
  const fits = NARROWING.every((name) => [undefined, own[name]].includes(question[name]));
  if (!fits || moment !== null && moment < resource.created) return none();
  if (question.resourceMetadata === true) {
    const content = { linkedResourceMetadata: [metadata] };
    return dereferenced(content, {}, { contentType: "application/json" });
  }
  const contentType = metadata["mediaType"] ?? null;
  return dereferenced(resource.content, metadata, { contentType });
}

/** The metadata by the names of DID-Linked Resources. */
function metadataOf(did: string, resource: Resource): JsonObject {
  const { content, created, resourceName, resourceType, resourceVersion } = resource;
  const id = resourceId(content);
  const isSchema = resourceType === "JsonSchema";
  return {
    checksum: toHex(sha256(canonical(content))),
    created: formatTime(created),
    mediaType: isSchema ? "application/schema+json" : "application/json",
    nextVersionId: resource.nextVersionId ?? null,
    previousVersionId: resource.previousVersionId ?? null,
    resourceCollectionId: parseDid(did).scid,
    resourceId: id,
    resourceName,
    resourceType,
    resourceURI: resourceUri(did, id),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
