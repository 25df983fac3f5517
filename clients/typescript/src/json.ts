/**
 * Strict JSON: the profile in which events, records and answers are written. Integers only, within
 * 2^53-1 either way, no name twice in an object, no lone surrogate, no U+0000, at most 32 levels.
 * `JSON.parse` is of no use here: it keeps the second of two members and rounds numbers.
 */

import { utf8 } from "./bytes.js";
import { JsonError, type JsonCode } from "./errors.js";

/** A value of the profile. Objects have no prototype, so no name means anything but itself. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** An object of the profile. */
export interface JsonObject {
  [name: string]: Json;
}

/** How deep arrays and objects may nest; the outermost one is at depth 1. */
export const DEPTH_MAX = 32;

/** The longest text that is read unless a caller allows less: the largest answer, 16 MiB. */
export const BYTES_MAX = 16 * 1024 * 1024;

/** Whether a value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a text of the profile in any spelling: white space, any order of names, any escapes. */
export function parse(text: Uint8Array | string, max = BYTES_MAX): Json {
  const bytes = typeof text === "string" ? utf8(text) : text;
  if (bytes.length > max) throw new JsonError("size", "");
  return new Scanner(decode(bytes)).whole();
}

/** Reads a text that must be canonical (RFC 8785). */
export function parseCanonical(text: Uint8Array | string, max = BYTES_MAX): Json {
  const value = parse(text, max);
  const given = typeof text === "string" ? text : decode(text);
  if (canonicalText(value) !== given) throw new JsonError("not-canonical", "");
  return value;
}

/** The canonical bytes (RFC 8785) of a value. */
export function canonical(value: Json): Uint8Array {
  return utf8(canonicalText(value));
}

/** The canonical text (RFC 8785) of a value; what the profile has not is refused. */
export function canonicalText(value: Json): string {
  return write(value, 1, "");
}

/** Whether two values are the same. */
export function sameJson(a: Json, b: Json): boolean {
  return canonicalText(a) === canonicalText(b);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonError("utf8", "");
  }
}

function write(value: Json, depth: number, place: string): string {
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isInteger(value)) throw new JsonError("float", place);
      if (!isExact(value)) throw new JsonError("number-range", place);
      return value.toString();
    case "string":
      return quote(value, place);
    case "object": {
      if (value === null) return "null";
      if (depth > DEPTH_MAX) throw new JsonError("depth", place);
      if (Array.isArray(value)) {
        const items = value.map((item, at) => write(item, depth + 1, `${place}/${at}`));
        return `[${items.join(",")}]`;
      }
      // The default order of strings is by UTF-16 code units, which RFC 8785 asks for.
      const members = Object.keys(value).sort().map((name) => {
        const under = inside(place, name);
        return `${quote(name, under)}:${write(value[name] as Json, depth + 1, under)}`;
      });
      return `{${members.join(",")}}`;
    }
    default:
      throw new JsonError("not-json", place);
  }
}

/** `JSON.stringify` escapes strings as RFC 8785 does, which took its rules from there. */
function quote(text: string, place: string): string {
  checkString(text, place);
  return JSON.stringify(text);
}

function checkString(text: string, place: string): void {
  if (text.includes("\0")) throw new JsonError("nul", place);
  if (!wellFormed(text)) throw new JsonError("lone-surrogate", place);
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function wellFormed(text: string): boolean {
  return !LONE.test(text);
}

function isExact(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function inside(place: string, name: string | number): string {
  return `${place}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WORDS: readonly [string, Json][] = [["true", true], ["false", false], ["null", null]];
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
};

/** Reads one text from its beginning to its end. */
class Scanner {
  #at = 0;
  #path: (string | number)[] = [];

  constructor(private readonly text: string) {}

  whole(): Json {
    const value = this.#value(0);
    this.#match(SPACE);
    if (this.#at !== this.text.length) this.#refuse("syntax");
    return value;
  }

  #value(depth: number): Json {
    this.#match(SPACE);
    const first = this.text[this.#at];
    if (first === '"') return this.#string();
    if (first === "{" || first === "[") {
      if (depth === DEPTH_MAX) this.#refuse("depth");
      this.#at++;
      return first === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #object(depth: number): JsonObject {
    const object = Object.create(null) as JsonObject;
    if (this.#take("}")) return object;
    do {
      this.#match(SPACE);
      const name = this.#string();
      this.#path.push(name);
      if (name in object) this.#refuse("duplicate-member");
      if (!this.#take(":")) this.#refuse("syntax");
      object[name] = this.#value(depth);
      this.#path.pop();
    } while (this.#take(","));
    if (!this.#take("}")) this.#refuse("syntax");
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    if (this.#take("]")) return array;
    do {
      this.#path.push(array.length);
      array.push(this.#value(depth));
      this.#path.pop();
    } while (this.#take(","));
    if (!this.#take("]")) this.#refuse("syntax");
    return array;
  }

  #string(): string {
    if (this.text[this.#at] !== '"') this.#refuse("syntax");
    this.#at++;
    let text = "";
    for (;;) {
      text += this.#match(PLAIN);
      const stop = this.text[this.#at];
      if (stop === '"') {
        this.#at++;
        // Halves may stand in escapes apart, so the whole string is looked at.
        if (text.includes("\0")) this.#refuse("nul");
        if (!wellFormed(text)) this.#refuse("lone-surrogate");
        return text;
      }
      if (stop !== "\\") this.#refuse("syntax");
      text += this.#escape();
    }
  }

  #escape(): string {
    const kind = this.text[this.#at + 1] ?? "";
    if (kind === "u") {
      const digits = this.text.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#refuse("syntax");
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
    if (character === undefined) return this.#refuse("syntax");
    this.#at += 2;
    return character;
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.text);
    if (found === null) return this.#refuse("syntax");
    if (found[1] !== undefined || found[2] !== undefined) this.#refuse("float");
    this.#at = NUMBER.lastIndex;
    const value = Number(found[0]);
    return isExact(value) ? value : this.#refuse("number-range");
  }

  /** Steps over `character` and the white space before it, if that is what comes next. */
  #take(character: string): boolean {
    this.#match(SPACE);
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #refuse(code: JsonCode): never {
    throw new JsonError(code, this.#path.reduce<string>(inside, ""));
  }
}
