/** The frozen examples of `docs/format.md`, which the ledger itself made. */

import { readFileSync } from "node:fs";

import {
  isObject, parse, trustGenesis, type Json, type JsonObject, type Trust,
} from "../src/index.js";

function read(file: string): Json {
  return parse(readFileSync(new URL(`../../../../tests/golden/${file}`, import.meta.url)));
}

const frozen = read("format.json");

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

/** An answer that is an example, and by what it is judged. */
export interface Example {
  readonly name: string;
  readonly answer: JsonObject;
  readonly genesis: string;
  readonly trust: Trust;
  readonly now: number;
}

function named(kind: string, answers: Json): [string, Json][] {
  return Object.entries(answers as JsonObject).map(([name, one]) => [`${kind} ${name}`, one]);
}

const format = { genesis: textAt("genesis", "text"), trust };
const later = ["imported", "status"].flatMap((kind) => {
  return named(kind, at(kind, "answers")).map(([name, answer]) => {
    return { name, answer, ...format, now: Number(at(kind, "now")) };
  });
});
const ofFormat = [
  ...[
    ...Object.entries(at("answers") as JsonObject),
    ["receipt", at("receipt")] as const,
    ...named("resources", at("resources", "answers")),
    ...named("dereferencing", at("dereferencing", "answers")),
  ].map(([name, answer]) => ({ name, answer, ...format, now })),
  ...later,
];

const { genesis, now: then, authorization, recognition } = read("trqp.json") as {
  genesis: string; now: number; authorization: Json; recognition: Json;
};
const registry = { genesis, trust: trustGenesis(genesis), now: then };

/** The examples of TRQP's answers. */
export const trqp = [
  ...named("authorization", authorization),
  ...named("recognition", recognition),
].map(([name, answer]) => ({ name, answer, ...registry })) as Example[];

/** Every answer that is an example. */
export const examples: readonly Example[] = [...ofFormat as Example[], ...trqp];
