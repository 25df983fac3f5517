//! What validators sign, and the quorum of signatures that makes a block final.

use serde::{Deserialize, Serialize};

use crate::{Hash, PublicKey, Tag, ValidatorSet};

/// A vote's kind, as it enters the signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vote {
    /// The first of a round's two votes.
    Prevote,
    /// The second; a quorum of precommits for a block is its certificate.
    Precommit,
}

/// What a validator signs to vote: tag, genesis hash, height, round and, unless the vote is nil,
/// the block's id. All validators sign the same bytes.
pub fn vote_bytes(
    vote: Vote,
    genesis: &Hash,
    height: u64,
    round: u32,
    block: Option<&Hash>,
) -> Vec<u8> {
    let tag = match (vote, block) {
        (Vote::Prevote, Some(_)) => Tag::Prevote,
        (Vote::Prevote, None) => Tag::PrevoteNil,
        (Vote::Precommit, Some(_)) => Tag::Precommit,
        (Vote::Precommit, None) => Tag::PrecommitNil,
    };
    let mut bytes = position_bytes(tag, genesis, height, round);
    if let Some(block) = block {
        bytes.extend_from_slice(&block.0);
    }
    bytes
}

/// What a proposer signs: tag, genesis hash, height, round, the round of the proof of lock plus
/// one (0: none), the block's id.
pub fn proposal_bytes(
    genesis: &Hash,
    height: u64,
    round: u32,
    lock_round: Option<u32>,
    block: &Hash,
) -> Vec<u8> {
    let mut bytes = position_bytes(Tag::Proposal, genesis, height, round);
    let lock = lock_round.map_or(0, |round| u64::from(round) + 1);
    bytes.extend_from_slice(&lock.to_be_bytes());
    bytes.extend_from_slice(&block.0);
    bytes
}

/// What a validator signs to bind its key to a peer identity of the network's transport.
pub fn peer_bytes(genesis: &Hash, validator: &PublicKey, peer: &[u8]) -> Vec<u8> {
    let mut bytes = Tag::Peer.key().to_vec();
    bytes.extend_from_slice(&genesis.0);
    bytes.extend_from_slice(&validator.0);
    bytes.extend_from_slice(peer);
    bytes
}

fn position_bytes(tag: Tag, genesis: &Hash, height: u64, round: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32 + 32 + 8 + 4 + 8 + 32);
    bytes.extend_from_slice(tag.key());
    bytes.extend_from_slice(&genesis.0);
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    bytes
}

/// One validator's precommit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Who signed.
    pub validator: PublicKey,
    /// Ed25519 signature over [`vote_bytes`], 64 bytes (base64 in JSON).
    #[serde(with = "crate::bytes::base64_bytes")]
    pub signature: [u8; 64],
}

/// A quorum of precommits for a block. Never hashed into state: two honest nodes may hold
/// different quorums for one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The block's height.
    pub height: u64,
    /// The round in which it was decided.
    pub round: u32,
    /// The block's id.
    pub block: Hash,
    /// The signatures, each validator at most once.
    pub signatures: Vec<Signature>,
}

/// Why a certificate certifies nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A signer outside the set.
    #[error("`{0}` signed but is not in the validator set")]
    Stranger(PublicKey),
    /// One validator twice.
    #[error("`{0}` signed twice")]
    Twice(PublicKey),
    /// A signature that does not verify.
    #[error("the signature of `{0}` does not verify")]
    Signature(PublicKey),
    /// Two thirds of the voting power or less.
    #[error("the signatures are not more than two thirds of the voting power")]
    NoQuorum,
}

