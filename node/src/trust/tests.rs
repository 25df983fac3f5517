//! Clients of a node whose validators were all replaced since genesis.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use ed25519_zebra::SigningKey;
use proofs::certificate::{Signature, Vote, vote_bytes};
use proofs::chain::Step;
use proofs::{
    Certificate, Evidence, Hash, Header, ProvenRecord, PublicKey, Validator, ValidatorSet,
};
use registry::answer::{Proof, Question, record_answer};

use super::*;

const GENESIS: Hash = Hash([9; 32]);
const FIRST: [u8; 4] = [1, 2, 3, 4];
const SECOND: [u8; 4] = [5, 6, 7, 8];

fn set(seeds: &[u8]) -> ValidatorSet {
    let validator = |seed: &u8| {
        let key = PublicKey::from(&SigningKey::from([*seed; 32]));
        Validator { key, power: 1 }
    };
    ValidatorSet::new(seeds.iter().map(validator).collect()).unwrap()
}

fn header(height: u64, certifiers: &[u8], next: &[u8]) -> (Header, Certificate) {
    let header = Header {
        genesis: GENESIS,
        height,
        time: now_ms() - 1_000,
        parent: Hash::ZERO,
        proposer: PublicKey([0; 32]),
        log_size: 0,
        log_root: Hash::ZERO,
        // Of a state without records.
        state_root: Hash::ZERO,
        validators: set(certifiers).hash(),
        next_validators: set(next).hash(),
        parameters: Hash::ZERO,
    };
    let block = header.id();
    let message = vote_bytes(Vote::Precommit, &GENESIS, height, 0, Some(&block));
    let sign = |seed: &u8| {
        let key = SigningKey::from([*seed; 32]);
        Signature { validator: (&key).into(), signature: key.sign(&message).to_bytes() }
    };
    let signatures = certifiers.iter().map(sign).collect();
    (header, Certificate { height, round: 0, block, signatures })
}

fn step(height: u64, certifiers: &[u8], next: &[u8]) -> Step {
    let (header, certificate) = header(height, certifiers, next);
    Step { certificate, header: header.encode(), validators: set(next).as_slice().to_vec() }
}

fn trust() -> Trust {
    Trust {
        genesis: GENESIS,
        network: "bt-test".into(),
        height: 0,
        time: now_ms() - 60_000,
        validators: set(&FIRST),
        period: 3_600_000,
    }
}

/// The answer, at this height, that there is no such record.
fn answer(height: u64, certifiers: &[u8]) -> Vec<u8> {
    let (header, certificate) = header(height, certifiers, certifiers);
    let key = "did/did:ndi:bt-test:x".to_owned();
    let proven = ProvenRecord { key: key.clone(), past: None, path: vec![0, 0, 0], record: None };
    let evidence = Evidence {
        certificate,
        genesis: GENESIS,
        header: header.encode(),
        records: vec![proven.clone()],
    };
    let proof = Proof::to_json(Question::Record(key), evidence);
    record_answer(&proven, Some(&proof)).into_bytes()
}

/// A node that answers every request with these bytes.
fn node(body: Vec<u8>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
            write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    Client::new(&url)
}

fn chain(steps: Vec<Step>) -> Vec<u8> {
    serde_json::to_vec(&TrustChain::new(GENESIS, steps)).unwrap()
}

#[test]
fn an_answer_of_validators_who_are_not_known_is_followed_up() {
    let client = node(chain(vec![step(10, &FIRST, &SECOND), step(12, &SECOND, &SECOND)]));
    let args = TrustArgs::default();
    let mut asked = 0;
    let mut trust = trust();
    let ask = || {
        asked += 1;
        Ok(answer(13, &SECOND))
    };
    let check = |trust: &Trust, answer: &Vec<u8>| args.check(trust, answer);
    let (_, verdict) = proven(&client, &mut trust, ask, check).unwrap();
    assert!(verdict.is_valid(), "{verdict}");
    assert_eq!((asked, trust.height, &trust.validators), (2, 12, &set(&SECOND)));
    // From here on without the chain.
    let nobody = node(Vec::new());
    let ask = || Ok(answer(14, &SECOND));
    let (_, verdict) = proven(&nobody, &mut trust, ask, check).unwrap();
    assert!(verdict.is_valid(), "{verdict}");
}

#[test]
fn an_answer_from_before_the_last_hand_over_is_known_by_those_trusted_on_the_way() {
    let client = node(chain(vec![step(10, &FIRST, &SECOND), step(12, &SECOND, &FIRST)]));
    let args = TrustArgs::default();
    let mut trust = trust();
    let check = |trust: &Trust, answer: &Vec<u8>| args.check(trust, answer);
    let ask = || Ok(answer(12, &SECOND));
    let (_, verdict) = proven(&client, &mut trust, ask, check).unwrap();
    assert!(verdict.is_valid(), "{verdict}");
    assert_eq!((trust.height, &trust.validators), (12, &set(&FIRST)));
}

#[test]
fn a_chain_that_does_not_hold_moves_nothing() {
    let args = TrustArgs::default();
    let check = |trust: &Trust, answer: &Vec<u8>| args.check(trust, answer);
    let forged = vec![step(10, &SECOND, &SECOND), step(12, &SECOND, &SECOND)];
    for body in [chain(forged), chain(vec![]), b"{}".to_vec()] {
        let mut known = trust();
        let before = known.clone();
        let ask = || Ok(answer(13, &SECOND));
        let (_, verdict) = proven(&node(body), &mut known, ask, check).unwrap();
        assert!(matches!(verdict, Verdict::Untrusted { .. }), "{verdict}");
        assert!(verdict.to_string().contains("the node's trust chain is"), "{verdict}");
        assert_eq!(known, before);
    }
}

#[test]
fn a_checkpoint_file_goes_forward_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("checkpoint.json");
    let at = |height| Trust { height, validators: set(&SECOND), ..trust() };
    save_checkpoint(&path, &at(5)).unwrap();
    save_checkpoint(&path, &at(9)).unwrap();
    assert_eq!(load_checkpoint(&path).unwrap().height, 9);
    assert!(save_checkpoint(&path, &at(8)).is_err());
    assert!(save_checkpoint(&path, &Trust { genesis: Hash::ZERO, ..at(10) }).is_err());
    assert_eq!(load_checkpoint(&path).unwrap().height, 9);
    let text = std::fs::read_to_string(&path).unwrap();
    for odd in [
        text.replace("DzongCheckpoint", "DzongTrustChain"),
        text.replace("\"height\"", "\"hight\""),
        text.replace("\"power\":1", "\"power\":0"),
        text.replace("\"time\"", "\"height\":9,\"time\""),
        String::new(),
    ] {
        std::fs::write(&path, &odd).unwrap();
        assert!(load_checkpoint(&path).is_err(), "{odd}");
        assert!(save_checkpoint(&path, &at(10)).is_err(), "something else is not replaced");
    }
}
