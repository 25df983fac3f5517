/** From what a client trusts to a verdict on an answer (`docs/format.md`, Answers). */

import { equal } from "./bytes.js";
import { followSteps, readFork, type Fork } from "./chain.js";
import { Stale, Untrusted, decide, type Refusal } from "./decide.js";
import type { DereferencingQuestion } from "./dereferencing.js";
import { FormatError } from "./errors.js";
import { eventId } from "./events.js";
import { headerId, readHeader, type Header } from "./header.js";
import type { ImportedQuestion } from "./anoncreds.js";
import {
  canonical, canonicalText, isObject, parse, sameJson, type Json, type JsonObject,
} from "./json.js";
import { Members } from "./members.js";
import { checkInclusion, logLeaf } from "./merkle.js";
import {
  answerOf, lastContent, readAsked, shownBy, type Asked, type Place, type ProvenRecord,
} from "./question.js";
import { readPast, readRecord, recordHash, type LedgerRecord } from "./record.js";
import type { ResourceQuestion } from "./resource.js";
import type { Question } from "./resolution.js";
import { checkStateProof } from "./state.js";
import type { StatusQuestion } from "./status.js";
import type { TrustQuery, TrustQuestion } from "./trqp.js";
import { CLOCK_SKEW_MAX, checkNetwork, checkPeriod, isOf, type Trust } from "./trust.js";
import {
  checkCertificate, checkCertified, readCertificate, type Certificate,
} from "./validators.js";

/** The caller's clock and patience, in milliseconds. */
export interface Freshness {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The oldest answer that is accepted; any age without it. */
  readonly maxAge?: number | undefined;
}

/** What is proven: the answer to a question, an event in the log, newer trust, or a fork. */
export type Proven =
  | { readonly kind: "resolution"; readonly question: Question; readonly answer: JsonObject }
  | {
    readonly kind: "dereferencing";
    readonly question: DereferencingQuestion;
    readonly answer: JsonObject;
  }
  | { readonly kind: "resource"; readonly question: ResourceQuestion; readonly answer: JsonObject }
  | { readonly kind: "imported"; readonly question: ImportedQuestion; readonly answer: JsonObject }
  | { readonly kind: "record"; readonly key: string; readonly record: LedgerRecord | null }
  | { readonly kind: "status"; readonly question: StatusQuestion; readonly answer: JsonObject }
  | { readonly kind: TrustQuery; readonly question: TrustQuestion; readonly answer: JsonObject }
  | {
    readonly kind: "receipt";
    readonly id: string;
    readonly index: number;
    readonly event: JsonObject;
  }
  | {
    readonly kind: "chain";
    /** The trust at the chain's end: the one to go on with, and to pin. */
    readonly trust: Trust;
    /** The trusts before it whose validators handed over: for receipts of their days. */
    readonly passed: readonly Trust[];
  }
  | { readonly kind: "fork"; readonly fork: Fork };

/** The verifier's answer. Only `valid` is a yes. */
export type Verdict =
  | {
    readonly verdict: "valid";
    /** The height for which the answer speaks, and that block's time in milliseconds. */
    readonly height: number;
    readonly time: number;
    readonly proven: Proven;
  }
  | Refusal;

/** A header with the certificate that is said to be its own. */
interface Certified {
  readonly header: Header;
  readonly certificate: Certificate;
}

/**
 * Decides whether an answer (about a DID, a DID URL, a resource, a record, who may do what, or what
 * was revoked; a receipt, a trust chain or a fork proof) is proven to someone who holds `trust`.
 * What is broken is invalid whatever is trusted, what is whole but foreign is untrusted, and what
 * is proven but old is stale.
 */
export function verify(trust: Trust, answer: Uint8Array | string, freshness: Freshness): Verdict {
  return decide(() => {
    const value = parse(answer);
    if (!isObject(value)) throw new FormatError("an answer is a JSON object");
    const { height, time, proven } = judge(trust, value, freshness);
    return { verdict: "valid", height, time, proven };
  });
}

