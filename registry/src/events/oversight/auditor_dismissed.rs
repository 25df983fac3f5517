//! `AuditorDismissed`: the end of an auditor's appointment.

use crate::authority::{Class, Power};
use crate::oversight::Auditor;
use crate::trust::step::status_kind;

status_kind! {
    /// The members of `AuditorDismissed`.
    AuditorDismissed: Auditor, to Revoked, on Auditor::DISMISSAL,
    sections "s.152",
    by &[Power::GoverningBody(Class::Ordinary)],
    conditions "The Governing Body, which appointed, names the ground; it may appoint anew."
}
