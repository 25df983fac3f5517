/** Changes to JSON, by which the tests try to pass off an answer for another. */

import { fromBase64, fromHex, toBase64, toHex } from "../src/bytes.js";
import { canonical, canonicalText, isObject, parse, type Json } from "../src/index.js";
import { sameJson } from "../src/json.js";
import type { Random } from "./random.js";

/** Where a value stands in what was copied, so that it can be replaced or removed. */
interface Spot {
  readonly path: string;
  readonly parent: Json[] | { [name: string]: Json };
  readonly name: string;
  readonly value: Json;
}

/** A changed text, and what was changed. */
export interface Mutant {
  readonly what: string;
  readonly text: Uint8Array;
}

/** Characters that strings of answers are written in, and some that they are not. */
const CHARACTERS = [
  ..."0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/=:-#{}\u00e9\u{1f600}",
];

/** One change of one value, or of the bytes themselves, of the answer with this canonical text. */
export function mutate(text: string, random: Random): Mutant {
  if (random.below(8) === 0) return mutateBytes(text, random);
  const answer = parse(text);
  const spots = spotsOf(answer);
  const spot = random.pick(spots);
  const isLeaf = typeof spot.value !== "object" || spot.value === null;
  const how = isLeaf && random.below(10) < 8
    ? mutateLeaf(spot, spots, random)
    : mutateShape(spot, spots, random);
  return { what: `${spot.path}: ${how}`, text: canonical(answer) };
}

function spotsOf(value: Json, path = ""): Spot[] {
  if (!Array.isArray(value) && !isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const spot = { path: `${path}/${name}`, parent: value, name, value: inner as Json };
    return [spot, ...spotsOf(spot.value, spot.path)];
  });
}

function set({ parent, name }: Spot, value: Json): void {
  (parent as { [name: string]: Json })[name] = value;
}

function mutateLeaf(spot: Spot, spots: readonly Spot[], random: Random): string {
  const { value } = spot;
  if (random.below(10) === 0) {
    const other = random.pick(spots);
    set(spot, copy(other.value));
    return `the value of ${other.path}`;
  }
  if (typeof value === "string") {
    const [how, changed] = mutateText(value, random);
    set(spot, changed);
    return how;
  }
  const replacements: Json[] = typeof value === "number"
    ? [value + 1, value - 1, -value - 1, value + random.next(), random.next(), `${value}`, null]
    : typeof value === "boolean" ? [!value, null, 1, "true"] : [0, "", false, {}, [], [null]];
  const replacement = random.pick(replacements);
  set(spot, replacement);
  return canonicalText(replacement);
}

function mutateText(text: string, random: Random): readonly [string, string] {
  const bytes = bytesOf(text);
  if (bytes !== null && bytes.bytes.length > 0 && random.below(2) === 0) {
    const changed = bytes.bytes.slice();
    for (let left = 1 + random.below(3); left > 0; left--) {
      const at = random.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 + random.below(255));
    }
    return ["other bytes", bytes.write(changed)];
  }
  const at = random.below(text.length + 1);
  const character = random.pick(CHARACTERS);
  const [before, from, after] = [text.slice(0, at), text.slice(at), text.slice(at + 1)];
  switch (random.below(6)) {
    case 0: return [`without character ${at}`, before + after];
    case 1: return [`with \`${character}\` at ${at}`, before + character + from];
    case 2: return ["cut", before];
    case 3: return ["in upper case", text.toUpperCase()];
    case 4: return ["reversed", [...text].reverse().join("")];
    default: return [`with \`${character}\` for ${at}`, before + character + after];
  }
}

/** The bytes that a text of hexadecimal digits or base64 writes, and how to write others. */
function bytesOf(text: string): { bytes: Uint8Array; write: (bytes: Uint8Array) => string } | null {
  try {
    return /^([0-9a-f]{2})+$/.test(text)
      ? { bytes: fromHex(text, text.length / 2), write: toHex }
      : { bytes: fromBase64(text), write: toBase64 };
  } catch {
    return null;
  }
}

