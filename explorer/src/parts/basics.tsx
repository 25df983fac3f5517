// Small things that every view is made of.
import type {ComponentChildren} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {href, type Route} from '../route.ts';
import {moment, short, shortDid, span} from '../words.ts';

const ICONS = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6 6l12 12M18 6L6 18',
  warning: 'M12 4L2.8 20h18.4zM12 10v4.5M12 17v.4',
  clock: 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 8v4.2l2.8 1.8',
  question: 'M8.2 8.8a3.8 3.8 0 1 1 5.5 3.4c-1.2.7-1.7 1.4-1.7 2.6M12 18.6v.3',
  copy: 'M9 9h10v11H9zM15 9V5H5v11h4',
  key: 'M8 11.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M10.6 12.4L19 4M16 7l2.5 2.5M13.4 9.6l2 2',
  globe: 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M4 12h16M12 4c5 5 5 11 0 16c-5-5-5-11 0-16'
};

export function Icon({name}: {name: keyof typeof ICONS}) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={ICONS[name]} />
    </svg>
  );
}

export function Link({
  to,
  children,
  title,
  mono
}: {
  to: Route;
  children: ComponentChildren;
  title?: string;
  mono?: boolean;
}) {
  return (
    <a href={href(to)} title={title} class={mono ? 'mono' : undefined}>
      {children}
    </a>
  );
}

/** A DID, shortened, that leads to its page. */
export function DidLink({did}: {did: string}) {
  return (
    <Link to={{view: 'did', did}} title={did} mono>
      {shortDid(did)}
    </Link>
  );
}

export function BlockLink({height}: {height: number}) {
  return <Link to={{view: 'block', height}}>{height.toLocaleString('en')}</Link>;
}

export function EventLink({id}: {id: string}) {
  return (
    <Link to={{view: 'event', id}} title={id} mono>
      {short(id, 8, 4)}
    </Link>
  );
}

export function Time({ms}: {ms: number}) {
  return <time dateTime={new Date(ms).toISOString()}>{moment(ms)}</time>;
}

/** How long ago, counting on; `skew` is how far the other clock is ahead. */
export function Ago({ms, skew = 0}: {ms: number; skew?: number}) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick(turn => turn + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <time dateTime={new Date(ms).toISOString()}>{span(Date.now() + skew - ms)} ago</time>;
}

/** A long name that can be copied. */
export function Copy({text, label}: {text: string; label: string}) {
  const [done, set] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => {});
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return (
    <button
      type="button"
      class="quiet"
      onClick={copy}
      aria-label={`Copy ${label}`}
      title={`Copy ${label}`}
    >
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  );
}

/** Names and what they say. */
export function Facts({of}: {of: [string, ComponentChildren][]}) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Card({
  title,
  aside,
  children,
  id
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  id: string;
}) {
  return (
    <section class="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Where a view begins: the focus goes here, so that it is read out and the keyboard is near. */
export function Title({kicker, children}: {kicker: string; children: ComponentChildren}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({preventScroll: true}), []);
  return (
    <div class="title">
      <p class="kicker">{kicker}</p>
      <h1 tabIndex={-1} ref={heading}>
        {children}
      </h1>
    </div>
  );
}

/** A text as it came, folded away until somebody wants it. */
export function Raw({title, text, name}: {title: string; text: string; name: string}) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], {type: 'application/json'}));
    Object.assign(document.createElement('a'), {href: url, download: name}).click();
    URL.revokeObjectURL(url);
  };
  return (
    <details class="raw">
      <summary>{title}</summary>
      <div class="tools">
        <Copy text={text} label={title} />
        <button type="button" class="quiet" onClick={save}>
          Save as {name}
        </button>
      </div>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}

/** JSON as a person reads it. */
export const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

export function Waiting() {
  return (
    <p class="faint waiting" aria-busy="true">
      Asking the node…
    </p>
  );
}
