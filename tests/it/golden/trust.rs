//! The frozen cases of trust chains and fork proofs, for implementations in other languages too:
//! a document, the checkpoint and the clock by which it is judged, and what comes out.

use std::fs;

use proofs::certificate::{Vote, vote_bytes};
use proofs::chain::Step;
use proofs::fork::CertifiedHeader;
use proofs::trust::Freshness;
use proofs::{
    Certificate, Checkpoint, ForkProof, Hash, Header, PublicKey, Signature, Trust, TrustChain,
    Validator, ValidatorSet,
};
use registry::{answer, json};
use serde::Serialize;
use serde_json::{Value, json};
use tests::golden::{TIME, key};
use tests::root;

const GENESIS: Hash = Hash([9; 32]);
const DAY: u64 = 86_400_000;

/// The sets through which the network passes: keys are 32 times a byte.
const SETS: [[u8; 4]; 4] = [[1, 2, 3, 4], [2, 3, 4, 5], [4, 5, 6, 7], [5, 6, 7, 8]];

fn validators(seeds: &[u8]) -> Vec<Validator> {
    seeds.iter().map(|seed| Validator { key: PublicKey::from(&key(*seed)), power: 1 }).collect()
}

fn set(seeds: &[u8]) -> ValidatorSet {
    ValidatorSet::new(validators(seeds)).expect("a set")
}

fn header(height: u64, time: u64, certifiers: &[u8], next: &[u8]) -> Header {
    Header {
        genesis: GENESIS,
        height,
        time: TIME + time,
        parent: Hash([1; 32]),
        proposer: PublicKey([2; 32]),
        log_size: 3,
        log_root: Hash([4; 32]),
        state_root: Hash([5; 32]),
        validators: set(certifiers).hash(),
        next_validators: set(next).hash(),
        parameters: Hash([6; 32]),
    }
}

fn certificate(header: &Header, signers: &[u8], round: u32) -> Certificate {
    let (height, block) = (header.height, header.id());
    let message = vote_bytes(Vote::Precommit, &header.genesis, height, round, Some(&block));
    let sign = |seed: &u8| {
        let key = key(*seed);
        Signature { validator: PublicKey::from(&key), signature: key.sign(&message).to_bytes() }
    };
    Certificate { height, round, block, signatures: signers.iter().map(sign).collect() }
}

fn step(height: u64, time: u64, certifiers: &[u8], next: &[u8]) -> Step {
    let header = header(height, time, certifiers, next);
    let certificate = certificate(&header, &certifiers[..3], 0);
    Step { certificate, header: header.encode(), validators: validators(next) }
}

/// Three hand-overs and a newest header.
fn steps() -> Vec<Step> {
    vec![
        step(10, 1_000, &SETS[0], &SETS[1]),
        step(20, 2_000, &SETS[1], &SETS[2]),
        step(30, 3_000, &SETS[2], &SETS[3]),
        step(33, 4_000, &SETS[3], &SETS[3]),
    ]
}

fn chain(steps: Vec<Step>) -> Value {
    value(&TrustChain::new(GENESIS, steps))
}

fn value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("JSON")
}

/// The trust in height `height`, certified from there on by this set.
fn trust(height: u64, time: u64, seeds: &[u8]) -> Trust {
    Trust {
        genesis: GENESIS,
        network: "bt-golden".into(),
        height,
        time: TIME + time,
        validators: set(seeds),
        period: 30 * DAY,
    }
}

