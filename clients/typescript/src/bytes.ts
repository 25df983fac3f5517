/** Byte strings and their texts. Every text has one spelling; anything else is refused. */

import { FormatError } from "./errors.js";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const HEX = "0123456789abcdef";

const valuesOf = (alphabet: string): Int8Array => {
  const values = new Int8Array(128).fill(-1);
  for (let at = 0; at < alphabet.length; at++) values[alphabet.charCodeAt(at)] = at;
  return values;
};

const BASE64_VALUES = valuesOf(BASE64);
const BASE58_VALUES = valuesOf(BASE58);
const HEX_VALUES = valuesOf(HEX);

const digit = (values: Int8Array, text: string, at: number, what: string): number => {
  const value = values[text.charCodeAt(at)] ?? -1;
  if (value < 0) throw new FormatError(`\`${text[at] ?? ""}\` is no digit of ${what}`);
  return value;
};

/** The bytes of a text in UTF-8. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The parts, one after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether two byte strings are the same. Nothing here is secret, so time may tell. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return text;
}

/** Reads `length` bytes in lower-case hexadecimal digits. */
export function fromHex(text: string, length: number): Uint8Array {
  if (text.length !== 2 * length) {
    throw new FormatError(`${length} bytes have ${2 * length} hexadecimal digits`);
  }
  return Uint8Array.from({ length }, (_, at) => {
    const high = digit(HEX_VALUES, text, 2 * at, "lower-case hexadecimal");
    return (high << 4) | digit(HEX_VALUES, text, 2 * at + 1, "lower-case hexadecimal");
  });
}

/** Base64 of RFC 4648, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const left = Math.min(3, bytes.length - at);
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let place = 0; place < 4; place++) {
      text += place > left ? "=" : BASE64.charAt((group >> (18 - 6 * place)) & 63);
    }
  }
  return text;
}

/** Reads base64 of RFC 4648, with its padding and with zeros in the bits that say nothing. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new FormatError("base64 comes in groups of four characters");
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const digits = text.length - padding;
  let [held, bits, to] = [0, 0, 0];
  for (let at = 0; at < digits; at++) {
    held = ((held << 6) | digit(BASE64_VALUES, text, at, "base64")) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[to++] = (held >> bits) & 0xff;
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) throw new FormatError("base64 ends in bits that are set");
  return bytes;
}

/** Base58 with Bitcoin's alphabet. A leading zero byte is a leading `1`. */
export function toBase58(bytes: Uint8Array): string {
  const zeros = bytes.findIndex((byte) => byte !== 0);
  const lead = zeros < 0 ? bytes.length : zeros;
  const digits: number[] = [];
  for (const byte of bytes.subarray(lead)) {
    let carry = byte;
    for (let at = 0; at < digits.length; at++) {
      carry += (digits[at] ?? 0) << 8;
      digits[at] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  return "1".repeat(lead) + digits.reverse().map((value) => BASE58.charAt(value)).join("");
}

/** Reads base58 of at most `max` bytes; the limit bounds the work, which grows with the square. */
export function fromBase58(text: string, max: number): Uint8Array {
  // A byte takes 1.37 digits.
  if (text.length > Math.ceil(max * 1.37) + 1) throw new FormatError("the base58 text is too long");
  const lead = /^1*/.exec(text)?.[0].length ?? 0;
  const bytes: number[] = [];
  for (let at = lead; at < text.length; at++) {
    let carry = digit(BASE58_VALUES, text, at, "base58");
    for (let place = 0; place < bytes.length; place++) {
      carry += (bytes[place] ?? 0) * 58;
      bytes[place] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  if (lead + bytes.length > max) {
    throw new FormatError(`the base58 text has more than ${max} bytes`);
  }
  return Uint8Array.from([...new Array<number>(lead).fill(0), ...bytes.reverse()]);
}

/** A cursor over a fixed layout; integers are big-endian. */
export class Reader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next `length` bytes. */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.bytes.length) throw new FormatError("the bytes end too early");
    const part = this.bytes.slice(this.#at, end);
    this.#at = end;
    return part;
  }

  /** An integer of at most 4 bytes. */
  integer(length: 1 | 2 | 4): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** An integer of 8 bytes. */
  u64(): bigint {
    return this.take(8).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  /** Refuses bytes that are left over. */
  end(): void {
    if (this.#at !== this.bytes.length) throw new FormatError("there are bytes behind the end");
  }
}

/** An unsigned integer in `length` bytes, big-endian. */
export function bigEndian(value: number | bigint, length: 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = BigInt(value);
  for (let at = length - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
