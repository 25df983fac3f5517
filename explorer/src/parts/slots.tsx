// All slots of a registry as squares: each stands for as many slots, and says whether any of them
// is revoked or suspended, or both. Numbers that were given at random are spread over all of it.
import {useMemo} from 'preact/hooks';
import type {Answer} from '../proof.ts';
import {slots} from '../revocation.ts';
import {count} from '../words.ts';

const COLUMNS = 64;
const SQUARES_MAX = 1024;

export function SlotGrid({list}: {list: Answer}) {
  const {each, squares} = useMemo(() => squared(list), [list.reply]);
  const rows = Math.ceil(squares.length / COLUMNS);
  const drawn = (wanted: (square: Square) => boolean, shape: (x: number, y: number) => string) =>
    squares
      .map((square, at) => (wanted(square) ? shape(at % COLUMNS, Math.floor(at / COLUMNS)) : ''))
      .join('');
  const number = (status: keyof Square) =>
    squares.filter(square => square[status]).length.toLocaleString('en');
  return (
    <figure class="slots">
      <svg viewBox={`0 0 ${COLUMNS} ${rows}`} role="img" aria-labelledby="grid-words">
        <path class="valid" d={drawn(({revoked}) => !revoked, box)} />
        <path class="revoked" d={drawn(({revoked}) => revoked, box)} />
        <path class="suspended" d={drawn(({suspended}) => suspended, corner)} />
      </svg>
      <figcaption id="grid-words">
        All slots in the order of their numbers, {each === 1 ? 'one' : each.toLocaleString('en')} in
        each of {count(squares.length, 'square')}: <i class="key revoked" /> {number('revoked')}{' '}
        with revoked slots, <i class="key suspended" /> {number('suspended')} with suspended ones.
      </figcaption>
    </figure>
  );
}

interface Square {
  revoked: boolean;
  suspended: boolean;
}

function squared(list: Answer): {each: number; squares: Square[]} {
  const {capacity} = list.reply.body;
  const each = Math.ceil(capacity / SQUARES_MAX);
  const squares: Square[] = Array.from({length: Math.ceil(capacity / each)}, () => ({
    revoked: false,
    suspended: false
  }));
  let slot = 0;
  for (const status of slots(list)) {
    // Slot 0 is revoked in every registry.
    if (status !== 'valid' && slot > 0) squares[Math.floor(slot / each)]![status] = true;
    slot += 1;
  }
  return {each, squares};
}

const box = (x: number, y: number): string => `M${x + 0.08} ${y + 0.08}h.84v.84h-.84z`;
const corner = (x: number, y: number): string => `M${x + 0.92} ${y + 0.08}v.84h-.84z`;
