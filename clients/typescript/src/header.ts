/** The header of a block: 284 bytes, which a certificate certifies. */

import { Reader } from "./bytes.js";
import { FormatError } from "./errors.js";
import { tagged } from "./hash.js";

const VERSION = 1;

/** What is certified of a block. */
export interface Header {
  /** The network: the hash of its genesis document. */
  readonly genesis: Uint8Array;
  /** The block's position, from 1. */
  readonly height: bigint;
  /** Milliseconds since 1970. */
  readonly time: bigint;
  /** The parent's id; at height 1 the genesis hash. */
  readonly parent: Uint8Array;
  /** The key of the validator that built the block. */
  readonly proposer: Uint8Array;
  /** Entries of the log after this block. */
  readonly logSize: bigint;
  /** RFC 9162 root of the log after this block. */
  readonly logRoot: Uint8Array;
  /** Root of the state after this block. */
  readonly stateRoot: Uint8Array;
  /** Hash of the validator set that certifies this height. */
  readonly validators: Uint8Array;
  /** Hash of the validator set that certifies the next height. */
  readonly nextValidators: Uint8Array;
  /** Hash of the record `network/parameters` after this block. */
  readonly parameters: Uint8Array;
}

/** Reads a header's bytes. */
export function readHeader(bytes: Uint8Array): Header {
  const reader = new Reader(bytes);
  if (reader.integer(4) !== VERSION) throw new FormatError("the header has another version than 1");
  const header: Header = {
    genesis: reader.take(32),
    height: reader.u64(),
    time: reader.u64(),
    parent: reader.take(32),
    proposer: reader.take(32),
    logSize: reader.u64(),
    logRoot: reader.take(32),
    stateRoot: reader.take(32),
    validators: reader.take(32),
    nextValidators: reader.take(32),
    parameters: reader.take(32),
  };
  reader.end();
  return header;
}

/** The block's id: the hash of the header's bytes. */
export function headerId(bytes: Uint8Array): Uint8Array {
  return tagged("header", bytes);
}
