/** Inclusion in the log: RFC 9162, section 2.1.3.2. */

import { concat, equal } from "./bytes.js";
import { FormatError } from "./errors.js";
import { sha256 } from "./hash.js";

/** The hash of an entry of the log. */
export function logLeaf(entry: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), entry));
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** Refuses a path that does not lead from the leaf at `index` to the root of a log of `size`. */
export function checkInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  path: readonly Uint8Array[],
  root: Uint8Array,
): void {
  const wrong = new FormatError("the event is not proven by the header's log root");
  if (index < 0n || index >= size) throw wrong;
  let [first, last, hash] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) throw wrong;
    if ((first & 1n) === 1n || first === last) {
      hash = node(sibling, hash);
      // At the right edge a node without a sibling rises unchanged.
      while ((first & 1n) === 0n && first !== 0n) {
        first >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = node(hash, sibling);
    }
    first >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n || !equal(hash, root)) throw wrong;
}
