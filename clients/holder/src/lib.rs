//! What a wallet does with the slot of a credential: it makes the slot's witness from public files,
//! and proves to a verifier that it holds a credential of an issuer whose slot is active, without
//! saying which slot that is.
//!
//! # Invariants
//!
//! * Pure: randomness is the caller's, everything else follows from it; it runs in a browser.
//! * No question about one slot is ever asked: all that is needed is the same for every holder.
//! * What a stranger made is read strictly, into points of the group that are not the identity.
//! * A presentation is about one registry, which the issuer signed and the holder discloses, and
//!   about one version of its list, whose commitment the verifier has from a proven record.
//!
//! The calculations take time that depends on secrets: where others share the processor, that is a
//! side channel. `docs/slot-accumulator.md` says more, and that nobody from outside reviewed this
//! yet.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions))]

pub mod bbs;
mod credential;
mod presentation;
mod standing;
mod witness;

#[cfg(test)]
mod tests;

pub use credential::{
    ATTRIBUTES_MAX, Attributes, Credential, IssueError, Issuer, REGISTRY_INDEX, SLOT_INDEX, issue,
    slot_scalar,
};
pub use presentation::{
    Disclosed, NONCE_BYTES_MIN, PresentError, Refusal, VALUE_BYTES_MAX, Verifier, present,
};
pub use registry::status::{NoSlotList, SlotList};
pub use standing::{Delta, Standing};
pub use witness::{Witness, WitnessError};
