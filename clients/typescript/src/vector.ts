/** A revocation registry's statuses as bytes (`docs/format.md`, Revocation). */

import { concat, toHex } from "./bytes.js";
import { FormatError } from "./errors.js";
import { tagged } from "./hash.js";

const STATUSES = ["valid", "revoked", "suspended"] as const;

/** What a slot's two bits say: 0, 1 or 2. */
export type Status = (typeof STATUSES)[number];

/** Slots of a chunk, four in a byte. */
export const CHUNK_SLOTS = 1024;
/** Bytes of a chunk's statuses. */
export const CHUNK_BYTES = CHUNK_SLOTS / 4;
const NODE_CHUNKS = 32;

/** Bytes of the longest number in a delta: three times seven bits hold no distance of 2^20. */
const NUMBER_BYTES_MAX = 4;

/** A chunk as it began, but for the first of all, which every registry has. */
const FRESH = new Uint8Array(CHUNK_BYTES);

/**
 * The status of a slot.
 *
 * @param statuses four slots in a byte, the first in its lowest two bits
 * @param capacity how many slots there are; as many as the bytes hold without it
 */
export function statusAt(
  statuses: Uint8Array,
  slot: number,
  capacity = 4 * statuses.length,
): Status {
  const byte = Number.isSafeInteger(slot) && slot < capacity ? statuses[slot >> 2] : undefined;
  if (byte === undefined) throw new FormatError(`there is no slot ${slot}`);
  const status = STATUSES[(byte >> (2 * (slot & 3))) & 3];
  if (status === undefined) throw new FormatError(`slot ${slot} has bits that are no status`);
  return status;
}

/** Refuses what are not the statuses of so many slots. */
function checkStatuses(statuses: Uint8Array, capacity: number): void {
  if (statuses.length !== Math.ceil(capacity / 4)) {
    throw new FormatError(`the statuses are not those of ${capacity} slots`);
  }
  if (statuses.some((byte) => (byte & (byte >> 1) & 0b0101_0101) !== 0)) {
    throw new FormatError("there are bits that are no status");
  }
  const used = capacity % 4;
  if (used > 0 && (statuses.at(-1) ?? 0) >> (2 * used) !== 0) {
    throw new FormatError("there are statuses beyond the last slot");
  }
}

/**
 * The hashes of the nodes over all statuses, in hexadecimal digits: those of the registry's head,
 * if these are its statuses. Bytes that are not the statuses of so many slots are refused.
 */
export function nodesOf(statuses: Uint8Array, capacity: number): string[] {
  checkStatuses(statuses, capacity);
  const fresh = tagged("status-chunk", FRESH);
  const count = Math.ceil(capacity / (CHUNK_SLOTS * NODE_CHUNKS));
  return Array.from({ length: count }, (_, node) => {
    const chunks = Array.from({ length: NODE_CHUNKS }, (_, place) => {
      const at = (node * NODE_CHUNKS + place) * CHUNK_BYTES;
      const part = statuses.subarray(at, at + CHUNK_BYTES);
      if (part.length === 0) return fresh;
      return tagged("status-chunk", part, FRESH.subarray(part.length));
    });
    return toHex(tagged("status-node", concat(...chunks)));
  });
}

/**
 * The statuses after what a delta changes, in new bytes. That they are those of a later version is
 * for {@link nodesOf} to say: nothing proves a delta.
 */
export function applyDelta(statuses: Uint8Array, delta: Uint8Array): Uint8Array {
  const after = statuses.slice();
  let slot = 0;
  for (let at = 0; at < delta.length;) {
    const { value, next } = readNumber(delta, at);
    const [distance, status] = [value >> 2, value & 3];
    slot += distance;
    const byte = after[slot >> 2];
    if (distance === 0 || STATUSES[status] === undefined || byte === undefined) {
      throw new FormatError("the delta changes what is no slot, or to what is no status");
    }
    const shift = 2 * (slot & 3);
    after[slot >> 2] = (byte & ~(3 << shift)) | (status << shift);
    at = next;
  }
  return after;
}

/** Reads a number of LEB128 in its shortest form, and where the next begins. */
function readNumber(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  for (let length = 0; length < NUMBER_BYTES_MAX; length++) {
    const byte = bytes[from + length];
    if (byte === undefined) throw new FormatError("the delta ends within a number");
    value |= (byte & 0x7f) << (7 * length);
    if (byte >= 0x80) continue;
    if (byte === 0 && length > 0) {
      throw new FormatError("the delta has a number that is not in its shortest form");
    }
    return { value, next: from + length + 1 };
  }
  throw new FormatError("the delta has a number that is too long");
}
