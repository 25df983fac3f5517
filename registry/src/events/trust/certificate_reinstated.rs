//! `CertificateReinstated`: a suspended DPKI certificate counts again.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Certificate};

status_kind! {
    /// The members of `CertificateReinstated`.
    CertificateReinstated: Certificate, to Active, on Certificate::REINSTATEMENT,
    sections "s.42, s.43",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::Revoke),
        Power::Author,
    ],
    conditions "By whom the ground of the suspension was for, or by the Administrative Body on \
        appeal."
}
