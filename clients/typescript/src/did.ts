/** Identifiers `did:ndi:<network>:<scid>`, and how an inception event makes one. */

import { concat, fromBase58, toBase58, utf8 } from "./bytes.js";
import { FormatError } from "./errors.js";
import { sha256 } from "./hash.js";
import { canonicalText, type JsonObject } from "./json.js";

/** What stands for the SCID in the bytes that it is computed from. */
export const PLACEHOLDER = "{SCID}";

const SHA256_MULTIHASH = Uint8Array.of(0x12, 0x20);
const NETWORK = /^[a-z0-9-]{1,32}$/;

/** An identifier, taken apart. */
export interface NdiDid {
  readonly did: string;
  readonly network: string;
  readonly scid: string;
}

/** Reads a did:ndi identifier. */
export function parseDid(text: string): NdiDid {
  // Callers in JavaScript may pass anything.
  const parts = String(text).split(":");
  const [scheme, method, network, scid] = parts;
  const shaped = parts.length === 4 && scheme === "did" && method === "ndi";
  if (!shaped || network === undefined || scid === undefined) {
    throw new FormatError(`\`${text}\` is no did:ndi identifier: write did:ndi:<network>:<scid>`);
  }
  if (!NETWORK.test(network)) {
    throw new FormatError("a network's name has 1 to 32 lowercase letters, digits or hyphens");
  }
  checkMultihash(scid, "an scid");
  return { did: text, network, scid };
}

/** Whether a text is a did:ndi identifier. */
export function isDid(text: string): boolean {
  try {
    parseDid(text);
    return true;
  } catch {
    return false;
  }
}

const DID_BYTES_MAX = 2048;
const IDENTIFIER = "(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})";
const ANY_DID = new RegExp(`^did:[a-z0-9]+:(?:${IDENTIFIER}*:)*${IDENTIFIER}+$`);

/** Whether a text is a DID of any method (DID Core, section 3.1). */
export function isAnyDid(text: string): boolean {
  return text.length <= DID_BYTES_MAX && ANY_DID.test(text);
}

/** Base58btc of the SHA-256 multihash of some bytes: an SCID, a commitment to a key. */
export function multihash(bytes: Uint8Array): string {
  return toBase58(concat(SHA256_MULTIHASH, sha256(bytes)));
}

/** Refuses a text that is no SHA-256 multihash in base58btc. */
export function checkMultihash(text: string, what: string): void {
  const bytes = /^Qm.{44}$/.test(text) ? fromBase58(text, 34) : new Uint8Array();
  if (bytes.length !== 34 || bytes[0] !== 0x12 || bytes[1] !== 0x20) {
    throw new FormatError(`${what} is a SHA-256 multihash in base58btc: 46 characters from Qm`);
  }
}

/** The SCID of an inception event without proofs, in which `{SCID}` stands for it. */
export function scidOf(template: JsonObject): string {
  return multihash(utf8(canonicalText(template)));
}

/** Refuses an inception event from which its author's identifier does not follow. */
export function checkInception(event: JsonObject): void {
  const { proof: _, ...unsecured } = event;
  const text = canonicalText(unsecured);
  if (text.includes(PLACEHOLDER)) {
    throw new FormatError("the event still holds {SCID}: two events would have one identifier");
  }
  const { network, scid } = parseDid(String(event["author"]));
  if (event["network"] !== network) {
    throw new FormatError("the event is of another network than its author's identifier");
  }
  if (multihash(utf8(text.replaceAll(scid, PLACEHOLDER))) !== scid) {
    throw new FormatError("the identifier does not follow from its inception event");
  }
}