/// Name, what is believed, when, and the document.
type Case = (&'static str, Trust, u64, Value);

fn chain_cases() -> Vec<Case> {
    let genesis = || trust(0, 0, &SETS[0]);
    let reached = || trust(33, 4_000, &SETS[3]);
    let without = |at: usize| {
        let mut steps = steps();
        steps.remove(at);
        chain(steps)
    };
    let changed = |change: fn(&mut Vec<Step>)| {
        let mut steps = steps();
        change(&mut steps);
        chain(steps)
    };
    let retired = |steps: &mut Vec<Step>| steps.push(step(40, 5_000, &SETS[0], &SETS[0]));
    let mut foreign = chain(steps());
    foreign["genesis"] = value(&Hash([8; 32]));
    let mut more = chain(steps());
    more["more"] = json!(true);
    vec![
        ("from genesis", genesis(), 6_000, chain(steps())),
        ("from a checkpoint", trust(20, 2_000, &SETS[2]), 6_000, chain(steps())),
        ("nothing new", reached(), 6_000, chain(steps())),
        ("a rollback", reached(), 6_000, changed(|steps| drop(steps.pop()))),
        ("a missing step", genesis(), 6_000, without(1)),
        ("retired validators", genesis(), 6_000, changed(retired)),
        ("another network", genesis(), 6_000, foreign),
        ("after the trust period", genesis(), 30 * DAY + 1, chain(steps())),
        ("at the end of the trust period", genesis(), 30 * DAY, chain(steps())),
        (
            "from the future",
            genesis(),
            0,
            changed(|steps| {
                steps.push(step(40, 60_001, &SETS[3], &SETS[3]));
            }),
        ),
        (
            "a clock that is a minute late",
            genesis(),
            0,
            changed(|steps| {
                steps.push(step(40, 60_000, &SETS[3], &SETS[3]));
            }),
        ),
        ("no steps", genesis(), 6_000, chain(vec![])),
        ("an unknown member", genesis(), 6_000, more),
        ("descending heights", genesis(), 6_000, changed(|steps| steps.swap(0, 1))),
        (
            "descending times",
            genesis(),
            6_000,
            changed(|steps| {
                steps[1] = step(20, 999, &SETS[1], &SETS[2]);
            }),
        ),
        ("a short header", genesis(), 6_000, changed(|steps| steps[3].header.truncate(283))),
        (
            "a certificate of another block",
            genesis(),
            6_000,
            changed(|steps| {
                steps[0].certificate.block = Hash([7; 32]);
            }),
        ),
        (
            "a forged signature",
            genesis(),
            6_000,
            changed(|steps| {
                steps[1].certificate.signatures[2].signature[7] ^= 1;
            }),
        ),
        (
            "half of the validators",
            genesis(),
            6_000,
            changed(|steps| {
                steps[3].certificate.signatures.truncate(2);
            }),
        ),
        (
            "one validator twice",
            genesis(),
            6_000,
            changed(|steps| {
                steps[3].certificate.signatures[1] = steps[3].certificate.signatures[0];
            }),
        ),
        (
            "other validators than handed over to",
            genesis(),
            6_000,
            changed(|steps| {
                steps[0].validators = validators(&[1, 2, 3, 5]);
            }),
        ),
        (
            "more validators than a set has",
            genesis(),
            6_000,
            changed(|steps| {
                steps[0].validators = vec![validators(&[1])[0]; 129];
            }),
        ),
    ]
}

fn fork_cases() -> Vec<Case> {
    let set = &SETS[0];
    let one = |height, time, signers: &[u8], round| {
        let header = header(height, time, set, set);
        CertifiedHeader {
            certificate: certificate(&header, signers, round),
            header: header.encode(),
        }
    };
    let proof = |second| value(&ForkProof::new(one(5, 1_000, &[1, 2, 3], 0), second));
    let mut forged = one(5, 2_000, &[2, 3, 4], 0);
    forged.certificate.signatures[0].signature[0] ^= 1;
    let known = || trust(0, 0, set);
    vec![
        ("a fork in one round", known(), 6_000, proof(one(5, 2_000, &[2, 3, 4], 0))),
        ("a fork in two rounds", known(), 6_000, proof(one(5, 2_000, &[2, 3, 4], 1))),
        ("a fork long ago", known(), 90 * DAY, proof(one(5, 2_000, &[2, 3, 4], 0))),
        ("a fork of others", trust(0, 0, &SETS[1]), 6_000, proof(one(5, 2_000, &[2, 3, 4], 0))),
        ("one block twice", known(), 6_000, proof(one(5, 1_000, &[2, 3, 4], 0))),
        ("two heights", known(), 6_000, proof(one(6, 2_000, &[2, 3, 4], 0))),
        ("a fork by half of the validators", known(), 6_000, proof(one(5, 2_000, &[2, 3], 0))),
        ("a forged fork", known(), 6_000, proof(forged)),
    ]
}

fn judged((name, trust, after, document): Case) -> Value {
    let now = TIME + after;
    let bytes = json::canonical(&document).expect("JSON of the profile");
    let freshness = Freshness { now, age_max: None };
    let judgement = answer::judge(&trust, &bytes, freshness);
    let mut verdict = value(&judgement.verdict);
    // The reason is for people, in each implementation's own words.
    verdict.as_object_mut().expect("a verdict").remove("why");
    json!({
        "name": name,
        "trust": Checkpoint::from(&trust),
        "now": now,
        "document": document,
        "verdict": verdict,
        "checkpoint": judgement.trust.as_ref().map(Checkpoint::from),
        "fork": judgement.fork,
    })
}

#[test]
fn the_frozen_cases_of_trust_are_judged_as_ever() {
    let cases: Vec<Value> = chain_cases().into_iter().chain(fork_cases()).map(judged).collect();
    for case in &cases {
        println!("{}: {}", case["name"], case["verdict"]["verdict"]);
    }
    let made = Value::from(cases);
    let frozen = fs::read(root().join("tests/golden/trust.json")).unwrap_or_default();
    let frozen: Value = serde_json::from_slice(&frozen).unwrap_or_default();
    if made != frozen {
        let path = std::env::temp_dir().join("dzong-trust.json");
        let text = serde_json::to_string_pretty(&made).expect("JSON");
        fs::write(&path, text + "\n").expect("a file");
        panic!("a verdict changed; what the code makes now is in {}", path.display());
    }
}
