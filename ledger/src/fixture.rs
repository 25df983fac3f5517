//! A network for tests and benchmarks: a genesis with its keys, signed events, certificates.

use ed25519_zebra::SigningKey;
use proofs::certificate::{Signature, vote_bytes};
use proofs::{Certificate, Header, PublicKey, Vote};
use registry::author::{self, Key as _, Times};
use registry::blob::{Attestation, BlobState, attestation};
use registry::genesis::{Document, FORMAT, FirstRoles};
use registry::network::{Parameters, ValidatorEntry};
use registry::{Control, Genesis, SignedEvent, json};
use serde_json::{Value, json};

/// The network's name.
pub(crate) const NETWORK: &str = "bt-test";

/// When the network begins, in milliseconds since 1970.
pub(crate) const BEGIN: u64 = 1_795_299_503_000;

/// An Ed25519 key made from a number.
fn numbered(number: u64) -> SigningKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from(seed)
}

/// Keys of genesis have numbers from here on; those of its validators ten times as far.
const OFFICES: u64 = 1 << 40;

/// The network.
pub(crate) struct Fixture {
    pub(crate) genesis: Genesis,
    endorser: String,
    validators: Vec<SigningKey>,
}

impl Fixture {
    /// A network of four validators.
    pub(crate) fn new(parameters: Parameters) -> Fixture {
        let (dids, events): (Vec<_>, Vec<_>) = (0..6)
            .map(|office| {
                let key = numbered(OFFICES + office);
                let (did, mut event) = inception(&key, json!({}));
                author::sign(&mut event, &did, NETWORK, &key).expect("it can be signed");
                (did, json::raw(&event).expect("JSON of the profile"))
            })
            .unzip();
        let key = |validator: u64, purpose: u64| numbered(10 * OFFICES + 10 * validator + purpose);
        let entry = |validator| {
            let keys = Fixture::validator_keys(validator);
            let [vote, cosigner, log] = [0, 1, 2].map(|purpose| PublicKey::from(&keys[purpose]));
            ValidatorEntry {
                cosigner_key: cosigner,
                from: None,
                jurisdiction: None,
                log_key: log,
                name: format!("validator {validator}"),
                operator: dids[5].clone(),
                peer_key: PublicKey::from(&key(validator, 3)),
                power: 1,
                until: None,
                validator_key: vote,
            }
        };
        let document = Document {
            events,
            format: FORMAT.into(),
            network: NETWORK.into(),
            parameters,
            procedure: None,
            replicas: vec![],
            roles: FirstRoles {
                administrative_body: dids[5].clone(),
                endorsers: vec![dids[5].clone()],
                governors: dids[..5].to_vec(),
                secretary: dids[5].clone(),
            },
            time: BEGIN,
            validators: (0..4).map(entry).collect(),
        };
        let bytes = json::canonical_of(&document).expect("genesis is JSON of the profile");
        let genesis = Genesis::parse(&bytes).expect("genesis is sound");
        let validators = (0..4).map(|validator| key(validator, 0)).collect();
        Fixture { genesis, endorser: dids[5].clone(), validators }
    }

    /// The first validator.
    pub(crate) fn proposer(&self) -> PublicKey {
        PublicKey::from(&self.validators[0])
    }

    /// A validator's keys for votes, for cosignatures and for the log.
    pub(crate) fn validator_keys(validator: u64) -> [SigningKey; 3] {
        [0, 1, 2].map(|purpose| numbered(10 * OFFICES + 10 * validator + purpose))
    }

    fn domain(&self) -> String {
        self.genesis.context(1, 0).domain()
    }

    /// A new DID by the key of this number, with these members in its document, and the bytes of
    /// its signed and endorsed event.
    pub(crate) fn did_created(&self, number: u64, document: Value) -> (String, Vec<u8>) {
        let key = numbered(number);
        let (did, mut event) = inception(&key, document);
        author::sign(&mut event, &did, &self.domain(), &key).expect("it can be signed");
        let endorser = numbered(OFFICES + 5);
        author::endorse(&mut event, &self.endorser, &self.domain(), &endorser)
            .expect("it can be endorsed");
        (did, json::canonical(&event).expect("JSON of the profile"))
    }

    /// An update of the DID that the key of this number made.
    pub(crate) fn did_updated(&self, number: u64, did: &str, version: u64, note: u64) -> Vec<u8> {
        let document = json!({ "id": did, "alsoKnownAs": [format!("https://example.bt/{note}")] });
        let members = json!({ "document": document, "previousVersion": version });
        self.event("DidUpdated", number, did, members)
    }

    /// An event of the DID that the key of this number made.
    pub(crate) fn event(&self, kind: &str, number: u64, did: &str, members: Value) -> Vec<u8> {
        let mut event = author::event(kind, NETWORK, did, times(), members);
        author::sign(&mut event, did, &self.domain(), &numbered(number)).expect("it can be signed");
        json::canonical(&event).expect("JSON of the profile")
    }

    /// The attestations of three of the four validators that they hold a blob.
    pub(crate) fn attestations(&self, id: &str, blob: &BlobState) -> Vec<Attestation> {
        let statement = attestation::statement(&self.genesis.hash(), id, blob);
        let attest = |validator| {
            let [vote, cosigner, _] = Fixture::validator_keys(validator);
            let signature = attestation::encode(&cosigner.sign(&statement).to_bytes());
            Attestation { signature, validator_key: PublicKey::from(&vote) }
        };
        let mut attestations: Vec<Attestation> = (0..3).map(attest).collect();
        attestations.sort_by_key(|attestation| attestation.validator_key);
        attestations
    }

    /// Precommits of three of the four validators.
    pub(crate) fn certificate(&self, header: &Header) -> Certificate {
        let (genesis, height, block) = (self.genesis.hash(), header.height, header.id());
        let message = vote_bytes(Vote::Precommit, &genesis, height, 0, Some(&block));
        let signature = |key: &SigningKey| Signature {
            validator: PublicKey::from(key),
            signature: key.sign(&message).to_bytes(),
        };
        let signatures = self.validators[..3].iter().map(signature).collect();
        Certificate { height, round: 0, block, signatures }
    }
}

/// The event with these bytes. Its signatures are good: it was made here.
pub(crate) fn checked(bytes: &[u8]) -> std::sync::Arc<registry::CheckedEvent> {
    SignedEvent::parse(bytes).expect("the event is well formed").into_checked().into()
}

fn times() -> Times {
    Times { created: BEGIN, valid_until: BEGIN + 6 * 24 * 3_600_000 }
}

fn inception(key: &SigningKey, mut document: Value) -> (String, Value) {
    let members = document.as_object_mut().expect("a document is an object");
    members.insert("id".into(), author::placeholder(NETWORK).into());
    let control = Control::of([&key.public()], 1);
    let (did, event) =
        author::inception(NETWORK, document, &control, times()).expect("JSON of the profile");
    (did.to_string(), event)
}
