//! `EntityReactivated`: a suspended entity counts again.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Entity, grounds};

status_kind! {
    /// The members of `EntityReactivated`.
    EntityReactivated: Entity, to Active, on grounds::RETURN,
    sections "s.13, s.46, s.51, s.68",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "The ground of the suspension decides who may; what the roles demand must still \
        hold."
}
