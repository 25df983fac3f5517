//! Points as bytes: the form of ZCash, big-endian, with three flags in the first byte. It is what
//! Ethereum's set-up and BBS write too.

use std::fmt;

use ark_bls12_381::{G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, Compress, Validate};

/// Bytes of a compressed point of G1.
pub const G1_BYTES: usize = 48;
/// Bytes of a point of G1 with both coordinates.
pub const G1_PLAIN_BYTES: usize = 96;
/// Bytes of a compressed point of G2.
pub const G2_BYTES: usize = 96;

/// Why bytes are no point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// The length, a flag or a coordinate is not as the one form has it, or no point has that x.
    #[error("these bytes are not the canonical form of a point on the curve")]
    NotCanonical,
    /// It is on the curve and not in the group of prime order.
    #[error("the point is not in the group of prime order")]
    NotInGroup,
    /// It is the identity, which nothing here may be.
    #[error("the point is the identity")]
    Identity,
}

/// A point of G1 that is not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct G1Point(G1Affine);

/// A point of G2 that is not the identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct G2Point(G2Affine);

impl G1Point {
    /// Reads 48 bytes that a stranger may have made. Costs a square root and a group check.
    ///
    /// # Errors
    /// They are no point of the group, or another form of one.
    pub fn read(bytes: &[u8]) -> Result<G1Point, PointError> {
        in_group(decode(bytes, Compress::Yes)?).map(G1Point)
    }

    /// Reads 48 bytes that validators computed, from a record of the state: all but the group
    /// check.
    ///
    /// # Errors
    /// They are no point of the curve, or another form of one.
    pub fn computed(bytes: &[u8]) -> Result<G1Point, PointError> {
        decode(bytes, Compress::Yes).map(G1Point)
    }

    /// Reads the 96 bytes of a point from a table that was checked when it was adopted: all but the
    /// group check, and without a square root.
    ///
    /// # Errors
    /// They are no point of the curve, or another form of one.
    pub fn adopted(bytes: &[u8]) -> Result<G1Point, PointError> {
        decode(bytes, Compress::No).map(G1Point)
    }

    /// Reads 96 bytes that a stranger may have made.
    ///
    /// # Errors
    /// They are no point of the group, or another form of one.
    pub fn read_plain(bytes: &[u8]) -> Result<G1Point, PointError> {
        in_group(decode(bytes, Compress::No)?).map(G1Point)
    }

    /// The compressed form.
    pub fn bytes(&self) -> [u8; G1_BYTES] {
        encode(&self.0, Compress::Yes)
    }

    /// Both coordinates.
    pub fn plain(&self) -> [u8; G1_PLAIN_BYTES] {
        encode(&self.0, Compress::No)
    }

    /// The point for calculation.
    pub fn affine(&self) -> G1Affine {
        self.0
    }

    /// The result of a calculation within the group, unless it is the identity.
    pub fn of(point: impl CurveGroup<Affine = G1Affine>) -> Option<G1Point> {
        Some(G1Point(point.into_affine())).filter(|point| !point.0.is_zero())
    }
}

impl G2Point {
    /// Reads 96 bytes that a stranger may have made. Costs a square root and a group check.
    ///
    /// # Errors
    /// They are no point of the group, or another form of one.
    pub fn read(bytes: &[u8]) -> Result<G2Point, PointError> {
        in_group(decode(bytes, Compress::Yes)?).map(G2Point)
    }

    /// The compressed form.
    pub fn bytes(&self) -> [u8; G2_BYTES] {
        encode(&self.0, Compress::Yes)
    }

    /// The point for calculation.
    pub fn affine(&self) -> G2Affine {
        self.0
    }

    /// The result of a calculation within the group, unless it is the identity.
    pub fn of(point: impl CurveGroup<Affine = G2Affine>) -> Option<G2Point> {
        Some(G2Point(point.into_affine())).filter(|point| !point.0.is_zero())
    }
}

impl fmt::Debug for G1Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.bytes()))
    }
}

impl fmt::Debug for G2Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.bytes()))
    }
}

/// A point on the curve from the one form that it has.
fn decode<C: SWCurveConfig>(bytes: &[u8], form: Compress) -> Result<Affine<C>, PointError> {
    let mut rest = bytes;
    let point = Affine::<C>::deserialize_with_mode(&mut rest, form, Validate::No)
        .map_err(|_| PointError::NotCanonical)?;
    if point.is_zero() {
        return Err(PointError::Identity);
    }
    // The library takes both coordinates as they come, also with its own validation.
    let on_curve = matches!(form, Compress::Yes) || point.is_on_curve();
    let mut again = [0; G2_BYTES];
    let mut free = again.as_mut_slice();
    let written = point.serialize_with_mode(&mut free, form).is_ok();
    let unused = free.len();
    let same = again.len().checked_sub(unused).and_then(|used| again.get(..used)) == Some(bytes);
    (rest.is_empty() && on_curve && written && same)
        .then_some(point)
        .ok_or(PointError::NotCanonical)
}

fn in_group<C: SWCurveConfig>(point: Affine<C>) -> Result<Affine<C>, PointError> {
    let inside = point.is_in_correct_subgroup_assuming_on_curve();
    inside.then_some(point).ok_or(PointError::NotInGroup)
}

/// The form of so many bytes.
fn encode<const BYTES: usize>(point: &impl CanonicalSerialize, form: Compress) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let written = point.serialize_with_mode(bytes.as_mut_slice(), form);
    assert!(written.is_ok(), "{BYTES} bytes hold a point");
    bytes
}
