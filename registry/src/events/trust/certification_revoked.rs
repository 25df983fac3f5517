//! `CertificationRevoked`: the end of a certification (Act s.105).

use crate::authority::Power;
use crate::trust::step::status_kind;
use crate::trust::{Action, Certification};

status_kind! {
    /// The members of `CertificationRevoked`.
    CertificationRevoked: Certification, to Revoked, on Certification::REVOCATION,
    sections "s.105",
    by &[Power::AdministrativeBody, Power::Holder(Action::Revoke)],
    conditions "For non-conformance that cannot be cured; it is final."
}