/**
 * The same of a receipt, which may be from before the last hand-over: it is proven under the trust
 * whose validators certified its block. Any other answer of them is older than what is known.
 *
 * @param trusts the trust that a chain led to, and those that it passed
 */
export function verifyReceipt(
  trusts: readonly [Trust, ...Trust[]],
  receipt: Uint8Array | string,
  freshness: Freshness,
): Verdict {
  const [newest, ...older] = trusts;
  const verdict = verify(newest, receipt, freshness);
  if (verdict.verdict !== "untrusted") return verdict;
  for (const trust of older) {
    const earlier = verify(trust, receipt, freshness);
    if (earlier.verdict === "valid" && earlier.proven.kind === "receipt") return earlier;
  }
  return verdict;
}

interface Judged {
  readonly height: number;
  readonly time: number;
  readonly proven: Proven;
}

function judge(trust: Trust, value: JsonObject, freshness: Freshness): Judged {
  if (value["type"] === "DzongTrustChain") {
    const { trust: reached, passed } = followSteps(trust, value, freshness.now);
    const { height, time } = reached;
    return { height, time, proven: { kind: "chain", trust: reached, passed } };
  }
  if (value["type"] === "DzongForkProof") {
    const fork = readFork(trust, value);
    return { height: fork.height, time: fork.time, proven: { kind: "fork", fork } };
  }
  const isReceipt = Object.hasOwn(value, "index");
  const { certified, proven } = isReceipt ? readReceipt(value) : readAnswer(trust, value);
  checkTrusted(trust, certified, freshness.now);
  const [height, time] = [Number(certified.header.height), Number(certified.header.time)];
  // A receipt speaks of its own block for ever.
  if (!isReceipt) checkFresh(trust, height, time, freshness);
  return { height, time, proven };
}

/** Refuses what is older than the caller allows, or than what it knows. */
function checkFresh(trust: Trust, height: number, time: number, { now, maxAge }: Freshness): void {
  if (height < trust.height) {
    throw new Stale(height, time, `you already know height ${trust.height}`);
  }
  if (maxAge !== undefined && now - time > maxAge) {
    const seconds = (milliseconds: number): string => `${Math.floor(milliseconds / 1000)} s`;
    throw new Stale(height, time, `${seconds(now - time)} old, you allow ${seconds(maxAge)}`);
  }
}

/** Refuses what another network, another set of validators, or too few of them stand for. */
function checkTrusted(trust: Trust, { header, certificate }: Certified, now: number): void {
  checkNetwork(trust, header.genesis);
  if (!isOf(trust, header)) {
    const at = `the validator set of height ${header.height} is not known`;
    throw new Untrusted(`${at}; follow the trust chain or get a newer checkpoint`);
  }
  checkCertificate(certificate, trust.genesis, trust.validators);
  checkPeriod(trust, now);
  if (Number(header.time) > now + CLOCK_SKEW_MAX) {
    throw new Untrusted("the answer is from the future; check this machine's clock");
  }
}

/** Reads a header and its certificate, both of the network that is named beside them. */
function readCertified(members: Members): Certified {
  const bytes = members.base64("header");
  const header = readHeader(bytes);
  if (!equal(header.genesis, members.hash("genesis"))) {
    throw new FormatError("the header names another genesis than the proof");
  }
  const certificate = readCertificate(members.json("certificate"));
  checkCertified(certificate, headerId(bytes), header.height);
  return { header, certificate };
}

const RECEIPT = ["certificate", "event", "genesis", "header", "id", "index", "path"];

