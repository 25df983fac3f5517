//! Revocation: the statuses of an issuer's credentials as one vector of numbered slots. The vector
//! is the state; the lists and accumulators that wallets and verifiers use follow from it.
//!
//! # Invariants
//!
//! * Nothing about a person is here: slots are numbers, and the grounds of a change are salted
//!   commitments that are opened to those concerned.
//! * Slot 0 is reserved, and revoked from the beginning. A change of it would leak the secret of an
//!   AnonCreds registry, or make the commitment to the vector nothing at all.
//! * A change is whole or not at all, over all registries that it names; the version that it
//!   replaces is compared, so it has effect once.
//! * The issuer cannot bring back what is revoked, nor touch a slot that is locked.

mod anoncreds;
mod change;
mod hold;
mod list;
mod lock;
mod provider;
mod recompute;
mod refusal;
mod registry;
mod slots;
mod touched;
mod vector;

#[cfg(test)]
mod tests;

pub(crate) use anoncreds::DEFINITION;
pub use anoncreds::{Anoncreds, Defined, status_list};
pub use change::{Actor, CHANGES_MAX, Changes, Overriding, REGISTRIES_MAX, RegistryChange};
pub use hold::Holding;
pub(crate) use hold::hold_kind;
pub use list::{Answer, Part, Question, Route, Wanted};
pub use lock::{Basis, Lock, Locking};
pub use provider::Provider;
pub use recompute::recompute;
pub use refusal::StatusError;
pub use registry::{Format, Head, Hold, Registry};
pub use slots::{NoSlotList, PowersOfTau, SETUP_SLOTS, SlotList, Slots};
pub use vector::{Base64, CAPACITY_MAX, CHUNK_SLOTS, Chunk, Vector};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::trust::forms;

/// What a slot's two bits say (IETF Token Status List section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// 0: the credential counts, or was not issued yet.
    Valid,
    /// 1: it never counts again.
    Revoked,
    /// 2: it does not count for now.
    Suspended,
}

impl Status {
    /// How records and answers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Valid => "valid",
            Status::Revoked => "revoked",
            Status::Suspended => "suspended",
        }
    }

    fn bits(self) -> u8 {
        match self {
            Status::Valid => 0,
            Status::Revoked => 1,
            Status::Suspended => 2,
        }
    }

    /// The status of two bits; 3 is none.
    fn of_bits(bits: u8) -> Option<Status> {
        match bits {
            0 => Some(Status::Valid),
            1 => Some(Status::Revoked),
            2 => Some(Status::Suspended),
            _ => None,
        }
    }
}

/// The salted commitment to a ground: SHA-256 of the salt and the ground's text, in hexadecimal
/// digits. Salt and text go to those concerned, and to who decides on an appeal.
#[must_use]
pub fn commitment(salt: &[u8; 32], ground: &str) -> String {
    hex::encode(Sha256::new().chain_update(salt).chain_update(ground).finalize())
}

pub(crate) fn check_ground(ground: &str) -> Result<(), StatusError> {
    match forms::is_sha256(ground) {
        true => Ok(()),
        false => Err(StatusError::Form("ground", "is a salted commitment: a SHA-256 in hex")),
    }
}
