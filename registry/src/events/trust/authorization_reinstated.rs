//! `AuthorizationReinstated`: a suspended authorization counts again.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Authorization, grounds};

status_kind! {
    /// The members of `AuthorizationReinstated`.
    AuthorizationReinstated: Authorization, to Active, on grounds::RETURN,
    sections "s.13, s.46, s.51",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "The ground of the suspension decides who may."
}
