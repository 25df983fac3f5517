//! From a genesis hash to "this record was in force at height h": hashes, headers, validator sets,
//! certificates, two tree verifiers and verdicts. Everything that a wallet needs in order to check
//! an answer offline, and nothing else.
//!
//! # Invariants
//!
//! * `proofs` knows no DIDs: what a record's content means is the business of `registry`.
//! * No clock, no randomness, no floats, no hash maps, no input or output; it builds for
//!   `wasm32-unknown-unknown`.
//! * Every byte layout that is hashed or signed is written here once, and signer and verifier call
//!   the same function.
//! * Nothing here panics on bytes from outside.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions))]

pub mod block;
pub mod certificate;
pub mod chain;
pub mod evidence;
pub mod fork;
pub mod hash;
pub mod header;
pub mod history;
pub mod merkle;
pub mod receipt;
pub mod record;
pub mod state;
pub mod tlog;
pub mod trust;
pub mod validators;

mod bytes;

pub use block::Block;
pub use certificate::{Certificate, Signature, Vote};
pub use chain::{Checkpoint, TrustChain};
pub use evidence::{Evidence, ProvenRecord, Shown};
pub use fork::{Fork, ForkProof};
pub use hash::{Hash, Tag, tagged};
pub use header::Header;
pub use receipt::Receipt;
pub use record::Record;
pub use state::StateProof;
pub use trust::{Trust, Verdict, verify};
pub use validators::{PublicKey, Validator, ValidatorSet};
