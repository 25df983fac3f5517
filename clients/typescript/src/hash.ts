/** The ledger's hashes: keyed BLAKE3 with a tag, and SHA-256 where an open standard asks for it. */

import { blake3 } from "@noble/hashes/blake3.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, utf8 } from "./bytes.js";

export { sha256 };

/** The hash of nothing: an empty subtree of the state. */
export const ZERO = new Uint8Array(32);

/** What is hashed or signed: `docs/format.md`, the two tables of tags. */
export type Tag =
  | "event"
  | "genesis"
  | "header"
  | "validators"
  | "record"
  | "content"
  | "state-key"
  | "state-leaf"
  | "state-node"
  | "history-leaf"
  | "history-node"
  | "status-chunk"
  | "status-node"
  | "precommit";

const padded = new Map<Tag, Uint8Array>();

/** A tag in 32 bytes: a key of BLAKE3, and the beginning of what is signed. */
export function tagBytes(tag: Tag): Uint8Array {
  let bytes = padded.get(tag);
  if (bytes === undefined) {
    bytes = new Uint8Array(32);
    bytes.set(utf8(`dzong/${tag}/v1`));
    padded.set(tag, bytes);
  }
  return bytes;
}

/** `H(tag, parts)` of `docs/format.md`. */
export function tagged(tag: Tag, ...parts: readonly Uint8Array[]): Uint8Array {
  return blake3(concat(...parts), { key: tagBytes(tag) });
}
