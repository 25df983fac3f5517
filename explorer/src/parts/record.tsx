// Records of the ledger, each with its proof: one as a card, or many as rows.
import type {ComponentChildren} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {get, reason} from '../node.ts';
import {holds, useAnswer} from '../proof.ts';
import {Card, Link, Waiting} from './basics.tsx';
import {Dot, Mark, Unproven} from './seal.tsx';

/** The content of a record, with the verdict on it and a way to see more. */
export function Record({
  name,
  title,
  none = 'There is no such record; that is proven.',
  show
}: {
  name: string;
  title: string;
  none?: string;
  show: (content: any) => ComponentChildren;
}) {
  const answer = useAnswer({record: name});
  const aside = answer && !(answer instanceof Error) && (
    <Link to={{view: 'record', key: name}} title={`The record ${name}`}>
      <Mark of={answer} />
    </Link>
  );
  return (
    <Card title={title} id={name.replaceAll(/[/:]/g, '-')} aside={aside}>
      {!answer && <Waiting />}
      {answer instanceof Error && <p class="notice bad">{answer.message}</p>}
      {answer &&
        !(answer instanceof Error) &&
        (holds(answer) ? (
          answer.reply.body.record ? (
            show(answer.reply.body.record.content)
          ) : (
            <p class="faint">{none}</p>
          )
        ) : (
          <p class="notice bad">{answer.why}</p>
        ))}
    </Card>
  );
}

/** What a record says, where it holds: nothing while it is waited for, or where it does not. */
export function useContent(name: string | undefined): any {
  const answer = useAnswer(name ? {record: name} : undefined);
  if (!answer || answer instanceof Error || !holds(answer)) return undefined;
  return answer.reply.body.record?.content;
}

/** Rows of a page of a list. */
const PAGE = 20;

/** A list of records. That it is whole is what the node says; each row is proven on its own. */
export function Records({
  path,
  member,
  title,
  none,
  row
}: {
  /** The list at the node, with its filters. */
  path: string;
  /** The list's name in the answer. */
  member: string;
  title: string;
  none: string;
  row: (content: any, name: string) => ComponentChildren;
}) {
  const {names, error, more} = usePages(path, member);
  const id = title.toLowerCase().replaceAll(' ', '-');
  return (
    <Card title={title} id={id} aside={<Unproven>The list; each row is checked</Unproven>}>
      {error && <p class="notice bad">{error}</p>}
      {!error && !names && <Waiting />}
      {names?.length === 0 && <p class="faint">{none}</p>}
      {names && names.length > 0 && (
        <ul class="rows">
          {names.map(name => (
            <Row key={name} name={name} row={row} />
          ))}
        </ul>
      )}
      {more && (
        <p class="below">
          <button type="button" onClick={more}>
            Show more
          </button>
        </p>
      )}
    </Card>
  );
}

function Row({name, row}: {name: string; row: (content: any, name: string) => ComponentChildren}) {
  const answer = useAnswer({record: name});
  if (!answer) return <li class="faint waiting">…</li>;
  if (answer instanceof Error) return <li class="bad">{answer.message}</li>;
  const content = holds(answer) && answer.reply.body.record?.content;
  return (
    <li class="record">
      <Link to={{view: 'record', key: name}} title={`The record ${name}`}>
        <Dot of={answer} />
      </Link>
      <div>{content ? row(content, name) : <p class="bad">{answer.why ?? name}</p>}</div>
    </li>
  );
}

/** The keys that a list names, and how to get more of them. */
function usePages(path: string, member: string) {
  const [pages, set] = useState<{names?: string[]; next?: string; error?: string}>({});
  const load = async (before: string[], cursor?: string) => {
    const limit = `${path.includes('?') ? '&' : '?'}limit=${PAGE}`;
    const reply = await get(path + limit + (cursor ? `&cursor=${cursor}` : ''));
    const entries: {key: string}[] | undefined = reply.body?.[member];
    if (!entries) return {error: reason(reply)};
    const names = [...before, ...entries.map(({key}) => key)];
    return {names, ...(reply.body.cursor && {next: reply.body.cursor})};
  };
  useEffect(() => {
    let overtaken = false;
    const keep = (got: typeof pages) => overtaken || set(got);
    load([]).then(keep, ({message}: Error) => keep({error: message}));
    return () => {
      overtaken = true;
    };
  }, [path]);
  const {names, next, error} = pages;
  const more =
    next && (() => load(names ?? [], next).then(set, ({message}: Error) => set({error: message})));
  return {names, error, more};
}
