//! `CertificationReactivated`: a suspended certification counts again (Act s.102).

use crate::authority::Power;
use crate::trust::step::status_kind;
use crate::trust::{Action, Certification};

status_kind! {
    /// The members of `CertificationReactivated`.
    CertificationReactivated: Certification, to Active, on Certification::REACTIVATION,
    sections "s.102",
    by &[Power::AdministrativeBody, Power::Holder(Action::Certify), Power::Author],
    conditions "After a suspension on request the one certified asks for it; after non- \
        conformance the certifier finds conformance."
}
