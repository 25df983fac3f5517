/** A client of one node, none of whose answers it believes without proof. */

import { readDidUrl } from "./asked.js";
import { toHex } from "./bytes.js";
import { HAND_OVERS_MAX } from "./chain.js";
import { parseDid } from "./did.js";
import { FormatError, ProblemError, TransportError, UnverifiedError } from "./errors.js";
import { eventBytes, eventId, type Event } from "./events.js";
import { Http, isProblem, problemOf, type Limits } from "./http.js";
import { isForeign } from "./imported.js";
import { isObject, parse, sameJson, type Json, type JsonObject } from "./json.js";
import {
  failureOf, readDidState, type DidState, type Failure, type Question,
} from "./resolution.js";
import type { LedgerRecord } from "./record.js";
import {
  readRevocationRegistry, readSlotStatus, readStatusList, statusPath, updated, type AsOf,
  type RevocationRegistry, type SlotStatus, type StatusList,
} from "./revocation.js";
import { readStatusQuestion, type StatusPart } from "./status.js";
import { readTrustQuestion, type TrustQuery, type TrustQuestion } from "./trqp.js";
import { checkpointOf, domainOf, trustCheckpoint, trustGenesis, type Trust } from "./trust.js";
import { verify, verifyReceipt, type Proven, type Verdict } from "./verify.js";

/** From where trust comes: the genesis document, its hash, a pinned checkpoint, or a trust. */
export type Anchor =
  | { readonly genesis: Uint8Array | string }
  | { readonly genesisHash: string }
  | { readonly checkpoint: Uint8Array | string }
  | { readonly trust: Trust };

/** How the client judges and connects. */
export interface ClientOptions extends Limits {
  /** The oldest answer that is accepted, in milliseconds; any age without it. */
  readonly maxAge?: number | undefined;
  /** The clock, in milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Is told when trust has moved, with the checkpoint to pin. */
  readonly onCheckpoint?: ((checkpoint: string) => void) | undefined;
}

/** For which height a verified answer speaks, and that block's time in milliseconds. */
export interface At {
  readonly height: number;
  readonly time: number;
}

/** A verified resolution. `error` is set where there is no such DID or version. */
export interface Resolved extends At {
  readonly document: JsonObject | null;
  readonly metadata: JsonObject;
  readonly error: Failure | null;
}

/** What a DID URL means, verified. */
export interface Dereferenced extends At {
  /** A document, a part of one, a resource, or a list of URLs; null where there is none. */
  readonly content: Json;
  readonly contentType: string | null;
  readonly metadata: JsonObject;
  /** Why there is no content, where that is an error. */
  readonly error: { readonly code: string; readonly title: string; readonly detail: string } | null;
}

/** What the trust registry says, verified. */
export interface Answered extends At {
  /** Whether it is authorised, or recognised; null where nobody knows the authority. */
  readonly holds: boolean | null;
  /** From the one asked about, or its authority, to the root; null where it does not hold. */
  readonly chain: readonly string[] | null;
  /** Why it does not hold. */
  readonly message: string | null;
}

/** What was asked for of a revocation registry, verified. */
export interface Found<T> extends At {
  /** Null where there is no such registry, version or slot. */
  readonly found: T | null;
  /** Why there is none. */
  readonly error: string | null;
}

/** A verified record; null where nothing has that key. */
export interface Recorded extends At {
  readonly record: LedgerRecord | null;
}

/** A verified receipt: the event is in the log. */
export interface Receipt extends At {
  readonly id: string;
  readonly index: number;
  readonly event: Event;
  /** As it came, to be kept and checked by others. */
  readonly bytes: Uint8Array;
}

/** What became of a submitted event. */
export type Submitted =
  | { readonly status: "certified"; readonly id: string; readonly receipt: Receipt }
  | { readonly status: "pending"; readonly id: string };

/** How long to wait before asking again for a newer head, in milliseconds. */
const REFRESH_INTERVAL = 60_000;

/** A client of one node. */
export class DzongClient {
  readonly #http: Http;
  readonly #options: ClientOptions;
  readonly #anchor: Anchor;
  #trust: Promise<Trust> | undefined;
  /** What was trusted before hand-overs, from the anchor on: by that older receipts are judged. */
  readonly #passed: Trust[] = [];
  #refreshed = Number.NEGATIVE_INFINITY;

  constructor(url: string, options: Anchor & ClientOptions) {
    this.#http = new Http(url, options);
    this.#options = options;
    this.#anchor = options;
  }

