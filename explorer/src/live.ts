// What the network does now: asked for every few seconds, and at once where the node tells of an
// event. Each block's certificate is checked as it comes.
import {get, list, reason, type Listed, type Reply, type Status} from './node.ts';
import {judgeBlock, type Standing} from './proof.ts';
import {Store} from './store.ts';
import {inForce, trust} from './trust.ts';

const POLL = 2000;
/** Where the node tells of events, it is still asked how it is. */
const POLL_BESIDE_STREAM = 6000;
/** However much happens, there is a pause between two times. */
const PAUSE = 400;
export const BLOCKS_SHOWN = 40;
const EVENTS_SHOWN = 7;
/** Most blocks that are asked for at once. */
const BLOCKS_AT_ONCE = 20;

export interface LiveBlock {
  height: number;
  time: number;
  events: number;
  proposer: string;
  signers: Set<string>;
  standing: Standing;
}

export interface Live {
  status?: Status;
  /** How far the node's clock is ahead of ours, in milliseconds; never less than nothing. */
  skew: number;
  /** Newest first. */
  blocks: LiveBlock[];
  /** Newest first. */
  events: Listed[];
  error?: string;
}

export const live = new Store<Live>({skew: 0, blocks: [], events: []});

/** Blocks by height as they came, and as they were judged under what is trusted now. */
const known = new Map<number, {reply: Reply; judged?: LiveBlock}>();
let timer: ReturnType<typeof setTimeout> | undefined;
let due = Infinity;
let asking = false;
let again = false;
/** Whether the node tells of events; undefined until it was asked. */
let streaming: boolean | undefined;
let listedUpTo: number | undefined;

export function start(): void {
  void poll();
  document.addEventListener('visibilitychange', () => soon(0));
  trust.watch(() => {
    for (const block of known.values()) delete block.judged;
    live.set({...live.value, blocks: judged()});
  });
}

/** Asks in so many milliseconds, unless it is asked earlier; while it is asked, right after. */
function soon(wait: number): void {
  if (asking) {
    again = true;
    return;
  }
  const at = Date.now() + wait;
  if (at >= due) return;
  due = at;
  clearTimeout(timer);
  timer = setTimeout(poll, wait);
}

async function poll(): Promise<void> {
  due = Infinity;
  // A page that nobody looks at asks for nothing.
  if (document.hidden) return;
  asking = true;
  again = false;
  try {
    const reply = await get('/v1/status');
    if (reply.status !== 200) throw new Error(reason(reply));
    const status: Status = reply.body;
    const events = await newEvents(status.logSize);
    await newBlocks(status.height);
    const skew = Math.max(0, status.time - Date.now());
    live.set({status, skew, blocks: judged(), events});
    if (streaming === undefined) listen();
  } catch (error) {
    live.set({...live.value, error: (error as Error).message});
  }
  asking = false;
  soon(again ? PAUSE : streaming ? POLL_BESIDE_STREAM : POLL);
}

async function newBlocks(newest: number): Promise<void> {
  const oldest = Math.max(1, newest - BLOCKS_SHOWN + 1);
  for (const height of known.keys()) if (height < oldest) known.delete(height);
  const wanted = [];
  for (let at = newest; at >= oldest && wanted.length < BLOCKS_AT_ONCE; at -= 1) {
    if (!known.has(at)) wanted.push(at);
  }
  await Promise.all(
    wanted.map(async at => {
      const reply = await get(`/v1/blocks/${at}`);
      if (reply.status === 200) known.set(at, {reply});
    })
  );
}

/** The blocks, newest first. Signatures take a phone's time, so each is verified once. */
function judged(): LiveBlock[] {
  if (!inForce(trust.value)) return [];
  const newestFirst = [...known].sort(([one], [other]) => other - one);
  return newestFirst.map(([height, block]) => (block.judged ??= judgedOne(height, block.reply)));
}

function judgedOne(height: number, reply: Reply): LiveBlock {
  const {header, standing, certificate} = judgeBlock(height, reply, trust.value);
  return {
    height,
    events: Number(reply.body?.events?.length ?? 0),
    signers: new Set(certificate?.signatures.map(({validator}) => validator)),
    standing,
    time: header?.time ?? 0,
    proposer: header?.proposer ?? ''
  };
}

/** Entries of the log that came since, among the newest that are shown. */
async function newEvents(logSize: number): Promise<Listed[]> {
  const from = Math.max(listedUpTo ?? 0, logSize - 2 * EVENTS_SHOWN, 0);
  if (from >= logSize) return live.value.events;
  const events = await list(from, 2 * EVENTS_SHOWN);
  listedUpTo = logSize;
  const before = live.value.events.filter(({index}) => index < from);
  return [...events.reverse(), ...before].slice(0, EVENTS_SHOWN);
}

/** Lets the node tell of events and blocks, where it can. */
function listen(): void {
  const stream = new EventSource('/v1/stream');
  streaming = false;
  stream.onopen = () => {
    streaming = true;
  };
  const told = () => soon(PAUSE);
  stream.onmessage = told;
  stream.addEventListener('block', told);
  // The browser connects again by itself, unless the node has no stream.
  stream.onerror = () => {
    streaming = false;
  };
}

/** Events of each second, over the blocks that are known without a gap. */
export function rate(blocks: LiveBlock[]): number | undefined {
  let end = 1;
  while (end < blocks.length && blocks[end]!.height === blocks[end - 1]!.height - 1) end += 1;
  const [newest, oldest] = [blocks[0], blocks[end - 1]];
  if (!newest || !oldest || newest.time <= oldest.time) return undefined;
  const events = blocks.slice(0, end - 1).reduce((sum, block) => sum + block.events, 0);
  return (events * 1000) / (newest.time - oldest.time);
}
