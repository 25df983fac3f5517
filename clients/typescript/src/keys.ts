/** Keys that sign events: Ed25519 and P-256, as multikeys (W3C Controlled Identifiers 1.0). */

import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";

import { concat, equal, fromBase58, toBase58, utf8 } from "./bytes.js";
import { multihash } from "./did.js";
import { FormatError } from "./errors.js";
import { verifyEd25519 } from "./validators.js";

/** The suites that a network knows. */
export type Cryptosuite = "eddsa-jcs-2022" | "ecdsa-jcs-2019";

/** A key that signs, wherever its secret is kept: here, in a wallet's key store, in hardware. */
export interface Signer {
  /** The public key as a multikey: `z6Mk…` for Ed25519, `zDn…` for P-256. */
  readonly publicKey: string;
  /** The signature over the message: 64 bytes; for P-256, r and s, over its SHA-256. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A public key, read. */
export interface PublicKey {
  readonly suite: Cryptosuite;
  readonly bytes: Uint8Array;
}

interface Suite {
  readonly name: Cryptosuite;
  /** Multicodec prefixes of public and secret keys, and how many bytes follow each. */
  readonly publicPrefix: readonly [number, number];
  readonly publicLength: number;
  readonly secretPrefix: readonly [number, number];
  readonly publicOf: (secret: Uint8Array) => Uint8Array;
  readonly sign: (message: Uint8Array, secret: Uint8Array) => Uint8Array;
  readonly verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  readonly newSecret: () => Uint8Array;
}

const SUITES: { readonly ed25519: Suite; readonly p256: Suite } = {
  ed25519: {
    name: "eddsa-jcs-2022",
    publicPrefix: [0xed, 0x01],
    publicLength: 32,
    secretPrefix: [0x80, 0x26],
    publicOf: (secret) => ed25519.getPublicKey(secret),
    sign: (message, secret) => ed25519.sign(message, secret),
    verify: verifyEd25519,
    newSecret: () => ed25519.utils.randomSecretKey(),
  },
  p256: {
    name: "ecdsa-jcs-2019",
    publicPrefix: [0x80, 0x24],
    publicLength: 33,
    secretPrefix: [0x86, 0x26],
    publicOf: (secret) => p256.getPublicKey(secret, true),
    sign: (message, secret) => p256.sign(message, secret),
    // Either S holds, as the suite says.
    verify: (key, message, signature) => p256.verify(signature, message, key, { lowS: false }),
    newSecret: () => p256.utils.randomSecretKey(),
  },
};

const SECRET_LENGTH = 32;
const MULTIKEY_MAX = 64;

/** Reads a public multikey. */
export function readPublicKey(multikey: string): PublicKey {
  const { suite, bytes } = split(multikey, "publicPrefix");
  if (bytes.length !== suite.publicLength) {
    throw new FormatError("the public key has the wrong length for its kind");
  }
  return { suite: suite.name, bytes };
}

/** Whether a signature is that of a public multikey over a message. */
export function verifySignature(
  multikey: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { suite, bytes } = split(multikey, "publicPrefix");
  try {
    return signature.length === 64 && suite.verify(bytes, message, signature);
  } catch {
    return false;
  }
}

/** The multikey of a public key's bytes; a point of P-256 is compressed. */
export function multikeyOf(kind: "ed25519" | "p256", bytes: Uint8Array): string {
  const { publicPrefix, publicLength } = SUITES[kind];
  if (bytes.length !== publicLength) {
    throw new FormatError(`a public key of ${kind} has ${publicLength} bytes`);
  }
  return encode(publicPrefix, bytes);
}

/** The commitment to a key that may come next: an item of `nextKeyHashes`. */
export function keyHash(multikey: string): string {
  readPublicKey(multikey);
  return multihash(utf8(multikey));
}

/** A key whose secret is in memory. */
export class LocalKey implements Signer {
  readonly publicKey: string;
  readonly #suite: Suite;
  readonly #secret: Uint8Array;

  private constructor(suite: Suite, secret: Uint8Array) {
    if (secret.length !== SECRET_LENGTH) throw new FormatError("a secret key has 32 bytes");
    this.#suite = suite;
    this.#secret = secret;
    this.publicKey = encode(suite.publicPrefix, suite.publicOf(secret));
  }

  /** A new key, from the platform's randomness. */
  static generate(kind: "ed25519" | "p256" = "ed25519"): LocalKey {
    const suite = SUITES[kind];
    return new LocalKey(suite, suite.newSecret());
  }

  /** The key of a secret multikey, such as `secretKeyMultibase` of a key file. */
  static fromSecret(multikey: string): LocalKey {
    const { suite, bytes } = split(multikey, "secretPrefix");
    return new LocalKey(suite, bytes);
  }

  /** The secret multikey, to be kept as what it is. */
  secret(): string {
    return encode(this.#suite.secretPrefix, this.#secret);
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#suite.sign(message, this.#secret);
  }
}

function encode(prefix: readonly [number, number], bytes: Uint8Array): string {
  return `z${toBase58(concat(Uint8Array.from(prefix), bytes))}`;
}

function split(
  multikey: string,
  prefix: "publicPrefix" | "secretPrefix",
): { readonly suite: Suite; readonly bytes: Uint8Array } {
  if (!multikey.startsWith("z")) throw new FormatError("a multikey is z and base58btc");
  const bytes = fromBase58(multikey.slice(1), MULTIKEY_MAX);
  const head = bytes.subarray(0, 2);
  const suite = Object.values(SUITES).find((one) => equal(Uint8Array.from(one[prefix]), head));
  if (suite === undefined) throw new FormatError("no suite has a key of this kind");
  return { suite, bytes: bytes.slice(2) };
}
