//! Double signatures of validators, kept for the operator and for governance: one line of JSON
//! each, appended and synced. Who finds a pair tells the others, and so the validator itself: of
//! two processes with one key neither hears the other, but everyone else hears both.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use arc_malachitebft_app_channel::app::types::MisbehaviorEvidence;
use arc_malachitebft_core_types::SignedMessage;
use proofs::certificate::{Vote as VoteKind, proposal_bytes, vote_bytes};
use proofs::{Hash, PublicKey};
use serde::{Deserialize, Serialize};

use crate::application::Fault;
use crate::context::{Address, Context, Proposal, Vote};
use crate::guard::{Position, Step, digest};

/// Two signatures of one validator that exclude each other. Anyone with the genesis hash can
/// build the signed bytes again and check both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoubleSign {
    /// The height of both.
    pub height: u64,
    /// The round of both.
    pub round: u32,
    /// What was signed.
    pub step: Step,
    /// Who signed.
    pub validator: PublicKey,
    /// The two, in ascending order.
    pub signed: [Signed; 2],
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signed {
    /// The block; absent in a vote for nil.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub block: Option<Hash>,
    /// Of a proposal with a proof of lock: the round of that proof.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lock_round: Option<u32>,
    /// Hash of the signed bytes.
    pub digest: Hash,
    /// The signature, 64 bytes in hexadecimal.
    pub signature: String,
}

/// Most pairs of one validator that are kept: one that signs twice at every height fills no disk,
/// and hides nobody else.
const PAIRS_MAX: usize = 1_000;

impl DoubleSign {
    fn new(validator: PublicKey, position: Position, mut signed: [Signed; 2]) -> Self {
        signed.sort();
        let Position { height, round, step } = position;
        DoubleSign { height, round, step, validator, signed }
    }

    /// Whether both signatures are of this validator, and exclude each other.
    pub(crate) fn holds(&self, genesis: &Hash) -> bool {
        let [first, second] = &self.signed;
        first < second
            && first.digest != second.digest
            && self.signed.iter().all(|signed| self.is_signed(signed, genesis).unwrap_or(false))
    }

    fn is_signed(&self, signed: &Signed, genesis: &Hash) -> Option<bool> {
        let vote = |kind| {
            let bytes = vote_bytes(kind, genesis, self.height, self.round, signed.block.as_ref());
            signed.lock_round.is_none().then_some(bytes)
        };
        let bytes = match self.step {
            Step::Proposal => {
                let (lock_round, block) = (signed.lock_round, signed.block?);
                proposal_bytes(genesis, self.height, self.round, lock_round, &block)
            }
            Step::Prevote => vote(VoteKind::Prevote)?,
            Step::Precommit => vote(VoteKind::Precommit)?,
        };
        let mut signature = [0; 64];
        hex::decode_to_slice(&signed.signature, &mut signature).ok()?;
        Some(signed.digest == digest(&bytes) && self.validator.verify(&bytes, &signature))
    }
}

/// The file, and what it holds.
#[derive(Debug)]
pub(crate) struct EvidenceFile {
    file: File,
    known: BTreeSet<DoubleSign>,
}

impl EvidenceFile {
    pub(crate) fn open(home: &Path) -> Result<Self, Fault> {
        let path = home.join("evidence.jsonl");
        let file = File::options().create(true).append(true).read(true).open(path)?;
        let mut known = BTreeSet::new();
        for line in BufReader::new(&file).split(b'\n') {
            // A torn line is what a crash leaves, and a line may be damaged: the others count.
            if let Ok(evidence) = serde_json::from_slice(&line?) {
                known.insert(evidence);
            }
        }
        Ok(EvidenceFile { file, known })
    }