  /** What this client trusts now. */
  trust(): Promise<Trust> {
    this.#trust ??= this.#begin().catch((error: unknown) => {
      // The next call tries again.
      this.#trust = undefined;
      throw error;
    });
    return this.#trust;
  }

  /** The checkpoint to pin, so that the next client starts where this one is. */
  async checkpoint(): Promise<string> {
    return checkpointOf(await this.trust());
  }

  /** The `domain` of events' proofs on this network. */
  async domain(): Promise<string> {
    return domainOf(await this.trust());
  }

  /** Resolves a DID, in force or in an earlier version. */
  async resolve(
    did: string,
    version: { readonly versionId?: string; readonly versionTime?: string } = {},
  ): Promise<Resolved> {
    const { versionId, versionTime } = version;
    const question: Question = {
      did: checkedDid(did),
      ...(versionId === undefined ? {} : { versionId }),
      ...(versionTime === undefined ? {} : { versionTime }),
    };
    const query = new URLSearchParams({ proof: "true" });
    if (versionId !== undefined) query.set("versionId", versionId);
    if (versionTime !== undefined) query.set("versionTime", versionTime);
    const path = `1.0/identifiers/${encodeURIComponent(did)}?${query.toString()}`;
    // A proof makes an answer of "there is none" as good as any other.
    const { proven, at } = await this.#proven(path, [200, 404, 410, ...missing(did)]);
    if (proven.kind !== "resolution" || !sameAsked(proven.question, question)) {
      throw new UnverifiedError("invalid", "it answers another question than was asked");
    }
    const { didDocument, didDocumentMetadata } = proven.answer;
    return {
      ...at,
      document: isObject(didDocument) ? didDocument : null,
      metadata: isObject(didDocumentMetadata) ? didDocumentMetadata : {},
      error: failureOf(proven.answer),
    };
  }

  /**
   * Dereferences a DID URL: a part of a document by its fragment, services, or a resource such as a
   * schema, by its id or as the latest (or at a time) of its type and name; or an imported object
   * of AnonCreds, by its old URL.
   *
   * @param uriList whether the URLs of the services are wanted, not a document
   */
  async dereference(didUrl: string, { uriList = false } = {}): Promise<Dereferenced> {
    const asked = readDidUrl(didUrl, uriList);
    checkedDid(asked.question.did);
    const path = `1.0/identifiers/${encodeURIComponent(didUrl)}?proof=true`;
    const wanted = uriList ? "text/uri-list" : "application/did";
    const accept = `application/did-url-dereferencing, ${wanted}`;
    // What a document has not is proven, too, and some of that are errors to HTTP.
    const statuses = [200, 400, 404, 410, 500, ...missing(asked.question.did)];
    const { proven, at } = await this.#proven(path, statuses, { headers: { accept } });
    const isAnswer = proven.kind === "dereferencing" || proven.kind === "imported"
      || proven.kind === "resource";
    if (!isAnswer || proven.kind !== asked.kind || !sameAsked(proven.question, asked.question)) {
      throw new UnverifiedError("invalid", "it answers another question than was asked");
    }
    return { ...at, ...readDereferenced(proven.answer) };
  }

  /** Whether an authority authorises an entity to take an action on a resource (TRQP 2.0). */
  authorization(question: TrustQuestion): Promise<Answered> {
    return this.#query("authorization", question);
  }

  /** Whether an authority recognises an entity as one, for an action on a resource (TRQP 2.0). */
  recognition(question: TrustQuestion): Promise<Answered> {
    return this.#query("recognition", question);
  }

  /** A revocation registry by its id: what it is, and the head of its statuses. */
  revocationRegistry(id: string, as: AsOf = {}): Promise<Found<RevocationRegistry>> {
    return this.#status("registry", id, as, readRevocationRegistry);
  }

  /** All statuses of a revocation registry; asking for all tells nobody which one is meant. */
  statuses(id: string, as: AsOf = {}): Promise<Found<StatusList>> {
    return this.#status("statuses", id, as, readStatusList);
  }

  /** The status of one slot. The node learns which. */
  slotStatus(id: string, slot: number, as: { readonly time?: string } = {}):
  Promise<Found<SlotStatus>> {
    return this.#status({ slot }, id, as, readSlotStatus);
  }

  /**
   * All statuses as they are now, for who holds an older list: by what changed since then, if that
   * leads to the statuses that the registry's head proves; else the whole list is asked for.
   */
  async statusesSince(held: StatusList): Promise<Found<StatusList>> {
    const delta = await this.#delta(held);
    const { found: head, ...at } = await this.revocationRegistry(held.registry);
    if (head === null) return { ...at, found: null };
    const list = delta === null ? null : updated(held, delta, head);
    return list === null ? this.statuses(held.registry) : { ...at, found: list };
  }

  /** Reads a record by its key. */
  async record(key: string): Promise<Recorded> {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const { proven, at } = await this.#proven(`v1/records/${path}?proof=true`, [200, 404]);
    if (proven.kind !== "record" || proven.key !== key) {
      throw new UnverifiedError("invalid", "it is about another record than was asked for");
    }
    return { ...at, record: proven.record };
  }

  /** What is on record of a DID: who controls it, its version, its document; null for none. */
  async didState(did: string): Promise<(DidState & At & { readonly version: number }) | null> {
    const { record, ...at } = await this.record(`did/${parseDid(did).did}`);
    return record && { ...readDidState(record.content), ...at, version: record.version };
  }

  /** The proof that an event is in the log. An event that waits for a block has none yet. */
  async receipt(id: string): Promise<Receipt> {
    if (!/^[0-9a-f]{64}$/.test(id)) throw new FormatError("an event's id has 64 hex digits");
    return this.#receipt(`v1/events/${id}/receipt`, id);
  }

  /**
   * Submits a signed event.
   *
   * @param wait whether to wait for the certificate; with `false`, or if it takes longer than the
   *   node holds a request, the result is pending
   */
  async submit(event: Event, { wait = true } = {}): Promise<Submitted> {
    const id = toHex(eventId(event));
    const path = wait ? "v1/events?wait=certified" : "v1/events";
    const body = eventBytes(event) as Uint8Array<ArrayBuffer>;
    const headers = { "content-type": "application/json" };
    const reply = await this.#http.request(path, [200, 202], { method: "POST", body, headers });
    if (reply.status === 202) return { status: "pending", id };
    return { status: "certified", id, receipt: await this.#receiptOf(reply.body, id) };
  }

  /** What the node says of itself and the network. Nothing proves it. */
  async status(): Promise<JsonObject> {
    const value = readJson((await this.#http.request("v1/status", [200])).body);
    if (isObject(value)) return value;
    throw new TransportError("not-an-answer", "the node's status is not a JSON object");
  }

  /**
   * Moves trust to the node's newest head, by its trust chain, and returns it. It is the same as
   * before where the node knows nothing newer.
   */
  async follow(): Promise<Trust> {
    for (;;) {
      const held = await this.trust();
      const { body } = await this.#http.request(`v1/trust-chain?from=${held.height}`, [200]);
      const { proven } = certain(await this.#judge(body));
      if (proven.kind !== "chain") throw new UnverifiedError("invalid", "it is no trust chain");
      const { trust, passed } = proven;
      this.#trust = Promise.resolve(trust);
      this.#passed.push(...passed);
      if (trust.height > held.height) this.#options.onCheckpoint?.(checkpointOf(trust));
      // A chain is cut after so many hand-overs; the next begins where it ended.
      const { steps } = parse(body) as { steps: Json[] };
      if (trust.height === held.height || steps.length < HAND_OVERS_MAX) return trust;
    }
  }

  async #begin(): Promise<Trust> {
    const anchor = this.#anchor;
    if ("trust" in anchor) return anchor.trust;
    if ("checkpoint" in anchor) return trustCheckpoint(anchor.checkpoint);
    if ("genesis" in anchor) return trustGenesis(anchor.genesis);
    const { body } = await this.#http.request("v1/genesis", [200]);
    return trustGenesis(body, anchor.genesisHash);
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }

  /** An answer that is proven; trust follows the network's chain where that is what it takes. */
  async #proven(
    path: string,
    accept: readonly number[],
    init: RequestInit = {},
  ): Promise<{ readonly proven: Proven; readonly at: At }> {
    await this.#refresh();
    const ask = async (): Promise<Verdict> => {
      const reply = await this.#http.request(path, accept, init);
      const verdict = await this.#judge(reply.body);
      // Where the node proves nothing, its own word tells what is wrong.
      const isRefusal = verdict.verdict === "invalid"
        && ([400, 500].includes(reply.status) || isProblem(reply));
      if (isRefusal) throw problemOf(reply);
      return verdict;
    };
    let verdict = await ask();
    if (verdict.verdict === "untrusted" && await this.#followed()) verdict = await ask();
    return certain(verdict);
  }

  async #query(kind: TrustQuery, asked: TrustQuestion): Promise<Answered> {
    const question = readTrustQuestion(asked as unknown as Json);
    const body = JSON.stringify(question);
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    // A proof makes an answer of "nobody knows the authority" as good as any other.
    const { proven, at } = await this.#proven(`${kind}?proof=true`, [200, 404], init);
    if (proven.kind !== kind || !sameAsked(proven.question, question)) {
      throw new UnverifiedError("invalid", "it answers another question than was asked");
    }
    const { authorized, recognized = authorized, chain, message, detail } = proven.answer;
    return {
      ...at,
      holds: typeof recognized === "boolean" ? recognized : null,
      chain: Array.isArray(chain) ? chain as string[] : null,
      message: typeof message === "string" ? message : typeof detail === "string" ? detail : null,
    };
  }

  async #status<T>(
    part: StatusPart,
    registry: string,
    as: { readonly time?: string; readonly version?: number },
    read: (answer: JsonObject) => T,
  ): Promise<Found<T>> {
    const asked = { part, registry, ...as } as JsonObject;
    const question = readStatusQuestion(asked);
    // A proof makes an answer of "there is none" as good as any other.
    const { proven, at } = await this.#proven(statusPath(question), [200, 404]);
    if (proven.kind !== "status" || !sameAsked(proven.question, question)) {
      throw new UnverifiedError("invalid", "it answers another question than was asked");
    }
    const { error } = proven.answer;
    if (typeof error === "string") return { ...at, found: null, error };
    return { ...at, found: read(proven.answer), error: null };
  }

  /** What changed in a registry since a list; null where the node does not say. */
  async #delta({ registry, version }: StatusList): Promise<Uint8Array | null> {
    const path = `v1/revocation/registries/${registry}/delta?from=${version}`;
    try {
      return (await this.#http.request(path, [200])).body;
    } catch (error) {
      if (error instanceof ProblemError) return null;
      throw error;
    }
  }

  async #receipt(path: string, id: string): Promise<Receipt> {
    await this.#refresh();
    const { body } = await this.#http.request(path, [200]);
    return this.#receiptOf(body, id);
  }

  async #receiptOf(body: Uint8Array, id: string): Promise<Receipt> {
    let verdict = await this.#judgeReceipt(body);
    if (verdict.verdict === "untrusted" && await this.#followed()) {
      verdict = await this.#judgeReceipt(body);
    }
    const { proven, at } = certain(verdict);
    if (proven.kind !== "receipt" || proven.id !== id) {
      throw new UnverifiedError("invalid", "it is the receipt of another event");
    }
    const { index, event } = proven;
    return { ...at, id, index, event, bytes: body };
  }

  async #judge(body: Uint8Array): Promise<Verdict> {
    return verify(await this.trust(), body, { now: this.#now(), maxAge: this.#options.maxAge });
  }

  async #judgeReceipt(body: Uint8Array): Promise<Verdict> {
    return verifyReceipt([await this.trust(), ...this.#passed], body, { now: this.#now() });
  }

  /** Follows the chain in time, well before trust ends: after that only a checkpoint helps. */
  async #refresh(): Promise<void> {
    const { time, periodSeconds } = await this.trust();
    const now = this.#now();
    const isDue = now - time > periodSeconds * 500 && now - this.#refreshed > REFRESH_INTERVAL;
    if (!isDue) return;
    this.#refreshed = now;
    await this.#followed();
  }

  /** Whether trust moved. A node that does not offer a chain leaves it where it is. */
  async #followed(): Promise<boolean> {
    const before = (await this.trust()).height;
    try {
      return (await this.follow()).height > before;
    } catch (error) {
      // The answer that made us ask has its own verdict.
      if (error instanceof ProblemError || error instanceof UnverifiedError) return false;
      throw error;
    }
  }
}

