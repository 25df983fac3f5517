/** The frozen examples of `docs/format.md`, which the ledger itself made. */

import { readFileSync } from "node:fs";

import {
  isObject, parse, trustGenesis, type Json, type JsonObject, type Trust,
} from "../src/index.js";

const FILE = new URL("../../../../tests/golden/format.json", import.meta.url);

const frozen = parse(readFileSync(FILE));

/** The value at a path of names; everything there is frozen, so nothing may be missing. */
export function at(...path: readonly (string | number)[]): Json {
  return path.reduce<Json>((value, name) => {
    const inner = Array.isArray(value) ? value[Number(name)] : isObject(value) && value[name];
    if (inner === undefined || inner === false) throw new Error(`no example at ${path.join("/")}`);
    return inner;
  }, frozen);
}

/** The text at a path. */
export function textAt(...path: readonly string[]): string {
  const value = at(...path);
  if (typeof value !== "string") throw new Error(`no text at ${path.join("/")}`);
  return value;
}

/** Trust in the examples' genesis. */
export const trust: Trust = trustGenesis(textAt("genesis", "text"));

/** When the examples are read. */
export const now = Number(at("now"));

/** The examples of a kind that has answers of its own; none before they are frozen. */
function answersOf(kind: string): [string, Json][] {
  const examples = isObject(frozen) ? frozen[kind] : undefined;
  const named = isObject(examples) ? examples["answers"] : undefined;
  if (!isObject(named)) return [];
  return Object.entries(named).map(([name, answer]) => [`${kind} ${name}`, answer]);
}

/** Every answer that is an example, with its name. */
export const answers: readonly (readonly [string, JsonObject])[] = [
  ...Object.entries(at("answers") as JsonObject),
  ["receipt", at("receipt")] as const,
  ...answersOf("resources"),
  ...answersOf("dereferencing"),
].map(([name, answer]) => [name, answer as JsonObject] as const);
