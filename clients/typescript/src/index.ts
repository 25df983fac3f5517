/**
 * Dzong for JavaScript: answers of the ledger verified offline, a client that believes nothing
 * else, and events built and signed. The forms are those of `docs/format.md` and `docs/did-ndi.md`.
 */

export type { ImportedQuestion } from "./anoncreds.js";
export { fromBase58, fromBase64, fromHex, toBase58, toBase64, toHex } from "./bytes.js";
export type { Fork } from "./chain.js";
export {
  DzongClient, type Anchor, type Answered, type At, type ClientOptions, type Dereferenced,
  type Found, type Receipt, type Recorded, type Resolved, type Submitted,
} from "./client.js";
export type { Refusal } from "./decide.js";
export type { DereferencingQuestion } from "./dereferencing.js";
export { checkInception, isDid, parseDid, type NdiDid } from "./did.js";
export {
  DzongError, FormatError, JsonError, ProblemError, TransportError, UnverifiedError,
  type JsonCode, type Problem,
} from "./errors.js";
export {
  checkControl, checkSignatures, didCreated, didDeactivated, didUpdated, endorse, eventBytes,
  eventId, schemaPublished, sign, type Deactivation, type Event, type Inception,
  type Publication, type Signing, type Times, type Update,
} from "./events.js";
export type { Limits } from "./http.js";
export {
  canonical, canonicalText, isObject, parse, parseCanonical, type Json, type JsonObject,
} from "./json.js";
export {
  LocalKey, keyHash, multikeyOf, readPublicKey, verifySignature, type Cryptosuite,
  type PublicKey, type Signer,
} from "./keys.js";
export type { History, LedgerRecord } from "./record.js";
export { resourceId, resourceUri, type ResourceQuestion } from "./resource.js";
export type { Control, DidState, Failure, Question } from "./resolution.js";
export type {
  AsOf, RevocationRegistry, SlotStatus, StatusList,
} from "./revocation.js";
export type { StatusPart, StatusQuestion } from "./status.js";
export { formatTime, parseTime } from "./time.js";
export type { TrustQuery, TrustQuestion } from "./trqp.js";
export {
  checkpointOf, domainOf, genesisHash, trustCheckpoint, trustGenesis, type Trust,
} from "./trust.js";
export { ValidatorSet, type Validator } from "./validators.js";
export { applyDelta, nodesOf, statusAt, type Status } from "./vector.js";
export {
  verify, verifyReceipt, type Freshness, type Proven, type Verdict,
} from "./verify.js";