impl Certificate {
    /// Checks that more than two thirds of `validators` signed this block. Every signature must
    /// verify, and each validator counts once.
    pub fn verify(
        &self,
        genesis: &Hash,
        validators: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        let message =
            vote_bytes(Vote::Precommit, genesis, self.height, self.round, Some(&self.block));
        let mut seen = Vec::with_capacity(self.signatures.len());
        let mut power: u64 = 0;
        // Cheap refusals first, so that a flood of strangers costs no curve arithmetic.
        for Signature { validator, .. } in &self.signatures {
            let member = validators.get(validator).ok_or(CertificateError::Stranger(*validator))?;
            if seen.contains(validator) {
                return Err(CertificateError::Twice(*validator));
            }
            seen.push(*validator);
            power = power.saturating_add(member.power);
        }
        if !validators.is_quorum(power) {
            return Err(CertificateError::NoQuorum);
        }
        for Signature { validator, signature } in &self.signatures {
            if !validator.verify(&message, signature) {
                return Err(CertificateError::Signature(*validator));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Validator;
    use ed25519_zebra::SigningKey;

    pub(crate) fn keys(count: u8) -> Vec<SigningKey> {
        (1..=count).map(|seed| SigningKey::from([seed; 32])).collect()
    }

    pub(crate) fn set(keys: &[SigningKey]) -> ValidatorSet {
        let member = |key: &SigningKey| Validator { key: public(key), power: 1 };
        ValidatorSet::new(keys.iter().map(member).collect()).unwrap()
    }

    pub(crate) fn public(key: &SigningKey) -> PublicKey {
        PublicKey::from(key)
    }

    pub(crate) fn certify(
        keys: &[SigningKey],
        genesis: &Hash,
        height: u64,
        block: Hash,
    ) -> Certificate {
        let message = vote_bytes(Vote::Precommit, genesis, height, 0, Some(&block));
        let sign = |key: &SigningKey| Signature {
            validator: public(key),
            signature: key.sign(&message).to_bytes(),
        };
        Certificate { height, round: 0, block, signatures: keys.iter().map(sign).collect() }
    }

    #[test]
    fn three_of_four_certify_and_two_do_not() {
        let keys = keys(4);
        let (set, genesis, block) = (set(&keys), Hash([9; 32]), Hash([1; 32]));
        let good = certify(&keys[..3], &genesis, 5, block);
        assert_eq!(good.verify(&genesis, &set), Ok(()));
        let few = certify(&keys[..2], &genesis, 5, block);
        assert_eq!(few.verify(&genesis, &set), Err(CertificateError::NoQuorum));
    }

    #[test]
    fn strangers_repeats_and_forgeries_are_named() {
        let keys = keys(5);
        let (set, genesis, block) = (set(&keys[..4]), Hash([9; 32]), Hash([1; 32]));
        let stranger = certify(&keys[2..], &genesis, 5, block);
        let who = public(&keys[4]);
        assert_eq!(stranger.verify(&genesis, &set), Err(CertificateError::Stranger(who)));
        let mut twice = certify(&keys[..3], &genesis, 5, block);
        twice.signatures.push(twice.signatures[0]);
        let who = twice.signatures[0].validator;
        assert_eq!(twice.verify(&genesis, &set), Err(CertificateError::Twice(who)));
        let mut forged = certify(&keys[..3], &genesis, 5, block);
        forged.signatures[1].signature[3] ^= 1;
        let who = forged.signatures[1].validator;
        assert_eq!(forged.verify(&genesis, &set), Err(CertificateError::Signature(who)));
    }

    #[test]
    fn nothing_signed_for_one_purpose_serves_another() {
        let (genesis, other, block) = (Hash([9; 32]), Hash([8; 32]), Hash([1; 32]));
        let mut all = Vec::new();
        for genesis in [&genesis, &other] {
            for vote in [Vote::Prevote, Vote::Precommit] {
                all.push(vote_bytes(vote, genesis, 5, 0, Some(&block)));
                all.push(vote_bytes(vote, genesis, 5, 0, None));
            }
            all.push(proposal_bytes(genesis, 5, 0, None, &block));
            all.push(proposal_bytes(genesis, 5, 0, Some(0), &block));
            all.push(peer_bytes(genesis, &PublicKey([3; 32]), b"peer"));
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