    pub(crate) fn all(&self) -> Vec<DoubleSign> {
        self.known.iter().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether it is here, or as much of this validator's as is kept.
    pub(crate) fn knows(&self, evidence: &DoubleSign) -> bool {
        let same = |known: &&DoubleSign| known.validator == evidence.validator;
        self.known.contains(evidence) || self.known.iter().filter(same).count() >= PAIRS_MAX
    }

    /// Adds what is new, durably, and returns it.
    pub(crate) fn add(&mut self, found: Vec<DoubleSign>) -> Result<Vec<DoubleSign>, Fault> {
        let (mut new, mut lines) = (Vec::new(), Vec::new());
        for evidence in found {
            if self.knows(&evidence) {
                continue;
            }
            tracing::error!(
                validator = %evidence.validator,
                height = evidence.height,
                round = evidence.round,
                step = ?evidence.step,
                "a validator signed twice"
            );
            // A line break first, so that a torn line before it spoils nothing.
            lines.push(b'\n');
            serde_json::to_writer(&mut lines, &evidence)
                .map_err(|e| Fault::Other(e.to_string()))?;
            self.known.insert(evidence.clone());
            new.push(evidence);
        }
        if !lines.is_empty() {
            lines.push(b'\n');
            let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
            if let Err(error) = written {
                // What is not on the disk is not known: it may be told again.
                self.known.retain(|pair| !new.contains(pair));
                return Err(error.into());
            }
        }
        Ok(new)
    }
}

/// Our form of what the engine found at a height.
pub(crate) fn from_engine(found: &MisbehaviorEvidence<Context>, genesis: &Hash) -> Vec<DoubleSign> {
    let pair = |address: &Address, position, signed| DoubleSign::new(address.0, position, signed);
    let vote = |vote: &SignedMessage<Context, Vote>| Signed {
        block: vote.message.block(),
        lock_round: None,
        digest: digest(&vote.message.sign_bytes(genesis)),
        signature: hex::encode(vote.signature.to_bytes()),
    };
    let proposal = |proposal: &SignedMessage<Context, Proposal>| Signed {
        block: Some(proposal.message.value.0),
        lock_round: proposal.message.lock_round.as_u32(),
        digest: digest(&proposal.message.sign_bytes(genesis)),
        signature: hex::encode(proposal.signature.to_bytes()),
    };
    let mut evidence = Vec::new();
    for (address, pairs) in found.votes.iter() {
        for (first, second) in pairs {
            let signed = [vote(first), vote(second)];
            evidence.push(pair(address, first.message.position(), signed));
        }
    }
    for (address, pairs) in found.proposals.iter() {
        for (first, second) in pairs {
            let signed = [proposal(first), proposal(second)];
            evidence.push(pair(address, first.message.position(), signed));
        }
    }
    evidence
}

#[cfg(test)]
mod tests {
    use ed25519_zebra::SigningKey;

    use super::*;

    const GENESIS: Hash = Hash([7; 32]);

    fn prevotes(height: u64) -> DoubleSign {
        let key = SigningKey::from([1; 32]);
        let signed = |block: Option<Hash>| {
            let bytes = vote_bytes(VoteKind::Prevote, &GENESIS, height, 1, block.as_ref());
            let signature = hex::encode(key.sign(&bytes).to_bytes());
            Signed { block, lock_round: None, digest: digest(&bytes), signature }
        };
        let position = Position { height, round: 1, step: Step::Prevote };
        let pair = [signed(Some(Hash([2; 32]))), signed(None)];
        DoubleSign::new(PublicKey::from(&key), position, pair)
    }

    #[test]
    fn evidence_survives_and_stands_once() {
        let home = tempfile::tempdir().unwrap();
        let mut file = EvidenceFile::open(home.path()).unwrap();
        file.add(vec![prevotes(1), prevotes(2), prevotes(1)]).unwrap();
        // A crash in the middle of a line, and a line that a bad disk has changed.
        file.file.write_all(b"\xff\xfe\n{\"height\":").unwrap();
        let mut file = EvidenceFile::open(home.path()).unwrap();
        let new = file.add(vec![prevotes(2), prevotes(3)]).unwrap();
        assert_eq!(new, vec![prevotes(3)]);
        let file = EvidenceFile::open(home.path()).unwrap();
        assert_eq!(file.all(), vec![prevotes(1), prevotes(2), prevotes(3)]);
    }

    #[test]
    fn one_that_signs_twice_all_the_time_fills_no_disk_and_hides_nobody() {
        let home = tempfile::tempdir().unwrap();
        let mut file = EvidenceFile::open(home.path()).unwrap();
        let most = u64::try_from(PAIRS_MAX).unwrap();
        let pair = prevotes(0);
        let many = (0..most + 9).map(|height| DoubleSign { height, ..pair.clone() }).collect();
        assert_eq!(file.add(many).unwrap().len(), PAIRS_MAX);
        let other = DoubleSign { validator: PublicKey([2; 32]), ..prevotes(1) };
        assert_eq!(file.add(vec![other]).unwrap().len(), 1);
    }

    #[test]
    fn nobody_is_accused_without_two_signatures_of_theirs_that_exclude_each_other() {
        let pair = prevotes(5);
        assert!(pair.holds(&GENESIS));
        assert!(!pair.holds(&Hash([8; 32])), "another network");
        let changes: [fn(&mut DoubleSign); 8] = [
            |pair| pair.height += 1,
            |pair| pair.round += 1,
            |pair| pair.step = Step::Precommit,
            |pair| pair.step = Step::Proposal,
            |pair| pair.validator = PublicKey::from(&SigningKey::from([2; 32])),
            |pair| pair.signed[1] = pair.signed[0].clone(),
            |pair| pair.signed.swap(0, 1),
            |pair| pair.signed[0].lock_round = Some(0),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut changed = pair.clone();
            change(&mut changed);
            assert!(!changed.holds(&GENESIS), "change {place}: {changed:?}");
        }
    }
}
