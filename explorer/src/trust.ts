// What this browser trusts: a document that its user confirmed, and where certified hand-overs of the
// validators led from it. It is kept here and nowhere else.
import {get} from './node.ts';
import {Store} from './store.ts';
import {Verifier, type Trust} from './verifier.js';

/** Where the confirmed document is kept. */
const KEPT = 'dzong.trusted';

/** A document that gives trust, and what it gives. */
export interface Trusted {
  document: string;
  trust: Trust;
  /** Validators' names by their keys. */
  names: Map<string, string>;
  /** When the user confirmed it, in milliseconds since 1970. */
  confirmedAt?: number;
}

export interface TrustState {
  verifier?: Verifier;
  /** What this node says that its network begins with. */
  served?: Trusted;
  /** What the user confirmed. */
  confirmed?: Trusted;
  /**
   * Where the trust chain led from what was confirmed: a checkpoint for each validator set that
   * came since, and the newest.
   */
  reached?: Trusted[];
  /** Why nothing can be checked. */
  failure?: string;
}

export const trust = new Store<TrustState>({});

/** Under what answers are judged: what was confirmed and what followed, else what the node says. */
export function inForce({confirmed, reached, served}: TrustState): Trusted | undefined {
  return reached?.at(-1) ?? confirmed ?? served;
}

/** All under which what a block certified long ago may be judged, newest first. */
export function everTrusted({confirmed, reached = [], served}: TrustState): Trusted[] {
  const first = confirmed ?? served;
  return first ? [...reached.toReversed(), first] : [];
}

/** Whether this node belongs to another network than the confirmed one. */
export function isForeign({confirmed, served}: TrustState): boolean {
  return !!confirmed && !!served && confirmed.trust.genesis !== served.trust.genesis;
}

/** How often the chain is followed on, in milliseconds. */
const FOLLOW_EVERY = 3_600_000;

/** Loads the verifier and what was confirmed, and asks the node for its genesis. */
export async function start(verifierPath: string): Promise<void> {
  try {
    const verifier = new Verifier(await WebAssembly.compileStreaming(fetch(verifierPath)));
    trust.set({verifier, ...kept(verifier)});
  } catch (error) {
    trust.set({failure: `the verifier did not load (${(error as Error).message})`});
    return;
  }
  void follow();
  setInterval(follow, FOLLOW_EVERY);
  await askGenesis();
}

/** Asks the node for its genesis, until it answers. */
async function askGenesis(): Promise<void> {
  try {
    const {status, text} = await get('/v1/genesis');
    const served = status === 200 ? read(text) : undefined;
    if (served && !('error' in served)) {
      trust.set({...trust.value, served});
      return;
    }
  } catch {
    /* the header says that the node does not answer */
  }
  setTimeout(askGenesis, 3000);
}

/** Moves trust forward by the node's trust chain, so that it does not grow too old to hold. */
async function follow(): Promise<void> {
  const {verifier, confirmed, reached = []} = trust.value;
  const last = reached.at(-1) ?? confirmed;
  if (!verifier || !confirmed || !last) return;
  const chain = await get(`/v1/trust-chain?from=${last.trust.height}`).catch(() => undefined);
  let trusted = last;
  for (const step of chain?.body?.steps ?? []) {
    const one = JSON.stringify({...chain!.body, steps: [step]});
    const {checkpoint} = verifier.follow({trusted: trusted.document, chain: one, now: Date.now()});
    if (!checkpoint || checkpoint.height <= trusted.trust.height) continue;
    const before = reached.at(-1);
    // Of those with one validator set the newest is enough.
    if (before && sameSet(before.trust, checkpoint)) reached.pop();
    trusted = {...confirmed, document: JSON.stringify(checkpoint), trust: checkpoint};
    reached.push(trusted);
  }
  // Meanwhile the user may have trusted another network, or none.
  if (trust.value.confirmed !== confirmed || trusted === last) return;
  trust.set({...trust.value, reached: [...reached]});
  keep();
}

const sameSet = (one: Trust, other: Trust) =>
  JSON.stringify(one.validators) === JSON.stringify(other.validators);

/** Reads a document that gives trust; says why it is none. */
export function read(document: string, verifier = trust.value.verifier): Trusted | {error: string} {
  const given = verifier?.trust(document) ?? {error: 'the verifier is not loaded yet'};
  if ('error' in given) return given;
  const listed: any[] = JSON.parse(document).validators ?? [];
  const names = new Map(listed.map(({validatorKey, name}) => [validatorKey, String(name ?? '')]));
  return {document, trust: given, names};
}

/** The user says that this is the network to trust. */
export function confirm(given: Trusted): void {
  trust.set({...trust.value, reached: [], confirmed: {...given, confirmedAt: Date.now()}});
  keep();
  void follow();
}

/** The user takes it back. */
export function forget(): void {
  const {confirmed: _, reached: __, ...rest} = trust.value;
  trust.set(rest);
  try {
    localStorage.removeItem(KEPT);
  } catch {
    /* nothing was kept */
  }
}

function keep(): void {
  const {confirmed, reached = []} = trust.value;
  const {document, confirmedAt} = confirmed!;
  try {
    const later = reached.map(({document}) => document);
    localStorage.setItem(KEPT, JSON.stringify({document, confirmedAt, later}));
  } catch {
    /* where nothing may be kept, it holds as long as the page */
  }
}

function kept(verifier: Verifier): Pick<TrustState, 'confirmed' | 'reached'> {
  try {
    const {document, confirmedAt, later = []} = JSON.parse(localStorage.getItem(KEPT) ?? 'null');
    const given = read(document, verifier);
    if ('error' in given) return {};
    const confirmed = {...given, confirmedAt};
    const reached = (later as string[]).flatMap(document => {
      const given = read(document, verifier);
      const leads = !('error' in given) && given.trust.genesis === confirmed.trust.genesis;
      return leads ? [{...confirmed, document, trust: given.trust}] : [];
    });
    return {confirmed, reached};
  } catch {
    return {};
  }
}
