/** What a client believes without proof: a network's genesis, or a later head of it. */

import { equal, fromHex, toHex, utf8 } from "./bytes.js";
import { Untrusted } from "./decide.js";
import { FormatError } from "./errors.js";
import { tagged } from "./hash.js";
import type { Header } from "./header.js";
import { canonicalText, parse, parseCanonical, type Json } from "./json.js";
import { Members } from "./members.js";
import { readValidators, ValidatorSet } from "./validators.js";

/** How far an answer's time may lie ahead of the client's clock, in milliseconds. */
export const CLOCK_SKEW_MAX = 60_000;

/** Trust in a network from a height on. */
export interface Trust {
  /** The genesis hash. */
  readonly genesis: Uint8Array;
  /** The network's name. */
  readonly network: string;
  /** The height from which `validators` are known; 0 for genesis. */
  readonly height: number;
  /** When that was, in milliseconds since 1970. */
  readonly time: number;
  /** The set that certifies from there on. */
  readonly validators: ValidatorSet;
  /** How long this holds after `time`, in seconds: retired keys must not forge for ever. */
  readonly periodSeconds: number;
}

/** The hash of a genesis document, which is the name of its network. */
export function genesisHash(document: Uint8Array | string): Uint8Array {
  return tagged("genesis", typeof document === "string" ? utf8(document) : document);
}

/**
 * Trust in a genesis document, given its exact bytes.
 *
 * @param hash where only the hash is known: the document must have it (64 hexadecimal digits)
 */
export function trustGenesis(document: Uint8Array | string, hash?: string): Trust {
  const genesis = genesisHash(document);
  if (hash !== undefined && !equal(genesis, fromHex(hash, 32))) {
    throw new FormatError(`the genesis document has the hash ${toHex(genesis)}, not ${hash}`);
  }
  const members = new Members(parseCanonical(document), "the genesis document");
  const parameters = new Members(members.json("parameters"), "`parameters`");
  const validators = members.list("validators").map((item) => {
    const member = new Members(item, "a validator");
    return { key: toHex(member.hash("validatorKey")), power: member.count("power") };
  });
  return {
    genesis,
    network: members.text("network"),
    height: 0,
    time: members.count("time"),
    validators: new ValidatorSet(validators),
    periodSeconds: parameters.count("trustPeriodSeconds"),
  };
}

const CHECKPOINT = [
  "type", "genesis", "network", "height", "time", "validators", "trustPeriodSeconds",
];

/** Trust in a pinned checkpoint, which came by a trusted way. */
export function trustCheckpoint(checkpoint: Uint8Array | string): Trust {
  const members = new Members(parse(checkpoint), "the checkpoint", CHECKPOINT);
  if (members.text("type") !== "DzongCheckpoint") {
    throw new FormatError("the checkpoint's type is not `DzongCheckpoint`");
  }
  return {
    genesis: members.hash("genesis"),
    network: members.text("network"),
    height: members.count("height"),
    time: members.count("time"),
    validators: new ValidatorSet(readValidators(members.list("validators"))),
    periodSeconds: members.count("trustPeriodSeconds"),
  };
}

/** The checkpoint to pin, from which {@link trustCheckpoint} makes the same trust again. */
export function checkpointOf(trust: Trust): string {
  const checkpoint: Json = {
    type: "DzongCheckpoint",
    genesis: toHex(trust.genesis),
    network: trust.network,
    height: trust.height,
    time: trust.time,
    validators: trust.validators.members.map(({ key, power }) => ({ key, power })),
    trustPeriodSeconds: trust.periodSeconds,
  };
  return canonicalText(checkpoint);
}

/** The `domain` that the proofs of a network's events name. */
export function domainOf(trust: Trust): string {
  return `${trust.network}:${toHex(trust.genesis).slice(0, 16)}`;
}

/** Refuses what is from another network. */
export function checkNetwork(trust: Trust, genesis: Uint8Array): void {
  if (equal(genesis, trust.genesis)) return;
  const [theirs, ours] = [toHex(genesis), toHex(trust.genesis)];
  throw new Untrusted(`it is from the network with genesis ${theirs}, you trust ${ours}`);
}

/** Refuses trust in validators who may have lost their keys since. */
export function checkPeriod(trust: Trust, now: number): void {
  if (now - trust.time > trust.periodSeconds * 1000) {
    throw new Untrusted("what you trust is older than its period; get a newer checkpoint");
  }
}

/** Whether a header is certified by the set that is trusted. */
export function isOf(trust: Trust, header: Header): boolean {
  return equal(header.validators, trust.validators.hash);
}
