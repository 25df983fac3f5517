// The Governing Body: who sits in it, how it decides, what it decided, and what applies.
import {DidLink, Facts, Time, Title} from '../parts/basics.tsx';
import {Party, title} from '../parts/party.tsx';
import {Record, Records, useContent} from '../parts/record.tsx';
import {count, kind, span} from '../words.ts';

const CATEGORIES: {[category: string]: string} = {
  agency: 'Government Technology Agency',
  'civil-service': 'Civil service',
  independent: 'Independent'
};

/** What has become of a decision. */
const STATUSES: {[status: string]: string} = {
  open: 'open for votes',
  carried: 'carried; it takes effect when its time-lock has run',
  cancelled: 'cancelled',
  executed: 'in effect'
};

export function GovernanceView() {
  return (
    <>
      <Title kicker="Governance">Who decides, and what was decided</Title>
      <p class="lead">
        Five members decide together; nobody can do it alone. Every proposal, vote and document is a
        signed event in the log, and stays there.
      </p>
      <div class="columns">
        <Record
          name="governance/body"
          title="Governing Body"
          show={seats => <Seats of={seats} />}
        />
        <Record
          name="governance/procedure"
          title="How it decides"
          show={procedure => <Procedure of={procedure} />}
        />
      </div>
      <Records
        path="/v1/governance/decisions"
        member="decisions"
        title="Decisions"
        none="Nothing was proposed yet."
        row={decision => <Decision of={decision} />}
      />
      <Records
        path="/v1/governance/documents"
        member="documents"
        title="Documents that apply"
        none="None was approved yet."
        row={(document, name) => <Document of={document} name={name} />}
      />
    </>
  );
}

function Seats({of: seats}: {of: any[]}) {
  const chair = useContent('governance/chair')?.member;
  return (
    <ul class="rows">
      {seats.map(({category, member, termEnds}, seat) => (
        <li key={seat} class="listed">
          <span>
            {CATEGORIES[category] ?? category}
            {chair && chair === member && <b> (chair)</b>}
            <br />
            <span class="faint">
              {member ? 'until ' : 'vacant since '}
              <Time ms={termEnds} />
            </span>
          </span>
          {member && <DidLink did={member} />}
        </li>
      ))}
    </ul>
  );
}

function Procedure({of: {quorum, thresholds, spans}}: {of: any}) {
  const votes = (needed: number) => `${needed} of 5 members`;
  return (
    <Facts
      of={[
        ['An ordinary decision', votes(thresholds.ordinary)],
        ['One about the constitution', votes(thresholds.constitutional)],
        ['One about the network', votes(thresholds.network)],
        ['Members who must vote', `at least ${quorum}`],
        ['Time to vote', span(spans.votingPeriodSeconds * 1000)],
        [
          'Time-lock',
          `${span(spans.timeLockSeconds * 1000)} before a change of the network takes effect, in ` +
            'which it can be cancelled'
        ]
      ]}
    />
  );
}

function Decision({of}: {of: any}) {
  const {author, decision, status, threshold, votes, deadline} = of;
  const cast: any[] = Object.values(votes);
  const agreed = cast.filter(({approve}) => approve).length;
  const name = languages(decision) || decision.validator?.name;
  return (
    <>
      <p>
        <b>{kind(decision.type)}</b>
        {name && `: ${name}`}
      </p>
      <p>
        {STATUSES[status] ?? status}; {count(agreed, 'vote')} for it, {cast.length - agreed}{' '}
        against, {threshold} needed
      </p>
      <p class="faint">
        proposed by <Party did={author} />, votes until <Time ms={deadline} />
      </p>
    </>
  );
}

function Document({of, name}: {of: any; name: string}) {
  const texts: any[] = Object.values(of.languages ?? {});
  return (
    <>
      <p>
        <b>{languages(of) || name.replace('governance/document/', '')}</b>, version {of.version}
      </p>
      <p class="faint">
        applies from <Time ms={of.effective} />; {count(texts.length, 'language')}, each bound by
        the hash of its text
      </p>
    </>
  );
}

const languages = (of: any): string =>
  title(
    Object.fromEntries(
      Object.entries<any>(of.languages ?? {}).map(([language, text]) => [language, text.title])
    )
  );
