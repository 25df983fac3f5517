//! Made-up networks whose validators change, and what a client makes of their chains.

use ed25519_zebra::SigningKey;

use super::*;
use crate::certificate::{Signature, Vote, vote_bytes};
use crate::header::tests::example;
use crate::trust::Freshness;
use crate::{Evidence, PublicKey, Receipt, merkle, verify};

/// A network whose validators have keys made from a byte, and power 1 each.
pub(crate) struct Network {
    genesis: Hash,
}

/// When the network begins.
const BEGIN: u64 = 500;
const DAY: u64 = 86_400_000;

impl Network {
    pub(crate) fn new() -> Network {
        Network { genesis: Hash([9; 32]) }
    }

    pub(crate) fn key(&self, seed: u8) -> PublicKey {
        PublicKey::from(&SigningKey::from([seed; 32]))
    }

    fn validators(&self, seeds: &[u8]) -> Vec<Validator> {
        seeds.iter().map(|seed| Validator { key: self.key(*seed), power: 1 }).collect()
    }

    fn set(&self, seeds: &[u8]) -> ValidatorSet {
        ValidatorSet::new(self.validators(seeds)).unwrap()
    }

    /// Trust in genesis, whose validators are 1 to 4.
    pub(crate) fn trust(&self) -> Trust {
        Trust {
            genesis: self.genesis,
            network: "bt-test".into(),
            height: 0,
            time: BEGIN,
            validators: self.set(&[1, 2, 3, 4]),
            period: 30 * DAY,
        }
    }

    /// A header of `set`, which hands over to `next` if that is given.
    pub(crate) fn header(&self, height: u64, time: u64, set: &[u8], next: Option<&[u8]>) -> Header {
        Header {
            genesis: self.genesis,
            height,
            time,
            validators: self.set(set).hash(),
            next_validators: self.set(next.unwrap_or(set)).hash(),
            ..example()
        }
    }

    pub(crate) fn certificate(&self, header: &Header, signers: &[u8], round: u32) -> Certificate {
        let (height, block) = (header.height, header.id());
        let message = vote_bytes(Vote::Precommit, &header.genesis, height, round, Some(&block));
        let sign = |seed: &u8| {
            let key = SigningKey::from([*seed; 32]);
            Signature { validator: (&key).into(), signature: key.sign(&message).to_bytes() }
        };
        Certificate { height, round, block, signatures: signers.iter().map(sign).collect() }
    }

    fn step(&self, height: u64, time: u64, set: &[u8], next: &[u8]) -> Step {
        let header = self.header(height, time, set, Some(next));
        let certificate = self.certificate(&header, &set[..3], 0);
        Step { certificate, header: header.encode(), validators: self.validators(next) }
    }

    /// Hand-overs at heights 10, 20 and 30, in which all four are replaced, and a newest header.
    fn chain(&self) -> TrustChain {
        let steps = vec![
            self.step(10, 1_000, &[1, 2, 3, 4], &[2, 3, 4, 5]),
            self.step(20, 2_000, &[2, 3, 4, 5], &[4, 5, 6, 7]),
            self.step(30, 3_000, &[4, 5, 6, 7], &[5, 6, 7, 8]),
            self.step(33, 4_000, &[5, 6, 7, 8], &[5, 6, 7, 8]),
        ];
        TrustChain::new(self.genesis, steps)
    }

    /// An answer without records of a height that `set` certified.
    fn answer(&self, height: u64, time: u64, set: &[u8]) -> Evidence {
        let header = self.header(height, time, set, None);
        let certificate = self.certificate(&header, &set[..3], 0);
        Evidence { certificate, genesis: self.genesis, header: header.encode(), records: vec![] }
    }
}

fn why(verdict: Verdict) -> String {
    verdict.to_string()
}

#[test]
fn trust_in_genesis_reaches_validators_of_whom_none_is_left() {
    let network = Network::new();
    let trust = network.trust();
    let answer = network.answer(40, 5_000, &[5, 6, 7, 8]);
    let freshness = Freshness { now: 6_000, age_max: None };
    assert!(matches!(verify(&trust, &answer, freshness), Verdict::Untrusted { .. }));
    let reached = network.chain().follow(&trust, 6_000).unwrap();
    assert_eq!((reached.height, reached.time), (33, 4_000));
    assert_eq!(reached.validators, network.set(&[5, 6, 7, 8]));
    assert!(verify(&reached, &answer, freshness).is_valid());
}

