//! The slot accumulator: a commitment to which slots of a registry are inactive, which validators
//! compute from slot numbers alone and against which a holder proves an active slot without saying
//! which. It is a KZG commitment over a public set-up on BLS12-381.
//!
//! With τ the secret of the set-up that nobody knows, `P` and `P~` the generators of the two
//! groups, ω a primitive root of unity of order N and `L_i` the Lagrange polynomial of slot `i` (1
//! at `ω^i`, 0 at the other slots), the commitment is `C = Σ L_i(τ)·P` over the inactive slots `i`.
//! To suspend, revoke or reactivate a slot adds or takes away one public point.
//!
//! # Invariants
//!
//! * Nothing here holds a secret, but [`contribute`] in passing.
//! * A point that was read is on the curve, and no point is the identity. Those that strangers made
//!   are in the group of prime order as well; those of a table that was adopted are known to be.
//! * Every byte form is canonical: what has two forms is refused in one of them.
//! * Slot 0 is inactive from the beginning and for ever, so that no registry commits to nothing.
//!
//! `docs/slot-accumulator.md` has the formats and the argument why it is sound.

mod ceremony;
mod commitment;
mod domain;
mod ethereum;
mod files;
mod point;
mod powers;
mod setup;
mod table;
pub mod trial;

#[cfg(test)]
mod tests;

pub use ceremony::{
    CeremonyError, Contribution, ENTROPY_BYTES, check_chain, check_contribution, contribute,
};
pub use commitment::Commitment;
pub use domain::{Domain, SLOTS_MAX, SLOTS_MIN};
pub use ethereum::{is_ethereum, read_ethereum};
pub use files::{check_files, point_in, slots_of, table_in, tau_in};
pub use point::{G1_BYTES, G1_PLAIN_BYTES, G1Point, G2_BYTES, G2Point, PointError};
pub use powers::Powers;
pub use setup::{Setup, SetupError, check};
pub use table::{Table, point_at};
