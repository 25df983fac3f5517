/** Proofs of the state tree: that a key holds a record, or that it holds nothing. */

import { Reader, equal, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import { ZERO, tagged } from "./hash.js";

const DEPTH_MAX = 256;

interface StateProof {
  /** Another key's leaf where the key's would be. */
  readonly other?: { readonly path: Uint8Array; readonly record: Uint8Array };
  readonly terminal: "empty" | "own" | "other";
  /** From the root downwards; 32 zero bytes for an empty one. */
  readonly siblings: readonly Uint8Array[];
}

/** The path of a record's key in the tree. */
export function keyPath(key: string): Uint8Array {
  return tagged("state-key", utf8(key));
}

/**
 * Refuses a proof that does not lead to `root`.
 *
 * @param record the hash of the record under `key`; null where nothing is there
 */
export function checkStateProof(
  proof: Uint8Array,
  root: Uint8Array,
  key: string,
  record: Uint8Array | null,
): void {
  const { terminal, other, siblings } = readProof(proof);
  const path = keyPath(key);
  const wrong = new FormatError(`the record \`${key}\` is not proven by the header's state root`);
  if ((record !== null) !== (terminal === "own")) throw wrong;
  let hash: Uint8Array = ZERO;
  if (record !== null) {
    hash = tagged("state-leaf", path, record);
  } else if (other !== undefined) {
    // That leaf must stand where the key's would be, and not be the key's.
    const shares = siblings.every((_, depth) => bit(other.path, depth) === bit(path, depth));
    if (!shares || equal(other.path, path)) throw wrong;
    hash = tagged("state-leaf", other.path, other.record);
  }
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] ?? ZERO;
    hash = bit(path, depth)
      ? tagged("state-node", sibling, hash)
      : tagged("state-node", hash, sibling);
  }
  if (!equal(hash, root)) throw wrong;
}

/** Bit `at` of some bytes, the most significant first. */
function bit(bytes: Uint8Array, at: number): boolean {
  return (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
}

/** Reads a proof in its one spelling. */
function readProof(bytes: Uint8Array): StateProof {
  const reader = new Reader(bytes);
  const terminal = (["empty", "own", "other"] as const)[reader.integer(1)];
  if (terminal === undefined) throw new FormatError("a state proof ends in 0, 1 or 2");
  const other = terminal === "other" ? { path: reader.take(32), record: reader.take(32) } : null;
  const depth = reader.integer(2);
  if (depth > DEPTH_MAX) throw new FormatError("a state proof is at most 256 deep");
  const bitmap = reader.take(Math.ceil(depth / 8));
  for (let at = depth; at < bitmap.length * 8; at++) {
    if (bit(bitmap, at)) throw new FormatError("a state proof has siblings beyond its depth");
  }
  const siblings = Array.from({ length: depth }, (_, at) => {
    if (!bit(bitmap, at)) return ZERO;
    const sibling = reader.take(32);
    if (equal(sibling, ZERO)) throw new FormatError("a state proof spells out an empty sibling");
    return sibling;
  });
  reader.end();
  return other === null ? { terminal, siblings } : { terminal, other, siblings };
}
