/** How trust moves, by certified hand-overs of the validator set; and what proves a fork. */

import { equal } from "./bytes.js";
import { Stale, Untrusted } from "./decide.js";
import { FormatError } from "./errors.js";
import { headerId, readHeader, type Header } from "./header.js";
import type { Json, JsonObject } from "./json.js";
import { Members } from "./members.js";
import { CLOCK_SKEW_MAX, checkNetwork, checkPeriod, isOf, type Trust } from "./trust.js";
import {
  ValidatorSet, checkCertificate, checkCertified, readCertificate, readValidators,
  type Certificate, type Validator,
} from "./validators.js";

/** Most hand-overs in one chain; whoever is further behind asks again. */
export const HAND_OVERS_MAX = 256;

/** A header with the certificate that is said to be its own. */
interface Certified {
  readonly header: Header;
  readonly id: Uint8Array;
  readonly certificate: Certificate;
}

interface Step extends Certified {
  readonly validators: readonly Validator[];
}

/** Where a trust chain leads. */
export interface Followed {
  /** The trust at its end, from which to go on. */
  readonly trust: Trust;
  /** The trusts before it whose validators handed over to others. */
  readonly passed: readonly Trust[];
}

/** Follows a trust chain to its end. */
export function followSteps(trust: Trust, chain: JsonObject, now: number): Followed {
  const { genesis, steps } = readChain(chain);
  checkNetwork(trust, genesis);
  checkPeriod(trust, now);
  if (steps.some(({ header }, at) => header.height <= (steps[at - 1]?.header.height ?? -1n))) {
    throw new FormatError("the steps of the chain do not ascend by height");
  }
  const ahead = steps.filter(({ header }) => header.height > BigInt(trust.height));
  const passed: Trust[] = [];
  const reached = ahead.reduce((held, step) => {
    const next = advance(held, step, now);
    if (!equal(held.validators.hash, next.validators.hash)) passed.push(held);
    return next;
  }, trust);
  const newest = steps.at(-1)?.header;
  if (newest !== undefined && newest.height < BigInt(trust.height)) {
    const why = `you already know height ${trust.height}`;
    throw new Stale(Number(newest.height), Number(newest.time), why);
  }
  return { trust: reached, passed };
}

/** One step: the trusted set certifies a header, which names the set that follows. */
function advance(trust: Trust, step: Step, now: number): Trust {
  const { header, id, certificate } = step;
  const at = `height ${header.height}`;
  if (!equal(header.genesis, trust.genesis)) {
    throw new FormatError(`the header of ${at} is of another network than its chain`);
  }
  checkCertified(certificate, id, header.height);
  if (!isOf(trust, header)) {
    throw new Untrusted(`the validators of ${at} are not those that you trust: a step is missing`);
  }
  checkCertificate(certificate, trust.genesis, trust.validators);
  const validators = new ValidatorSet(step.validators);
  if (!equal(header.nextValidators, validators.hash)) {
    throw new FormatError(`the validators after ${at} are not those that its header names`);
  }
  const time = Number(header.time);
  if (time < trust.time) throw new FormatError(`the time of ${at} is before what came earlier`);
  if (time > now + CLOCK_SKEW_MAX) {
    throw new Untrusted(`${at} is from the future; check this machine's clock`);
  }
  return { ...trust, height: Number(header.height), time, validators };
}

function readChain(chain: JsonObject): { genesis: Uint8Array; steps: Step[] } {
  const members = new Members(chain, "the chain", ["type", "genesis", "steps"]);
  const steps = members.list("steps").map(readStep);
  if (steps.length === 0) throw new FormatError("the chain has no steps");
  return { genesis: members.hash("genesis"), steps };
}

function readStep(value: Json): Step {
  const members = new Members(value, "a step", ["header", "certificate", "validators"]);
  return { ...readCertified(members), validators: readValidators(members.list("validators")) };
}

function readCertified(members: Members): Certified {
  const bytes = members.base64("header");
  const certificate = readCertificate(members.json("certificate"));
  return { header: readHeader(bytes), id: headerId(bytes), certificate };
}

/** Two blocks of one height, both decided. */
export interface Fork {
  readonly height: number;
  /** The first block's time in milliseconds. */
  readonly time: number;
  /** Keys that signed both in one round, in which an honest validator precommits once. */
  readonly guilty: readonly string[];
  /** Keys that signed both in different rounds. */
  readonly signedBoth: readonly string[];
}

/** What a fork proof proves of those who are trusted. It does not get old. */
export function readFork(trust: Trust, proof: JsonObject): Fork {
  const members = new Members(proof, "the fork proof", ["type", "first", "second"]);
  const [first, second] = [readSide(members, "first"), readSide(members, "second")];
  if (!equal(first.header.genesis, second.header.genesis)) {
    throw new FormatError("the two blocks are of two networks");
  }
  if (first.header.height !== second.header.height || equal(first.id, second.id)) {
    throw new FormatError("a fork is two blocks of one height");
  }
  const { genesis, height, time } = first.header;
  checkNetwork(trust, genesis);
  if (!isOf(trust, first.header) || !isOf(trust, second.header)) {
    throw new Untrusted(`the validator set of height ${height} is not the one that you trust`);
  }
  checkCertificate(first.certificate, trust.genesis, trust.validators);
  checkCertificate(second.certificate, trust.genesis, trust.validators);
  const others = signersOf(second);
  const both = signersOf(first).filter((key) => others.includes(key)).sort();
  const inOneRound = first.certificate.round === second.certificate.round;
  return {
    height: Number(height),
    time: Number(time),
    guilty: inOneRound ? both : [],
    signedBoth: inOneRound ? [] : both,
  };
}

function readSide(proof: Members, name: string): Certified {
  const members = new Members(proof.json(name), `\`${name}\``, ["header", "certificate"]);
  const side = readCertified(members);
  checkCertified(side.certificate, side.id, side.header.height);
  return side;
}

function signersOf({ certificate }: Certified): string[] {
  return certificate.signatures.map(({ validator }) => validator);
}
