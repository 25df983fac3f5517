//! Blocks, events, state tree, log tree and projections of one node, in RocksDB: execute, commit,
//! prove, replay.
//!
//! # Invariants
//!
//! * A block becomes durable as a whole, in one synced batch, or not at all.
//! * Validity is a pure function of the parent's state and the block's bytes; `ledger` knows no
//!   clock and no turn of proposers.
//! * `commit` takes only a [`CertifiedBlock`], which only a [`Certificate`](proofs::Certificate)
//!   that holds can make. [`LogReplay`] executes without, and is no ledger to anyone else.
//! * Every record that is read is compared with the state tree, so that a damaged one is never
//!   served and never executed upon.
//! * A snapshot speaks of one height, whatever is committed meanwhile.
//! * A blob's bytes are kept where a record names them, and never decide what is valid: where a
//!   rule reads what is not here, that is a [`Fault`] of this machine, which has it fetched.
//! * After a failed write nothing more is written: what the disk holds is then unknown.

pub mod audit;
pub mod blobs;
pub mod events;
pub mod execution;
pub mod fault;
pub mod log;
pub mod pending;
pub mod snapshot;
pub mod tree;

mod chain;
mod check;
#[cfg(test)]
mod fixture;
mod head;
mod ledger;
mod overlay;
mod rows;
mod store;

pub use audit::{LogReplay, Report, audit};
pub use blobs::NotKept;
pub use chain::{DecidedBlock, StoredEvent};
pub use events::{EventPage, EventQuery, ListedEvent};
pub use execution::{BlockInput, CertifiedBlock, ExecutedBlock, Invalid, Proposal, Trial};
pub use fault::Fault;
pub use head::Recorded;
pub use ledger::Ledger;
pub use pending::Pending;
pub use snapshot::{Head, Projected, Snapshot, Version};
pub use store::Memory;
pub use tree::StateTree;
