//! A small network whose every byte follows from fixed keys and times: the examples that
//! `docs/format.md` speaks of, for implementations in other languages too.

use ed25519_zebra::SigningKey;
use ledger::{BlockInput, CertifiedBlock, Ledger, Memory};
use proofs::certificate::{Vote, vote_bytes};
use proofs::{Certificate, PublicKey, Signature};
use registry::author::{self, Key as _, Times};
use registry::genesis::{Document, FORMAT, FirstRoles};
use registry::network::{Parameters, ValidatorEntry};
use registry::{Control, Genesis, SignedEvent, json};
use serde_json::{Value, json};
use std::sync::Arc;

/// The network's name.
pub const NETWORK: &str = "bt-golden";
/// When it begins, in milliseconds since 1970: 2026-11-21T00:00:00Z.
pub const TIME: u64 = 1_795_219_200_000;

/// The key that is 32 times this byte.
pub fn key(byte: u8) -> SigningKey {
    SigningKey::from([byte; 32])
}

fn public(byte: u8) -> PublicKey {
    PublicKey::from(&key(byte))
}

fn control(key: &SigningKey) -> Control {
    Control::of([&key.public()], 1)
}

fn times(after: u64) -> Times {
    Times { created: TIME + after, valid_until: TIME + after + 86_400_000 }
}

/// An unsigned inception of the key of this byte.
fn inception(byte: u8, after: u64) -> (String, Value) {
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": author::placeholder(NETWORK),
    });
    let (did, event) =
        author::inception(NETWORK, document, &control(&key(byte)), times(after)).expect("JSON");
    (did.to_string(), event)
}

fn canonical(event: &Value) -> Vec<u8> {
    json::canonical(event).expect("JSON of the profile")
}

/// The genesis document: governors are keys 1 to 5, the Administrative Body 6, the secretary 7, the
/// endorser 8; the four validators 10 to 13 have their other keys at 20, 30 and 40 above.
pub fn genesis() -> Genesis {
    let mut dids = Vec::new();
    let mut events = Vec::new();
    for byte in 1..=8 {
        let (did, mut event) = inception(byte, 0);
        author::sign(&mut event, &did, NETWORK, &key(byte)).expect("JSON");
        events.push(json::raw(&event).expect("JSON of the profile"));
        dids.push(did);
    }
    let validator = |byte: u8| ValidatorEntry {
        cosigner_key: public(byte + 20),
        from: None,
        jurisdiction: None,
        log_key: public(byte + 30),
        name: format!("validator-{}", byte - 10),
        operator: dids[5].clone(),
        peer_key: public(byte + 40),
        power: 1,
        until: None,
        validator_key: public(byte),
    };
    let document = Document {
        events,
        format: FORMAT.to_owned(),
        network: NETWORK.to_owned(),
        parameters: Parameters::default(),
        procedure: None,
        replicas: vec![],
        roles: FirstRoles {
            administrative_body: dids[5].clone(),
            endorsers: vec![dids[7].clone()],
            governors: dids[..5].to_vec(),
            secretary: dids[6].clone(),
        },
        time: TIME,
        validators: (10..14).map(validator).collect(),
    };
    let bytes = json::canonical_of(&document).expect("JSON of the profile");
    Genesis::parse(&bytes).expect("the genesis is sound")
}

/// The ledger of that network, and blocks of it.
pub struct Golden {
    /// The ledger, in memory.
    pub ledger: Ledger,
    /// Its genesis.
    pub genesis: Genesis,
}

impl Golden {
    /// The network at height 0.
    pub fn new() -> Golden {
        let genesis = genesis();
        let ledger = Ledger::open_in_memory(&Memory::new(), &genesis).expect("a ledger");
        Golden { ledger, genesis }
    }

    fn domain(&self) -> String {
        self.genesis.context(1, 0).domain()
    }

