//! `EntitySuspended`: an entity does not count for now.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Entity, grounds};

status_kind! {
    /// The members of `EntitySuspended`.
    EntitySuspended: Entity, to Suspended, on grounds::SUSPENSION,
    sections "s.13, s.46, s.51, s.68",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "The ground decides who may: the entity only at its own request, the Governing \
        Body alone for national security."
}
