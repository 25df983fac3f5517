//! The commitment of a registry: one point, moved by one public point for each slot that changes.

use ark_bls12_381::G1Projective;
use ark_ec::AffineRepr;
use ark_ff::Zero;

use super::point::{G1_BYTES, G1Point, PointError};

/// What a registry's record holds: the sum of the points of its inactive slots. Never the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment(G1Point);

impl Commitment {
    /// The commitment of a new registry, from the table's point of slot 0, the one inactive slot.
    pub fn genesis(slot0: &G1Point) -> Commitment {
        Commitment(*slot0)
    }

    /// The commitment of a registry with these inactive slots, slot 0 among them. Nothing if the
    /// points add up to the identity, as those of no slots do.
    pub fn of(inactive: impl IntoIterator<Item = G1Point>) -> Option<Commitment> {
        G1Point::of(sum(G1Projective::zero(), inactive)).map(Commitment)
    }

    /// Reads 48 bytes that a stranger may have made.
    ///
    /// # Errors
    /// They are not the canonical form of a point of the group, or they are the identity.
    pub fn read(bytes: &[u8]) -> Result<Commitment, PointError> {
        G1Point::read(bytes).map(Commitment)
    }

    /// Reads the 48 bytes of a record that validators computed: half the cost of
    /// [`Commitment::read`].
    ///
    /// # Errors
    /// They are not the canonical form of a point of the curve, or they are the identity.
    pub fn kept(bytes: &[u8]) -> Result<Commitment, PointError> {
        G1Point::computed(bytes).map(Commitment)
    }

    /// The one form of it: a compressed point.
    pub fn bytes(&self) -> [u8; G1_BYTES] {
        self.0.bytes()
    }

    /// The point.
    pub fn point(&self) -> G1Point {
        self.0
    }

    /// The commitment after some slots became active again and others inactive. The points are the
    /// table's, in any order: the result depends on the slots alone. Which changes are legal, and
    /// that slot 0 is in none, is for the caller.
    ///
    /// Nothing if the result is the identity. Then a slot was named that was not as it was said to
    /// be, or somebody knows the secret of the set-up.
    pub fn shift(
        &self,
        activate: impl IntoIterator<Item = G1Point>,
        deactivate: impl IntoIterator<Item = G1Point>,
    ) -> Option<Commitment> {
        let less = sum(G1Projective::zero(), activate);
        let more = sum(self.0.affine().into_group(), deactivate);
        G1Point::of(more - less).map(Commitment)
    }
}

fn sum(start: G1Projective, points: impl IntoIterator<Item = G1Point>) -> G1Projective {
    points.into_iter().fold(start, |sum, point| sum + point.affine())
}
