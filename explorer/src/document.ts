// A DID's versions as the page draws them: the document read leniently, since it may hold whatever
// DID Core allows, and what changed between two.
import {evidenceOf, type Answer} from './proof.ts';
import {count, PURPOSES, suite} from './words.ts';

export interface Control {
  keys: string[];
  threshold: number;
  controllers?: string[];
  nextKeyHashes?: string[];
}

/** One version of a DID, from an answer that holds. */
export interface Version {
  number: number;
  /** Since when, in milliseconds since 1970. */
  since: number;
  /** The event that made it; for those of genesis it is not in the log. */
  event: string;
  inGenesis: boolean;
  control: Control;
  endorser?: string;
  deactivated: boolean;
  document: any;
}

export interface DocumentKey {
  id: string;
  name: string;
  suite: string;
  material: string;
  controller?: string;
  /** Verification relationships that name it. */
  purposes: string[];
}

export interface Service {
  id: string;
  type: string;
  endpoints: string[];
}

/** The version that an answer shows; nothing where there is no such DID or version. */
export function version({reply}: Answer): Version | undefined {
  const {body} = reply;
  const [proven] = evidenceOf(body)?.records ?? [];
  const record = proven?.record;
  if (!record || body.didResolutionMetadata?.error) return undefined;
  const past = proven.past;
  const content = past?.content ?? record.content;
  const {version: number, time: since, event} = past?.entry ?? record;
  return {
    number,
    since,
    event,
    inGenesis: past ? since === content.created && !content.endorser : record.height === 0,
    control: content.control,
    ...(content.endorser && {endorser: content.endorser}),
    deactivated: content.deactivated === true,
    document: body.didDocument
  };
}

const array = (value: unknown): any[] =>
  value == null ? [] : Array.isArray(value) ? value : [value];

/** A name within the document, without the DID before it. */
export function local(id: string, did: string): string {
  return id.startsWith(`${did}#`) ? id.slice(did.length) : id;
}

/** The keys of a document, and those that it only refers to, with what each may do. */
export function keys(document: any, did: string): DocumentKey[] {
  const found = new Map<string, DocumentKey>();
  const add = (method: any) => {
    const name = local(String(method.id), did);
    const jwk = method.publicKeyJwk;
    const material = method.publicKeyMultibase ?? (jwk ? JSON.stringify(jwk) : '');
    const known = found.get(name);
    if (known && !material) return known;
    const key: DocumentKey = {
      id: String(method.id),
      name,
      material,
      purposes: known?.purposes ?? [],
      suite: jwk ? String(jwk.crv ?? jwk.kty) : material ? suite(material) : String(method.type),
      ...(method.controller && method.controller !== did && {controller: method.controller})
    };
    found.set(name, key);
    return key;
  };
  array(document.verificationMethod).forEach(add);
  for (const purpose of Object.keys(PURPOSES)) {
    for (const entry of array(document[purpose])) {
      add(typeof entry === 'string' ? {id: entry, type: 'elsewhere'} : entry).purposes.push(
        purpose
      );
    }
  }
  return [...found.values()];
}

export function services(document: any, did: string): Service[] {
  return array(document.service).map(service => ({
    id: local(String(service.id), did),
    type: array(service.type).join(', '),
    endpoints: array(service.serviceEndpoint).map(end =>
      typeof end === 'string' ? end : JSON.stringify(end)
    )
  }));
}

/** Members whose items are compared one by one. */
const DRAWN = ['verificationMethod', 'service', ...Object.keys(PURPOSES)];

/** What a version changed, against the one before it. */
export function changes(before: Version, after: Version, did: string): string[] {
  if (after.deactivated && !before.deactivated) return ['deactivated for good'];
  const found = [...changedControl(before.control, after.control)];
  if (before.document && after.document) {
    const parts = (
      read: (document: any, did: string) => {name?: string; id: string}[],
      what: string
    ) => changedItems(read(before.document, did), read(after.document, did), what);
    found.push(...parts(keys, 'key'), ...parts(services, 'service'));
    const others = (document: any) =>
      Object.keys(document)
        .filter(name => !DRAWN.includes(name))
        .map(name => ({id: name, value: document[name]}));
    found.push(...changedItems(others(before.document), others(after.document), ''));
  }
  return found;
}

function changedControl(before: Control, after: Control): string[] {
  const found = [];
  const added = after.keys.filter(key => !before.keys.includes(key)).length;
  const removed = before.keys.filter(key => !after.keys.includes(key)).length;
  if (added && added === removed) found.push(`${count(added, 'control key')} replaced`);
  else if (added) found.push(`${count(added, 'control key')} added`);
  else if (removed) found.push(`${count(removed, 'control key')} removed`);
  if (before.threshold !== after.threshold) found.push(`threshold now ${after.threshold}`);
  if (differ(before.controllers, after.controllers)) found.push('controllers changed');
  if (differ(before.nextKeyHashes, after.nextKeyHashes)) {
    found.push(after.nextKeyHashes?.length ? 'next keys committed' : 'no next keys committed');
  }
  return found;
}

function changedItems(before: {name?: string; id: string}[], after: typeof before, what: string) {
  const name = (item: {name?: string; id: string}) => item.name ?? item.id;
  const texts = new Map(before.map(item => [name(item), JSON.stringify(item)]));
  const found = [];
  for (const item of after) {
    const old = texts.get(name(item));
    if (old === undefined) found.push(`${what} ${name(item)} added`.trim());
    else if (old !== JSON.stringify(item)) found.push(`${what} ${name(item)} changed`.trim());
    texts.delete(name(item));
  }
  return [...found, ...[...texts.keys()].map(gone => `${what} ${gone} removed`.trim())];
}

function differ(one: unknown[] = [], other: unknown[] = []): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
