//! `RegistryDiscontinued`: the end of a trust registry, and of what rests on it (Act s.98).

use crate::authority::{Class, Power};
use crate::trust::step::status_kind;
use crate::trust::{Action, Registry};

status_kind! {
    /// The members of `RegistryDiscontinued`.
    RegistryDiscontinued: Registry, to Revoked, on Registry::DISCONTINUANCE,
    sections "s.98",
    by &[
        Power::AdministrativeBody,
        Power::GoverningBody(Class::Ordinary),
        Power::Holder(Action::RunRegistry),
        Power::Author,
    ],
    conditions "By the Administrative Body or the registry that delegated; it is final, and \
        nothing that rests on it counts from that height on."
}
