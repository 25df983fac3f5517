//! From what a client trusts to a verdict on an answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceError;
use crate::validators::ValidatorSetError;
use crate::{
    Certificate, Evidence, Hash, Header, PublicKey, Receipt, Tag, Validator, ValidatorSet, tagged,
};

/// How far an answer's time may lie ahead of the client's clock, in milliseconds.
pub const CLOCK_SKEW_MAX: u64 = 60_000;

/// What a client believes without proof: a network's genesis, or a later head of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The genesis hash.
    pub genesis: Hash,
    /// The network's name.
    pub network: String,
    /// The height from which `validators` are known; 0 for genesis.
    pub height: u64,
    /// When that was, in milliseconds since 1970.
    pub time: u64,
    /// The set that certifies from there on.
    pub validators: ValidatorSet,
    /// How long this trust holds after `time`, in milliseconds: retired keys must not be able to
    /// forge a history for ever.
    pub period: u64,
}

/// A genesis document that gives no trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not a genesis document.
    #[error("not a genesis document: {0}")]
    Genesis(String),
    /// Its validators are no set.
    #[error("the genesis document's validators are no set: {0}")]
    Validators(#[from] ValidatorSetError),
}

/// The members of a genesis document that trust needs; `registry` knows the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenesisTrust {
    network: String,
    time: u64,
    validators: Vec<GenesisValidator>,
    parameters: TrustParameters,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenesisValidator {
    validator_key: PublicKey,
    power: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrustParameters {
    trust_period_seconds: u64,
}

/// The hash of a genesis document's canonical bytes: the name of a network.
pub fn genesis_hash(bytes: &[u8]) -> Hash {
    tagged(Tag::Genesis, &[bytes])
}

impl Trust {
    /// Trust in a genesis document, given its canonical bytes.
    pub fn from_genesis(bytes: &[u8]) -> Result<Trust, TrustError> {
        let genesis: GenesisTrust = serde_json::from_slice(bytes)
            .map_err(|error| TrustError::Genesis(error.to_string()))?;
        let validator = |v: &GenesisValidator| Validator { key: v.validator_key, power: v.power };
        Ok(Trust {
            genesis: genesis_hash(bytes),
            network: genesis.network,
            height: 0,
            time: genesis.time,
            validators: ValidatorSet::new(genesis.validators.iter().map(validator).collect())?,
            period: genesis.parameters.trust_period_seconds.saturating_mul(1000),
        })
    }
}

/// The verifier's answer. Only `Valid` is a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// Proven, and fresh enough.
    Valid {
        /// The height for which the answer speaks.
        height: u64,
        /// That block's time in milliseconds.
        time: u64,
    },
    /// Proven, but older than the caller allows or than what it has seen.
    Stale {
        /// The height for which the answer speaks.
        height: u64,
        /// That block's time in milliseconds.
        time: u64,
        /// What makes it stale.
        why: String,
    },
    /// Nothing wrong in itself, but not under anything that the caller trusts.
    Untrusted {
        /// What is missing.
        why: String,
    },
    /// The proof is broken or does not prove this answer.
    Invalid {
        /// Where it breaks.
        why: String,
    },
}

impl Verdict {
    /// Whether the answer may be relied on.
    pub fn is_valid(&self) -> bool {
        matches!(self, Verdict::Valid { .. })
    }

    /// An `Invalid` verdict.
    pub fn invalid(why: impl fmt::Display) -> Verdict {
        Verdict::Invalid { why: why.to_string() }
    }

    /// An `Untrusted` verdict.
    pub fn untrusted(why: impl fmt::Display) -> Verdict {
        Verdict::Untrusted { why: why.to_string() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Valid { height, .. } => write!(f, "Valid at height {height}"),
            Verdict::Stale { height, why, .. } => write!(f, "Stale at height {height}: {why}"),
            Verdict::Untrusted { why } => write!(f, "Untrusted: {why}"),
            Verdict::Invalid { why } => write!(f, "Invalid: {why}"),
        }
    }
}

impl From<EvidenceError> for Verdict {
    fn from(error: EvidenceError) -> Verdict {
        Verdict::invalid(error)
    }
}

/// The caller's clock and patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Milliseconds since 1970, by the caller's clock.
    pub now: u64,
    /// The oldest answer that the caller accepts, in milliseconds; `None` for any age.
    pub age_max: Option<u64>,
}

/// Decides whether `evidence` proves its records to someone who holds `trust`. The order of checks
/// makes verdicts stable: what is broken is `Invalid` whatever the caller trusts; what is whole but
/// foreign is `Untrusted`; what is proven but old is `Stale`.
pub fn verify(trust: &Trust, evidence: &Evidence, freshness: Freshness) -> Verdict {
    let prove = || {
        let header = evidence.header()?;
        evidence.verify_records(&header)?;
        Ok(header)
    };
    let Freshness { now, age_max } = freshness;
    let Header { height, time, .. } = match trust.certified(prove(), &evidence.certificate, now) {
        Ok(header) => header,
        Err(verdict) => return verdict,
    };
    if height < trust.height {
        let why = format!("you already know height {}", trust.height);
        return Verdict::Stale { height, time, why };
    }
    let age = now.saturating_sub(time);
    match age_max {
        Some(age_max) if age > age_max => {
            let why = format!("{} s old, you allow {} s", age / 1000, age_max / 1000);
            Verdict::Stale { height, time, why }
        }
        _ => Verdict::Valid { height, time },
    }
}

/// Decides whether `receipt` proves its event to someone who holds `trust`. A receipt speaks of
/// its own block for ever, so it does not get stale.
pub fn verify_receipt(trust: &Trust, receipt: &Receipt, now: u64) -> Verdict {
    let prove = || {
        let header = receipt.header()?;
        receipt.verify_inclusion(&header)?;
        Ok(header)
    };
    match trust.certified(prove(), &receipt.certificate, now) {
        Ok(Header { height, time, .. }) => Verdict::Valid { height, time },
        Err(verdict) => verdict,
    }
}

impl Trust {
    /// The header, if those whom this trust names certified it.
    fn certified(
        &self,
        proven: Result<Header, EvidenceError>,
        certificate: &Certificate,
        now: u64,
    ) -> Result<Header, Verdict> {
        let header = proven?;
        if header.genesis != self.genesis {
            return Err(self.other_network(&header.genesis));
        }
        if header.validators != self.validators.hash() {
            return Err(Verdict::untrusted(format!(
                "the validator set of height {} is not known; get a newer checkpoint",
                header.height
            )));
        }
        certificate.verify(&self.genesis, &self.validators).map_err(EvidenceError::from)?;
        self.check_period(now)?;
        if header.time > now.saturating_add(CLOCK_SKEW_MAX) {
            let why = "the answer is from the future; check this machine's clock";
            return Err(Verdict::untrusted(why));
        }
        Ok(header)
    }

    /// Retired validators may have lost their keys, so trust in them ends.
    pub(crate) fn check_period(&self, now: u64) -> Result<(), Verdict> {
        if now.saturating_sub(self.time) <= self.period {
            return Ok(());
        }
        let why = "what you trust is older than the trust period; get a newer checkpoint";
        Err(Verdict::untrusted(why))
    }

    pub(crate) fn other_network(&self, genesis: &Hash) -> Verdict {
        Verdict::untrusted(format!(
            "it is from the network with genesis `{genesis}`, you trust `{}`",
            self.genesis
        ))
    }
}
