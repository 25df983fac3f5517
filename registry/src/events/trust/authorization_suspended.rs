//! `AuthorizationSuspended`: an authorization does not count for now.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Authorization, grounds};

status_kind! {
    /// The members of `AuthorizationSuspended`.
    AuthorizationSuspended: Authorization, to Suspended, on grounds::SUSPENSION,
    sections "s.13, s.46, s.51",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "The ground decides who may: who granted it while that still may grant, or the \
        entity at its own request."
}
