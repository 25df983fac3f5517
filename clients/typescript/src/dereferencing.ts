/** What a DID URL means in a proven version of a document (`docs/format.md`, A DID URL). */

import { toHex, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import { isObject, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import {
  DID_ERRORS, DOCUMENT, RELATIONSHIPS, itemsOf, resolve, type Answering,
} from "./resolution.js";
import { Misuse, absolute, below, checkReference, isRelative } from "./urls.js";

/** The media type of lists of URLs. */
export const URI_LIST = "text/uri-list";

/** A DID URL in its parts, and options. */
export interface DereferencingQuestion {
  readonly did: string;
  readonly fragment?: string;
  readonly service?: string;
  readonly serviceType?: string;
  readonly relativeRef?: string;
  readonly verificationRelationship?: string;
  readonly versionId?: string;
  readonly versionTime?: string;
  readonly expandRelativeUrls?: true;
  /** The URLs of services are wanted, not a document. */
  readonly accept?: typeof URI_LIST;
}

const DID = "https://www.w3.org/ns/did#";
const SECURITY = "https://w3id.org/security#";

/** Where a code is defined, and its title. */
const ERRORS = {
  INVALID_DID: [DID, DID_ERRORS.INVALID_DID],
  METHOD_NOT_SUPPORTED: [DID, DID_ERRORS.METHOD_NOT_SUPPORTED],
  FEATURE_NOT_SUPPORTED: [DID, DID_ERRORS.FEATURE_NOT_SUPPORTED],
  INVALID_OPTIONS: [DID, DID_ERRORS.INVALID_OPTIONS],
  NOT_FOUND: [DID, DID_ERRORS.NOT_FOUND],
  INVALID_DID_URL: [DID, "the identifier is not a DID URL"],
  REPRESENTATION_NOT_SUPPORTED: [DID, "there is no such representation"],
  INVALID_VERIFICATION_METHOD: [SECURITY, "there is no such verification method"],
  INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD: [
    SECURITY, "the verification method is not for that use",
  ],
} as const;

/** The codes with which dereferencing fails. */
export type DereferencingFailure = keyof typeof ERRORS;

/** Thrown where there is no content, with what the answer must show. */
class Failed extends Error {
  constructor(readonly failure: DereferencingFailure, detail: string) {
    super(detail);
  }
}

const TEXTS = [
  "fragment", "service", "serviceType", "relativeRef", "verificationRelationship", "versionId",
  "versionTime",
] as const;

/** Reads a question of a proof. */
export function readDereferencing(value: Json): DereferencingQuestion {
  const names = ["did", ...TEXTS, "expandRelativeUrls", "accept"];
  const members = new Members(value, "the question", names);
  if (members.has("accept") && members.text("accept") !== URI_LIST) {
    throw new FormatError(`\`accept\` of the question is ${URI_LIST} or absent`);
  }
  return {
    did: members.text("did"),
    ...members.optionalTexts(TEXTS),
    ...(members.flag("expandRelativeUrls") ? { expandRelativeUrls: true } : {}),
    ...(members.has("accept") ? { accept: URI_LIST } : {}),
  };
}

/** A whole result of dereferencing, without its proof. */
export function dereferenced(
  content: Json,
  contentMetadata: JsonObject,
  dereferencingMetadata: JsonObject,
): JsonObject {
  return { content, contentStream: content, contentMetadata, dereferencingMetadata };
}

/**
 * The result that follows from what is proven. A record that does not answer is refused.
 *
 * @param network the network whose DIDs are asked for; null for the one that the DID names
 */
export function dereferencingOf(
  question: DereferencingQuestion,
  network: string | null,
  proven: Answering,
): JsonObject {
  const { did, fragment, versionId, versionTime, expandRelativeUrls } = question;
  // In a part of a document nothing says what a relative URL is relative to.
  const expand = expandRelativeUrls === true || fragment !== undefined;
  const asked = {
    did,
    ...(versionId === undefined ? {} : { versionId }),
    ...(versionTime === undefined ? {} : { versionTime }),
    ...(expand ? { expandRelativeUrls: true as const } : {}),
  };
  const { failure, document, metadata } = resolve(asked, network, proven);
  if (failure !== null) return dereferenced(null, {}, { error: errorOf(failure) });
  try {
    check(question);
    if (document === undefined) return dereferenced(null, metadata, {});
    if (!isObject(document)) throw new FormatError("the record's document is not an object");
    const [contentType, content] = find(question, document);
    return dereferenced(content, metadata, { contentType });
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const named = { ...errorOf(error.failure), detail: error.message };
    return dereferenced(null, {}, { error: named });
  }
}

function errorOf(code: DereferencingFailure): JsonObject {
  const [namespace, title] = ERRORS[code];
  return { type: `${namespace}${code}`, title };
}

function selectsServices({ service, serviceType }: DereferencingQuestion): boolean {
  return service !== undefined || serviceType !== undefined;
}

/** What needs no document. */
function check(question: DereferencingQuestion): void {
  const { verificationRelationship, relativeRef, accept } = question;
  if (verificationRelationship !== undefined && !/^[\0-\x7f]+$/.test(verificationRelationship)) {
    throw new Failed("INVALID_OPTIONS", "`verificationRelationship` is an ASCII word");
  }
  if (relativeRef !== undefined) {
    if (!selectsServices(question)) {
      throw new Failed("NOT_FOUND", "`relativeRef` needs `service` or `serviceType`");
    }
    orFail(() => checkReference(relativeRef));
  }
  if (accept !== undefined && !selectsServices(question)) {
    const detail = "only services have URLs: name one by `service` or `serviceType`";
    throw new Failed("REPRESENTATION_NOT_SUPPORTED", detail);
  }
}

function orFail<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    throw new Failed("INVALID_DID_URL", error.message);
  }
}

