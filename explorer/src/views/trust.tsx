// What this browser trusts, and how its user decides that.
import {useState} from 'preact/hooks';
import {BlockLink, Card, Copy, Facts, Time, Title, Waiting} from '../parts/basics.tsx';
import {useStore} from '../store.ts';
import {confirm, forget, isForeign, read, trust, type Trusted} from '../trust.ts';
import {grouped, listed, span} from '../words.ts';

export function TrustView() {
  const state = useStore(trust);
  const {confirmed, served} = state;
  const newest = state.reached?.at(-1);
  const offered = served && (!confirmed || isForeign(state)) ? served : undefined;
  return (
    <>
      <Title kicker="Trust">What this browser trusts</Title>
      <p class="lead">
        Every proof on these pages ends at one hash: that of the genesis document, in which the
        network’s first validators are named. Compare it once with the hash that you were given by
        another way than this page, such as a printed notice or a person you know. From then on this
        browser follows the certified hand-overs of the validators.
      </p>
      {confirmed && (
        <Card title="You trust this network" id="confirmed">
          <Network of={confirmed} newest={newest} />
          <p class="below">
            <span>
              Confirmed on <Time ms={confirmed.confirmedAt!} />
              {newest && (
                <>
                  , and followed by certified headers to block{' '}
                  <BlockLink height={newest.trust.height} />
                </>
              )}
            </span>
            <button type="button" onClick={forget}>
              Trust it no longer
            </button>
          </p>
        </Card>
      )}
      {offered && (
        <Card
          title={confirmed ? 'This node is of another network' : 'What this node says'}
          id="offered"
        >
          <Network of={offered} />
          <Decide offered={offered} />
        </Card>
      )}
      {!confirmed && !served && !state.failure && <Waiting />}
      {state.failure && <p class="notice bad">Nothing can be checked: {state.failure}.</p>}
      <FromFile />
    </>
  );
}

/** A hash that is made to be compared by eye. */
function Hash({text}: {text: string}) {
  return (
    <p class="hash mono">
      <span class="hidden">{text}</span>
      {grouped(text).map((group, at) => (
        <span key={at} aria-hidden="true">
          {group}
        </span>
      ))}
      <Copy text={text} label="the genesis hash" />
    </p>
  );
}

function Network({
  of: {
    trust: {genesis, network, time, height, validators, trustPeriodSeconds},
    names
  },
  newest
}: {
  of: Trusted;
  newest?: Trusted | undefined;
}) {
  const until = (newest?.trust.time ?? time) + trustPeriodSeconds * 1000;
  const named = validators.map(({key}) => names.get(key) || key.slice(0, 8)).sort();
  return (
    <>
      <Hash text={genesis} />
      <Facts
        of={[
          ['Network', network],
          [height === 0 ? 'Began' : `As of height ${height}`, <Time ms={time} />],
          ['Validators', listed(named)],
          [
            'Holds until',
            <>
              <Time ms={until} />, {span(trustPeriodSeconds * 1000)} on, so that retired keys cannot
              forge a history
            </>
          ]
        ]}
      />
    </>
  );
}

/** The hash that was given by another way is compared here, and then the network is confirmed. */
function Decide({offered}: {offered: Trusted}) {
  const [given, type] = useState('');
  const hash = given.toLowerCase().replace(/[^0-9a-f]/g, '');
  const full = hash.length === 64;
  const same = hash === offered.trust.genesis;
  const verdict = !given
    ? ''
    : same
      ? 'It is the same hash.'
      : full
        ? 'It is another hash: do not trust this node.'
        : 'A hash has 64 digits.';
  return (
    <form
      class="decide"
      onSubmit={event => {
        event.preventDefault();
        if (!given || same) confirm(offered);
      }}
    >
      <label for="given">
        The hash that you were given (paste it to compare, or compare by eye)
      </label>
      <input
        id="given"
        class="mono"
        autocomplete="off"
        spellcheck={false}
        value={given}
        onInput={event => type(event.currentTarget.value)}
        aria-describedby="compared"
      />
      <p id="compared" role="status" class={same ? 'good' : full ? 'bad' : 'faint'}>
        {verdict}
      </p>
      <button type="submit" class="primary" disabled={!!given && !same}>
        {same ? 'Trust this network' : 'I compared it: trust this network'}
      </button>
    </form>
  );
}

/** A genesis document that came by another way needs no comparing. */
function FromFile() {
  const [error, set] = useState('');
  const choose = async (event: Event) => {
    const file = (event.currentTarget as HTMLInputElement).files?.[0];
    if (!file) return;
    const given = read(await file.text());
    set('error' in given ? given.error : '');
    if (!('error' in given)) confirm(given);
  };
  return (
    <Card title="Or trust a genesis document or a checkpoint that you were given" id="file">
      <label for="document">
        The file, often named <code>genesis.json</code>
      </label>
      <input id="document" type="file" accept="application/json,.json" onChange={choose} />
      <p role="status" class="bad">
        {error}
      </p>
    </Card>
  );
}
