/** Reads the members of JSON objects from outside. Unknown members and other types are refused. */

import { fromBase64, fromHex } from "./bytes.js";
import { FormatError } from "./errors.js";
import { isObject, type Json, type JsonObject } from "./json.js";

/** The members of an object. */
export class Members {
  readonly #object: JsonObject;

  /**
   * @param what how messages name the object
   * @param names its possible members; without them any others are passed over
   */
  constructor(value: Json | undefined, readonly what: string, names?: readonly string[]) {
    if (!isObject(value)) throw new FormatError(`${what} is not an object`);
    const unknown = names && Object.keys(value).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new FormatError(`${what} has an unknown member \`${unknown}\``);
    }
    this.#object = value;
  }

  /** Whether the object has the member. */
  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  /** A member that must be there. */
  json(name: string): Json {
    const value = this.has(name) ? this.#object[name] : undefined;
    if (value === undefined) throw new FormatError(`${this.what} has no member \`${name}\``);
    return value;
  }

  text(name: string): string {
    const value = this.json(name);
    return typeof value === "string" ? value : this.#wrong(name, "a text");
  }

  /** Those of these texts that are there. */
  optionalTexts<Name extends string>(names: readonly Name[]): { [name in Name]?: string } {
    const there = names.filter((name) => this.has(name));
    const members = there.map((name) => [name, this.text(name)] as const);
    return Object.fromEntries(members) as { [name in Name]?: string };
  }

  /** Whether a member is there, which is then `true`. */
  flag(name: string): boolean {
    return this.has(name) && (this.json(name) === true || this.#wrong(name, "true or absent"));
  }

  /** An integer from 0 to 2^53-1. */
  count(name: string): number {
    const value = this.json(name);
    const fits = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    return fits ? value : this.#wrong(name, "an integer from 0 to 2^53-1");
  }

  list(name: string): Json[] {
    const value = this.json(name);
    return Array.isArray(value) ? value : this.#wrong(name, "a list");
  }

  texts(name: string): string[] {
    const list = this.list(name);
    const all = list.every((item) => typeof item === "string");
    return all ? (list as string[]) : this.#wrong(name, "a list of texts");
  }

  /** 32 bytes in lower-case hexadecimal digits, such as a hash or a validator's key. */
  hash(name: string): Uint8Array {
    return this.#bytes(name, () => fromHex(this.text(name), 32));
  }

  hashes(name: string): Uint8Array[] {
    return this.#bytes(name, () => this.texts(name).map((text) => fromHex(text, 32)));
  }

  base64(name: string): Uint8Array {
    return this.#bytes(name, () => fromBase64(this.text(name)));
  }

  #bytes<T>(name: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new FormatError(`\`${name}\` of ${this.what}: ${error.message}`);
    }
  }

  #wrong(name: string, form: string): never {
    throw new FormatError(`\`${name}\` of ${this.what} is not ${form}`);
  }
}
