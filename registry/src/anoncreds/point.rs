//! A point of G2: a tail, or an accumulator.

use ark_ec::AffineRepr;
use ark_ec::CurveGroup;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};

use super::curve::{Base, G2, Running, Sum, Two, is_on_twist, on_twist};
use super::text;

/// Bytes of a point: two coordinates of two numbers of 32 bytes each.
pub(super) const POINT_BYTES: usize = 128;

/// Why a text or some bytes are no point, or no element of their group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    /// Another number of tokens, or other spaces than one between two of them.
    #[error("write {count} tokens with one space between them")]
    Tokens {
        /// How many it takes.
        count: usize,
    },
    /// An excess that the library never writes.
    #[error("write each excess as a number from 1 to {max}, without leading zeros",
        max = text::EXCESS_MAX)]
    Excess,
    /// Digits that the library never writes.
    #[error("write {min} to {max} upper-case hexadecimal digits after each excess, with leading \
        zeros only up to {min}", min = text::DIGITS_MIN, max = text::DIGITS_MAX)]
    Digits,
    /// A number that is not below its excess times p.
    #[error("write each number below its excess times the field's modulus")]
    NotBelow,
    /// A coordinate of a binary point that is not below p.
    #[error("write each coordinate below the field's modulus")]
    NotReduced,
    /// Infinity.
    #[error("the point at infinity is none here")]
    Infinity,
    /// Not on the curve.
    #[error("the point is not on the curve BN254 of AnonCreds v1")]
    OffCurve,
    /// Not of order r.
    #[error("it is not in the group of prime order")]
    OffSubgroup,
}

/// A point of the twist, not infinity. Points are equal if they are the same point, however they
/// were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point(Affine<G2>);

impl Point {
    /// Reads a point of a tails file: x then y, of each the real part first, big-endian.
    /// It may be outside the subgroup of prime order: see [`Point::is_in_subgroup`].
    ///
    /// # Errors
    /// A coordinate is not reduced, or the point is infinity or not on the curve.
    pub fn from_bytes(bytes: &[u8; 128]) -> Result<Point, PointError> {
        let mut numbers = [Base::ZERO; 4];
        for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<32>().0) {
            *number = Base::from_bigint(big_integer(bytes)).ok_or(PointError::NotReduced)?;
        }
        let [a, b, c, d] = numbers;
        let (x, y) = (Two::new(a, b), Two::new(c, d));
        if x == Two::ZERO && y == Two::ONE {
            // Which is how the library writes it.
            return Err(PointError::Infinity);
        }
        match is_on_twist(&x, &y) {
            true => Ok(Point(Affine::new_unchecked(x, y))),
            false => Err(PointError::OffCurve),
        }
    }

    /// The bytes of the point, which no other point has.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 128] {
        let mut bytes = [0; 128];
        let numbers = [self.0.x.c0, self.0.x.c1, self.0.y.c0, self.0.y.c1];
        for (bytes, number) in bytes.as_chunks_mut::<32>().0.iter_mut().zip(numbers) {
            let BigInt([a, b, c, d]) = number.into_bigint();
            for (bytes, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip([d, c, b, a]) {
                *bytes = limb.to_be_bytes();
            }
        }
        bytes
    }

    /// Reads the text of an accumulator, in any of the forms that the AnonCreds library writes.
    ///
    /// # Errors
    /// The library would not write such a text, or the point is infinity, not on the curve, or not
    /// in the subgroup of prime order.
    pub fn parse(text: &str) -> Result<Point, PointError> {
        // Homogeneous, so it does not matter that each is multiplied by the same.
        let [a, b, c, d, e, f] = text::read(text)?;
        let (x, y, z) = (Two::new(a, b), Two::new(c, d), Two::new(e, f));
        if !on_twist(&x, &y, &z) {
            return Err(PointError::OffCurve);
        }
        let inverse = z.inverse().ok_or(PointError::Infinity)?;
        let point = Point(Affine::new_unchecked(x * inverse, y * inverse));
        match point.is_in_subgroup() {
            true => Ok(point),
            false => Err(PointError::OffSubgroup),
        }
    }

    /// A text that the AnonCreds library reads as this point, and that we write for it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Affine { x, y, .. } = self.0;
        text::write(&[x.c0, x.c1, y.c0, y.c1, Base::ONE, Base::ZERO])
    }

    /// Whether the point is in the subgroup of prime order, where accumulators are.
    #[must_use]
    pub fn is_in_subgroup(&self) -> bool {
        G2::is_in_correct_subgroup_assuming_on_curve(&self.0)
    }

    pub(super) fn affine(&self) -> Affine<G2> {
        self.0
    }

    /// A sum of points; `None` for infinity.
    pub(super) fn of(sum: Running) -> Option<Point> {
        let point = Sum::from(sum).into_affine();
        (!point.is_zero()).then_some(Point(point))
    }
}

fn big_integer(bytes: &[u8; 32]) -> BigInt<4> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*bytes);
    }
    BigInt::new(limbs)
}
