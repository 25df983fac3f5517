// What this browser trusts: a genesis document that its user confirmed, kept here and nowhere else.
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
  /** Why nothing can be checked. */
  failure?: string;
}

export const trust = new Store<TrustState>({});

/** Under what answers are judged: what was confirmed, else what the node itself says. */
export function inForce({confirmed, served}: TrustState): Trusted | undefined {
  return confirmed ?? served;
}

/** Whether this node belongs to another network than the confirmed one. */
export function isForeign({confirmed, served}: TrustState): boolean {
  return !!confirmed && !!served && confirmed.trust.genesis !== served.trust.genesis;
}

/** Loads the verifier and what was confirmed, and asks the node for its genesis. */
export async function start(verifierPath: string): Promise<void> {
  try {
    const verifier = new Verifier(await WebAssembly.compileStreaming(fetch(verifierPath)));
    const confirmed = kept(verifier);
    trust.set({verifier, ...(confirmed && {confirmed})});
  } catch (error) {
    trust.set({failure: `the verifier did not load (${(error as Error).message})`});
    return;
  }
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
  const confirmed = {...given, confirmedAt: Date.now()};
  trust.set({...trust.value, confirmed});
  try {
    const {document, confirmedAt} = confirmed;
    localStorage.setItem(KEPT, JSON.stringify({document, confirmedAt}));
  } catch {
    /* where nothing may be kept, it holds as long as the page */
  }
}

/** The user takes it back. */
export function forget(): void {
  const {confirmed: _, ...rest} = trust.value;
  trust.set(rest);
  try {
    localStorage.removeItem(KEPT);
  } catch {
    /* nothing was kept */
  }
}

function kept(verifier: Verifier): Trusted | undefined {
  try {
    const {document, confirmedAt} = JSON.parse(localStorage.getItem(KEPT) ?? 'null');
    const given = read(document, verifier);
    return 'error' in given ? undefined : {...given, confirmedAt};
  } catch {
    return undefined;
  }
}
