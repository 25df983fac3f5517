// Who runs the network, and within which limits: records, each with its proof.
import {DidLink, Facts, Title} from '../parts/basics.tsx';
import {Record} from '../parts/record.tsx';
import {live} from '../live.ts';
import {holds} from '../proof.ts';
import {useStore} from '../store.ts';
import {count, short, span} from '../words.ts';

export function NetworkView() {
  return (
    <>
      <Title kicker="Network">Who runs it</Title>
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
          name="network/parameters"
          title="Parameters"
          show={parameters => (
            <Facts
              of={[
                ['Events in a block', `at most ${parameters.blockEventsMax.toLocaleString('en')}`],
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
    </>
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
          {list.map(({name, operator, power, validatorKey, from, until}) => {
            const signed = known.filter(({signers}) => signers.has(validatorKey)).length;
            return (
              <tr key={validatorKey}>
                <th scope="row">
                  {name}
                  {(from || until) && <span class="faint"> {term(from, until)}</span>}
                </th>
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

/** From and until which height somebody is a validator. */
function term(from?: number, until?: number): string {
  const begin = from && `from block ${from.toLocaleString('en')}`;
  const end = until && `until block ${until.toLocaleString('en')}`;
  return [begin, end].filter(Boolean).join(' ');
}
