//! The AnonCreds library's text of what it computes with: for each coordinate an "excess" and the
//! hexadecimal digits of a number below `excess·p` ("21 115EA… 6 7085…").
//!
//! It writes its numbers as they lie in memory: not reduced, and multiplied by 2^280 (Montgomery's
//! form). So one point has many texts, and only its coordinates' quotients have a meaning.

use ark_ff::{AdditiveGroup, BigInteger, Field, MontFp, PrimeField};

use super::curve::{Base, P, Six, Twelve, Two, is_pairing_value, on_curve};
use super::point::PointError;

/// Largest excess: `amcl` reduces a number before it becomes larger (`FEXCESS`).
pub(super) const EXCESS_MAX: u32 = (1 << 26) - 1;
/// Fewest digits: 32 bytes, filled up with zeros.
pub(super) const DIGITS_MIN: usize = 64;
/// Most digits: no number is beyond 280 bits.
pub(super) const DIGITS_MAX: usize = 70;
/// Bytes of the largest number.
const NUMBER_BYTES: usize = DIGITS_MAX / 2;

/// 2^280 mod p.
const SCALE: Base =
    MontFp!("4237381465690703273644805102746700614810481227749296964916931769019444734120");

/// Reads the numbers of `N` coordinates, each still multiplied by [`SCALE`].
///
/// # Errors
/// The library would not write such a text.
pub(super) fn read<const N: usize>(text: &str) -> Result<[Base; N], PointError> {
    // Before anything is split: the longest text that can be right.
    if text.len() > N * (8 + 1 + DIGITS_MAX + 1) {
        return Err(PointError::Tokens { count: 2 * N });
    }
    let mut numbers = [Base::ZERO; N];
    let mut tokens = text.split(' ');
    for number in &mut numbers {
        let (Some(excess), Some(digits)) = (tokens.next(), tokens.next()) else {
            return Err(PointError::Tokens { count: 2 * N });
        };
        *number = read_number(read_excess(excess)?, digits)?;
    }
    match tokens.next() {
        None => Ok(numbers),
        Some(_) => Err(PointError::Tokens { count: 2 * N }),
    }
}

fn read_excess(token: &str) -> Result<u32, PointError> {
    let plain = token.bytes().all(|digit| digit.is_ascii_digit()) && !token.starts_with('0');
    match token.parse() {
        Ok(excess) if plain && (1..=EXCESS_MAX).contains(&excess) => Ok(excess),
        _ => Err(PointError::Excess),
    }
}

fn read_number(excess: u32, digits: &str) -> Result<Base, PointError> {
    let plain = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    let shortest = digits.len() == DIGITS_MIN || !digits.starts_with('0');
    if !plain || !shortest || !(DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) {
        return Err(PointError::Digits);
    }
    let bytes = hex::decode(format!("{digits:0>DIGITS_MAX$}")).map_err(|_| PointError::Digits)?;
    match bytes < multiple_of_p(excess) {
        true => Ok(Base::from_be_bytes_mod_order(&bytes)),
        false => Err(PointError::NotBelow),
    }
}

/// `excess·p`, in [`NUMBER_BYTES`] bytes, highest first.
fn multiple_of_p(excess: u32) -> Vec<u8> {
    let mut carry: u64 = 0;
    let mut bytes: Vec<u8> = P
        .to_bytes_le()
        .into_iter()
        .chain([0; NUMBER_BYTES - 32])
        .map(|byte| {
            carry += u64::from(byte) * u64::from(excess);
            let [low, ..] = carry.to_le_bytes();
            carry >>= 8;
            low
        })
        .collect();
    // The highest byte that 2^26·p can reach is the last: 254 + 26 bits.
    bytes.reverse();
    bytes
}

/// The text of some coordinates, reduced.
pub(super) fn write(coordinates: &[Base]) -> String {
    let one = |coordinate: &Base| {
        let number = (*coordinate * SCALE).into_bigint().to_bytes_be();
        format!("1 {}", hex::encode_upper(number))
    };
    coordinates.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Checks the text of a point of G1: 3 coordinates, on the curve, not infinity.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_g1(text: &str) -> Result<(), PointError> {
    // Homogeneous, so it does not matter that each is multiplied by the same.
    let [x, y, z] = read(text)?;
    match z {
        z if !on_curve(&x, &y, &z) => Err(PointError::OffCurve),
        z if z == Base::ZERO => Err(PointError::Infinity),
        _ => Ok(()),
    }
}

/// Reads the text of a value of a pairing: 12 coordinates, of order `r`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read_gt(text: &str) -> Result<Twelve, PointError> {
    let numbers: [Base; 12] = read(text)?;
    let unscale = SCALE.inverse().unwrap_or_default();
    let value = twelve(numbers.map(|number| number * unscale));
    match is_pairing_value(&value) {
        true => Ok(value),
        false => Err(PointError::OffSubgroup),
    }
}

/// The element with these coordinates. `amcl`'s tower is another: `t² = ξ`, then `w³ = t`. So its
/// first two are of `w⁰` and `w³`, then `w¹` and `w⁴`, then `w²` and `w⁵`; in ours `v = w²`.
fn twelve(coordinates: [Base; 12]) -> Twelve {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = coordinates;
    let even = Six::new(Two::new(a, b), Two::new(i, j), Two::new(g, h));
    let odd = Six::new(Two::new(e, f), Two::new(c, d), Two::new(k, l));
    Twelve::new(even, odd)
}
