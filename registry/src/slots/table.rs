//! The Lagrange table of a set-up: one point for each slot. It is one file, the same for every
//! registry, of which a validator reads only the points of slots that change.

use std::ops::Range;

use ark_bls12_381::G1Affine;
use sha2::{Digest, Sha256};

use super::domain::Domain;
use super::point::{G1_BYTES, G1_PLAIN_BYTES, G1Point, PointError};
use super::setup::SetupError;

/// Where the 96 bytes of a slot's point stand in the file, for [`G1Point::adopted`].
pub fn point_at(slot: u32) -> Range<u64> {
    // G1_PLAIN_BYTES each.
    let start = u64::from(slot) * 96;
    start..start + 96
}

/// The points `L_0(τ)·P, L_1(τ)·P, …`, in the order of slots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    domain: Domain,
    points: Vec<G1Point>,
}

impl Table {
    /// These points, in the order of slots, if they are as many as a domain has.
    pub fn new(points: Vec<G1Point>) -> Option<Table> {
        Some(Table { domain: Domain::of_len(points.len())?, points })
    }

    /// Reads the file `lagrange-N.bin`, and checks every point: 96 bytes for each slot, both
    /// coordinates. That is twice the shortest form, and saves a validator the square root that
    /// would be nine tenths of the work for a change.
    ///
    /// # Errors
    /// The length is not that of a domain, or the first point that is none.
    pub fn read(bytes: &[u8]) -> Result<Table, SetupError> {
        Table::read_with(bytes, G1_PLAIN_BYTES, G1Point::read_plain)
    }

    /// Reads the file without the group check of its points: it has the hash that was adopted.
    ///
    /// # Errors
    /// The length is not that of a domain, or the first point that is not on the curve.
    pub fn adopted(bytes: &[u8]) -> Result<Table, SetupError> {
        Table::read_with(bytes, G1_PLAIN_BYTES, G1Point::adopted)
    }

    /// Reads the form of half the size that is for sending it: 48 bytes for each slot.
    ///
    /// # Errors
    /// The length is not that of a domain, or the first point that is none.
    pub fn unpack(bytes: &[u8]) -> Result<Table, SetupError> {
        Table::read_with(bytes, G1_BYTES, G1Point::read)
    }

    fn read_with(
        bytes: &[u8],
        size: usize,
        read: impl Fn(&[u8]) -> Result<G1Point, PointError>,
    ) -> Result<Table, SetupError> {
        let (count, rest) = (bytes.len() / size, bytes.len() % size);
        let domain = Domain::of_len(count).filter(|_| rest == 0).ok_or(SetupError::Length)?;
        let read = |(index, bytes)| {
            read(bytes).map_err(|error| SetupError::Point { file: "table", index, error })
        };
        let points = bytes.chunks_exact(size).enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Table { domain, points })
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        self.points.iter().flat_map(G1Point::plain).collect()
    }

    /// The form of half the size.
    pub fn pack(&self) -> Vec<u8> {
        self.points.iter().flat_map(G1Point::bytes).collect()
    }

    /// SHA-256 of the file.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.bytes()).into()
    }

    /// The slots that it is for.
    pub fn domain(&self) -> Domain {
        self.domain
    }

    /// The point of a slot.
    pub fn at(&self, slot: u32) -> Option<G1Point> {
        self.points.get(usize::try_from(slot).ok()?).copied()
    }

    pub(super) fn affine(&self) -> Vec<G1Affine> {
        self.points.iter().map(G1Point::affine).collect()
    }

    /// The table with each point where the number of its slot is written backwards in bits, which
    /// is how some set-ups are laid out.
    pub(super) fn reversed(&self) -> Table {
        let bits = self.domain.slots().trailing_zeros();
        let backwards = |slot: u32| slot.reverse_bits() >> (u32::BITS - bits);
        let points = (0..self.domain.slots()).filter_map(|slot| self.at(backwards(slot))).collect();
        Table { domain: self.domain, points }
    }
}
