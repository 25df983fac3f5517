//! Two certificates for two blocks of one height: the network forked, and the keys of those who
//! made it so stand in both.

use serde::{Deserialize, Serialize};

use crate::evidence::{EvidenceError, consistent_header};
use crate::{Certificate, Header, PublicKey, Trust, Verdict};

/// Two certified headers that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkProof {
    /// One of the two.
    pub first: CertifiedHeader,
    /// The other.
    pub second: CertifiedHeader,
    #[serde(rename = "type")]
    kind: ForkType,
}

/// A header with the quorum that decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedHeader {
    /// The quorum.
    pub certificate: Certificate,
    /// The header's bytes (base64 in JSON).
    #[serde(with = "crate::bytes::base64_bytes")]
    pub header: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum ForkType {
    DzongForkProof,
}

/// What a fork proof proves. Keys ascend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fork {
    /// The height with two decided blocks.
    pub height: u64,
    /// The first block's time in milliseconds since 1970.
    pub time: u64,
    /// Who signed two precommits in one round, which no honest validator does.
    pub guilty: Vec<PublicKey>,
    /// Who signed both blocks in different rounds.
    pub signed_both: Vec<PublicKey>,
}

impl ForkProof {
    /// The proof made of two certified headers; whether it holds is for [`ForkProof::verify`].
    pub fn new(first: CertifiedHeader, second: CertifiedHeader) -> ForkProof {
        ForkProof { first, second, kind: ForkType::DzongForkProof }
    }

    /// Decides whether those whom `trust` names decided two blocks at one height. What they signed
    /// does not get old, so there is no clock in it.
    ///
    /// # Errors
    /// The verdict, where the proof does not hold or is about others.
    pub fn verify(&self, trust: &Trust) -> Result<Fork, Verdict> {
        let first = self.first.header()?;
        let second = self.second.header()?;
        if first.genesis != second.genesis || first.height != second.height {
            return Err(Verdict::invalid("the headers are of two networks or heights"));
        }
        if first.id() == second.id() {
            return Err(Verdict::invalid("both headers are of one block: that is no fork"));
        }
        if first.genesis != trust.genesis {
            return Err(trust.other_network(&first.genesis));
        }
        let trusted = trust.validators.hash();
        if first.validators != trusted || second.validators != trusted {
            let problem = format!("the validators of height {} are not known", first.height);
            return Err(Verdict::untrusted(problem));
        }
        for certificate in [&self.first.certificate, &self.second.certificate] {
            certificate
                .verify(&trust.genesis, &trust.validators)
                .map_err(EvidenceError::Certificate)?;
        }
        let (one_round, both) = self.signers_of_both();
        let (guilty, signed_both) = if one_round { (both, vec![]) } else { (vec![], both) };
        Ok(Fork { height: first.height, time: first.time, guilty, signed_both })
    }

    fn signers_of_both(&self) -> (bool, Vec<PublicKey>) {
        let (first, second) = (&self.first.certificate, &self.second.certificate);
        let in_second = |key: &PublicKey| second.signatures.iter().any(|s| s.validator == *key);
        let signers = first.signatures.iter().map(|signature| signature.validator);
        let mut both: Vec<PublicKey> = signers.filter(in_second).collect();
        both.sort_unstable();
        (first.round == second.round, both)
    }
}

impl CertifiedHeader {
    fn header(&self) -> Result<Header, EvidenceError> {
        let header = Header::decode(&self.header).ok_or(EvidenceError::Header)?;
        consistent_header(&self.header, &header.genesis, &self.certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::tests::Network;

    fn certified(network: &Network, header: Header, signers: &[u8], round: u32) -> CertifiedHeader {
        let certificate = network.certificate(&header, signers, round);
        CertifiedHeader { certificate, header: header.encode() }
    }

    fn keys(network: &Network, seeds: &[u8]) -> Vec<PublicKey> {
        let mut keys: Vec<_> = seeds.iter().map(|seed| network.key(*seed)).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn those_who_signed_two_blocks_in_one_round_are_named() {
        let network = Network::new();
        let [one, other] = [1_000, 2_000].map(|time| network.header(5, time, &[1, 2, 3, 4], None));
        let proof = |round| {
            ForkProof::new(
                certified(&network, one, &[1, 2, 3], 0),
                certified(&network, other, &[2, 3, 4], round),
            )
        };
        let fork = proof(0).verify(&network.trust()).unwrap();
        assert_eq!((fork.height, &fork.guilty), (5, &keys(&network, &[2, 3])));
        assert_eq!(fork.signed_both, []);
        let fork = proof(1).verify(&network.trust()).unwrap();
        assert_eq!((fork.guilty, fork.signed_both), (vec![], keys(&network, &[2, 3])));
    }

    #[test]
    fn nobody_is_accused_by_what_does_not_hold() {
        let network = Network::new();
        let header = |height, time| network.header(height, time, &[1, 2, 3, 4], None);
        let certified = |header, signers: &[u8]| certified(&network, header, signers, 0);
        let good = certified(header(5, 1_000), &[1, 2, 3]);
        let verdict = |second: CertifiedHeader| {
            ForkProof::new(good.clone(), second).verify(&network.trust()).unwrap_err()
        };
        let is_invalid = |verdict| matches!(verdict, Verdict::Invalid { .. });
        assert!(is_invalid(verdict(good.clone())), "the same block twice");
        assert!(is_invalid(verdict(certified(header(5, 1_000), &[1, 2, 4]))), "the same block");
        assert!(is_invalid(verdict(certified(header(6, 2_000), &[1, 2, 3]))), "another height");
        assert!(is_invalid(verdict(certified(header(5, 2_000), &[1, 2]))), "no quorum");
        let mut forged = certified(header(5, 2_000), &[1, 2, 3]);
        forged.certificate.signatures[0].signature[0] ^= 1;
        assert!(is_invalid(verdict(forged)), "a forged signature");
        let strangers = network.header(5, 2_000, &[5, 6, 7, 8], None);
        let strangers = certified(strangers, &[5, 6, 7]);
        assert!(matches!(verdict(strangers), Verdict::Untrusted { .. }), "others signed");
    }
}
