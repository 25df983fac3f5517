//! Oversight (Act, chapters 5, 9, 10 and 13): appeals with their deadlines, incidents, audits,
//! conformance, and who controls a legal person's identity.
//!
//! # Invariants
//!
//! * No free text and no personal data: documents stand here by their hash (Act s.61 to s.63).
//! * Deadlines are counted in working days of the calendar in force when they begin.

mod appeal;
mod audit;
mod calendar;
pub(crate) mod controllership;
mod incident;

#[cfg(test)]
mod tests;

pub use appeal::{Appeal, Decision, Escalation, Outcome};
pub use audit::{Audit, Auditor, Conformance};
pub use calendar::Calendar;
pub use controllership::{Basis, Controllership, Termination};
pub use incident::{Disclosure, Incident};

use proofs::Record;
use serde::de::DeserializeOwned;

use crate::events::check_version;
use crate::rejection::Rejection;
use crate::state::View;

/// What a record that must exist holds, in the version that the event names.
///
/// # Errors
/// [`Rejection::NotFound`], [`Rejection::StaleVersion`], [`Rejection::Unreadable`].
pub(crate) fn current<T: DeserializeOwned>(
    key: &str,
    previous_version: u64,
    view: &dyn View,
) -> Result<T, Rejection> {
    let record: Record = view.record(key).ok_or_else(|| Rejection::NotFound(key.to_owned()))?;
    check_version(previous_version, &record)?;
    let read = serde_json::from_str(record.content.get());
    read.map_err(|_| Rejection::Unreadable(key.to_owned()))
}
