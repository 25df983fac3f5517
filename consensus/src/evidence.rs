//! Double signatures of validators, kept for the operator and for governance: one line of JSON
//! each, appended and synced.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use arc_malachitebft_app_channel::app::types::MisbehaviorEvidence;
use arc_malachitebft_core_types::SignedMessage;
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
    /// The two, in the order in which they were seen.
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

/// Most pairs that are kept: a validator that signs twice at every height fills no disk.
const PAIRS_MAX: usize = 10_000;

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

    /// Adds what is new, durably.
    pub(crate) fn add(&mut self, found: Vec<DoubleSign>) -> Result<(), Fault> {
        let mut lines = Vec::new();
        let room = PAIRS_MAX.saturating_sub(self.known.len());
        let new: BTreeSet<DoubleSign> = found
            .into_iter()
            .filter(|evidence| !self.known.contains(evidence))
            .take(room)
            .collect();
        for evidence in &new {
            tracing::error!(
                validator = %evidence.validator,
                height = evidence.height,
                round = evidence.round,
                step = ?evidence.step,
                "a validator signed twice"
            );
            // A line break first, so that a torn line before it spoils nothing.
            lines.push(b'\n');
            serde_json::to_writer(&mut lines, evidence).map_err(|e| Fault::Other(e.to_string()))?;
        }
        if !lines.is_empty() {
            lines.push(b'\n');
            self.file.write_all(&lines)?;
            self.file.sync_data()?;
        }
        self.known.extend(new);
        Ok(())
    }
}

/// Our form of what the engine found at a height.
pub(crate) fn from_engine(found: &MisbehaviorEvidence<Context>, genesis: &Hash) -> Vec<DoubleSign> {
    let pair = |address: &Address, position: Position, signed: [Signed; 2]| {
        let Position { height, round, step } = position;
        DoubleSign { height, round, step, validator: address.0, signed }
    };
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
    use super::*;

    fn example(height: u64) -> DoubleSign {
        let signed = |block: u8| Signed {
            block: Some(Hash([block; 32])),
            lock_round: None,
            digest: Hash([block; 32]),
            signature: "00".repeat(64),
        };
        DoubleSign {
            height,
            round: 1,
            step: Step::Prevote,
            validator: PublicKey([1; 32]),
            signed: [signed(1), signed(2)],
        }
    }

    #[test]
    fn evidence_survives_and_stands_once() {
        let home = tempfile::tempdir().unwrap();
        let mut file = EvidenceFile::open(home.path()).unwrap();
        file.add(vec![example(1), example(2), example(1)]).unwrap();
        // A crash in the middle of a line, and a line that a bad disk has changed.
        file.file.write_all(b"\xff\xfe\n{\"height\":").unwrap();
        let mut file = EvidenceFile::open(home.path()).unwrap();
        file.add(vec![example(2), example(3)]).unwrap();
        let file = EvidenceFile::open(home.path()).unwrap();
        assert_eq!(file.all(), vec![example(1), example(2), example(3)]);
    }
}
