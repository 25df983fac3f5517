// The ledger's terms in words that a reader knows.

/** What a key in a document may do, by its verification relationship. */
export const PURPOSES: Record<string, string> = {
  authentication: 'prove who it is',
  assertionMethod: 'issue credentials',
  keyAgreement: 'receive encrypted messages',
  capabilityInvocation: 'use its rights',
  capabilityDelegation: 'pass on its rights'
};

/** What an event did. */
export const KINDS: Record<string, string> = {
  DidCreated: 'DID registered',
  DidUpdated: 'DID updated',
  DidDeactivated: 'DID deactivated'
};

/** A kind of event in words: one that has none here is split where its words begin. */
export function kind(type: string): string {
  const [first = '', ...rest] = type.split(/(?<=[a-z])(?=[A-Z])/);
  return KINDS[type] ?? [first, ...rest.map(word => word.toLowerCase())].join(' ');
}

const SUITES: [string, string][] = [
  ['z6Mk', 'Ed25519'],
  ['z6LS', 'X25519'],
  ['zDn', 'P-256'],
  ['z82', 'P-384'],
  ['zQ3s', 'secp256k1']
];

/** The kind of key that a multikey holds. */
export function suite(multikey: string): string {
  return SUITES.find(([prefix]) => multikey.startsWith(prefix))?.[1] ?? 'key';
}

/** The beginning and the end of a long text. */
export function short(text: string, head = 10, tail = 6): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/** A DID with its identifier shortened. */
export function shortDid(did: string): string {
  const at = did.lastIndexOf(':') + 1;
  return did.slice(0, at) + short(did.slice(at), 6, 5);
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** A list as it is written in a sentence. */
export function listed(items: string[]): string {
  return new Intl.ListFormat('en').format(items);
}

/** A span of time, given in milliseconds. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

const DATE = new Intl.DateTimeFormat('en-GB', {dateStyle: 'medium', timeStyle: 'medium'});

/** A moment by this browser's clock and calendar. */
export function moment(ms: number): string {
  return DATE.format(ms);
}

/** A hash in groups, to be compared by eye. */
export function grouped(hash: string): string[] {
  return hash.match(/.{1,4}/g) ?? [];
}

const DAY = new Intl.DateTimeFormat('en-GB', {dateStyle: 'medium'});
const CLOCK = new Intl.DateTimeFormat('en-GB', {timeStyle: 'medium'});

/** A moment on an axis that is so many milliseconds long: its day, or within one its time. */
export function day(ms: number, within: number): string {
  return (within < 86_400_000 ? CLOCK : DAY).format(ms);
}