function certain(verdict: Verdict): { readonly proven: Proven; readonly at: At } {
  if (verdict.verdict !== "valid") throw new UnverifiedError(verdict.verdict, verdict.why);
  const { proven, height, time } = verdict;
  return { proven, at: { height, time } };
}

/** The members of a whole result. */
function readDereferenced(answer: JsonObject): Omit<Dereferenced, keyof At> {
  const { content = null, contentMetadata, dereferencingMetadata } = answer;
  const outcome = isObject(dereferencingMetadata) ? dereferencingMetadata : {};
  const { contentType, error } = outcome;
  const text = (value: Json | undefined): string => typeof value === "string" ? value : "";
  return {
    content,
    contentType: typeof contentType === "string" ? contentType : null,
    metadata: isObject(contentMetadata) ? contentMetadata : {},
    error: !isObject(error) ? null : {
      code: text(error["type"]).replace(/^.*#/, ""),
      title: text(error["title"]),
      detail: text(error["detail"]),
    },
  };
}

/** A DID that this ledger may hold: one of its own, or an imported one. */
function checkedDid(did: string): string {
  return isForeign(did) ? did : parseDid(did).did;
}

/** How HTTP says that a DID of another ledger was not imported, which is proven. */
function missing(did: string): number[] {
  return isForeign(did) ? [501] : [];
}

/** Questions have only members with a JSON form. */
function sameAsked(a: object, b: object): boolean {
  return sameJson(a as JsonObject, b as JsonObject);
}

function readJson(body: Uint8Array): Json {
  try {
    return parse(body);
  } catch {
    throw new TransportError("not-an-answer", "the node's answer is not JSON");
  }
}
