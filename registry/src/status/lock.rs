//! Locks: a slot that a decision above the issuer holds.

use serde::{Deserialize, Serialize};

/// Whose decision a change above the issuer is (Act s.40, s.55, s.87, s.101 to s.103).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A court's order, which the Administrative Body carries out (s.40 (3)).
    Court,
    /// The Governing Body's own (s.40 (4)).
    GoverningBody,
    /// A request or finding on which a revocation service provider acts (s.87).
    Provider,
}

impl Basis {
    pub(super) fn words(self) -> &'static str {
        match self {
            Basis::Court => "a court, or the Governing Body",
            Basis::GoverningBody => "the Governing Body",
            Basis::Provider => "a revocation service provider",
        }
    }
}

/// What happens to the locks of the slots that an override names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locking {
    /// They stay as they are; a locked slot is for whoever may lift its lock.
    Keep,
    /// From now on the issuer cannot change them.
    Lock,
    /// The issuer may change them again.
    Unlock,
}

/// The content of `status-lock/<registry>/<slot>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Whose decision.
    pub basis: Basis,
    /// The salted commitment to its ground, in hexadecimal digits.
    pub ground: String,
    /// Whether it is in force.
    pub locked: bool,
}

impl Lock {
    /// The key of a slot's lock.
    #[must_use]
    pub fn key(registry: &str, slot: u32) -> String {
        format!("status-lock/{registry}/{slot}")
    }
}
