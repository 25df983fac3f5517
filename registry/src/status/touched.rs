//! How a view that is a sum of public points reads those that a change touches from its blob.

use std::ops::Range;

use super::StatusError;
use crate::rejection::Rejection;
use crate::state::View;

/// The points that stand in these places of an active blob.
///
/// # Errors
/// One is not there, which no attested blob lets happen.
pub(super) fn points<P>(
    blob: &str,
    places: impl Iterator<Item = Range<u64>>,
    read: impl Fn(&[u8]) -> Option<P>,
    view: &dyn View,
) -> Result<Vec<P>, Rejection> {
    let point = |place| view.blob(blob, place).and_then(|bytes| read(&bytes));
    places.map(|place| point(place).ok_or_else(|| absent(blob))).collect()
}

/// A point is not in its blob, or the sum is none.
pub(super) fn absent(blob: &str) -> Rejection {
    StatusError::Unmet(format!("the registry's points in blob `{blob}` cannot be read")).into()
}
