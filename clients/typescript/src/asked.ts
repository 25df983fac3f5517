/** Which question a DID URL asks (`docs/resolvers.md`; `docs/did-ndi.md`, section 9.2). */

import { readDereferencing, URI_LIST } from "./dereferencing.js";
import { isAnyDid } from "./did.js";
import { FormatError } from "./errors.js";
import { isForeign } from "./imported.js";
import type { JsonObject } from "./json.js";
import type { Asked } from "./question.js";
import { isProvable, readResourceQuestion } from "./resource.js";
import { isRelative, split } from "./urls.js";

const RESOURCES = "/resources/";
const ANONCREDS = "/anoncreds/v0/";

/**
 * Reads a DID URL into the question that dereferencing it asks.
 *
 * @param uriList whether the URLs of services are asked for, not a document
 */
export function readDidUrl(
  url: string,
  uriList: boolean,
): Extract<Asked, { readonly kind: "dereferencing" | "imported" | "resource" }> {
  const { path: whole, query, fragment } = split(url);
  const did = whole.replace(/\/.*/s, "");
  const [path, rest] = [whole.slice(did.length), url.slice(did.length)];
  if (!isAnyDid(did) || rest !== "" && !isRelative(rest)) {
    throw new FormatError(`\`${url}\` is no DID URL: write <did>[/path][?query][#fragment]`);
  }
  const asked: JsonObject = { did, ...parametersOf(query ?? "") };
  const ofResource = (name: string): boolean => name.startsWith("resource") || name === "checksum";
  if (path.startsWith(ANONCREDS) && isForeign(did)) {
    if (query !== null || fragment !== null) {
      throw new FormatError("an imported object has neither parameters nor fragments");
    }
    const words = path.slice(ANONCREDS.length).split("/").map(decode);
    return { kind: "imported", question: { did, words } };
  }
  if (path === "" && !Object.keys(asked).some(ofResource)) {
    if (fragment !== null) asked["fragment"] = fragment;
    if (uriList) asked["accept"] = URI_LIST;
    return { kind: "dereferencing", question: readDereferencing(asked) };
  }
  if (path !== "") {
    if (!path.startsWith(RESOURCES) || asked["resourceId"] !== undefined || fragment !== null) {
      throw new FormatError(`nothing is known under \`${path}\` of a DID`);
    }
    asked["resourceId"] = path.slice(RESOURCES.length);
  }
  const question = readResourceQuestion(asked);
  if (!isProvable(question)) {
    throw new FormatError("nothing proves a search: name the id, or the type and the name alone");
  }
  return { kind: "resource", question };
}

function parametersOf(query: string): JsonObject {
  // Without a prototype, so that no name means anything but itself.
  const parameters: JsonObject = Object.create(null);
  for (const part of query.split("&").filter((text) => text !== "")) {
    const [name = "", ...value] = part.split("=").map(decode);
    if (Object.hasOwn(parameters, name)) throw new FormatError(`\`${name}\` stands twice`);
    const text = value.join("=");
    const isFlag = ["expandRelativeUrls", "resourceMetadata"].includes(name);
    if (isFlag && !["true", "false"].includes(text)) {
      throw new FormatError(`\`${name}\` is \`true\` or \`false\``);
    }
    if (!isFlag) parameters[name] = text;
    else if (text === "true") parameters[name] = true;
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new FormatError(`\`${text}\` is badly encoded`);
  }
}
