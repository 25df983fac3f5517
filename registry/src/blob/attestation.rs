//! What a validator says of a blob: that it holds the bytes, has checked them by the rules of their
//! kind, and serves them.
//!
//! Its cosigner key says so. That key is what a validator vouches with, after a decision, for what
//! it saw for itself; the key that votes signs nothing but votes, and the log's key nothing but
//! checkpoints. The tag keeps the two uses of it apart.

use std::cmp::Ordering;

use proofs::{Hash, PublicKey, Tag};
use serde::{Deserialize, Serialize};

use super::{BlobError, BlobState};
use crate::network::{self, VALIDATORS, ValidatorEntry, possession};
use crate::rejection::Rejection;
use crate::state::{Context, View};

/// What an attestation costs to check, in the unit of a block's budget: one signature, alone.
pub(crate) const COST: u64 = 50;

/// A validator's word for a blob. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Attestation {
    /// Its cosigner key's signature over the [`statement`]: multibase base58btc.
    pub signature: String,
    /// The key with which it votes, by which the list of validators names it.
    pub validator_key: PublicKey,
}

/// What is signed: the network and the blob.
#[must_use]
pub fn statement(genesis: &Hash, id: &str, blob: &BlobState) -> Vec<u8> {
    let mut bytes = [Tag::BlobAttestation.key().as_slice(), genesis.as_ref()].concat();
    bytes.extend_from_slice(&blob.size.to_be_bytes());
    // An id has one length, so where it ends and the kind begins is never in doubt.
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(blob.kind.as_bytes());
    bytes
}

/// How a signature over the statement is written: multibase base58btc, as in proofs.
#[must_use]
pub fn encode(signature: &[u8; 64]) -> String {
    possession::encode(signature)
}

impl Attestation {
    /// Whether this validator, by its entry in the list, signed this statement.
    #[must_use]
    pub fn holds(&self, statement: &[u8], entry: &ValidatorEntry) -> bool {
        self.validator_key == entry.validator_key
            && possession::signed(statement, &entry.cosigner_key, &self.signature)
    }
}

/// Checks that these are ascending by key, each key once.
///
/// # Errors
/// [`BlobError::Order`].
fn check_order(attestations: &[Attestation]) -> Result<(), BlobError> {
    let wrong = attestations.windows(2).find_map(|pair| match pair {
        [one, next] if one.validator_key.cmp(&next.validator_key) != Ordering::Less => {
            Some(next.validator_key)
        }
        _ => None,
    });
    wrong.map_or(Ok(()), |key| Err(BlobError::Order(key)))
}

/// Checks that more than two thirds of the voting power at this height attest.
///
/// # Errors
/// The first attestation that counts for nothing, or [`BlobError::Power`].
pub(crate) fn check(
    attestations: &[Attestation],
    id: &str,
    blob: &BlobState,
    context: &Context,
    view: &dyn View,
) -> Result<(), Rejection> {
    check_order(attestations)?;
    let unreadable = || Rejection::Unreadable(VALIDATORS.to_owned());
    let entries = network::validators_at(context.height, view).ok_or_else(unreadable)?;
    let set = network::set_of(&entries).map_err(|_| unreadable())?;
    let statement = statement(&context.genesis, id, blob);
    let mut power: u64 = 0;
    for attestation in attestations {
        let key = attestation.validator_key;
        let entry = entries.iter().find(|entry| entry.validator_key == key);
        let entry = entry.ok_or(BlobError::NoValidator(key))?;
        if !attestation.holds(&statement, entry) {
            return Err(BlobError::Attestation(key).into());
        }
        power = power.saturating_add(entry.power);
    }
    match set.is_quorum(power) {
        true => Ok(()),
        false => Err(BlobError::Power { power, total: set.total_power() }.into()),
    }
}
