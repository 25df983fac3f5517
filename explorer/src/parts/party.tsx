// Somebody on the ledger by the name that people know, where the ledger knows one.
import {shortDid} from '../words.ts';
import {Link} from './basics.tsx';
import {useContent} from './record.tsx';

/** The offices that a DID may hold, in words; the rest are no name. */
const OFFICES: [string, string][] = [
  ['administrative-body', 'the Administrative Body'],
  ['secretary', 'the Member Secretary'],
  ['governor', 'a member of the Governing Body']
];

/** A DID, under its proven name if it has one. */
export function Party({did}: {did: string}) {
  const own = did.startsWith('did:ndi:');
  const entity = useContent(own ? `entity/${did}` : undefined);
  const held: string[] = useContent(own ? `role/${did}` : undefined)?.roles ?? [];
  const name = entity && title(entity.listing.particulars.name);
  const office = OFFICES.find(([role]) => held.includes(role))?.[1];
  if (!own) return <code>{did}</code>;
  return (
    <Link
      to={name ? {view: 'entity', did} : {view: 'did', did}}
      title={did}
      mono={!name && !office}
    >
      {name || office || shortDid(did)}
    </Link>
  );
}

/** A name or title in the languages that it has. */
export function title(names: Record<string, string>): string {
  const {en, ...others} = names;
  return [en, ...Object.values(others)].filter(Boolean).join(' · ');
}
