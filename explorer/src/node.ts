// What this node answers. Nothing here is believed: proof.ts judges it.

/** How long an answer may take, in milliseconds. */
const WAIT_MAX = 15_000;

export interface Reply {
  status: number;
  text: string;
  /** The text as JSON; undefined where it is none. */
  body: any;
}

export async function get(path: string, accept = 'application/json'): Promise<Reply> {
  const signal = AbortSignal.timeout(WAIT_MAX);
  const response = await fetch(path, {headers: {accept}, cache: 'no-cache', signal});
  const text = await response.text();
  return {status: response.status, text, body: parsed(text)};
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a refusal says of itself. */
export function reason({status, body}: Reply): string {
  const error = body?.didResolutionMetadata?.error;
  const said = body?.detail ?? error?.title ?? body?.title;
  return typeof said === 'string' ? said : `it answered with status ${status}`;
}

export interface Status {
  network: string;
  genesis: string;
  moniker: string;
  role: string;
  height: number;
  time: number;
  logSize: number;
  validators: number;
  peers: number;
  evidence: number;
  ready: boolean;
  unready: string | null;
  halted: string | null;
  mempool: {events: number; bytes: number};
  version: string;
}

export interface Certificate {
  height: number;
  round: number;
  block: string;
  signatures: {validator: string; signature: string}[];
}

/** Whether the node serves something there. */
export async function serves(path: string): Promise<boolean> {
  const signal = AbortSignal.timeout(WAIT_MAX);
  return (await fetch(path, {method: 'HEAD', signal})).ok;
}

/** An event in a list, as the node lists it. */
export interface Listed {
  id: string;
  index: number;
  height: number;
  type: string;
  author: string;
}

/** Events of the log from an index on, as far as one answer goes. */
export async function list(from: number, limit: number): Promise<Listed[]> {
  return listed(`from=${from}&limit=${limit}`);
}

/** The newest events about a record, perhaps of one kind only. */
export async function about(record: string, limit: number, type?: string): Promise<Listed[]> {
  const kind = type ? `&type=${type}` : '';
  return listed(`subject=${encodeURIComponent(record)}${kind}&order=desc&limit=${limit}`);
}

async function listed(query: string): Promise<Listed[]> {
  const {body} = await get(`/v1/events?${query}`);
  const events: any[] = body?.events ?? [];
  return events.map(({id, index, height, event}) => ({
    id,
    index,
    height,
    type: event.type,
    author: event.author
  }));
}
