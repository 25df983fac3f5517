// Where the page is: the text after #.

export type Route =
  | {view: 'now'}
  | {view: 'did'; did: string; version?: string}
  | {view: 'event'; id: string}
  | {view: 'block'; height: number}
  | {view: 'record'; key: string}
  | {view: 'network'}
  | {view: 'governance'}
  | {view: 'entities'}
  | {view: 'entity'; did: string}
  | {view: 'revocation'; issuer?: string}
  | {view: 'revocation-registry'; id: string}
  | {view: 'trust'}
  | {view: 'unknown'; text: string};

/** Reads the text after #, in this page's own spelling or as a person would paste it. */
export function read(hash: string): Route {
  const text = decoded(hash.replace(/^#/, '')).trim();
  if (text === '' || text === '/') return {view: 'now'};
  const [, view, rest = ''] = /^\/([a-z]+)(?:\/(.*))?$/.exec(text) ?? [];
  switch (view) {
    case 'did':
      return did(rest);
    case 'event':
      return {view, id: rest.toLowerCase()};
    case 'block':
      return block(rest);
    case 'record':
      return {view, key: rest};
    case 'entity':
      return {view, did: rest};
    case 'revocation':
      return revocation(rest);
    case 'network':
    case 'governance':
    case 'entities':
    case 'trust':
      return {view};
    default:
      return guess(text);
  }
}

/** What somebody who types this is looking for. */
export function guess(typed: string): Route {
  const text = typed.trim();
  if (text.startsWith('did:')) return did(text);
  if (/^[0-9a-fA-F]{64}$/.test(text)) return {view: 'event', id: text.toLowerCase()};
  if (/^[0-9][0-9,_ ]*$/.test(text)) return block(text.replace(/[,_ ]/g, ''));
  if (/^[a-z-]+\/[\x21-\x7e]+$/.test(text)) return {view: 'record', key: text};
  return {view: 'unknown', text};
}

export function href(route: Route): string {
  switch (route.view) {
    case 'now':
      return '#/';
    case 'did': {
      const version = route.version ? `?versionId=${encodeURIComponent(route.version)}` : '';
      return `#/did/${encodeURI(route.did)}${version}`;
    }
    case 'entity':
      return `#/entity/${encodeURI(route.did)}`;
    case 'event':
      return `#/event/${route.id}`;
    case 'block':
      return `#/block/${route.height}`;
    case 'record':
      return `#/record/${encodeURI(route.key)}`;
    case 'revocation':
      return `#/revocation${route.issuer ? `/?issuer=${encodeURIComponent(route.issuer)}` : ''}`;
    case 'revocation-registry':
      return `#/revocation/${route.id}`;
    case 'unknown':
      return `#${encodeURI(route.text)}`;
    default:
      return `#/${route.view}`;
  }
}

function did(text: string): Route {
  const [name = '', query] = text.split('?');
  const version = new URLSearchParams(query).get('versionId');
  return {view: 'did', did: name, ...(version ? {version} : {})};
}

/** A revocation registry, or the list of them, perhaps of one issuer. */
function revocation(text: string): Route {
  const [id = '', query] = text.split('?');
  if (id) return {view: 'revocation-registry', id: id.toLowerCase()};
  const issuer = new URLSearchParams(query).get('issuer');
  return {view: 'revocation', ...(issuer ? {issuer} : {})};
}

function block(text: string): Route {
  const height = Number(text);
  const sound = /^[0-9]+$/.test(text) && Number.isSafeInteger(height);
  return sound ? {view: 'block', height} : {view: 'unknown', text};
}

/** Browsers encode some of what follows #; a text that was never encoded stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