#[test]
fn a_pinned_checkpoint_is_the_trust_that_was_reached() {
    let network = Network::new();
    let reached = network.chain().follow(&network.trust(), 6_000).unwrap();
    let file = serde_json::to_string(&Checkpoint::from(&reached)).unwrap();
    assert!(file.contains(r#""type":"DzongCheckpoint""#), "{file}");
    let pinned: Checkpoint = serde_json::from_str(&file).unwrap();
    assert_eq!(pinned.trust().unwrap(), reached);
    let other = file.replace("DzongCheckpoint", "DzongTrustChain");
    assert!(serde_json::from_str::<Checkpoint>(&other).is_err());
    // What came before is skipped, whatever it is worth.
    let mut chain = network.chain();
    chain.steps[0].certificate.signatures.clear();
    let middle = Trust {
        height: 20,
        time: 2_000,
        validators: network.set(&[4, 5, 6, 7]),
        ..network.trust()
    };
    assert_eq!(chain.follow(&middle, 6_000).unwrap(), reached);
    assert_eq!(chain.follow(&reached, 6_000).unwrap(), reached, "nothing new is no harm");
}

#[test]
fn a_missing_step_and_retired_keys_are_not_trusted() {
    let network = Network::new();
    let mut chain = network.chain();
    chain.steps.remove(1);
    let verdict = why(chain.follow(&network.trust(), 6_000).unwrap_err());
    assert!(verdict.starts_with("Untrusted: height 30 is certified by others"), "{verdict}");
    // The first four, long retired, certify a history of their own.
    let mut chain = network.chain();
    chain.steps.push(network.step(40, 5_000, &[1, 2, 3, 4], &[1, 2, 3, 4]));
    let verdict = why(chain.follow(&network.trust(), 6_000).unwrap_err());
    assert!(verdict.starts_with("Untrusted: height 40"), "{verdict}");
    // To a client that still trusts them they could tell anything: hence the trust period.
    let chain = TrustChain::new(chain.genesis, chain.steps[4..].to_vec());
    assert!(chain.follow(&network.trust(), 6_000).is_ok());
    let verdict = why(chain.follow(&network.trust(), BEGIN + 30 * DAY + 1).unwrap_err());
    assert!(verdict.starts_with("Untrusted: what you trust is older"), "{verdict}");
}

#[test]
fn a_rollback_is_stale() {
    let network = Network::new();
    let reached = network.chain().follow(&network.trust(), 6_000).unwrap();
    let mut older = network.chain();
    older.steps.pop();
    let verdict = older.follow(&reached, 6_000).unwrap_err();
    let why = "you already know height 33".to_owned();
    assert_eq!(verdict, Verdict::Stale { height: 30, time: 3_000, why });
}

#[test]
fn another_network_is_not_trusted() {
    let network = Network::new();
    let foreign = Network { genesis: Hash([8; 32]) };
    let verdict = foreign.chain().follow(&network.trust(), 6_000).unwrap_err();
    assert!(matches!(verdict, Verdict::Untrusted { .. }), "{verdict}");
    // Steps of another network under our genesis.
    let chain = TrustChain::new(network.genesis, foreign.chain().steps);
    let verdict = chain.follow(&network.trust(), 6_000).unwrap_err();
    assert!(matches!(verdict, Verdict::Invalid { .. }), "{verdict}");
}

#[test]
fn a_chain_with_any_part_changed_is_invalid() {
    let network = Network::new();
    type Change = fn(&Network, &mut TrustChain);
    let changes: [(&str, Change); 9] = [
        ("no steps", |_, chain| chain.steps.clear()),
        ("a cut header", |_, chain| chain.steps[2].header.truncate(283)),
        ("another header", |_, chain| chain.steps[1].header[100] ^= 1),
        ("a forged signature", |_, chain| {
            chain.steps[1].certificate.signatures[2].signature[7] ^= 1;
        }),
        ("no quorum", |_, chain| chain.steps[3].certificate.signatures.truncate(2)),
        ("other next validators", |network, chain| {
            chain.steps[0].validators = network.validators(&[1, 2, 3, 5]);
        }),
        ("more validators than a set has", |network, chain| {
            chain.steps[0].validators = vec![network.validators(&[1])[0]; 129];
        }),
        ("descending heights", |_, chain| chain.steps.swap(0, 1)),
        ("descending times", |network, chain| {
            chain.steps[1] = network.step(20, 999, &[2, 3, 4, 5], &[4, 5, 6, 7]);
        }),
    ];
    for (name, change) in changes {
        let mut chain = network.chain();
        change(&network, &mut chain);
        let verdict = chain.follow(&network.trust(), 6_000).unwrap_err();
        assert!(matches!(verdict, Verdict::Invalid { .. }), "{name}: {verdict}");
    }
}

#[test]
fn a_header_from_the_future_is_not_trusted() {
    let network = Network::new();
    let chain = network.chain();
    assert!(chain.follow(&network.trust(), 0).is_ok(), "clocks differ a little");
    let late = network.step(40, CLOCK_SKEW_MAX + 5_001, &[5, 6, 7, 8], &[5, 6, 7, 8]);
    let mut chain = chain;
    chain.steps.push(late);
    let verdict = why(chain.follow(&network.trust(), 5_000).unwrap_err());
    assert!(verdict.starts_with("Untrusted: height 40 is from the future"), "{verdict}");
}

#[test]
fn a_receipt_is_proven_by_a_newer_checkpoint_of_the_same_validators() {
    let network = Network::new();
    let event = "{}";
    let log_root = merkle::leaf_hash(event.as_bytes());
    let set = [5, 6, 7, 8];
    let header = Header { log_size: 1, log_root, ..network.header(31, 3_500, &set, None) };
    let receipt = Receipt {
        certificate: network.certificate(&header, &set[1..], 0),
        event: serde_json::value::RawValue::from_string(event.into()).unwrap(),
        genesis: network.genesis,
        header: header.encode(),
        id: Hash([0; 32]),
        index: 0,
        path: vec![],
    };
    let reached = network.chain().follow(&network.trust(), 6_000).unwrap();
    let verdict = crate::trust::verify_receipt(&reached, &receipt, 6_000);
    assert_eq!(verdict, Verdict::Valid { height: 31, time: 3_500 });
    let answer = network.answer(31, 3_500, &set);
    let verdict = verify(&reached, &answer, Freshness { now: 6_000, age_max: None });
    assert!(matches!(verdict, Verdict::Stale { .. }), "an answer gets old, a receipt does not");
}
