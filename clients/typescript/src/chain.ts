/** How trust moves, by certified hand-overs of the validator set; and what proves a fork. */

import { equal, toHex } from "./bytes.js";
import { Untrusted, decide, type Refused } from "./decide.js";
import { FormatError } from "./errors.js";
import { headerId, readHeader, type Header } from "./header.js";
import { parse, type Json } from "./json.js";
import { Members } from "./members.js";
import { CLOCK_SKEW_MAX, isExpired, type Trust } from "./trust.js";
import {
  checkCertificate, checkCertified, readCertificate, readValidators,
  type Certificate, type ValidatorSet,
} from "./validators.js";

/** What following a chain comes to; `trust` is the one to go on with, and to pin. */
export type Followed =
  | { readonly verdict: "valid"; readonly trust: Trust }
  | { readonly verdict: "stale"; readonly why: string }
  | Refused;

interface Certified {
  readonly header: Header;
  readonly id: Uint8Array;
  readonly certificate: Certificate;
}

interface Step extends Certified {
  readonly validators: ValidatorSet;
}

/** Follows a trust chain from what is trusted to the newest head that it leads to. */
export function followChain(trust: Trust, chain: Uint8Array | string, now: number): Followed {
  return decide(() => {
    const { genesis, steps } = readChain(chain);
    if (!equal(genesis, trust.genesis)) {
      throw new Untrusted(`the chain is of the network with genesis ${toHex(genesis)}`);
    }
    if (isExpired(trust, now)) {
      throw new Untrusted("what you trust is older than its period; get a newer checkpoint");
    }
    const newest = steps.at(-1)?.header.height ?? 0n;
    if (newest < BigInt(trust.height)) {
      return { verdict: "stale", why: `you already know height ${trust.height}` };
    }
    const ahead = steps.filter(({ header }) => header.height > BigInt(trust.height));
    return { verdict: "valid", trust: ahead.reduce((held, step) => take(held, step, now), trust) };
  });
}

/** One step: the trusted set certifies a header, which names the set that follows. */
function take(trust: Trust, step: Step, now: number): Trust {
  const { header, id, certificate, validators } = step;
  const at = `height ${header.height}`;
  if (!equal(header.genesis, trust.genesis)) {
    throw new FormatError(`the header of ${at} is of another network than its chain`);
  }
  checkCertified(certificate, id, header.height);
  if (!equal(header.validators, trust.validators.hash)) {
    throw new Untrusted(`the validators of ${at} are not those that you trust: a step is missing`);
  }
  checkCertificate(certificate, trust.genesis, trust.validators);
  if (!equal(header.nextValidators, validators.hash)) {
    throw new FormatError(`the validators of ${at} are not those that its header names`);
  }
  const time = Number(header.time);
  if (time < trust.time) throw new FormatError(`the time of ${at} is before what came earlier`);
  if (time > now + CLOCK_SKEW_MAX) {
    throw new Untrusted("the chain is from the future; check this machine's clock");
  }
  return { ...trust, height: Number(header.height), time, validators };
}

function readChain(chain: Uint8Array | string): { genesis: Uint8Array; steps: Step[] } {
  const members = new Members(parse(chain), "the chain", ["type", "genesis", "steps"]);
  if (members.text("type") !== "DzongTrustChain") {
    throw new FormatError("the chain's type is not `DzongTrustChain`");
  }
  const steps = members.list("steps").map(readStep);
  steps.reduce((last, { header: { height } }) => {
    if (height <= last) throw new FormatError("the steps of the chain do not ascend");
    return height;
  }, -1n);
  return { genesis: members.hash("genesis"), steps };
}

function readStep(value: Json): Step {
  const members = new Members(value, "a step", ["header", "certificate", "validators"]);
  return {
    ...readCertified(members),
    validators: readValidators(members.list("validators")),
  };
}

function readCertified(members: Members): Certified {
  const bytes = members.base64("header");
  const certificate = readCertificate(members.json("certificate"));
  return { header: readHeader(bytes), id: headerId(bytes), certificate };
}

/** What two certified blocks of one height show. */
export type Fork =
  | {
    readonly verdict: "valid";
    readonly height: number;
    /** Keys that signed both. */
    readonly signedBoth: readonly string[];
    /** Whether both were of one round, in which an honest validator precommits once. */
    readonly sameRound: boolean;
  }
  | Refused;

/** Decides whether a fork proof holds: a trusted set has certified two blocks of one height. */
export function verifyFork(trust: Trust, proof: Uint8Array | string): Fork {
  return decide(() => {
    const members = new Members(parse(proof), "the fork proof", ["type", "first", "second"]);
    if (members.text("type") !== "DzongForkProof") {
      throw new FormatError("the proof's type is not `DzongForkProof`");
    }
    const [first, second] = [readSide(members, "first"), readSide(members, "second")];
    if (first.header.height !== second.header.height || equal(first.id, second.id)) {
      throw new FormatError("a fork is two blocks of one height");
    }
    for (const { header } of [first, second]) checkKnown(trust, header);
    for (const { certificate } of [first, second]) {
      checkCertificate(certificate, trust.genesis, trust.validators);
    }
    const [one, other] = [signersOf(first), signersOf(second)];
    return {
      verdict: "valid",
      height: Number(first.header.height),
      signedBoth: one.filter((key) => other.includes(key)),
      sameRound: first.certificate.round === second.certificate.round,
    };
  });
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

function checkKnown(trust: Trust, header: Header): void {
  if (!equal(header.genesis, trust.genesis)) throw new Untrusted("a block is of another network");
  if (!equal(header.validators, trust.validators.hash)) {
    throw new Untrusted(`the validator set of height ${header.height} is not the trusted one`);
  }
}
