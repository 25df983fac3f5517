//! A trust answer with its whole proof, from the certificate down, as a client checks it offline.

use proofs::certificate::{Vote, vote_bytes};
use proofs::history;
use proofs::record::{key_hash, record_hash};
use proofs::state::{StateProof, Terminal, bit, leaf_hash, node_hash};
use proofs::trust::Freshness;
use proofs::{Certificate, Evidence, Hash, Header, ProvenRecord, Signature, Trust, Verdict};
use serde_json::json;

use super::*;
use crate::answer;
use crate::trust::query::{Query, Question};

/// A leaf of the state tree: the hash of its key, and of its record.
type Leaf = (Hash, Hash);

fn root(leaves: &[&Leaf], depth: usize) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [(path, record)] => leaf_hash(path, record),
        _ => {
            let (right, left) = leaves.iter().copied().partition::<Vec<_>, _>(|l| bit(&l.0, depth));
            node_hash(&root(&left, depth + 1), &root(&right, depth + 1))
        }
    }
}

fn path(mut leaves: Vec<&Leaf>, key: &Hash) -> StateProof {
    let mut siblings = Vec::new();
    while leaves.len() > 1 {
        let depth = siblings.len();
        let (own, other) =
            leaves.into_iter().partition::<Vec<_>, _>(|l| bit(&l.0, depth) == bit(key, depth));
        siblings.push(root(&other, depth + 1));
        leaves = own;
    }
    let terminal = match leaves.first() {
        None => Terminal::Empty,
        Some((path, _)) if path == key => Terminal::Own,
        Some((path, record)) => Terminal::Other { path: *path, record: *record },
    };
    StateProof { terminal, siblings }
}

impl World {
    fn leaves(&self) -> Vec<Leaf> {
        let leaf =
            |(key, record): (&String, &Record)| (key_hash(key), record_hash(&record.encode()));
        self.records.iter().map(leaf).collect()
    }

    /// A record with its path to the root, and a past version with its path to its peak.
    fn fully_proven(&self, key: &str, moment: Option<u64>, leaves: &[Leaf]) -> ProvenRecord {
        let mut proven = self.proven(key, moment);
        proven.path = path(leaves.iter().collect(), &key_hash(key)).encode();
        if let Some(past) = &mut proven.past {
            let superseded = self.versions[key].split_last().unwrap().1;
            let hashes: Vec<Hash> = superseded.iter().map(|v| v.entry().hash()).collect();
            let of = |version: u64| history::path(&hashes, version - 1).unwrap();
            past.path = of(past.entry.version);
            if let Some(next) = &mut past.next {
                next.path = of(next.entry.version);
            }
        }
        proven
    }

    /// The answer as a node sends it.
    pub(super) fn served(&self, query: Query, question: &Question) -> Value {
        let genesis = genesis(&mut BTreeMap::new());
        let leaves = self.leaves();
        let header = Header {
            genesis: genesis.hash(),
            height: self.context.height,
            time: self.context.time,
            parent: Hash::ZERO,
            proposer: proofs::PublicKey::from(&key(10)),
            log_size: 0,
            log_root: Hash::ZERO,
            state_root: root(&leaves.iter().collect::<Vec<_>>(), 0),
            validators: genesis.validators().hash(),
            next_validators: genesis.validators().hash(),
            parameters: Hash::ZERO,
        };
        let (block, height) = (header.id(), header.height);
        let message = vote_bytes(Vote::Precommit, &genesis.hash(), height, 0, Some(&block));
        let sign = |byte: u8| Signature {
            validator: proofs::PublicKey::from(&key(byte)),
            signature: key(byte).sign(&message).to_bytes(),
        };
        let signatures = (10..13).map(sign).collect();
        let fetch = |key: &str, moment| {
            Ok::<_, std::convert::Infallible>(self.fully_proven(key, moment, &leaves))
        };
        let Ok((answer, records)) = question.ask(query, header.time, fetch);
        let evidence = Evidence {
            certificate: Certificate { height, round: 0, block, signatures },
            genesis: genesis.hash(),
            header: header.encode(),
            records,
        };
        let asked = match query {
            Query::Authorization => answer::Question::Authorization(question.clone()),
            Query::Recognition => answer::Question::Recognition(question.clone()),
        };
        let proof = answer::Proof::to_json(asked, evidence);
        serde_json::from_str(&answer.to_json(Some(&proof))).unwrap()
    }

    fn judged(&self, answer: &Value) -> Verdict {
        let genesis = genesis(&mut BTreeMap::new());
        let trust = Trust::from_genesis(genesis.bytes()).unwrap();
        let freshness = Freshness { now: self.context.time, age_max: Some(60_000) };
        answer::check(&trust, answer.to_string().as_bytes(), freshness)
    }
}

#[test]
fn s93_answers_are_checked_offline_down_to_the_genesis() {
    let mut world = World::nation();
    let before = world.context.time;
    world.later(1);
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    let granted = world.context.time;
    world.later(1);
    let did = world.did(UNIVERSITY);
    let members = world.change("entity", &did, Some("contravention"));
    world.by(AB, "EntitySuspended", members).unwrap();
    let question = |authority: u8, time: Option<u64>| Question {
        action: "issue".into(),
        authority_id: world.did(authority),
        context: time.map(|time| {
            let extra = ("locator".to_owned(), "here".to_owned());
            [("time".to_owned(), crate::time::format(time)), extra].into()
        }),
        entity_id: world.did(UNIVERSITY),
        resource: "DegreeCertificate".into(),
    };
    for (asked, expected) in [
        (question(REGISTRY, None), Some(false)),
        (question(REGISTRY, Some(before)), Some(false)),
        (question(REGISTRY, Some(granted)), Some(true)),
        (question(AB, None), Some(false)),
        (question(STRANGER, None), None),
    ] {
        let answer = world.served(Query::Authorization, &asked);
        assert_eq!(answer.get("authorized").and_then(Value::as_bool), expected);
        let verdict = world.judged(&answer);
        assert!(verdict.is_valid(), "{verdict}: {answer}");
        for (member, value) in [
            ("authorized", json!(!expected.unwrap_or_default())),
            ("resource", json!("DrivingLicence")),
            ("chain", json!([world.did(AB)])),
            ("time_evaluated", json!("2026-11-21T00:00:00Z")),
        ] {
            let mut other = answer.clone();
            other[member] = value;
            assert!(matches!(world.judged(&other), Verdict::Invalid { .. }), "{member}");
        }
        let mut other = answer.clone();
        other["proof"]["question"]["authorization"]["action"] = "request".into();
        // That nobody knows the authority is as true of another action: clients compare questions.
        assert_eq!(world.judged(&other).is_valid(), expected.is_none());
        let records = answer["proof"]["evidence"]["records"].as_array().unwrap();
        for at in 0..records.len() {
            let mut other = answer.clone();
            other["proof"]["evidence"]["records"].as_array_mut().unwrap().remove(at);
            assert!(matches!(world.judged(&other), Verdict::Invalid { .. }), "record {at}");
        }
    }
    let registry = Question { entity_id: world.did(REGISTRY), ..question(AB, None) };
    let answer = world.served(Query::Recognition, &registry);
    assert_eq!(answer["recognized"], true);
    assert!(world.judged(&answer).is_valid());
}
