//! The records about the network itself: its parameters, validators and replicas.

use proofs::{PublicKey, Record, Validator, ValidatorSet};
use serde::{Deserialize, Serialize};

/// The key of the network's parameters.
pub const PARAMETERS: &str = "network/parameters";
/// The key of the list of validators.
pub const VALIDATORS: &str = "network/validators";
/// The key of the list of authorised replicas.
pub const REPLICAS: &str = "network/replicas";

/// What the network's participants may decide about it, within the floors that are constants.
/// Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Parameters {
    /// Most bytes of events in a block.
    pub block_bytes_max: u64,
    /// Most cost of events in a block, in about microseconds of checking.
    pub block_cost_max: u64,
    /// Most events in a block.
    pub block_events_max: u64,
    /// How long after a head was trusted a client may still start from it.
    pub trust_period_seconds: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            block_bytes_max: 2 << 20,
            block_cost_max: 500_000,
            block_events_max: 1_000,
            trust_period_seconds: 30 * 24 * 3600,
        }
    }
}

impl Parameters {
    /// Reads the record [`PARAMETERS`].
    pub fn read(record: &Record) -> Option<Parameters> {
        serde_json::from_str(record.content.get()).ok()
    }

    /// Whether every limit is within what the format can carry.
    pub fn are_possible(&self) -> bool {
        let block_max = u64::try_from(proofs::Block::BYTES_MAX).unwrap_or(u64::MAX) - (1 << 16);
        let events_max = u64::try_from(proofs::Block::EVENTS_MAX).unwrap_or(u64::MAX);
        (1 << 16..=block_max).contains(&self.block_bytes_max)
            && (1..=events_max).contains(&self.block_events_max)
            && (10_000..=10_000_000).contains(&self.block_cost_max)
            && (3_600..=366 * 24 * 3600).contains(&self.trust_period_seconds)
    }
}

/// One validator, as genesis and the record [`VALIDATORS`] list it. Four keys for four purposes:
/// votes, checkpoints (cosigner and log), transport, and the operator's own DID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValidatorEntry {
    /// Ed25519 key that cosigns checkpoints after the decision.
    pub cosigner_key: PublicKey,
    /// Ed25519 key that signs checkpoints under the log's origin.
    pub log_key: PublicKey,
    /// What people call it.
    pub name: String,
    /// The DID of the organisation that runs it.
    pub operator: String,
    /// Its identity in both peer-to-peer networks: an Ed25519 key.
    pub peer_key: PublicKey,
    /// Voting power.
    pub power: u64,
    /// Ed25519 key that signs votes.
    pub validator_key: PublicKey,
}

/// One authorised replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplicaEntry {
    /// What people call it.
    pub name: String,
    /// The DID of the organisation that runs it.
    pub operator: String,
    /// Its identity in both peer-to-peer networks: an Ed25519 key.
    pub peer_key: PublicKey,
}

/// Reads the record [`VALIDATORS`].
pub fn validators(record: &Record) -> Option<Vec<ValidatorEntry>> {
    serde_json::from_str(record.content.get()).ok()
}

/// Reads the record [`REPLICAS`].
pub fn replicas(record: &Record) -> Option<Vec<ReplicaEntry>> {
    serde_json::from_str(record.content.get()).ok()
}

/// The set that certifies, from the record [`VALIDATORS`].
pub fn validator_set(record: &Record) -> Option<ValidatorSet> {
    set_of(&validators(record)?).ok()
}

/// The set that these entries make.
///
/// # Errors
/// As [`ValidatorSet::new`].
pub fn set_of(
    entries: &[ValidatorEntry],
) -> Result<ValidatorSet, proofs::validators::ValidatorSetError> {
    let member =
        |entry: &ValidatorEntry| Validator { key: entry.validator_key, power: entry.power };
    ValidatorSet::new(entries.iter().map(member).collect())
}
