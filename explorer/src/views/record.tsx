// Any record by its key, or the proof that there is none.
import {Card, Copy, EventLink, Facts, Link, pretty, Raw, Time, Title} from '../parts/basics.tsx';
import {Proven} from '../parts/seal.tsx';
import {useAnswer, type Answer} from '../proof.ts';
import {short} from '../words.ts';

export function RecordView({name}: {name: string}) {
  const answer = useAnswer({record: name});
  return (
    <>
      <Title kicker="Record">
        <span class="mono">{name}</span> <Copy text={name} label="the key" />
      </Title>
      <Proven
        answer={answer}
        what="What the key holds is proven to be in the ledger’s state."
        show={answer => <Shown answer={answer} name={name} />}
      />
    </>
  );
}

function Shown({answer, name}: {answer: Answer; name: string}) {
  const {record} = answer.reply.body;
  if (!record) {
    return <p class="notice">No record has this key. That, too, is proven.</p>;
  }
  const did = /^(?:did|role)\/(did:.*)$/.exec(name)?.[1];
  const facts: [string, any][] = [
    ['Version', record.version],
    [
      'Since',
      <>
        <Time ms={record.time} />
        {record.height === 0 && ' (genesis)'}
      </>
    ],
    [
      'Made by',
      record.height === 0 ? (
        'the genesis'
      ) : (
        <>
          event <EventLink id={record.event} />
        </>
      )
    ],
    ['Superseded versions', record.history.size]
  ];
  if (did)
    facts.push([
      'About',
      <Link to={{view: 'did', did}} mono>
        {did}
      </Link>
    ]);
  const id = /^(?:revocation-registry|status)\/([0-9a-f]{64})$/.exec(name)?.[1];
  if (id)
    facts.push([
      'About',
      <Link to={{view: 'revocation-registry', id}} mono>
        {short(id, 8, 4)}
      </Link>
    ]);
  return (
    <>
      <Card title="What it is" id="facts">
        <Facts of={facts} />
      </Card>
      <Card title="Content" id="content">
        <pre tabIndex={0}>{pretty(record.content)}</pre>
      </Card>
      <Raw title="The whole answer with its proof" text={answer.reply.text} name="answer.json" />
    </>
  );
}
