/** The ledger's DID method for Credo agents: a resolver that believes no node, and a registrar. */

export {
  NdiDidRegistrar, endorserOf, type DocumentKey, type Endorser, type KmsControl,
  type NdiDidCreateOptions, type NdiDidDeactivateOptions, type NdiDidUpdateOptions,
} from "./registrar.js";
export { NdiDidResolver } from "./resolver.js";
export { kmsSigner } from "./signer.js";
