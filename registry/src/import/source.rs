//! A ledger that may be imported from, and how far.

use proofs::Hash;
use serde::{Deserialize, Serialize};

use crate::governance::Evidence;
use crate::rejection::Rejection;
use crate::state::{self, View};

use super::ImportError;

/// Longest name of a network in a namespace, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// The content of `source-ledger/indy/<namespace>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SourceLedger {
    /// The document by which the move was decided.
    pub evidence: Evidence,
    /// Whether its identifiers are known as did:sov, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub legacy: bool,
    /// The root of its domain ledger's Merkle tree (RFC 6962) at `size`.
    pub root_hash: Hash,
    /// How many transactions its domain ledger has.
    pub size: u64,
}

impl SourceLedger {
    /// The key of the record of the Indy ledger with this namespace.
    #[must_use]
    pub fn key(namespace: &str) -> String {
        format!("source-ledger/indy/{namespace}")
    }

    /// The ledger with this namespace.
    ///
    /// # Errors
    /// It was not approved.
    pub(crate) fn approved(namespace: &str, view: &dyn View) -> Result<SourceLedger, Rejection> {
        let found = state::read(&SourceLedger::key(namespace), view)?;
        let (_, source) = found.ok_or_else(|| ImportError::Source(namespace.to_owned()))?;
        Ok(source)
    }
}

/// Whether a text is a namespace of the did:indy method: the name of a ledger, and perhaps of a
/// second one that belongs to it.
#[must_use]
pub fn is_namespace(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
        (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_char)
    };
    match text.split_once(':') {
        Some((first, second)) => is_name(first) && is_name(second),
        None => is_name(text),
    }
}
