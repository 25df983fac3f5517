//! What an event means: its kinds, the signatures it bears, the rules by which it changes records,
//! the read models that follow from them, and the answers that are rebuilt from proven records.
//!
//! # Invariants
//!
//! * Pure: no clock, no randomness, no floats, no hash maps in what reaches a hash, no input or
//!   output. The same event over the same records gives the same changes on every machine.
//! * Rules return what changes, or a [`Rejection`]; they never write, and they are total.
//! * Signatures are listed as checks to make ([`SignedEvent::checks`]), so that a node may make
//!   them in batches; a [`CheckedEvent`] exists only when all of them held.
//! * Canonical bytes are kept as they were signed, and never written anew.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions))]

pub mod anoncreds;
pub mod answer;
pub mod author;
pub mod authority;
pub mod base58;
pub mod blob;
pub mod control;
pub mod dereferencing;
pub mod did;
pub mod did_state;
pub mod document;
pub mod event;
pub mod events;
pub mod explain;
pub mod genesis;
pub mod governance;
pub mod import;
pub mod integrity;
pub mod json;
pub mod multikey;
pub mod network;
pub mod oversight;
pub mod projections;
pub mod rejection;
pub mod resolution;
pub mod resource;
pub mod roles;
pub mod slots;
pub mod state;
pub mod status;
pub mod suites;
mod template;
pub mod time;
pub mod trust;

#[cfg(test)]
mod tests;

pub use control::Control;
pub use event::{CheckedEvent, SignedEvent};
pub use genesis::Genesis;
pub use integrity::SignatureCheck;
pub use network::Parameters;
pub use rejection::Rejection;
pub use state::{Change, Context, View};
