/** DID URLs and references to them (DID Core 1.1, section 3; RFC 3986, sections 4 and 5). */

const CHARS_MAX = 2048;
const SAFE = "A-Za-z0-9._~!$&'()*+,;=:@-";
const PATH = new RegExp(`^(?:[/${SAFE}]|%[0-9A-Fa-f]{2})*$`);
const TEXT = new RegExp(`^(?:[/?${SAFE}]|%[0-9A-Fa-f]{2})*$`);

/** Thrown for a reference that does not mean what its writer may mean by it. */
export class Misuse extends Error {}

/** A reference, taken apart. */
export interface Reference {
  readonly path: string;
  readonly query: string | null;
  readonly fragment: string | null;
}

/** Path, query and fragment. */
export function split(reference: string): Reference {
  const [rest, fragment] = cut(reference, "#");
  const [path, query] = cut(rest, "?");
  return { path, query, fragment };
}

function cut(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

/** A colon in its first segment makes a reference an absolute URL. */
function hasScheme(path: string): boolean {
  return cut(path, "/")[0].includes(":");
}

/** Whether a text is a DID URL that is relative to a DID. */
export function isRelative(text: string): boolean {
  const { path, query, fragment } = split(text);
  return text !== "" && text.length <= CHARS_MAX && !hasScheme(path) && !path.startsWith("//")
    && PATH.test(path) && TEXT.test(query ?? "") && TEXT.test(fragment ?? "");
}

/** What a reference in the document of a DID means; what is absolute stays. */
export function absolute(did: string, reference: string): string {
  const { path } = split(reference);
  if (hasScheme(path)) return reference;
  // The DID stands as an authority without a path, so a first slash is implied.
  return did + (path === "" ? "" : withoutDots(path)) + reference.slice(path.length);
}

/** RFC 3986, section 5.2.4, of a path that begins with a slash or is read as if it did. */
function withoutDots(path: string): string {
  const segments = path.replace(/^\//, "").split("/");
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  const isFolder = [".", ".."].includes(segments.at(-1) ?? "") && kept.length > 0;
  return `/${kept.join("/")}${isFolder ? "/" : ""}`;
}

/** Refuses a `relativeRef` that would lead out of any endpoint. */
export function checkReference(reference: string): void {
  const { path, query, fragment } = split(reference);
  if (![path, query ?? "", fragment ?? ""].every((part) => TEXT.test(part))) {
    throw new Misuse("`relativeRef` is a relative reference of RFC 3986, percent-encoded once");
  }
  if (path.startsWith("//") || hasScheme(path)) {
    throw new Misuse("`relativeRef` is relative: it names no scheme and no host");
  }
  if (decoded(path).split(/[/\\]/).includes("..")) {
    throw new Misuse("`relativeRef` leads out of the endpoint");
  }
}

/** Without percent-encodings, however often they were applied; in time that grows linearly. */
function decoded(path: string): string {
  const characters: string[] = [];
  for (const character of path) {
    characters.push(character);
    for (;;) {
      const [percent, ...digits] = characters.slice(-3);
      const code = digits.join("");
      if (percent !== "%" || !/^[0-9A-Fa-f]{2}$/.test(code)) break;
      characters.splice(-3, 3, String.fromCharCode(Number.parseInt(code, 16)));
    }
  }
  return characters.join("");
}

/** The URL that a checked reference means at an endpoint, with a fragment behind. */
export function below(
  endpoint: string,
  reference: string | undefined,
  fragment: string | undefined,
): string {
  const url = reference === undefined ? endpoint : resolve(endpoint, split(reference));
  if (fragment === undefined) return url;
  if (url.includes("#")) throw new Misuse("the service's URL has a fragment of its own");
  return `${url}#${fragment}`;
}

function resolve(endpoint: string, reference: Reference): string {
  const base = split(endpoint);
  const colon = base.path.indexOf(":");
  if (colon < 0) throw new Misuse("the service's endpoint is not a URL");
  // A DID is an authority of its own kind.
  const host = base.path.startsWith("//", colon + 1) ? colon + 3 : colon + 1;
  const slash = base.path.indexOf("/", host);
  const end = slash < 0 ? base.path.length : slash;
  const [authority, folder] = [base.path.slice(0, end), base.path.slice(end)];
  let { path, query } = reference;
  if (path === "") {
    [path, query] = [folder, query ?? base.query];
  } else if (path.startsWith("/")) {
    path = trimSlashes(folder) + withoutDots(path);
  } else {
    path = folder.slice(0, Math.max(0, folder.lastIndexOf("/"))) + withoutDots(`/${path}`);
  }
  const part = (mark: string, text: string | null): string => text === null ? "" : mark + text;
  return authority + path + part("?", query) + part("#", reference.fragment);
}

function trimSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}
