//! `RevocationRegistryFrozen`: a registry that takes changes by override only (Act s.40, s.55).

use crate::authority::{Class, Power};
use crate::status::{Hold, hold_kind};

hold_kind! {
    /// The members of `RevocationRegistryFrozen`.
    RevocationRegistryFrozen: Some(Hold::Frozen),
    sections "s.40, s.55, s.98",
    by &[Power::GoverningBody(Class::Ordinary), Power::AdministrativeBody],
    conditions "By the Governing Body, or the Administrative Body; its issuer changes nothing in \
        it until it is released."
}
