/** What a client gives of revocation registries, read from proven answers. */

import { fromBase64 } from "./bytes.js";
import { FormatError } from "./errors.js";
import type { Json, JsonObject } from "./json.js";
import { Members } from "./members.js";
import type { StatusQuestion } from "./status.js";
import { applyDelta, nodesOf, type Status } from "./vector.js";

/** As of when: at the end of a second, or in a version of the registry's head; else now. */
export type AsOf =
  | { readonly time?: string; readonly version?: never }
  | { readonly time?: never; readonly version: number };

interface Versioned {
  /** The registry's id. */
  readonly registry: string;
  readonly capacity: number;
  readonly issuer: string;
  /** The version of the head, and since when it is in force, in seconds since 1970. */
  readonly version: number;
  readonly timestamp: number;
}

/** A revocation registry, and the head of its statuses. */
export interface RevocationRegistry extends Versioned {
  readonly created: string;
  readonly credentialType: string | null;
  readonly formats: readonly string[];
  /** `frozen`, `retired` or null; it is as of now, whatever the version of the head. */
  readonly hold: string | null;
  /** The hashes over all statuses: those of `nodesOf`. */
  readonly nodes: readonly string[];
}

/** All statuses of a revocation registry, for `statusAt`. */
export interface StatusList extends Versioned {
  readonly statuses: Uint8Array;
}

/** The status of one slot. */
export interface SlotStatus {
  readonly registry: string;
  readonly slot: number;
  readonly status: Status;
  /** Whether somebody above the issuer has locked it. */
  readonly locked: boolean;
}

/** Where a node answers a question. */
export function statusPath({ part, registry, time, version }: StatusQuestion): string {
  const query = new URLSearchParams({ proof: "true" });
  if (time !== undefined) query.set("time", time);
  if (version !== undefined) query.set("version", String(version));
  const below = typeof part === "object" ? `/slots/${part.slot}`
    : part === "statuses" ? "/statuses" : "";
  return `v1/revocation/registries/${registry}${below}?${query.toString()}`;
}

function readVersioned(members: Members): Versioned {
  return {
    registry: members.text("registry"),
    capacity: members.count("capacity"),
    issuer: members.text("issuer"),
    version: members.count("version"),
    timestamp: members.count("timestamp"),
  };
}

/** A registry, from its answer. */
export function readRevocationRegistry(answer: JsonObject): RevocationRegistry {
  const members = new Members(answer, "the answer");
  const orNull = (value: Json): string | null => typeof value === "string" ? value : null;
  return {
    ...readVersioned(members),
    created: members.text("created"),
    credentialType: orNull(members.json("credentialType")),
    formats: members.texts("formats"),
    hold: orNull(members.json("hold")),
    nodes: members.texts("nodes"),
  };
}

/** All statuses, from their answer. */
export function readStatusList(answer: JsonObject): StatusList {
  const members = new Members(answer, "the answer");
  return { ...readVersioned(members), statuses: fromBase64(members.text("statuses")) };
}

/** A slot's status, from its answer. */
export function readSlotStatus(answer: JsonObject): SlotStatus {
  const members = new Members(answer, "the answer");
  return {
    registry: members.text("registry"),
    slot: members.count("slot"),
    status: members.text("status") as Status,
    locked: members.json("locked") === true,
  };
}

/** The list to which a delta leads; null where its statuses are not those of the head. */
export function updated(
  held: StatusList,
  delta: Uint8Array,
  { registry, capacity, issuer, version, timestamp, nodes }: RevocationRegistry,
): StatusList | null {
  try {
    const statuses = applyDelta(held.statuses, delta);
    if (nodesOf(statuses, capacity).join() !== nodes.join()) return null;
    return { registry, capacity, issuer, version, timestamp, statuses };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
