//! `RevocationRegistryRetired`: a registry that changes no more (Act s.55).

use crate::authority::{Class, Power};
use crate::status::{Hold, hold_kind};

hold_kind! {
    /// The members of `RevocationRegistryRetired`.
    RevocationRegistryRetired: Some(Hold::Retired),
    sections "s.55, s.98",
    by &[
        Power::GoverningBody(Class::Ordinary),
        Power::AdministrativeBody,
        Power::Author,
    ],
    conditions "By its issuer, the Administrative Body or the Governing Body; it is final, and the \
        lists stay as they are."
}
