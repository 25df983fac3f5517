/** Validator sets, and the certificates by which a quorum of one makes a block final. */

import { ed25519 } from "@noble/curves/ed25519.js";

import { bigEndian, concat, equal, fromHex, toHex } from "./bytes.js";
import { FormatError } from "./errors.js";
import { tagBytes, tagged } from "./hash.js";
import type { Json } from "./json.js";
import { Members } from "./members.js";

/** A validator: its Ed25519 key in hexadecimal digits, and its voting power. */
export interface Validator {
  readonly key: string;
  readonly power: number;
}

/** Most validators of a set. */
const VALIDATORS_MAX = 128;

/** Those who certify a height: ascending by key, each key once. */
export class ValidatorSet {
  readonly members: readonly Validator[];
  /** The hash that headers name. */
  readonly hash: Uint8Array;
  readonly #power = new Map<string, number>();
  readonly #total: bigint;

  /** The set of these validators, in any order. */
  constructor(validators: readonly Validator[]) {
    // Each key costs curve arithmetic, so their number is looked at first.
    if (validators.length === 0 || validators.length > VALIDATORS_MAX) {
      throw new FormatError(`a validator set has 1 to ${VALIDATORS_MAX} members`);
    }
    const members = validators.map(({ key, power }) => ({ key, power }));
    this.members = members.sort((a, b) => (a.key < b.key ? -1 : 1));
    const parts: Uint8Array[] = [];
    let total = 0n;
    for (const { key, power } of this.members) {
      const bytes = fromHex(key, 32);
      if (this.#power.has(key)) throw new FormatError(`validator key \`${key}\` stands twice`);
      if (!isKey(bytes)) throw new FormatError(`validator key \`${key}\` is no Ed25519 key`);
      if (!Number.isSafeInteger(power) || power < 1) {
        throw new FormatError("voting power is an integer from 1 to 2^53-1");
      }
      this.#power.set(key, power);
      total += BigInt(power);
      parts.push(bytes, bigEndian(power, 8));
    }
    if (total > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new FormatError("voting power is at most 2^53-1 together");
    }
    this.#total = total;
    this.hash = tagged("validators", ...parts);
  }

  /** The voting power of a key; undefined for one outside the set. */
  power(key: string): number | undefined {
    return this.#power.get(key);
  }

  /** Whether so much power is more than two thirds of the whole. */
  isQuorum(power: bigint): boolean {
    return power * 3n > this.#total * 2n;
  }
}

/** Reads `[{"key", "power"}, …]`; whether they make a set is not asked yet. */
export function readValidators(list: readonly Json[]): Validator[] {
  return list.map((item) => {
    const member = new Members(item, "a validator", ["key", "power"]);
    return { key: toHex(member.hash("key")), power: member.count("power") };
  });
}

function isKey(bytes: Uint8Array): boolean {
  try {
    ed25519.Point.fromBytes(bytes, true);
    return true;
  } catch {
    return false;
  }
}

/** Whether an Ed25519 signature holds, by the rules of ZIP 215. */
export function verifyEd25519(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
}

/** A quorum of precommits for a block. */
export interface Certificate {
  readonly height: number;
  readonly round: number;
  /** The block's id. */
  readonly block: Uint8Array;
  readonly signatures: readonly { readonly validator: string; readonly signature: Uint8Array }[];
}

/** Reads a certificate as it stands in answers. */
export function readCertificate(value: Json): Certificate {
  const names = ["height", "round", "block", "signatures"];
  const members = new Members(value, "the certificate", names);
  const round = members.count("round");
  if (round > 0xffffffff) throw new FormatError("a round is less than 2^32");
  const signatures = members.list("signatures").map((item) => {
    const one = new Members(item, "a precommit", ["validator", "signature"]);
    const signature = one.base64("signature");
    if (signature.length !== 64) throw new FormatError("a precommit's signature has 64 bytes");
    return { validator: toHex(one.hash("validator")), signature };
  });
  return { height: members.count("height"), round, block: members.hash("block"), signatures };
}

/** What a validator signs for a block: tag, genesis, height, round, block id. */
export function precommitBytes(
  genesis: Uint8Array,
  height: number,
  round: number,
  block: Uint8Array,
): Uint8Array {
  const round4 = bigEndian(round, 8).subarray(4);
  return concat(tagBytes("precommit"), genesis, bigEndian(height, 8), round4, block);
}

/** Refuses a certificate that is not signed by a quorum, or with a signature that does not hold. */
export function checkCertificate(
  certificate: Certificate,
  genesis: Uint8Array,
  set: ValidatorSet,
): void {
  const { height, round, block, signatures } = certificate;
  const seen = new Set<string>();
  let power = 0n;
  // What is cheap comes first, so that a flood of strangers costs no curve arithmetic.
  for (const { validator } of signatures) {
    const own = set.power(validator);
    if (own === undefined) {
      throw new FormatError(`\`${validator}\` signed but is not in the validator set`);
    }
    if (seen.has(validator)) throw new FormatError(`\`${validator}\` signed twice`);
    seen.add(validator);
    power += BigInt(own);
  }
  if (!set.isQuorum(power)) {
    throw new FormatError("the signatures are not more than two thirds of the voting power");
  }
  const message = precommitBytes(genesis, height, round, block);
  for (const { validator, signature } of signatures) {
    if (!verifyEd25519(fromHex(validator, 32), message, signature)) {
      throw new FormatError(`the signature of \`${validator}\` does not verify`);
    }
  }
}

/** Refuses a certificate for another block than the header with this id and height. */
export function checkCertified(certificate: Certificate, id: Uint8Array, height: bigint): void {
  if (!equal(certificate.block, id) || BigInt(certificate.height) !== height) {
    throw new FormatError("the certificate is not for this header");
  }
}
