//! How trust moves forward in time: a chain of certified hand-overs of the validator set, and the
//! checkpoint that a client pins at its end.

use serde::{Deserialize, Serialize};

use crate::evidence::{EvidenceError, consistent_header};
use crate::trust::CLOCK_SKEW_MAX;
use crate::validators::ValidatorSetError;
use crate::{Certificate, Hash, Header, Trust, Validator, ValidatorSet, Verdict};

/// Most hand-overs in one answer of a node. A client asks again from the last.
pub const HAND_OVERS_MAX: usize = 256;

/// Certified headers at which the validator set changes, ascending by height, and at the end the
/// newest header in any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustChain {
    /// The network: its genesis hash.
    pub genesis: Hash,
    /// The steps, of which there is at least one.
    pub steps: Vec<Step>,
    #[serde(rename = "type")]
    kind: ChainType,
}

/// A certified header, and who certifies what follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The quorum that decided the header.
    pub certificate: Certificate,
    /// The header's bytes (base64 in JSON).
    #[serde(with = "crate::bytes::base64_bytes")]
    pub header: Vec<u8>,
    /// The set whose hash is the header's `next_validators`.
    pub validators: Vec<Validator>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum ChainType {
    DzongTrustChain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum CheckpointType {
    DzongCheckpoint,
}

/// A trust as a client keeps it in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checkpoint {
    /// The network: its genesis hash.
    pub genesis: Hash,
    /// The height above which `validators` certify.
    pub height: u64,
    /// The network's name.
    pub network: String,
    /// That block's time, in milliseconds since 1970.
    pub time: u64,
    /// How long the checkpoint may be started from after `time`.
    pub trust_period_seconds: u64,
    #[serde(rename = "type")]
    kind: CheckpointType,
    /// Who certifies from there on.
    pub validators: Vec<Validator>,
}

impl From<&Trust> for Checkpoint {
    fn from(trust: &Trust) -> Checkpoint {
        Checkpoint {
            genesis: trust.genesis,
            height: trust.height,
            network: trust.network.clone(),
            time: trust.time,
            trust_period_seconds: trust.period / 1000,
            kind: CheckpointType::DzongCheckpoint,
            validators: trust.validators.as_slice().to_vec(),
        }
    }
}

impl Checkpoint {
    /// The trust that this checkpoint gives to whoever believes the file.
    ///
    /// # Errors
    /// Its validators are no set.
    pub fn trust(self) -> Result<Trust, ValidatorSetError> {
        Ok(Trust {
            genesis: self.genesis,
            network: self.network,
            height: self.height,
            time: self.time,
            validators: ValidatorSet::new(self.validators)?,
            period: self.trust_period_seconds.saturating_mul(1000),
        })
    }
}

impl TrustChain {
    /// The chain of these steps.
    pub fn new(genesis: Hash, steps: Vec<Step>) -> TrustChain {
        TrustChain { genesis, steps, kind: ChainType::DzongTrustChain }
    }

    /// Follows the chain from `trust` on. `now` is the caller's clock in milliseconds since 1970.
    ///
    /// # Errors
    /// The verdict, where it is not [`Verdict::Valid`]; the caller keeps the trust that it has.
    pub fn follow(&self, trust: &Trust, now: u64) -> Result<Trust, Verdict> {
        let headers = self.headers()?;
        if self.genesis != trust.genesis {
            return Err(trust.other_network(&self.genesis));
        }
        trust.check_period(now)?;
        if !headers.is_sorted_by(|one, next| one.height < next.height) {
            return Err(Verdict::invalid("the steps do not ascend by height"));
        }
        let mut reached = trust.clone();
        for (step, header) in self.steps.iter().zip(&headers) {
            if header.height > trust.height {
                step.advance(header, &mut reached, now)?;
            }
        }
        match headers.last() {
            Some(Header { height, time, .. }) if *height < trust.height => {
                let why = format!("you already know height {}", trust.height);
                Err(Verdict::Stale { height: *height, time: *time, why })
            }
            _ => Ok(reached),
        }
    }

    fn headers(&self) -> Result<Vec<Header>, Verdict> {
        if self.steps.is_empty() {
            return Err(Verdict::invalid("the trust chain has no steps"));
        }
        let header = |step: &Step| Header::decode(&step.header).ok_or(EvidenceError::Header);
        Ok(self.steps.iter().map(header).collect::<Result<_, _>>()?)
    }
}

impl Step {
    /// Moves `trust` to this step, if those who are trusted certified it.
    fn advance(&self, header: &Header, trust: &mut Trust, now: u64) -> Result<(), Verdict> {
        let height = header.height;
        consistent_header(&self.header, &trust.genesis, &self.certificate)?;
        if header.validators != trust.validators.hash() {
            return Err(Verdict::untrusted(format!(
                "height {height} is certified by others than those who were handed over to: a \
                 step is missing, or retired validators signed"
            )));
        }
        self.certificate
            .verify(&trust.genesis, &trust.validators)
            .map_err(EvidenceError::Certificate)?;
        let validators = self.next_validators(header)?;
        if header.time < trust.time {
            let problem = format!("height {height} is older than the height before it");
            return Err(Verdict::invalid(problem));
        }
        if header.time > now.saturating_add(CLOCK_SKEW_MAX) {
            let problem = "is from the future; check this machine's clock";
            return Err(Verdict::untrusted(format!("height {height} {problem}")));
        }
        *trust = Trust { height, time: header.time, validators, ..trust.clone() };
        Ok(())
    }

    fn next_validators(&self, header: &Header) -> Result<ValidatorSet, Verdict> {
        let wrong = |why: &str| {
            Verdict::invalid(format!("the validators after height {}: {why}", header.height))
        };
        // Each key costs curve arithmetic, so their number is looked at first.
        if self.validators.len() > ValidatorSet::VALIDATORS_MAX {
            return Err(wrong("too many"));
        }
        let set = ValidatorSet::new(self.validators.clone());
        let set = set.map_err(|error| wrong(&error.to_string()))?;
        match set.hash() == header.next_validators {
            true => Ok(set),
            false => Err(wrong("not those that the header names")),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
