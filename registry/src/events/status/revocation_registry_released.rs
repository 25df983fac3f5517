//! `RevocationRegistryReleased`: a frozen registry is its issuer's again (Act s.42, s.43).

use crate::authority::{Class, Power};
use crate::status::hold_kind;

hold_kind! {
    /// The members of `RevocationRegistryReleased`.
    RevocationRegistryReleased: None,
    sections "s.42, s.43",
    by &[Power::GoverningBody(Class::Ordinary), Power::AdministrativeBody],
    conditions "By the Governing Body, or the Administrative Body, of a registry that is frozen."
}
