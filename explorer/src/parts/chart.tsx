// How many slots are revoked and suspended over time, drawn as steps, with what was done above the
// issuer marked by numbers.
import {useEffect, useRef, useState} from 'preact/hooks';
import type {Answer} from '../proof.ts';
import type {Act, Tally, Version} from '../revocation.ts';
import {day, moment} from '../words.ts';

/** A version of the statuses with how many slots have which. */
export interface Point extends Version, Tally {
  answer: Answer;
}

const LINES = ['revoked', 'suspended'] as const;
const HEIGHT = 240;
/** The plot within the drawing; numbers stand above it, days below. */
const [TOP, BOTTOM, LEFT, RIGHT] = [30, HEIGHT - 26, 46, 12];
/** What has no room yet is drawn as if it had this much. */
const NARROWEST = 200;
/** Least width of the time since something happened last, for its word. */
const MARGIN = 36;

export function Chart({
  points,
  marked,
  since,
  until
}: {
  points: Point[];
  marked: Act[];
  since: number;
  until: number;
}) {
  const [drawing, width] = useWidth();
  const last = points.at(-1);
  const most = Math.max(1, ...points.flatMap(({revoked, suspended}) => [revoked, suspended]));
  const [step, top] = scale(most);
  const right = width - RIGHT;
  const latest = Math.max(
    since,
    ...points.map(({since}) => since),
    ...marked.map(({time}) => time)
  );
  const x = scaleOf(since, latest, until, right);
  const y = (slots: number) => BOTTOM - ((BOTTOM - TOP) * slots) / top;
  const ticks = Array.from({length: Math.round(top / step) + 1}, (_, at) => at * step);
  return (
    <figure class="chart">
      <figcaption>
        {LINES.map(name => (
          <span key={name}>
            <svg viewBox="0 0 28 8" aria-hidden="true">
              <path class={`line ${name}`} d="M0 4H28" />
            </svg>
            {name} {last?.[name].toLocaleString('en')}
          </span>
        ))}
      </figcaption>
      <svg
        ref={drawing}
        height={HEIGHT}
        role="img"
        aria-label={last ? words(points, marked) : 'Nothing is drawn yet'}
      >
        {held(marked, since, until).map(([from, to]) => (
          <rect
            key={from}
            class="held"
            x={x(from)}
            y={TOP}
            width={x(to) - x(from)}
            height={BOTTOM - TOP}
          />
        ))}
        {ticks.map(slots => (
          <g key={slots}>
            <path class="rule" d={`M${LEFT} ${y(slots)}H${right}`} />
            <text x={LEFT - 8} y={y(slots) + 4} text-anchor="end">
              {slots.toLocaleString('en')}
            </text>
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 6}>
          {day(since, latest - since)}
        </text>
        {latest > since && (
          <text x={x(latest)} y={HEIGHT - 6} text-anchor="end">
            {day(latest, latest - since)}
          </text>
        )}
        <text x={right} y={HEIGHT - 6} text-anchor="end">
          now
        </text>
        {LINES.toReversed().map(name => (
          <path key={name} class={`line ${name}`} d={steps(points, name, x, y, right)} />
        ))}
        <Marks marked={marked} x={x} />
      </svg>
    </figure>
  );
}

/** Numbers above the plot, with a line at each time; those that are too near stand together. */
function Marks({marked, x}: {marked: Act[]; x: (time: number) => number}) {
  const groups: Group[] = [];
  marked.forEach((act, at) => {
    const last = groups.at(-1);
    const place = x(act.time);
    if (last && place - numbered(at, at).half < last.middle + last.half) {
      groups.splice(-1, 1, joined(last, at, place));
    } else groups.push({...numbered(at, at), first: at, from: place, middle: place});
  });
  return (
    <>
      {marked.map(({event, time}) => (
        <path key={event} class="mark-at" d={`M${x(time)} ${TOP - 10}V${BOTTOM}`} />
      ))}
      {groups.map(({first, middle, half, label}) => (
        <g key={first} class="marks">
          <rect x={middle - half} y={1} width={2 * half} height={18} rx={9} />
          <text x={middle} y={14} text-anchor="middle">
            {label}
          </text>
        </g>
      ))}
    </>
  );
}

/** Marks that stand together: where they begin, where their numbers stand and how wide these are. */
interface Group {
  first: number;
  from: number;
  middle: number;
  half: number;
  label: string;
}

function joined({first, from}: Group, at: number, place: number): Group {
  return {...numbered(first, at), first, from, middle: (from + place) / 2};
}

function numbered(first: number, last: number): Pick<Group, 'half' | 'label'> {
  const label = first === last ? `${first + 1}` : `${first + 1}–${last + 1}`;
  return {label, half: Math.max(9, 4 * label.length + 3)};
}

/** A level for as long as a version was in force; a slope over versions that are not drawn. */
function steps(
  points: Point[],
  name: (typeof LINES)[number],
  x: (time: number) => number,
  y: (slots: number) => number,
  right: number
): string {
  const parts = points.map((point, at) => {
    const before = points[at - 1];
    if (!before) return `M${x(point.since)} ${y(point[name])}`;
    const next = before.number + 1 === point.number;
    return next ? `H${x(point.since)}V${y(point[name])}` : `L${x(point.since)} ${y(point[name])}`;
  });
  return parts.length ? `${parts.join('')}H${right}` : '';
}

/** The spans in which the registry was frozen, or retired. */
function held(marked: Act[], since: number, until: number): [number, number][] {
  const spans: [number, number][] = [];
  let from: number | undefined;
  for (const {type, time} of marked) {
    if (/(Frozen|Retired)$/.test(type)) from ??= time;
    if (/Released$/.test(type) && (from ?? since) <= time) {
      spans.push([from ?? since, time]);
      from = undefined;
    }
  }
  return from === undefined ? spans : [...spans, [from, until]];
}

/**
 * Where a moment stands: the time in which something happened, and the time since then, which has
 * no more than an eighth of the width, however long it is.
 */
function scaleOf(
  since: number,
  latest: number,
  until: number,
  right: number
): (time: number) => number {
  const width = right - LEFT;
  const share = (until - latest) / Math.max(1, until - since);
  const quiet = latest > since ? Math.max(MARGIN, Math.min(width / 8, width * share)) : width;
  const place = (time: number, from: number, to: number) =>
    to > from ? Math.min(1, Math.max(0, (time - from) / (to - from))) : 0;
  return time =>
    time <= latest
      ? LEFT + (width - quiet) * place(time, since, latest)
      : right - quiet + quiet * place(time, latest, until);
}

/** The distance of two rules, at most five of them and at round numbers, and the highest. */
function scale(most: number): [number, number] {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(most / 4)));
  const step = [1, 2, 5].map(factor => factor * power).find(step => most <= 4 * step);
  const rounded = step ?? 10 * power;
  return [rounded, Math.ceil(most / rounded) * rounded];
}

function words(points: Point[], marked: Act[]): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  const line = (name: (typeof LINES)[number]) =>
    `${name} slots from ${first[name]} to ${last[name]}`;
  const marks = marked.length ? `; ${marked.length} overrides and holds are marked` : '';
  return `From ${moment(first.since)} on: ${line('revoked')}, ${line('suspended')}${marks}`;
}

/** How wide the drawing may be, in pixels, so that its letters stay as large as others. */
function useWidth(): [{current: SVGSVGElement | null}, number] {
  const drawing = useRef<SVGSVGElement>(null);
  const [width, set] = useState(640);
  useEffect(() => {
    const watch = new ResizeObserver(
      ([seen]) => seen && set(Math.max(NARROWEST, seen.contentRect.width))
    );
    watch.observe(drawing.current!);
    return () => watch.disconnect();
  }, []);
  return [drawing, width];
}
