//! Where the polynomial of a registry says what: slot `i` is the point `ω^i`.

use std::iter;

use ark_bls12_381::Fr;
use ark_ff::{FftField, Field, One};

/// Fewest slots of a set-up.
pub const SLOTS_MIN: u32 = 16;
/// Most slots of a set-up.
pub const SLOTS_MAX: u32 = 65_536;

/// The slots of one size of registry, and the roots of unity that stand for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    slots: u32,
    root: Fr,
}

impl Domain {
    /// The domain of this many slots: a power of two from [`SLOTS_MIN`] to [`SLOTS_MAX`]. The root
    /// is `7^((r − 1) / slots)`, as in Ethereum's set-up.
    pub fn of(slots: u32) -> Option<Domain> {
        let sound = slots.is_power_of_two() && (SLOTS_MIN..=SLOTS_MAX).contains(&slots);
        let root = Fr::get_root_of_unity(u64::from(slots)).filter(|_| sound)?;
        Some(Domain { slots, root })
    }

    /// How many slots there are, slot 0 among them.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// The point `ω^slot`. A slot that is not there gives the point of another one: look with
    /// [`Domain::holds`] first.
    pub fn at(&self, slot: u32) -> Fr {
        self.root.pow([u64::from(slot)])
    }

    /// Whether a credential may have this slot: it is there, and it is not slot 0.
    pub fn holds(&self, slot: u32) -> bool {
        (1..self.slots).contains(&slot)
    }

    /// All points, in the order of slots.
    pub fn points(&self) -> impl Iterator<Item = Fr> {
        let (root, count) = (self.root, usize::try_from(self.slots).unwrap_or(usize::MAX));
        iter::successors(Some(Fr::one()), move |point| Some(*point * root)).take(count)
    }

    /// How many slots there are, as a length.
    pub(super) fn len(&self) -> usize {
        usize::try_from(self.slots).unwrap_or(usize::MAX)
    }

    /// The domain of so many slots.
    pub(super) fn of_len(slots: usize) -> Option<Domain> {
        u32::try_from(slots).ok().and_then(Domain::of)
    }

    pub(super) fn root(&self) -> Fr {
        self.root
    }
}
