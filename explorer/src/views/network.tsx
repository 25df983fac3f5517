// Who runs the network, who governs it, and by which limits: records, each with its proof.
import type {ComponentChildren} from 'preact';
import {Card, DidLink, Facts, Link, Title, Waiting} from '../parts/basics.tsx';
import {Mark} from '../parts/seal.tsx';
import {live} from '../live.ts';
import {holds, useAnswer} from '../proof.ts';
import {useStore} from '../store.ts';
import {count, short, span} from '../words.ts';

export function NetworkView() {
  return (
    <>
      <Title kicker="Network">Who runs and governs it</Title>
      <p class="lead">
        Each part is a record of the ledger, asked for with its proof and checked in this browser.
      </p>
      <Record
        name="network/validators"
        title="Validators"
        show={list => <Validators list={list} />}
      />
      <div class="columns">
        <Record
          name="governance/body"
          title="Governing body"
          show={members => (
            <ul class="rows">
              {members.map(({member, category}: {member: string; category: string}) => (
                <li key={member} class="listed">
                  <DidLink did={member} />
                  <span>{category.replaceAll('-', ' ')}</span>
                </li>
              ))}
            </ul>
          )}
        />
        <div class="stack">
          <Record
            name="network/parameters"
            title="Parameters"
            show={parameters => (
              <Facts
                of={[
                  [
                    'Events in a block',
                    `at most ${parameters.blockEventsMax.toLocaleString('en')}`
                  ],
                  ['Bytes in a block', `at most ${parameters.blockBytesMax.toLocaleString('en')}`],
                  ['Work in a block', `at most ${parameters.blockCostMax / 1e6} s of checking`],
                  ['Trust holds for', span(parameters.trustPeriodSeconds * 1000)]
                ]}
              />
            )}
          />
          <Record
            name="network/replicas"
            title="Replicas"
            show={replicas =>
              replicas.length === 0 ? (
                <p class="faint">None are authorised.</p>
              ) : (
                <ul class="rows">
                  {replicas.map((replica: any) => (
                    <li key={replica.peerKey} class="listed">
                      <span>{replica.name}</span>
                      {replica.operator && <DidLink did={replica.operator} />}
                    </li>
                  ))}
                </ul>
              )
            }
          />
        </div>
      </div>
    </>
  );
}

/** The content of a record, with the verdict on it and a way to see more. */
function Record({
  name,
  title,
  show
}: {
  name: string;
  title: string;
  show: (content: any) => ComponentChildren;
}) {
  const answer = useAnswer({record: name});
  const aside = answer && !(answer instanceof Error) && (
    <Link to={{view: 'record', key: name}} title={`The record ${name}`}>
      <Mark of={answer} />
    </Link>
  );
  return (
    <Card title={title} id={name.replace('/', '-')} aside={aside}>
      {!answer && <Waiting />}
      {answer instanceof Error && <p class="notice bad">{answer.message}</p>}
      {answer &&
        !(answer instanceof Error) &&
        (holds(answer) ? (
          answer.reply.body.record ? (
            show(answer.reply.body.record.content)
          ) : (
            <p class="faint">There is no such record; that is proven.</p>
          )
        ) : (
          <p class="notice bad">{answer.why}</p>
        ))}
    </Card>
  );
}

function Validators({list}: {list: any[]}) {
  const {blocks} = useStore(live);
  const known = blocks.filter(holds);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Validators">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">
              Votes
            </th>
            <th scope="col">In the last {count(known.length, 'certificate')}</th>
            <th scope="col">Operator</th>
            <th scope="col">Key</th>
          </tr>
        </thead>
        <tbody>
          {list.map(({name, operator, power, validatorKey}) => {
            const signed = known.filter(({signers}) => signers.has(validatorKey)).length;
            return (
              <tr key={validatorKey}>
                <th scope="row">{name}</th>
                <td class="number">{power}</td>
                <td>
                  <meter
                    min={0}
                    max={known.length || 1}
                    value={signed}
                    aria-label={`${signed} of ${known.length}`}
                  />{' '}
                  {signed}
                </td>
                <td>
                  <DidLink did={operator} />
                </td>
                <td>
                  <code title={validatorKey}>{short(validatorKey, 8, 4)}</code>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
