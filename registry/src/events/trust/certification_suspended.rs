//! `CertificationSuspended`: a certification does not count for now (Act s.101).

use crate::authority::Power;
use crate::trust::step::status_kind;
use crate::trust::{Action, Certification};

status_kind! {
    /// The members of `CertificationSuspended`.
    CertificationSuspended: Certification, to Suspended, on Certification::SUSPENSION,
    sections "s.101, s.103",
    by &[Power::AdministrativeBody, Power::Holder(Action::Revoke)],
    conditions "On two grounds: the request of the one certified, or non-conformance that can be \
        cured; a revocation service provider is authorised for the role and names the \
        document."
}
