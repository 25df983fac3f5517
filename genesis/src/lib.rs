//! The ceremony that makes a network's genesis document.
//!
//! A [`Draft`] travels between the participants as a file. Each adds a [`Contribution`]: what it
//! will be in the network, and its inception event, signed with a key that never leaves it. When
//! nothing is missing, [`Draft::assemble`] writes the canonical document, whose hash everyone
//! compares by another channel before the first start.
//!
//! # Invariants
//!
//! * Pure: no files, no clock, no randomness. Keys come through [`registry::author::Key`].
//! * A draft never holds an unsigned or badly signed event: [`Draft::add`] checks every one.
//! * What a genesis document may be is decided by [`registry::Genesis::parse`] alone; nothing is
//!   assembled that it refuses.

mod contribution;
mod draft;
mod summary;

pub use contribution::{Contribution, Place, contribute};
pub use draft::{CeremonyError, Draft};
pub use summary::summary;

#[cfg(test)]
mod tests;
