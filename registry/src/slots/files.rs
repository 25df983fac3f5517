//! Both files of a set-up as one, as a ledger keeps them: `powers-N.bin`, then `lagrange-N.bin`.
//! Where what stands in it follows from its length.

use std::ops::Range;

use super::domain::Domain;
use super::powers::Powers;
use super::setup::{self, Setup, SetupError};
use super::table::{self, Table};

/// How many slots a set-up has whose files are so long together. `None` if none has.
pub fn slots_of(bytes: u64) -> Option<u32> {
    // Bytes of a power and of a table's point, and those of τP~.
    let points = bytes.checked_sub(96)?;
    let slots = u32::try_from(points / (48 + 96)).ok().filter(|_| points % (48 + 96) == 0)?;
    Domain::of(slots).map(|domain| domain.slots())
}

/// Where the 96 bytes of `τP~` stand in both files as one, of a set-up of so many slots.
pub fn tau_in(slots: u32) -> Range<u64> {
    let start = u64::from(slots) * 48;
    start..start + 96
}

/// Where the table stands in both files as one, for [`Table::adopted`].
pub fn table_in(slots: u32) -> Range<u64> {
    let start = tau_in(slots).end;
    start..start + table::point_at(slots).start
}

/// Where the 96 bytes of a slot's point stand in both files as one, for
/// [`super::G1Point::adopted`].
pub fn point_in(slots: u32, slot: u32) -> Range<u64> {
    let (start, point) = (table_in(slots).start, table::point_at(slot));
    start + point.start..start + point.end
}

/// Reads both files as one, every point strictly, and checks that they are a set-up.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_files(bytes: &[u8]) -> Result<Setup, SetupError> {
    let slots = u64::try_from(bytes.len()).ok().and_then(slots_of).ok_or(SetupError::Length)?;
    let powers = usize::try_from(table_in(slots).start).map_err(|_| SetupError::Length)?;
    let (powers, table) = bytes.split_at_checked(powers).ok_or(SetupError::Length)?;
    setup::check(&Powers::read(powers)?, &Table::read(table)?)
}
