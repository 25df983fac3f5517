// A revocation registry as the page draws it: what it is, its statuses counted, and what each event
// did to them. Everything is read from answers that hold.
import type {Reply} from './node.ts';
import {evidenceOf, type Answer} from './proof.ts';
import type {Question} from './verifier.js';
import {count} from './words.ts';

/** What the keys of registries begin with. */
export const REGISTRY_KEY = 'revocation-registry/';
/** The key of a registry's head, of which there is one version for each change of its statuses. */
export const headKey = (id: string): string => `status/${id}`;

export type Format = 'anoncreds' | 'bitstring' | 'slots' | 'token';

/** The forms in which wallets and verifiers read a registry's statuses. */
export const FORMATS: Record<Format, string> = {
  anoncreds: 'AnonCreds v1',
  bitstring: 'W3C Bitstring Status List',
  slots: 'slot accumulator',
  token: 'IETF Token Status List'
};

export interface Registry {
  id: string;
  issuer: string;
  capacity: number;
  /** In milliseconds since 1970. */
  created: number;
  credentialType?: string;
  formats: Format[];
  hold?: 'frozen' | 'retired';
  /** The newest version of its statuses. */
  version: number;
  /** How often it was frozen, released or retired. */
  holds: number;
  anoncreds?: {definition: string; tails: string};
  accumulator?: string;
  commitment?: string;
  /** The blob with the powers of tau on which the slot commitment rests. */
  setup?: string;
}

/** The registry that an answer shows; nothing where there is none. */
export function registry({reply}: Answer): Registry | undefined {
  const {body} = reply;
  const record = evidenceOf(body)?.records[0]?.record;
  if (!record || body.error) return undefined;
  const {registry: id, issuer, capacity, formats, version, accumulator, commitment} = body;
  const {anoncreds, credentialType, hold, slots} = body;
  return {
    ...{id, issuer, capacity, formats, version},
    created: Date.parse(body.created),
    holds: record.version - 1,
    ...(anoncreds && {anoncreds}),
    ...(accumulator && {accumulator}),
    ...(commitment && {commitment}),
    ...(credentialType && {credentialType}),
    ...(hold && {hold}),
    ...(slots && {setup: slots.setup})
  };
}

export const ofRegistry = (id: string, version?: number): Question => ({
  status: {part: 'registry', registry: id, ...(version && {version})}
});

/** All statuses, never a single slot's: whoever asks for that says which credential he looks at. */
export const ofStatuses = (id: string, version?: number): Question => ({
  status: {part: 'statuses', registry: id, ...(version && {version})}
});

/** The version of a registry's statuses that an answer shows. */
export interface Version {
  number: number;
  /** Since when, in milliseconds since 1970. */
  since: number;
  event: string;
}

export function version({reply}: Answer): Version | undefined {
  const head = evidenceOf(reply.body)?.records[1];
  const found = head?.past?.entry ?? head?.record;
  if (!found || reply.body.error) return undefined;
  return {number: found.version, since: found.time, event: found.event};
}

/** A slot's status by its two bits. */
export const STATUSES = ['valid', 'revoked', 'suspended'] as const;
export type Status = (typeof STATUSES)[number];
export type Tally = Record<Status, number>;

/** The status of each slot: four in a byte, the first in its lowest two bits. */
export function* slots({reply: {body}}: Answer): Generator<Status> {
  const bytes = atob(body.statuses);
  for (let slot = 0; slot < body.capacity; slot += 1) {
    yield STATUSES[(bytes.charCodeAt(slot >> 2) >> (2 * (slot & 3))) & 3] ?? 'revoked';
  }
}

const tallies = new WeakMap<Reply, Tally>();

/** How many slots have each status, counted once. Slot 0 is never given, and does not count. */
export function tally(answer: Answer): Tally {
  const known = tallies.get(answer.reply);
  if (known) return known;
  const found = {valid: 0, revoked: -1, suspended: 0};
  for (const status of slots(answer)) found[status] += 1;
  tallies.set(answer.reply, found);
  return found;
}

