// The frame around every view: search, where one is, what is trusted, and what the node says of
// itself.
import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import {live} from './live.ts';
import {Icon, Link} from './parts/basics.tsx';
import {REGISTRY_KEY} from './revocation.ts';
import {guess, href, read, type Route} from './route.ts';
import {useStore} from './store.ts';
import {isForeign, trust} from './trust.ts';
import {short} from './words.ts';
import {BlockView} from './views/block.tsx';
import {DidView} from './views/did.tsx';
import {EntitiesView, EntityView} from './views/entities.tsx';
import {EventView} from './views/event.tsx';
import {GovernanceView} from './views/governance.tsx';
import {NetworkView} from './views/network.tsx';
import {NowView} from './views/now.tsx';
import {RecordView} from './views/record.tsx';
import {RevocationView} from './views/revocation.tsx';
import {RevocationRegistryView} from './views/revocation-registry.tsx';
import {TrustView} from './views/trust.tsx';

export function App() {
  const {route, turn} = useRoute();
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Head route={route} />
      <main id="main" tabIndex={-1}>
        <Warning route={route} />
        <Search route={route} />
        <View route={route} key={`${turn} ${href(route)}`} />
      </main>
      <Foot />
    </>
  );
}

/** The text after # says where one is, so the link to the content must not change it. */
function skip(event: Event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** Where one is; every turn asks anew, also for what is shown already. */
function useRoute(): {route: Route; turn: number} {
  const [at, set] = useState(() => ({route: read(location.hash), turn: 0}));
  // Before anything is painted: no change of place is to be missed.
  useLayoutEffect(() => {
    const follow = () => {
      set(({turn}) => ({route: read(location.hash), turn: turn + 1}));
      scrollTo(0, 0);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return at;
}

function View({route}: {route: Route}) {
  switch (route.view) {
    case 'now':
      return <NowView />;
    case 'did':
      return <DidView did={route.did} wanted={route.version} />;
    case 'event':
      return <EventView id={route.id} />;
    case 'block':
      return <BlockView height={route.height} />;
    case 'record':
      return <RecordView name={route.key} />;
    case 'network':
      return <NetworkView />;
    case 'governance':
      return <GovernanceView />;
    case 'entities':
      return <EntitiesView />;
    case 'entity':
      return <EntityView did={route.did} />;
    case 'revocation':
      return <RevocationView issuer={route.issuer} />;
    case 'revocation-registry':
      return <RevocationRegistryView id={route.id} />;
    case 'trust':
      return <TrustView />;
    case 'unknown':
      return (
        <p class="notice" role="status">
          “{route.text}” is no DID, event, height or key. A DID begins with <code>did:</code>, an
          event’s id has 64 digits, a key has a slash as in <code>network/validators</code>.
        </p>
      );
  }
}

/** The views that the head leads to. */
type Page = 'now' | 'network' | 'governance' | 'entities' | 'revocation' | 'trust';

/** Under which of them a view stands. */
const page = (view: Route['view']) => (view === 'revocation-registry' ? 'revocation' : view);

function Head({route}: {route: Route}) {
  const {status, error} = useStore(live);
  const network = status?.network;
  useEffect(() => {
    document.title = network ? `Dzong · ${network}` : 'Dzong';
  }, [network]);
  const sick = error
    ? `This node does not answer: ${error}`
    : status?.halted
      ? `Halted: ${status.halted}`
      : status && !status.ready
        ? `Not ready: ${status.unready ?? 'starting'}`
        : undefined;
  const to = (view: Page, name: string) => (
    <a
      class={`to-${view}`}
      href={href({view})}
      aria-current={page(route.view) === view ? 'page' : undefined}
    >
      {name}
    </a>
  );
  return (
    <header class="head">
      <div>
        <a class="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M16 2l3 4h-6zM9 8h14l3 4H6zM8 14h16l1 14h-6v-7a3 3 0 0 0-6 0v7H7z" />
          </svg>
          <b>Dzong</b> {network && <span>{network}</span>}
        </a>
        <nav aria-label="Pages">
          {to('now', 'Now')}
          {to('network', 'Network')}
          {to('governance', 'Governance')}
          {to('entities', 'Registry')}
          {to('revocation', 'Revocation')}
          {to('trust', 'Trust')}
        </nav>
        <TrustChip />
      </div>
      {sick && (
        <p class="sick" role="status">
          {sick}
        </p>
      )}
    </header>
  );
}

function TrustChip() {
  const state = useStore(trust);
  const {confirmed} = state;
  const tone = isForeign(state) ? 'invalid' : confirmed ? 'proven' : 'unconfirmed';
  const icon = isForeign(state) ? 'warning' : confirmed ? 'check' : 'question';
  return (
    <a class={`mark chip ${tone}`} href={href({view: 'trust'})}>
      <Icon name={icon} />{' '}
      {isForeign(state)
        ? 'Another network'
        : confirmed
          ? `You trust ${confirmed.trust.network}`
          : 'Network not confirmed'}
    </a>
  );
}

/** What must be known before anything on the page is believed. */
function Warning({route}: {route: Route}) {
  const state = useStore(trust);
  const {confirmed, served, failure} = state;
  if (failure) {
    return (
      <p class="notice bad" role="alert">
        Nothing is verified on this page: {failure}.
      </p>
    );
  }
  if (isForeign(state)) {
    return (
      <p class="notice bad" role="alert">
        This node belongs to another network than the one that you trust: its genesis is{' '}
        <code>{short(served!.trust.genesis, 8, 8)}</code>, yours{' '}
        <code>{short(confirmed!.trust.genesis, 8, 8)}</code>. Nothing it says can be verified.{' '}
        <Link to={{view: 'trust'}}>See both</Link>
      </p>
    );
  }
  // Where an answer is shown, its own mark says so.
  if (!confirmed && served && (route.view === 'now' || route.view === 'network')) {
    return (
      <p class="notice">
        This browser trusts no network yet. This node says that its genesis is{' '}
        <code>{short(served.trust.genesis, 8, 8)}</code>.{' '}
        <Link to={{view: 'trust'}}>Compare and confirm it</Link> to have answers verified.
      </p>
    );
  }
  return null;
}

function Search({route}: {route: Route}) {
  const input = useRef<HTMLInputElement>(null);
  const [text, type] = useState('');
  useEffect(() => type(searched(route)), [route]);
  useEffect(() => {
    const slash = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest?.('input, textarea, select');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener('keydown', slash);
    return () => removeEventListener('keydown', slash);
  }, []);
  const go = (event: Event) => {
    event.preventDefault();
    if (!text.trim()) return;
    const hash = href(guess(text));
    if (hash === location.hash) dispatchEvent(new HashChangeEvent('hashchange'));
    else location.hash = hash;
  };
  return (
    <form role="search" class="search" onSubmit={go}>
      <label for="search">Find a DID, an event, a block or a record</label>
      <div>
        <input
          ref={input}
          id="search"
          type="search"
          class="mono"
          autocomplete="off"
          value={text}
          autocapitalize="none"
          spellcheck={false}
          placeholder="did:ndi:…"
          onInput={event => type(event.currentTarget.value)}
          aria-keyshortcuts="/"
        />
        <kbd aria-hidden="true">/</kbd>
        <button type="submit" class="primary">
          Find
        </button>
      </div>
    </form>
  );
}

/** What would have been typed to get here. */
function searched(route: Route): string {
  switch (route.view) {
    case 'entity':
      return route.did;
    case 'did':
      return route.did + (route.version ? `?versionId=${route.version}` : '');
    case 'event':
      return route.id;
    case 'block':
      return String(route.height);
    case 'record':
      return route.key;
    case 'revocation-registry':
      return `${REGISTRY_KEY}${route.id}`;
    case 'revocation':
      return route.issuer ?? '';
    case 'unknown':
      return route.text;
    default:
      return '';
  }
}

function Foot() {
  const {status} = useStore(live);
  return (
    <footer>
      <p>
        Verified here by WebAssembly, made from the ledger’s own verifier; this page asks this node
        alone, and nobody else learns what you look up.
      </p>
      <p>
        <a href="/v1/genesis">genesis</a> · <a href="/log/checkpoint">log checkpoint</a> ·{' '}
        <a href="/v1/status">status</a> · <a href="/metrics">metrics</a>
        {status && (
          <>
            {' '}
            · <span>Dzong {status.version}</span>
          </>
        )}
      </p>
    </footer>
  );
}
