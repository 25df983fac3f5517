//! What a revocation registry is, and the head of its status vector.

use std::collections::BTreeSet;

use proofs::{Hash, Record};
use serde::{Deserialize, Serialize};

use super::{Anoncreds, Base64, CAPACITY_MAX, Slots, StatusError, vector};
use crate::anoncreds::{MAX_CRED_NUM_MAX, Point};
use crate::rejection::Rejection;
use crate::slots::{Commitment, G1_BYTES};
use crate::state::{self, Change};
use crate::trust::Moment;

/// A form in which wallets and verifiers read a registry's statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// AnonCreds v1 revocation status lists, with an accumulator.
    Anoncreds,
    /// W3C Bitstring Status List 1.0.
    Bitstring,
    /// The slot accumulator: holders prove an active slot and do not say which.
    Slots,
    /// IETF Token Status List.
    Token,
}

/// Whether a registry takes no changes by its issuer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// Its statuses change by override only.
    Frozen,
    /// Its statuses do not change any more.
    Retired,
}

impl Hold {
    /// How records and answers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Hold::Frozen => "frozen",
            Hold::Retired => "retired",
        }
    }
}

/// The content of `revocation-registry/<id>`; the id is that of the event that created it. Members
/// stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registry {
    /// Its AnonCreds objects, where it has that format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anoncreds: Option<Anoncreds>,
    /// How many slots there are, slot 0 included, which is never given.
    pub capacity: u32,
    /// When it was created.
    pub created: Moment,
    /// The credential type whose credentials it is for, as the trust registry names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
    /// In which forms it may be read.
    pub formats: BTreeSet<Format>,
    /// Whether and how it is held, and the salted commitment to why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<(Hold, String)>,
    /// Whose credentials it is for.
    pub issuer: String,
    /// The set-up of its slot commitment, where it has that format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<Slots>,
}

impl Registry {
    /// What the keys of all registries begin with.
    pub const KEY_PREFIX: &str = "revocation-registry/";

    /// The key of a registry.
    #[must_use]
    pub fn key(id: &str) -> String {
        format!("{}{id}", Self::KEY_PREFIX)
    }

    /// Reads the content of a registry's record.
    #[must_use]
    pub fn read(record: &Record) -> Option<Registry> {
        serde_json::from_str(record.content.get()).ok()
    }

    /// The registry in force.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn current(id: &str, view: &dyn state::View) -> Result<(Record, Registry), Rejection> {
        let key = Registry::key(id);
        state::read(&key, view)?.ok_or(Rejection::NotFound(key))
    }

    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`StatusError::Capacity`], [`StatusError::Form`].
    pub fn check(&self) -> Result<(), StatusError> {
        if !(2..=CAPACITY_MAX).contains(&self.capacity) {
            return Err(StatusError::Capacity);
        }
        if self.formats.is_empty() {
            return Err(StatusError::Form("formats", "names at least one form to read it in"));
        }
        if self.formats.contains(&Format::Anoncreds) && self.capacity > MAX_CRED_NUM_MAX {
            return Err(StatusError::Form("capacity", "is at most 32768 of AnonCreds"));
        }
        match &self.credential_type {
            Some(name) => check_name(name),
            None => Ok(()),
        }
    }

    /// Whether its formats show a credential's slot to every verifier.
    #[must_use]
    pub fn shows_slots(&self) -> bool {
        let shown = |format: &Format| matches!(format, Format::Bitstring | Format::Token);
        self.formats.iter().any(shown)
    }

    /// How it is held, if it is.
    #[must_use]
    pub fn held(&self) -> Option<Hold> {
        self.hold.as_ref().map(|(hold, _)| *hold)
    }

    /// The head of its vector as it begins, with this accumulator and this commitment.
    pub(crate) fn fresh_head(
        &self,
        accumulator: Option<Point>,
        commitment: Option<Commitment>,
    ) -> Head {
        Head {
            accumulator: accumulator.map(|point| Base64(point.to_bytes())),
            commitment: commitment.map(|point| Base64(point.bytes())),
            nodes: vector::fresh_nodes(self.capacity),
        }
    }
}

fn check_name(name: &str) -> Result<(), StatusError> {
    let sound = (1..=256).contains(&name.len()) && !name.chars().any(char::is_control);
    let form = "names a credential type in 1 to 256 bytes, without controls";
    if sound { Ok(()) } else { Err(StatusError::Form("credentialType", form)) }
}

/// The content of `status/<id>`: one version for each change of the registry's statuses, from which
/// every list is proven, as it is and as it was. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Head {
    /// The AnonCreds accumulator as an affine point, as tails files write one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accumulator: Option<Base64<128>>,
    /// The commitment to the inactive slots, compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Base64<G1_BYTES>>,
    /// The vector's nodes: a hash for each 32,768 slots.
    pub nodes: Vec<Hash>,
}

impl Head {
    /// The key of a registry's head.
    #[must_use]
    pub fn key(id: &str) -> String {
        format!("status/{id}")
    }

    /// The AnonCreds accumulator, where the registry has one.
    #[must_use]
    pub fn accumulator(&self) -> Option<Point> {
        Point::from_bytes(&self.accumulator.as_ref()?.0).ok()
    }

    /// The commitment to the inactive slots, where the registry has one.
    #[must_use]
    pub fn commitment(&self) -> Option<Commitment> {
        Commitment::kept(&self.commitment.as_ref()?.0).ok()
    }

    /// The change that makes this the head.
    #[must_use]
    pub fn change(&self, id: &str) -> Change {
        Change::new(Head::key(id), self)
    }
}
