//! `CertificateSuspended`: a DPKI certificate does not count for now.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Certificate};

status_kind! {
    /// The members of `CertificateSuspended`.
    CertificateSuspended: Certificate, to Suspended, on Certificate::ENDING,
    sections "s.40, s.41",
    by &[
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::Revoke),
        Power::Author,
    ],
    conditions "On one of four grounds, each for whom the Act names: a revocation service \
        provider, by order of a court where that is the ground, or the Governing Body \
        for national security."
}
