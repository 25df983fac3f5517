//! A network of one process, for tests: four validators' keys, one ledger in memory, and blocks
//! that are decided on demand.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use consensus::mempool::{Accepted, Candidate, Refused};
use consensus::{Application as _, Committed, DoubleSign, PeerStatus, Propose, Status};
use ed25519_zebra::SigningKey;
use genesis::{Draft, Place, contribute};
use ledger::{Ledger, Memory};
use proofs::certificate::{Signature, Vote, vote_bytes};
use proofs::{Certificate, Hash, PublicKey};
use registry::author::{self, Key as _, Times};
use registry::control::Control;
use registry::{Genesis, Parameters, json};
use serde_json::{Value, json};

use crate::admission::Admission;
use crate::api::{Agreement, Announcer};
use crate::application::Application;
use crate::blobs::Blobs;
use crate::checkpoint::{Checkpoints, SignedFile};
use crate::clock::now_ms;
use crate::feed::Feed;
use crate::home::{NodeKeys, ValidatorKeys};
use crate::keys::{KeyFile, Suite};
use crate::metrics::Metrics;
use crate::signatures::Signatures;
use crate::waiting::Waiting;

/// The network.
pub(crate) struct World {
    pub(crate) keys: Vec<ValidatorKeys>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) application: Application,
    pub(crate) admission: Arc<Admission>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) checkpoints: Arc<Checkpoints>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) endorser: KeyFile,
}

pub(crate) fn key(seed: u8) -> KeyFile {
    KeyFile::from_secret(Suite::Ed25519, &[seed; 32]).unwrap()
}

fn node(seed: u8) -> NodeKeys {
    let key = |at: u8| SigningKey::from([seed + at; 32]);
    let validator = ValidatorKeys { vote: key(1), cosigner: key(2), log: key(3) };
    NodeKeys { validator: Some(validator), p2p: key(4) }
}

fn genesis(time: u64) -> (Genesis, KeyFile, Vec<ValidatorKeys>) {
    let mut draft = Draft::new("bt-test", Parameters::default(), time).unwrap();
    let mut add = |seed: u8, place: Place| {
        let (did, part) = contribute("bt-test", time, place, &key(seed)).unwrap();
        draft.add(&part).unwrap();
        key(seed).with_did(&did)
    };
    for seat in 1..=5 {
        add(seat as u8, Place::Governor { seat });
    }
    add(6, Place::AdministrativeBody);
    add(7, Place::Secretary);
    let endorser = add(8, Place::Endorser);
    let mut keys = Vec::new();
    for number in 0..4 {
        let node = node(100 + 10 * number);
        let entry = node.validator_entry(&format!("node{number}")).unwrap();
        add(10 + number, Place::Validator(entry));
        keys.extend(node.validator);
    }
    (draft.assemble().unwrap(), endorser, keys)
}

impl World {
    pub(crate) fn new() -> Arc<World> {
        let (genesis, endorser, keys) = genesis(now_ms() / 1000 * 1000 - 10_000);
        World::with(&genesis, endorser, keys)
    }

    fn with(genesis: &Genesis, endorser: KeyFile, keys: Vec<ValidatorKeys>) -> Arc<World> {
        let ledger = Arc::new(Ledger::open_in_memory(&Memory::new(), genesis).unwrap());
        let metrics = Arc::new(Metrics::new());
        let waiting = Arc::new(Waiting::new(16, metrics.clone()));
        let checkpoints = Arc::new(Checkpoints::new(ledger.clone(), None, metrics.clone()));
        let signatures = Arc::new(Signatures::new(metrics.clone()));
        let patience = Duration::from_millis(300);
        let feed = Feed::new(ledger.clone(), 6, patience, metrics.clone());
        let observer = Arc::new(Announcer {
            waiting: waiting.clone(),
            checkpoints: checkpoints.clone(),
            feed: feed.clone(),
        });
        let blobs = Arc::new(Blobs::new(ledger.clone(), None));
        let application = Application::new(
            ledger.clone(),
            signatures.clone(),
            observer,
            metrics.clone(),
            blobs.clone(),
        );
        let admission = Arc::new(Admission::new(ledger.clone(), signatures).expect("threads"));
        Arc::new(World {
            keys,
            ledger,
            application,
            admission,
            waiting,
            checkpoints,
            feed,
            metrics,
            blobs,
            endorser,
        })
    }

    /// Another node of the same network.
    pub(crate) fn neighbour(&self) -> Arc<World> {
        World::with(self.ledger.genesis(), self.endorser.clone(), self.keys.clone())
    }

    fn times() -> Times {
        Times { created: now_ms(), valid_until: now_ms() + 3_600_000 }
    }

    fn domain(&self) -> String {
        self.ledger.genesis().context(1, 0).domain()
    }

    /// A new DID of this key and its endorsed `DidCreated`.
    pub(crate) fn did_created(&self, key: &KeyFile) -> (String, Bytes) {
        let document = json!({
            "@context": ["https://www.w3.org/ns/did/v1.1"],
            "id": author::placeholder("bt-test"),
        });
        let control = Control::of([&key.public()], 1);
        let (did, mut event) =
            author::inception("bt-test", document, &control, World::times()).unwrap();
        let did = did.to_string();
        author::sign(&mut event, &did, &self.domain(), key).unwrap();
        let endorser = self.endorser.did().unwrap();
        author::endorse(&mut event, endorser, &self.domain(), &self.endorser).unwrap();
        (did, json::canonical(&event).unwrap().into())
    }

