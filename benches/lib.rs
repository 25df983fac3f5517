//! What the benchmarks share: events like those that a registry sees.

use ed25519_consensus::SigningKey;
use registry::author::{self, Key, Times};
use registry::integrity::Message;
use registry::multikey::PublicKey;
use registry::{Control, json, suites};
use serde_json::{Value, json};

/// The network of the benchmarks.
pub const NETWORK: &str = "bt-bench";

/// When the benchmarks take place, in milliseconds since 1970.
pub const NOW: u64 = 1_795_299_503_000;

/// An Ed25519 key made from a number.
pub struct BenchKey(SigningKey);

impl BenchKey {
    /// The key with this number.
    pub fn new(number: u64) -> BenchKey {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        BenchKey(SigningKey::from(seed))
    }
}

impl Key for BenchKey {
    fn public(&self) -> PublicKey {
        let bytes = self.0.verification_key().to_bytes();
        PublicKey::new(suites::SUITES[0], &bytes).expect("an Ed25519 key")
    }

    fn sign(&self, message: &Message) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

/// Control by this one key.
pub fn control(key: &BenchKey) -> Control {
    let keys = vec![key.public().to_string()];
    Control { controllers: vec![], keys, next_key_hashes: vec![], threshold: 1 }
}

/// An unsigned `DidCreated` whose canonical form, once signed by author and endorser, has about
/// 1,500 bytes.
pub fn inception(key: &BenchKey) -> (String, Value) {
    let did = format!("did:ndi:{NETWORK}:{{SCID}}");
    let method = format!("{did}#key-1");
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "authentication": [method],
        "id": did,
        "verificationMethod": [{
            "controller": did,
            "id": method,
            "publicKeyMultibase": key.public().to_string(),
            "type": "Multikey",
        }],
    });
    let times = Times { created: NOW, valid_until: NOW + 3_600_000 };
    let (did, event) = author::inception(NETWORK, document, &control(key), times)
        .expect("the document is JSON of the profile");
    (did.to_string(), event)
}

/// The canonical bytes of a `DidCreated`, signed by its key and endorsed.
pub fn did_created(number: u64, domain: &str, endorser: (&str, &BenchKey)) -> Vec<u8> {
    let key = BenchKey::new(number);
    let (did, mut event) = inception(&key);
    author::sign(&mut event, &did, domain, &key).expect("the event can be signed");
    author::endorse(&mut event, endorser.0, domain, endorser.1).expect("it can be endorsed");
    json::canonical(&event).expect("it is JSON of the profile")
}
