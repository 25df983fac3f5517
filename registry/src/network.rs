//! The records about the network itself: its parameters, validators and replicas, and which
//! protocol it speaks.
//!
//! **Invariants.** Who certifies a height, and by which protocol, is a pure function of the state
//! before it. A key of a node serves one purpose, once: it never comes back.

pub mod possession;
mod refusal;
pub mod residency;
pub mod roster;
pub mod upgrade;

use proofs::{PublicKey, Record, Validator, ValidatorSet};
use serde::{Deserialize, Serialize};

pub use refusal::NetworkError;
pub use residency::Residency;
pub use upgrade::{PROTOCOL, protocol_at};

use crate::state::View;

/// Least number of validators: with fewer, no one may be faulty.
pub const VALIDATORS_MIN: usize = 4;
/// Most authorised replicas.
pub const REPLICAS_MAX: usize = 256;

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
    /// Where validators stand (Act s.115 to 117); anywhere, where there is no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residency: Option<Residency>,
    /// How long after a head was trusted a client may still start from it.
    pub trust_period_seconds: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            block_bytes_max: 2 << 20,
            block_cost_max: 500_000,
            block_events_max: 1_000,
            residency: None,
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
            && self.residency.as_ref().is_none_or(Residency::is_possible)
    }
}

/// One validator, as genesis and the record [`VALIDATORS`] list it. Four keys for four purposes:
/// votes, checkpoints (cosigner and log), transport, and the operator's own DID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValidatorEntry {
    /// Ed25519 key that cosigns checkpoints after the decision.
    pub cosigner_key: PublicKey,
    /// The first height that it certifies; from the beginning where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The country in which it stands, by ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
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
    /// The first height that it does not certify any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Ed25519 key that signs votes.
    pub validator_key: PublicKey,
}

impl ValidatorEntry {
    /// Whether it certifies this height.
    #[must_use]
    pub fn certifies(&self, height: u64) -> bool {
        self.from.is_none_or(|from| from <= height) && self.until.is_none_or(|until| height < until)
    }

    /// Its four keys, by what they are for: cosigner, log, peer, validator.
    #[must_use]
    pub fn keys(&self) -> [PublicKey; 4] {
        [self.cosigner_key, self.log_key, self.peer_key, self.validator_key]
    }
}

/// One authorised replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplicaEntry {
    /// The country in which it stands, by ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// What people call it.
    pub name: String,
    /// The DID of the organisation that runs it.
    pub operator: String,
    /// Its identity in both peer-to-peer networks: an Ed25519 key.
    pub peer_key: PublicKey,
}

/// Reads the record [`VALIDATORS`]: those of now, and those whose time comes or has just gone.
pub fn validators(record: &Record) -> Option<Vec<ValidatorEntry>> {
    serde_json::from_str(record.content.get()).ok()
}

/// Those of a list who certify a height.
pub fn certifying(entries: &[ValidatorEntry], height: u64) -> Vec<ValidatorEntry> {
    entries.iter().filter(|entry| entry.certifies(height)).cloned().collect()
}

/// Who certifies a height, in the state before it. A header names the set of the next height, so
/// what takes effect then was decided in this block at the latest.
pub fn validators_at(height: u64, view: &dyn View) -> Option<Vec<ValidatorEntry>> {
    Some(certifying(&validators(&view.record(VALIDATORS)?)?, height))
}

/// Who certifies `height`, where it is not who certified `since`, in the state that the record
/// [`VALIDATORS`] is of. So a change takes effect at its height, with or without an event there.
pub fn turned(record: &Record, since: u64, height: u64) -> Option<ValidatorSet> {
    let entries = validators(record)?;
    let turns = |at: Option<u64>| at.is_some_and(|at| since < at && at <= height);
    if !entries.iter().any(|entry| turns(entry.from) || turns(entry.until)) {
        return None;
    }
    set_of(&certifying(&entries, height)).ok()
}

/// Reads the record [`REPLICAS`].
pub fn replicas(record: &Record) -> Option<Vec<ReplicaEntry>> {
    serde_json::from_str(record.content.get()).ok()
}

/// The set that certifies a height, from the record [`VALIDATORS`] as it stands before it.
pub fn validator_set(record: &Record, height: u64) -> Option<ValidatorSet> {
    set_of(&certifying(&validators(record)?, height)).ok()
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