    /// An event by which the key's DID changes itself.
    pub(crate) fn changed(&self, kind: &str, did: &str, key: &KeyFile, members: Value) -> Bytes {
        let mut event = author::event(kind, "bt-test", did, World::times(), members);
        author::sign(&mut event, did, &self.domain(), key).unwrap();
        json::canonical(&event).unwrap().into()
    }

    /// An event that the first governors sign together, by the order of their seats.
    pub(crate) fn agreed(&self, kind: &str, governors: &[String], members: Value) -> Bytes {
        let mut event = author::event(kind, "bt-test", &governors[0], World::times(), members);
        for (seat, did) in (1..).zip(governors) {
            author::sign(&mut event, did, &self.domain(), &key(seat)).unwrap();
        }
        json::canonical(&event).unwrap().into()
    }

    /// A block of `count` new DIDs; their keys are numbered from `first` on.
    pub(crate) fn decide_dids(&self, first: u16, count: u16) {
        let key = |number: u16| {
            let mut seed = [9; 32];
            seed[..2].copy_from_slice(&number.to_be_bytes());
            KeyFile::from_secret(Suite::Ed25519, &seed).unwrap()
        };
        let events: Vec<Bytes> =
            (first..first + count).map(|number| self.did_created(&key(number)).1).collect();
        self.decide_events(&events);
    }

    /// What each validator says of the log as it is now.
    pub(crate) fn statements(&self) -> Vec<Bytes> {
        let directory = tempfile::tempdir().unwrap();
        let sign = |(at, keys): (usize, &ValidatorKeys)| {
            let file = SignedFile::open(&directory.path().join(at.to_string())).unwrap();
            let signing = Some((keys.clone(), file));
            let signer = Checkpoints::new(self.ledger.clone(), signing, self.metrics.clone());
            signer.sign(now_ms() / 1000).unwrap().unwrap()
        };
        self.keys.iter().enumerate().map(sign).collect()
    }

    /// The checkpoint of the log as it is now, cosigned by three.
    pub(crate) fn cosigned(&self) -> String {
        let checkpoints = Checkpoints::new(self.ledger.clone(), None, self.metrics.clone());
        for statement in self.statements().iter().take(3) {
            checkpoints.receive(statement).unwrap();
        }
        checkpoints.newest().unwrap().to_string()
    }

    /// Admits events.
    pub(crate) fn candidates(&self, events: &[Bytes]) -> Vec<Candidate> {
        let admitted = consensus::Admission::admit(&*self.admission, events.to_vec());
        admitted.into_iter().collect::<Result<_, _>>().unwrap()
    }

    pub(crate) fn propose(&self, candidates: Vec<Candidate>) -> consensus::Proposal {
        let height = self.ledger.head().height + 1;
        let proposer = PublicKey::from(&self.keys[0].vote);
        let time_ms = now_ms();
        let request = Propose { height, round: 0, proposer, time_ms, candidates };
        self.application.propose(request).unwrap()
    }

    /// A quorum's certificate for a block of the next height.
    pub(crate) fn certify(&self, block: Hash) -> Certificate {
        let height = self.ledger.head().height + 1;
        let genesis = self.ledger.genesis().hash();
        let message = vote_bytes(Vote::Precommit, &genesis, height, 0, Some(&block));
        let sign = |keys: &ValidatorKeys| Signature {
            validator: PublicKey::from(&keys.vote),
            signature: keys.vote.sign(&message).to_bytes(),
        };
        let signatures = self.keys.iter().take(3).map(sign).collect();
        Certificate { height, round: 0, block, signatures }
    }

    /// Decides the next block, of these candidates.
    pub(crate) fn decide(&self, candidates: Vec<Candidate>) -> Committed {
        let proposal = self.propose(candidates);
        self.application.commit(&self.certify(proposal.id)).unwrap().unwrap()
    }

    /// Decides a block of these events.
    pub(crate) fn decide_events(&self, events: &[Bytes]) -> Committed {
        self.decide(self.candidates(events))
    }
}

/// Agreement that decides every event at once.
pub(crate) struct AtOnce(pub(crate) Arc<World>);

impl Agreement for AtOnce {
    fn submit(&self, candidate: Candidate) -> Result<Accepted, Refused> {
        self.0.decide(vec![candidate]);
        Ok(Accepted::Inserted)
    }

    fn status(&self) -> Status {
        Status {
            height: self.0.ledger.head().height,
            round: 0,
            validator: true,
            watching: None,
            behind: false,
            peers: 3,
            gossip_peers: 3,
            mempool_events: 0,
            mempool_bytes: 0,
            evidence: 0,
            halted: None,
            full: false,
        }
    }

    fn peers(&self) -> Vec<PeerStatus> {
        Vec::new()
    }

    fn evidence(&self) -> Vec<DoubleSign> {
        Vec::new()
    }

    fn metrics(&self, text: &mut String) {
        text.push_str("engine 1\n# EOF\n");
    }
}