function readReceipt(answer: JsonObject): { certified: Certified; proven: Proven } {
  const members = new Members(answer, "the receipt", RECEIPT);
  const event = members.json("event");
  if (!isObject(event)) throw new FormatError("the receipt's event is not an object");
  if (!equal(eventId(event), members.hash("id"))) {
    throw new FormatError("the receipt is for another event than it shows");
  }
  const certified = readCertified(members);
  const { logSize, logRoot } = certified.header;
  const index = members.count("index");
  const leaf = logLeaf(canonical(event));
  checkInclusion(leaf, BigInt(index), logSize, members.hashes("path"), logRoot);
  const proven: Proven = { kind: "receipt", id: members.text("id"), index, event };
  return { certified, proven };
}

/** Reads an answer to a question, and refuses one that is not what its proof says. */
function readAnswer(
  trust: Trust,
  answer: JsonObject,
): { certified: Certified; proven: Proven } {
  const { place, proof, rest } = takeProof(answer);
  const members = new Members(proof, "the proof", ["evidence", "question", "type"]);
  if (members.text("type") !== "DzongProof") {
    throw new FormatError("the proof's type is not `DzongProof`");
  }
  const asked = readAsked(members.json("question"), place);
  const names = ["certificate", "genesis", "header", "records"];
  const evidence = new Members(members.json("evidence"), "the evidence", names);
  const certified = readCertified(evidence);
  const list = completed(evidence.list("records"), asked, rest);
  const records = list.map((record) => readProvenRecord(record, certified.header.stateRoot));
  // Another network's answer is judged as such, not by the names of its DIDs.
  const ours = equal(certified.header.genesis, trust.genesis);
  const time = Number(certified.header.time);
  const rebuilt = answerOf(asked, ours ? trust.network : null, records, time, rest);
  if (!sameJson(rest, rebuilt)) {
    throw new FormatError("the answer is not what the proven records say");
  }
  if (asked.kind !== "record") return { certified, proven: { ...asked, answer: rebuilt } };
  return { certified, proven: { ...asked, record: records[0]?.record ?? null } };
}

function readProvenRecord(value: Json, stateRoot: Uint8Array): ProvenRecord {
  const members = new Members(value, "a proven record", ["key", "past", "path", "record"]);
  const key = members.text("key");
  const json = members.json("record");
  const record = json === null ? null : readRecord(json);
  const hash = json === null ? null : recordHash(json);
  checkStateProof(members.base64("path"), stateRoot, key, hash);
  if (!members.has("past")) return { key, json, record, past: null };
  if (record === null) throw new FormatError("a record that is absent has no past version");
  return { key, json, record, past: readPast(members.json("past"), record) };
}

/** Takes the proof out of an answer. */
function takeProof(answer: JsonObject): { place: Place; proof: Json; rest: JsonObject } {
  const { proof: own, ...others } = answer;
  if (own !== undefined) return { place: "proof", proof: own, rest: others };
  const places = ["contentMetadata", "didDocumentMetadata"] as const;
  const place = places.find((name) => Object.hasOwn(answer, name));
  const holder = place && answer[place];
  if (place === undefined || !isObject(holder)) {
    throw new FormatError("the answer carries no proof");
  }
  const { proof: proofs, ...metadata } = holder;
  const [proof, ...more] = Array.isArray(proofs) ? proofs : [];
  if (proof === undefined || more.length > 0) {
    throw new FormatError(`the answer carries one proof in \`${place}.proof\``);
  }
  return { place, proof, rest: { ...others, [place]: metadata } };
}

/** The records, with what the answer shows, and shows only once, put back where it was left out. */
function completed(records: Json[], asked: Asked, answer: JsonObject): Json[] {
  const shown = shownBy(asked);
  const value = shown === null ? undefined : answer[shown.place];
  if (shown === null || !isObject(value)) return records;
  // A copy, so that nothing of the caller's answer is changed.
  const whole = parse(canonicalText(records)) as Json[];
  const content = lastContent(whole);
  if (content === null) return records;
  if (Object.hasOwn(content, shown.member)) {
    throw new FormatError(`the proof repeats the ${shown.member}`);
  }
  content[shown.member] = value;
  return whole;
}
