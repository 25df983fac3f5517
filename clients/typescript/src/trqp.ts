/** What the trust registry answers (`docs/format.md`, What counts; ToIP TRQP 2.0). */

import { utf8 } from "./bytes.js";
import { isDid, multihash } from "./did.js";
import { FormatError } from "./errors.js";
import { canonical, isObject, type Json, type JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { Answering } from "./resolution.js";
import { formatTime, parseTime } from "./time.js";

/** Which of the protocol's two questions. */
export type TrustQuery = "authorization" | "recognition";

/** May the entity do this, or is it an authority for this, says the authority? */
export interface TrustQuestion {
  readonly action: string;
  readonly authority_id: string;
  readonly entity_id: string;
  readonly resource: string;
  /** `time` is the moment that is asked about; without it, the time of the answer's block. */
  readonly context?: { readonly [name: string]: string };
}

const WORDS = ["action", "authority_id", "entity_id", "resource"] as const;
const WORD_BYTES_MAX = 1024;
const CONTEXT_MAX = 16;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/;

/** Most DIDs of a chain. */
const CHAIN_MAX = 5;
const REGISTRY = "trust registry";

const REGISTRIES = ["delegated-trust-registry", "trust-registry"];

/** The roles of which an entity needs one, by the action that is asked about. */
const ROLES: ReadonlyMap<string, readonly string[]> = new Map([
  ["certify", ["certification-service-provider"]],
  ["delegate", REGISTRIES],
  ["issue", ["issuer"]],
  ["provide-wallet", [
    "agent-provider", "custodial-wallet-provider", "hybrid-wallet-provider",
    "non-custodial-wallet-provider",
  ]],
  ["request", ["verifier"]],
  ["revoke", ["revocation-service-provider"]],
  ["run-registry", REGISTRIES],
]);
const NOT_CERTIFIED = ["issuer", "verifier"];

/** Reads a question, and refuses one that the protocol does not know. */
export function readTrustQuestion(value: Json): TrustQuestion {
  const members = new Members(value, "the question", [...WORDS, "context"]);
  const [action, authority_id, entity_id, resource] = WORDS.map((name) => members.text(name)) as
    [string, string, string, string];
  const words = { action, authority_id, entity_id, resource };
  const context = members.has("context") ? readContext(members.json("context")) : {};
  for (const word of [...Object.values(words), ...Object.keys(context)]) {
    if (word === "" || utf8(word).length > WORD_BYTES_MAX) {
      throw new FormatError(`a word of a question has 1 to ${WORD_BYTES_MAX} bytes`);
    }
  }
  if (!URI.test(authority_id) || !URI.test(entity_id)) {
    throw new FormatError("authority and entity are identifiers with a scheme");
  }
  const question = members.has("context") ? { ...words, context } : words;
  momentOf(question);
  return question;
}

function readContext(value: Json): { [name: string]: string } {
  const names = isObject(value) ? Object.keys(value) : [];
  const members = new Members(value, "the question's context");
  if (names.length > CONTEXT_MAX) {
    throw new FormatError(`a context has at most ${CONTEXT_MAX} members`);
  }
  // Without a prototype, so that no name means anything but itself.
  const context: { [name: string]: string } = Object.create(null);
  for (const name of names) context[name] = members.text(name);
  return context;
}

/** The moment that is asked about, in milliseconds; null for now. */
function momentOf({ context }: TrustQuestion): number | null {
  const text = context?.["time"];
  if (text === undefined) return null;
  // The text means all of its second, or its millisecond.
  const [, whole = "", fraction = ""] = /^([^.]*)\.(\d{1,9})Z$/.exec(text) ?? [];
  if (fraction === "") return parseTime(text) + 999;
  return parseTime(`${whole}Z`) + Number(fraction.padEnd(3, "0").slice(0, 3));
}

/** Thrown where the answer is no, with the words of the format. */
class No extends Error {}

/** Thrown where nobody knows the authority. */
class Unknown extends Error {}

/**
 * The answer that follows from what is proven. Records that do not answer are refused.
 *
 * @param now the time of the answer's block in milliseconds
 */
export function trustAnswerOf(
  query: TrustQuery,
  question: TrustQuestion,
  records: readonly Answering[],
  now: number,
): JsonObject {
  const requested = question.context?.["time"];
  const walk = new Walk(records, momentOf(question) ?? now);
  const said = query === "authorization" ? "authorized" : "recognized";
  const finding = findingOf(query, question, walk);
  walk.end();
  if (finding === null) return unknown(question);
  return {
    ...question as unknown as JsonObject,
    time_evaluated: formatTime(now),
    ...(requested === undefined ? {} : { time_requested: requested }),
    ...(typeof finding === "string"
      ? { [said]: false, message: finding }
      : { [said]: true, chain: finding }),
  };
}

/** The chain, or why not; null of an unknown authority. */
function findingOf(
  query: TrustQuery,
  question: TrustQuestion,
  walk: Walk,
): string[] | string | null {
  try {
    return query === "authorization" ? authorized(question, walk) : recognized(question, walk);
  } catch (error) {
    if (error instanceof No) return error.message;
    if (error instanceof Unknown) return null;
    throw error;
  }
}

function unknown({ authority_id }: TrustQuestion): JsonObject {
  return {
    detail: `\`${authority_id}\` is no authority of this registry`,
    status: 404,
    title: "the authority is not recognized",
    type: "urn:dzong:problem:unknown-authority",
  };
}

function authorized(question: TrustQuestion, walk: Walk): string[] {
  const { action, authority_id, entity_id } = question;
  const authority = walk.knownAuthority(authority_id);
  if (["delegate", "run-registry"].includes(action)) return recognized(question, walk);
  if (!ROLES.has(action)) throw new No("there is no such action");
  const authorization = walk.listed("authorization", idOf(question));
  const why = walk.notCounting("authorization", authorization)
    ?? walk.notStanding(entity_id, action);
  if (why !== null) throw new No(why);
  return walk.climb(authority_id, authority, (scope) => covers(question, scope));
}

function recognized(question: TrustQuestion, walk: Walk): string[] {
  const { authority_id, entity_id } = question;
  const authority = walk.knownAuthority(authority_id);
  const recognition = walk.listed("recognition", idOf(question));
  const why = walk.notCounting("recognition", recognition);
  if (why === null) return [entity_id, ...walk.climb(authority_id, authority, () => true)];
  const isOwn = recognition === null && isDid(entity_id);
  const registry = isOwn ? walk.listed("registry", entity_id) : null;
  if (registry === null) throw new No(why);
  const chain = walk.climb(entity_id, registry, (listing) => covers(question, listing));
  if (chain.includes(authority_id)) return chain;
  throw new No("the registry rests on another authority");
}

/** What names a listing about these four words. */
function idOf({ authority_id, entity_id, action, resource }: TrustQuestion): string {
  return multihash(canonical([authority_id, entity_id, action, resource]));
}

/** Whether the scope of a registry covers the action on the resource. */
function covers({ action, resource }: TrustQuestion, registry: Members): boolean {
  const scope = new Members(registry.json("scope"), "a scope");
  if (!ROLES.has(action)) return false;
  if (action === "delegate" && registry.count("depth") === 0) return false;
  if (action !== "run-registry" && !scope.texts("actions").includes(action)) return false;
  const wanted = resource.replace(/\*$/, "");
  return scope.texts("resources").some((pattern) => (
    pattern.endsWith("*") ? wanted.startsWith(pattern.slice(0, -1)) : pattern === resource
  ));
}

/** What a record lists, and whether that counts. */
interface Listed {
  readonly listing: Members;
  readonly status: Members;
}

/** Reads proven records one after another, each once, as they were at a moment. */
class Walk {
  readonly #rest: Answering[];
  readonly #read = new Map<string, Json | null>();

  constructor(records: readonly Answering[], readonly moment: number) {
    this.#rest = [...records];
  }

  /** Refuses records that are left over. */
  end(): void {
    if (this.#rest.length > 0) {
      throw new FormatError("the proof has more records than the question leads to");
    }
  }

  /** What a record held; null where there was none. */
  #content(key: string): Json | null {
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const proven = this.#rest.shift();
    if (proven?.key !== key) {
      throw new FormatError(`the proof does not show the record \`${key}\` in its place`);
    }
    const content = contentAt(proven, this.moment);
    this.#read.set(key, content);
    return content;
  }

  listed(family: string, id: string): Listed | null {
    const content = this.#content(`${family}/${id}`);
    if (content === null) return null;
    const members = new Members(content, `the record of a ${family}`);
    return {
      listing: new Members(members.json("listing"), `a ${family}`),
      status: new Members(members.json("status"), `the status of a ${family}`),
    };
  }

  /** An authority: the root, or a registry; null for who is none. */
  #authority(id: string): Listed | "root" | null {
    if (!isDid(id)) return null;
    const content = this.#content(`role/${id}`);
    const roles = content === null ? [] : new Members(content, "the roles").texts("roles");
    return roles.includes("administrative-body") ? "root" : this.listed("registry", id);
  }

  knownAuthority(id: string): Listed | "root" {
    const authority = this.#authority(id);
    if (authority === null) throw new Unknown();
    return authority;
  }

  /** Why something listed does not count; null where it does. */
  notCounting(noun: string, listed: Listed | null): string | null {
    if (listed === null) return `there is no such ${noun}`;
    const { listing, status } = listed;
    const state = status.text("state");
    if (state !== "active") {
      const ground = status.has("ground") ? status.text("ground") : "no ground";
      return `the ${noun} is ${state} since ${status.text("since")} (${ground})`;
    }
    if (!listing.has("period")) return null;
    const period = new Members(listing.json("period"), "a period");
    const [from, until] = [period.text("from"), period.text("until")];
    if (this.moment < parseTime(from)) return `the ${noun} begins at ${from}`;
    return this.moment >= parseTime(until) ? `the ${noun} ended at ${until}` : null;
  }

  /** Why an entity does not stand for an action; null where it does. */
  notStanding(id: string, action: string): string | null {
    const entity = this.listed("entity", id);
    const missing = this.notCounting("entity", entity);
    if (entity === null || missing !== null) return missing;
    const particulars = new Members(entity.listing.json("particulars"), "the particulars");
    const certifications = particulars.has("certifications")
      ? new Members(particulars.json("certifications"), "the certifications")
      : null;
    const held = particulars.texts("roles").filter((role) => ROLES.get(action)?.includes(role));
    let why: string | null = "the entity is not listed for such a role";
    for (const role of held.sort()) {
      if (certifications?.has(role)) {
        const certification = this.listed("certification", certifications.text(role));
        why = this.notCounting("certification", certification);
      } else {
        why = NOT_CERTIFIED.includes(role) ? null : "it is not certified";
      }
      if (why === null) break;
    }
    return why;
  }

  /** The DIDs from an authority to the root. */
  climb(from: string, first: Listed | "root", covered: (registry: Members) => boolean): string[] {
    const chain: string[] = [];
    let [at, authority]: [string, Listed | "root" | null] = [from, first];
    while (authority !== null && chain.length < CHAIN_MAX) {
      chain.push(at);
      if (authority === "root") return chain;
      const ended = this.notCounting(REGISTRY, authority);
      if (ended === null && !covered(authority.listing)) {
        throw new No(`it is outside the scope of ${at}`);
      }
      const why = ended ?? this.notStanding(at, "run-registry");
      if (why !== null) throw new No(`${why}: ${at}`);
      at = authority.listing.text("parent");
      authority = this.#authority(at);
    }
    throw new No(`the chain ends at ${at}, which is no authority`);
  }
}

/** What a record held at a moment; null where it did not exist yet. */
function contentAt({ record, past }: Answering, moment: number): Json | null {
  if (record === null) return null;
  if (past === null && record.time <= moment) return record.content;
  const first = past === null ? record : past.entry;
  if (past !== null && past.entry.time <= moment && moment < past.until) return past.content;
  if (moment < first.time && first.version === 1) return null;
  throw new FormatError("a record of the proof does not show the version of that moment");
}