    /// The DID and the endorsed inception of the key of this byte.
    pub fn did_created(&self, byte: u8) -> (String, Vec<u8>) {
        self.did_created_at(byte, 1_000)
    }

    /// The same, made so many milliseconds after the network began, and valid for a day.
    pub fn did_created_at(&self, byte: u8, after: u64) -> (String, Vec<u8>) {
        let (did, mut event) = inception(byte, after);
        author::sign(&mut event, &did, &self.domain(), &key(byte)).expect("JSON");
        let (endorser, _) = inception(8, 0);
        author::endorse(&mut event, &endorser, &self.domain(), &key(8)).expect("JSON");
        (did, canonical(&event))
    }

    /// An event of a DID by the key of this byte.
    pub fn event(&self, kind: &str, did: &str, byte: u8, members: Value) -> Vec<u8> {
        self.event_at(2_000, kind, did, byte, members)
    }

    /// The same, made so many milliseconds after the network began, and valid for a day.
    pub fn event_at(&self, after: u64, kind: &str, did: &str, byte: u8, members: Value) -> Vec<u8> {
        let mut event = author::event(kind, NETWORK, did, times(after), members);
        author::sign(&mut event, did, &self.domain(), &key(byte)).expect("JSON");
        canonical(&event)
    }

    /// An event of the Administrative Body.
    pub fn office(&self, kind: &str, members: Value) -> Vec<u8> {
        self.event(kind, &inception(6, 0).0, 6, members)
    }

    /// An event of three members of the Governing Body.
    pub fn decided(&self, kind: &str, members: Value) -> Vec<u8> {
        self.by_governors(3, kind, members)
    }

    /// An event of the first so many members of the Governing Body.
    pub fn by_governors(&self, count: u8, kind: &str, members: Value) -> Vec<u8> {
        self.by_governors_at(2_000, count, kind, members)
    }

    /// The same, made so many milliseconds after the network began, and valid for a day.
    pub fn by_governors_at(&self, after: u64, count: u8, kind: &str, members: Value) -> Vec<u8> {
        let (author, _) = inception(1, 0);
        let mut event = author::event(kind, NETWORK, &author, times(after), members);
        for byte in 1..=count {
            let (did, _) = inception(byte, 0);
            author::sign(&mut event, &did, &self.domain(), &key(byte)).expect("JSON");
        }
        canonical(&event)
    }

    /// Commits a block of these events, certified by the first three validators by key byte.
    pub fn commit(&self, events: &[Vec<u8>]) -> Certificate {
        self.commit_at(TIME + (self.ledger.head().height + 1) * 1_000, events)
    }

    /// The same, in a block of this time, in milliseconds since 1970.
    pub fn commit_at(&self, time: u64, events: &[Vec<u8>]) -> Certificate {
        let height = self.ledger.head().height + 1;
        let check = |bytes: &Vec<u8>| {
            let event = SignedEvent::parse(bytes).and_then(SignedEvent::verify);
            Arc::new(event.expect("the event is sound"))
        };
        let input =
            BlockInput { time, proposer: public(10), events: events.iter().map(check).collect() };
        let proposal = self.ledger.propose(input).expect("a block");
        assert!(proposal.rejected.is_empty(), "{:?}", proposal.rejected);
        let block = proposal.executed.id();
        let hash = self.genesis.hash();
        let message = vote_bytes(Vote::Precommit, &hash, height, 0, Some(&block));
        let sign = |byte: u8| Signature {
            validator: public(byte),
            signature: key(byte).sign(&message).to_bytes(),
        };
        let signatures = (10..13).map(sign).collect();
        let certificate = Certificate { height, round: 0, block, signatures };
        let certified = CertifiedBlock::new(Arc::new(proposal.executed), certificate.clone());
        self.ledger.commit(&certified.expect("a quorum")).expect("committed");
        certificate
    }
}

impl Default for Golden {
    fn default() -> Self {
        Golden::new()
    }
}