/** The media type of the content, and the content. */
function find(question: DereferencingQuestion, whole: JsonObject): [string, Json] {
  const { accept, fragment, verificationRelationship } = question;
  let document = whole;
  if (selectsServices(question)) {
    const service = servicesOf(question, document);
    if (accept !== undefined) return [URI_LIST, urlsOf(question, service)];
    document = { ...document, service };
  }
  if (verificationRelationship !== undefined) {
    return [DOCUMENT, inContext(methodOf(question, verificationRelationship, document), document)];
  }
  if (fragment !== undefined) return [DOCUMENT, inContext(partOf(question, document), document)];
  return [DOCUMENT, document];
}

/** The services that the parameters select; at least one. */
function servicesOf(question: DereferencingQuestion, document: JsonObject): JsonObject[] {
  const { did, service, serviceType } = question;
  const wanted: string[] = [];
  if (service !== undefined) {
    wanted.push(absolute(did, service));
    // As is usual, the fragment alone may name it.
    if (isRelative(`#${service}`)) wanted.push(`${did}#${service}`);
  }
  const selected = itemsOf(document["service"]).filter((item): item is JsonObject => {
    if (!isObject(item) || typeof item["id"] !== "string") return false;
    const byId = service === undefined || wanted.includes(absolute(did, item["id"]));
    return byId && (serviceType === undefined || itemsOf(item["type"]).includes(serviceType));
  });
  if (selected.length === 0) throw new Failed("NOT_FOUND", "the document has no such service");
  return selected;
}

function urlsOf(question: DereferencingQuestion, services: readonly JsonObject[]): string[] {
  const urls = services
    .flatMap(({ serviceEndpoint }) => itemsOf(serviceEndpoint))
    .filter((endpoint) => typeof endpoint === "string")
    .map((endpoint) => orFail(() => below(endpoint, question.relativeRef, question.fragment)));
  if (urls.length === 0) throw new Failed("NOT_FOUND", "no endpoint of the service is a URL");
  return urls;
}

const METHODS: readonly string[] = ["verificationMethod", ...RELATIONSHIPS];

function partOf(question: DereferencingQuestion, document: JsonObject): JsonObject {
  const inBytes = (name: string): string => toHex(utf8(name));
  const others = Object.keys(document).sort((a, b) => (inBytes(a) < inBytes(b) ? -1 : 1));
  const part = first(document, [...METHODS, "service", ...others], idOf(question));
  if (part === undefined) throw new Failed("NOT_FOUND", "the document has no such part");
  return part;
}

/** The verification method that the fragment names, if the document allows it that use. */
function methodOf(
  question: DereferencingQuestion,
  relationship: string,
  document: JsonObject,
): JsonObject {
  const id = idOf(question);
  const method = first(document, METHODS, id);
  if (method === undefined) {
    const detail = "the fragment names no verification method of the document";
    throw new Failed("INVALID_VERIFICATION_METHOD", detail);
  }
  const isOne = RELATIONSHIPS.some((name) => name === relationship);
  const listed = isOne ? itemsOf(document[relationship]) : [];
  if (!listed.some((item) => item === id || hasId(item, id))) {
    const detail = "the document does not list the verification method under that relationship";
    throw new Failed("INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD", detail);
  }
  return method;
}

function idOf({ did, fragment = "" }: DereferencingQuestion): string {
  return `${did}#${fragment}`;
}

function first(
  document: JsonObject,
  names: readonly string[],
  id: string,
): JsonObject | undefined {
  for (const name of names) {
    const found = itemsOf(document[name]).find((item) => hasId(item, id));
    if (found !== undefined) return found as JsonObject;
  }
  return undefined;
}

function hasId(item: Json, id: string): boolean {
  return isObject(item) && item["id"] === id;
}

/** A part with the document's context, in which its terms have their meaning. */
function inContext(part: JsonObject, document: JsonObject): JsonObject {
  const context = document["@context"];
  return context === undefined ? part : { "@context": context, ...part };
}
