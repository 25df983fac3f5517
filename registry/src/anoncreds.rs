//! AnonCreds v1 revocation without the issuer's secret: the accumulator of a registry is a sum of
//! public points, its tails, so everybody who holds the tails file can compute each next value.
//!
//! For a registry of `L` credentials (`maxCredNum`) whose secret is `γ`, the file holds
//! `tails[k] = γ^k·g'` for `k` from 0 to `2L`, and the accumulator is the sum of `tails[L+1-i]`
//! over all slots `i` from 1 to `L` that are in force (Camenisch, Kohlweiss, Soriente, "An
//! Accumulator Based on Bilinear Maps", 2009; the AnonCreds v1 specification, "Revocation
//! Registry Definition" and "Revocation Status List").
//!
//! # Invariants
//!
//! * `tails[L+1]` is never added or subtracted, so slot 0 has no tail: whoever knows that point
//!   proves non-revocation of any credential, for ever.
//! * A [`Point`] is on the curve and not infinity. One that came from a text is also in the
//!   subgroup of prime order; one that came from bytes is so if its file passed [`check_tails`].
//! * What is compared or kept is [`Point::to_bytes`]. The library's texts are not canonical.
//! * Total: no input makes any of this panic, and each has a limit.

mod curve;
pub mod objects;
mod point;
mod tails;
mod text;

#[cfg(test)]
mod tests;

use curve::Running;
pub use point::{Point, PointError};
pub use tails::{TailsError, TailsSummary, check_tails, tail_at, tail_index, tails_length};

/// Fewest credentials of a registry: position 0 of a status list is none and position `L` is not
/// in the list, so a registry of one could revoke nothing.
pub const MAX_CRED_NUM_MIN: u32 = 2;
/// Most credentials of a registry. Nothing in the mathematics asks for it: it is what the issuers'
/// software makes at most (`MAX_SIZE` of ACA-Py), and its tails are 8.4 MB, which every holder
/// loads and every validator checks.
pub const MAX_CRED_NUM_MAX: u32 = 32_768;

/// The accumulator after the tails in `add` came into force and those in `subtract` went out of
/// it; `None` when nothing is left, for infinity is no accumulator.
///
/// Costs one inversion, and one mixed addition for each tail.
#[must_use]
pub fn shift(
    accumulator: &Point,
    add: impl IntoIterator<Item = Point>,
    subtract: impl IntoIterator<Item = Point>,
) -> Option<Point> {
    let mut sum = Running::from(accumulator.affine());
    for tail in add {
        sum += tail.affine();
    }
    for tail in subtract {
        sum -= tail.affine();
    }
    Point::of(sum)
}
