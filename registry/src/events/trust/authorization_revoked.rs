//! `AuthorizationRevoked`: the end of an authorization.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Authorization, grounds};

status_kind! {
    /// The members of `AuthorizationRevoked`.
    AuthorizationRevoked: Authorization, to Revoked, on grounds::REVOCATION,
    sections "s.13, s.46, s.51",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "The ground decides who may; what the Governing Body ended, only it grants again."
}