/** What an event did to a registry. */
export interface Act {
  event: string;
  type: string;
  author: string;
  /** The block's time, in milliseconds since 1970. */
  time: number;
  /** The version of the statuses that it made, where it made one. */
  version?: number;
  /** Whose decision it was, where it was one above the issuer. */
  basis?: string;
  what: string[];
  /** Slots that it locked, and those that it unlocked. */
  locked: number[];
  unlocked: number[];
  answer: Answer;
}

/** What the event of a receipt did to a registry; nothing where it is about something else. */
export function act(answer: Answer, id: string): Act | undefined {
  const {event, id: name} = answer.reply.body;
  if (!concerned(event, name).includes(id)) return undefined;
  const change = event.changes?.find(({registry}: {registry: string}) => registry === id);
  const locks = (how: string) => (event.locking === how && change ? named(change) : []);
  const made =
    event.type === 'RevocationRegistryCreated' ? 1 : change && change.previousVersion + 1;
  return {
    ...{event: name, type: event.type, author: event.author, time: answer.time!, answer},
    ...(made && {version: made}),
    ...(event.basis && {basis: event.basis}),
    what: change ? changed(event, change) : [HOLDS[event.type] ?? ''].filter(Boolean),
    locked: locks('lock'),
    unlocked: locks('unlock')
  };
}

/** What became of a registry as a whole. */
const HOLDS: Record<string, string> = {
  RevocationRegistryCreated: 'created, with every slot valid',
  RevocationRegistryFrozen: 'frozen: until it is released, only an override changes it',
  RevocationRegistryReleased: 'released: its issuer may change it again',
  RevocationRegistryRetired: 'retired: its statuses stay as they are, for good'
};

const LISTS = ['revoke', 'suspend', 'reactivate', 'unchanged'] as const;
type Change = Partial<Record<(typeof LISTS)[number], number[]>>;

const named = (change: Change): number[] => LISTS.flatMap(list => change[list] ?? []);

function changed(event: {corrects?: boolean; locking?: string}, change: Change): string[] {
  const {reactivate = [], revoke = [], suspend = []} = change;
  const found = [];
  if (revoke.length) found.push(`${count(revoke.length, 'slot')} revoked`);
  if (suspend.length) found.push(`${count(suspend.length, 'slot')} suspended`);
  if (reactivate.length) {
    const why = event.corrects ? ', which corrects an error' : '';
    found.push(`${count(reactivate.length, 'slot')} reactivated${why}`);
  }
  const touched = named(change).length;
  if (event.locking === 'lock') {
    found.push(`${count(touched, 'slot')} locked, so that the issuer cannot change that`);
  }
  if (event.locking === 'unlock') found.push(`${count(touched, 'slot')} unlocked`);
  return found;
}

/** Whether it is marked on the drawing: what was done above the issuer, and what holds it. */
export function isMarked({basis, type}: Act): boolean {
  return !!basis || (type in HOLDS && type !== 'RevocationRegistryCreated');
}

/** The slots that are locked after these acts, oldest first. */
export function lockedAfter(acts: Act[]): Set<number> {
  const locked = new Set<number>();
  for (const act of acts) {
    act.locked.forEach(slot => locked.add(slot));
    act.unlocked.forEach(slot => locked.delete(slot));
  }
  return locked;
}

/** Most bytes of lists that are asked for to draw a history. */
const DRAWN_BYTES_MAX = 2 << 20;
const DRAWN_MAX = 24;
const DRAWN_MIN = 6;

/** The versions that are drawn: all of them, or as many as are worth their bytes, evenly spread. */
export function spread({version, capacity}: Registry): number[] {
  const most = Math.floor(DRAWN_BYTES_MAX / (capacity / 3));
  const size = Math.min(version, Math.max(DRAWN_MIN, Math.min(DRAWN_MAX, most)));
  if (size === 1) return [version];
  return Array.from({length: size}, (_, at) => 1 + Math.round((at * (version - 1)) / (size - 1)));
}

/** The registries that an event is about. */
export function concerned(event: any, id: string): string[] {
  if (event.type === 'RevocationRegistryCreated') return [id];
  if (/^RevocationRegistry/.test(event.type)) return [event.registry];
  return /^Status(Changed|Overridden)$/.test(event.type)
    ? event.changes.map(({registry}: {registry: string}) => registry)
    : [];
}