/** Names of members that mean something in one place or another, and one that does not. */
const ADDED = [
  "proof", "index", "past", "next", "document", "content", "fragment", "context", "chain", "extra",
];

function mutateShape(spot: Spot, spots: readonly Spot[], random: Random): string {
  const { parent, name } = spot;
  const choice = random.below(5);
  if (choice === 0) {
    if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else delete parent[name];
    return "removed";
  }
  if (choice === 1) {
    const other = random.pick(spots);
    set(spot, copy(other.value));
    return `the value of ${other.path}`;
  }
  if (choice === 2) {
    const added = random.pick<Json>([null, 0, 1, "", {}, [], true]);
    if (Array.isArray(parent)) parent.push(added);
    else parent[random.pick(ADDED)] = added;
    return `with ${canonicalText(added)} beside it`;
  }
  if (choice === 3) {
    if (Array.isArray(parent)) {
      parent.splice(random.below(parent.length + 1), 0, copy(spot.value));
      return "twice";
    }
    delete parent[name];
    parent[`${name}s`] = spot.value;
    return "under another name";
  }
  if (Array.isArray(parent)) {
    parent.reverse();
    return "in the other order";
  }
  set(spot, [copy(spot.value)]);
  return "in a list";
}

function mutateBytes(text: string, random: Random): Mutant {
  const bytes = [...new TextEncoder().encode(text)];
  const at = random.below(bytes.length);
  const byte = random.below(256);
  const kind = random.pick(["replaced", "inserted", "removed"] as const);
  if (kind === "replaced") bytes[at] = byte;
  else if (kind === "inserted") bytes.splice(at, 0, byte);
  else bytes.splice(at, 1);
  return { what: `byte ${at} ${kind} (${byte})`, text: Uint8Array.from(bytes) };
}

function copy(value: Json): Json {
  return parse(canonicalText(value));
}

/** What an answer says that was asked. */
function questionOf(answer: Json): Json | undefined {
  if (!isObject(answer)) return undefined;
  const metadata = answer["contentMetadata"] ?? answer["didDocumentMetadata"];
  const proofs = isObject(metadata) ? metadata["proof"] : undefined;
  const proof = Array.isArray(proofs) ? proofs[0] : answer["proof"];
  return isObject(proof) ? proof["question"] : undefined;
}

/**
 * Why a changed text is still true, or null where it is not: an answer may be a sound one to
 * another question, which whoever asked compares; a byte may be replaced by itself, put in as white
 * space, and a value by an equal one; signatures of a certificate and validators of a step are
 * sets, whose order says nothing; and a trust chain whose last steps are missing leads less far, to
 * what is certified all the same.
 */
export function harmless(original: string, changed: Uint8Array): string | null {
  let value: Json;
  try {
    value = parse(changed);
  } catch {
    return null;
  }
  if (canonicalText(value) === original) return "the same value";
  const sorted = (json: Json): string => canonicalText(sortSets(json));
  const before = parse(original);
  const [asked, other] = [questionOf(before), questionOf(value)];
  if (asked !== undefined && other !== undefined && !sameJson(asked, other)) {
    return "an answer to another question";
  }
  if (sorted(value) === sorted(before)) return "the order of a set";
  const [longer, shorter] = [stepsOf(before), stepsOf(value)];
  const isPrefix = shorter.length > 0 && shorter.every((step, at) => step === longer[at]);
  return isPrefix ? "a chain that ends earlier" : null;
}

function stepsOf(value: Json): string[] {
  const steps = isObject(value) ? value["steps"] : undefined;
  return Array.isArray(steps) ? steps.map(canonicalText) : [];
}

function sortSets(json: Json): Json {
  if (Array.isArray(json)) return json.map(sortSets);
  if (!isObject(json)) return json;
  const members = Object.entries(json).map(([name, value]): [string, Json] => {
    const inner = sortSets(value);
    const isSet = ["signatures", "validators"].includes(name) && Array.isArray(inner);
    return [name, isSet ? inner.map(canonicalText).sort() : inner];
  });
  return Object.fromEntries(members);
}
