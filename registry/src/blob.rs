//! Blobs: files too large for an event, named by the hash of their bytes. Every node holds them
//! beside the log; the state knows which there are, and which of them rules may read.
//!
//! # Invariants
//!
//! * A blob's bytes never change: its id is made from them. A proposed blob becomes active once,
//!   and stays so.
//! * Rules read active blobs alone: those that more than two thirds of the voting power said to
//!   hold, to have checked and to serve. So what a rule reads can be had, and is of its kind.
//! * Whether this machine has the bytes never decides whether an event is valid.

pub mod attestation;
mod kinds;

#[cfg(test)]
mod tests;

use proofs::{PublicKey, Record};
use serde::{Deserialize, Serialize};

use crate::rejection::Rejection;
use crate::resource;
use crate::state::{Change, View, read};

pub use attestation::Attestation;
pub use kinds::{BlobKind, KINDS};

/// Most bytes of a blob.
pub const BLOB_BYTES_MAX: u64 = 16 << 20;

/// Most bytes of all blobs that a DID ever proposes.
pub const QUOTA_BYTES_MAX: u64 = 256 << 20;

/// What the keys of all blobs begin with; the id follows.
pub const KEY_PREFIX: &str = "blob/";

/// The key of a blob's record.
#[must_use]
pub fn key(id: &str) -> String {
    format!("{KEY_PREFIX}{id}")
}

/// The key of the record that counts the bytes which a DID has proposed.
#[must_use]
pub fn quota_key(did: &str) -> String {
    format!("blob-quota/{did}")
}

/// The id of a blob: `z` and the SHA-256 multihash, in base58btc, of its bytes.
#[must_use]
pub fn id(bytes: &[u8]) -> String {
    resource::id(bytes)
}

/// Whether a text has the form of an [`id`].
#[must_use]
pub fn is_id(text: &str) -> bool {
    resource::is_id(text)
}

/// How far a blob has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Its bytes are awaited, and attested by those who hold them.
    Proposed,
    /// Rules may read it.
    Active,
}

/// The content of `blob/<id>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BlobState {
    /// Block time of its activation, in milliseconds; none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated: Option<u64>,
    /// Who proposed it.
    pub author: String,
    /// Block time of its proposal, in milliseconds.
    pub created: u64,
    /// What it is: a name in [`KINDS`].
    pub kind: String,
    /// Its bytes' number.
    pub size: u64,
    /// How far it has come.
    pub state: Stage,
}

impl BlobState {
    /// Reads the content of a blob's record.
    #[must_use]
    pub fn read(record: &Record) -> Option<BlobState> {
        serde_json::from_str(record.content.get()).ok()
    }

    /// Whether rules may read it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == Stage::Active
    }

    /// The change that makes this the state of the blob.
    #[must_use]
    pub fn change(&self, id: &str) -> Change {
        Change::new(key(id), self)
    }

    /// Checks the whole bytes by the rules of the kind. Costly, and never done in execution.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self, bytes: &[u8]) -> Result<(), String> {
        BlobKind::named(&self.kind).map_err(|error| error.to_string())?.check(bytes)
    }
}

/// What is known of a blob, where it is of this kind and rules may read it.
///
/// # Errors
/// [`Rejection::Unreadable`].
pub(crate) fn active(
    id: &str,
    kind: &str,
    view: &dyn View,
) -> Result<Option<BlobState>, Rejection> {
    let state = read::<BlobState>(&key(id), view)?.map(|(_, state)| state);
    Ok(state.filter(|state| state.kind == kind && state.is_active()))
}

/// The content of `blob-quota/<did>`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    /// Of all blobs that it ever proposed.
    bytes: u64,
}

/// Counts the bytes of one more blob of an author.
///
/// # Errors
/// [`BlobError::Quota`].
pub(crate) fn count(did: &str, size: u64, view: &dyn View) -> Result<Change, Rejection> {
    let key = quota_key(did);
    let used = read::<Quota>(&key, view)?.map_or(0, |(_, quota)| quota.bytes);
    match used.checked_add(size).filter(|bytes| *bytes <= QUOTA_BYTES_MAX) {
        Some(bytes) => Ok(Change::new(key, &Quota { bytes })),
        None => Err(BlobError::Quota { used, size }.into()),
    }
}

/// Why the rules about blobs refuse an event. The codes are part of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The id is none.
    #[error("`{0}` is no blob's id: it is `z` and the base58btc SHA-256 multihash of the bytes")]
    Id(String),
    /// No such kind.
    #[error("`{0}` is no kind of blob: use `{names}`", names = kinds::names())]
    Kind(String),
    /// Too large for its kind, or empty.
    #[error("a blob of kind `{kind}` has 1 to {bytes_max} bytes, not {size}; split it")]
    Size {
        /// Its kind.
        kind: &'static str,
        /// Most bytes of the kind.
        bytes_max: u64,
        /// The size that is named.
        size: u64,
    },
    /// The author has proposed as much as it may.
    #[error(
        "{size} bytes more would exceed the author's quota: {used} of {QUOTA_BYTES_MAX} are used; \
         publish under another DID"
    )]
    Quota {
        /// Bytes that it has proposed so far.
        used: u64,
        /// Bytes of this blob.
        size: u64,
    },
    /// The blob is another's.
    #[error("the blob was proposed by `{0}`, who activates it")]
    NotAuthor(String),
    /// It is active already.
    #[error("the blob `{0}` is active already")]
    Active(String),
    /// Those who attest are no validators of now.
    #[error("no validator of this height has the key `{0}`; collect the attestations again")]
    NoValidator(PublicKey),
    /// A signature is not over this blob's statement.
    #[error("the attestation of validator `{0}` does not verify; collect it again")]
    Attestation(PublicKey),
    /// A validator attests twice.
    #[error("the attestations are not ascending by `validatorKey`, each once, at `{0}`")]
    Order(PublicKey),
    /// Too little voting power attests.
    #[error("{power} of {total} voting power attest, and more than two thirds are needed; wait")]
    Power {
        /// The power that attests.
        power: u64,
        /// All power.
        total: u64,
    },
}

impl BlobError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BlobError::Id(_) => "blob-id",
            BlobError::Kind(_) => "blob-kind",
            BlobError::Size { .. } => "blob-size",
            BlobError::Quota { .. } => "blob-quota",
            BlobError::NotAuthor(_) => "blob-author",
            BlobError::Active(_) => "blob-active",
            BlobError::NoValidator(_) => "no-validator",
            BlobError::Attestation(_) => "attestation",
            BlobError::Order(_) => "attestation-order",
            BlobError::Power { .. } => "attesting-power",
        }
    }
}
