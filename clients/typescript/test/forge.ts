/** A network of the tests' own: its keys are known, so it certifies whatever a test asks for. */

import { ed25519 } from "@noble/curves/ed25519.js";

import { bigEndian, concat, toBase64, toHex } from "../src/bytes.js";
import { sha256, tagged } from "../src/hash.js";
import { headerId } from "../src/header.js";
import { canonical, eventId, type Json, type JsonObject, type Trust } from "../src/index.js";
import { logLeaf as leafOf } from "../src/merkle.js";
import { recordHash } from "../src/record.js";
import { keyPath } from "../src/state.js";
import { ValidatorSet, precommitBytes } from "../src/validators.js";

export interface ValidatorKey {
  readonly secret: Uint8Array;
  readonly key: Uint8Array;
}

/** So many keys, always the same. */
export function validatorKeys(count: number): ValidatorKey[] {
  return Array.from({ length: count }, (_, at) => {
    const secret = new Uint8Array(32).fill(at + 1);
    return { secret, key: ed25519.getPublicKey(secret) };
  });
}

/** What a forged header says; `time` counts from the network's begin. */
export interface Forged {
  readonly height: number;
  readonly by: readonly ValidatorKey[];
  readonly next: readonly ValidatorKey[];
  readonly signers?: readonly ValidatorKey[];
  readonly time?: number;
  readonly round?: number;
  readonly genesis?: Uint8Array;
  readonly stateRoot?: Uint8Array;
  /** The one leaf of the log, which is empty without it. */
  readonly logLeaf?: Uint8Array;
}

export class Forge {
  readonly trust: Trust;

  constructor(first: readonly ValidatorKey[]) {
    this.trust = {
      genesis: sha256(Uint8Array.of(...first.map(({ key }) => key[0] ?? 0))),
      network: "bt-forged",
      height: 0,
      time: Date.UTC(2026, 10, 21),
      validators: this.set(first),
      periodSeconds: 30 * 24 * 3600,
    };
  }

  set(keys: readonly ValidatorKey[]): ValidatorSet {
    return new ValidatorSet(keys.map(({ key }) => ({ key: toHex(key), power: 1 })));
  }

  /** A step of a trust chain: a certified header and the set that follows. */
  step(forged: Forged): JsonObject {
    const { height, by, next, signers = by.slice(0, 3), time = height * 1000, round = 0 } = forged;
    const genesis = forged.genesis ?? this.trust.genesis;
    const none = new Uint8Array(32);
    const { stateRoot = none, logLeaf } = forged;
    const header = concat(
      Uint8Array.of(0, 0, 0, 1), genesis,
      bigEndian(height, 8), bigEndian(this.trust.time + time, 8), none, by[0]?.key ?? none,
      bigEndian(logLeaf === undefined ? 0 : 1, 8), logLeaf ?? none, stateRoot,
      this.set(by).hash, this.set(next).hash, none,
    );
    const block = headerId(header);
    const message = precommitBytes(genesis, height, round, block);
    const signatures = signers.map(({ secret, key }) => ({
      validator: toHex(key),
      signature: toBase64(ed25519.sign(message, secret)),
    }));
    return {
      header: toBase64(header),
      certificate: { height, round, block: toHex(block), signatures },
      validators: this.set(next).members.map(({ key, power }) => ({ key, power })),
    };
  }

  /** That an event is all that the log holds. */
  receipt(event: JsonObject, forged: Forged): JsonObject {
    const logLeaf = leafOf(canonical(event));
    const { header = null, certificate = null } = this.step({ ...forged, logLeaf });
    const genesis = toHex(this.trust.genesis);
    const id = toHex(eventId(event));
    return { id, event, index: 0, path: [], header, certificate, genesis };
  }

  /** A result of dereferencing in a state of one record, which proves what a test asks for. */
  dereferenced(
    question: JsonObject,
    key: string,
    held: Json,
    result: { readonly [name: string]: Json },
    keys: readonly ValidatorKey[],
  ): JsonObject {
    const record: JsonObject = {
      content: held,
      event: "00".repeat(32),
      height: 1,
      history: { peaks: [], size: 0 },
      time: this.trust.time,
      version: 1,
    };
    const stateRoot = tagged("state-leaf", keyPath(key), recordHash(record));
    const forged = { height: 5, by: keys, next: keys, stateRoot };
    const { header = null, certificate = null } = this.step(forged);
    const path = toBase64(Uint8Array.of(1, 0, 0));
    const genesis = toHex(this.trust.genesis);
    const evidence = { genesis, header, certificate, records: [{ key, path, record }] };
    const proof = { type: "DzongProof", question, evidence };
    const { content = null, contentMetadata = {}, dereferencingMetadata = {} } = result;
    return {
      content,
      contentStream: content,
      contentMetadata: { ...(contentMetadata as JsonObject), proof: [proof] },
      dereferencingMetadata,
    };
  }

  /** An answer in a state of two records, which proves what a test asks for. */
  answered(
    question: JsonObject,
    held: readonly [readonly [string, Json], readonly [string, Json]],
    shown: JsonObject,
    keys: readonly ValidatorKey[],
  ): JsonObject {
    const records = held.map(([key, content]) => {
      const record: JsonObject = {
        content,
        event: "00".repeat(32),
        height: 1,
        history: { peaks: [], size: 0 },
        time: this.trust.time,
        version: 1,
      };
      return { key, record };
    });
    const leaves = records.map(({ key, record }) => (
      tagged("state-leaf", keyPath(key), recordHash(record))
    ));
    const paths = held.map(([key]) => (
      [...keyPath(key)].map((byte) => byte.toString(2).padStart(8, "0")).join("")
    ));
    const [one = "", other = ""] = paths;
    const depth = [...one].findIndex((bit, at) => bit !== other[at]);
    const none = new Uint8Array(32);
    const [left = none, right = none] = one[depth] === "0" ? leaves : [...leaves].reverse();
    let stateRoot = tagged("state-node", left, right);
    for (let at = depth - 1; at >= 0; at--) {
      const pair = one[at] === "0" ? [stateRoot, none] : [none, stateRoot];
      stateRoot = tagged("state-node", ...pair);
    }
    // Of the levels down to where the two part, the last alone has a sibling.
    const bitmap = new Uint8Array(Math.ceil((depth + 1) / 8));
    bitmap[depth >> 3] = 0x80 >> (depth & 7);
    const pathTo = (at: number): string => toBase64(concat(
      Uint8Array.of(1), bigEndian(depth + 1, 2), bitmap, leaves[1 - at] ?? none,
    ));
    const { header = null, certificate = null } = this.step({
      height: 5, by: keys, next: keys, stateRoot,
    });
    const evidence = {
      genesis: toHex(this.trust.genesis),
      header,
      certificate,
      records: records.map((record, at) => ({ ...record, path: pathTo(at) })),
    };
    return { ...shown, proof: { type: "DzongProof", question, evidence } };
  }

  /** The proven answer that nothing has this key: the state of this network is empty. */
  absent(
    key: string,
    forged: Forged,
    question: JsonObject = { record: key },
    shown: JsonObject = { key, record: null },
  ): JsonObject {
    const { header = null, certificate = null } = this.step(forged);
    const evidence = {
      genesis: toHex(this.trust.genesis),
      header,
      certificate,
      records: [{ key, record: null, path: toBase64(new Uint8Array(3)) }],
    };
    return { ...shown, proof: { type: "DzongProof", question, evidence } };
  }
}
