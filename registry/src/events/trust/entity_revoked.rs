//! `EntityRevoked`: an entity is listed no more, for ever.

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Entity, grounds};

status_kind! {
    /// The members of `EntityRevoked`.
    EntityRevoked: Entity, to Revoked, on grounds::REVOCATION,
    sections "s.13, s.46, s.51, s.68",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "The ground decides who may; it is final, and all that rests on the entity ends \
        with it."
}
