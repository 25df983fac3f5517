//! Authors of events for a network under test.

use node::keys::{KeyFile, Suite};
use registry::author::{self, Key, Times};
use registry::multikey::PublicKey;
use registry::{Control, json};
use serde_json::{Value, json};

use crate::Network;

/// An hour in milliseconds.
const HOUR: u64 = 3_600_000;

/// Makes and endorses events for one network.
pub struct Author {
    network: String,
    domain: String,
    endorser: KeyFile,
}

impl Author {
    /// An author for this network, with its own endorser.
    pub fn new(network: &Network) -> Author {
        Author {
            network: network.genesis().network().to_owned(),
            domain: network.domain(),
            endorser: network.key("endorser"),
        }
    }

    /// The network's name.
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The domain of proofs.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// From now for an hour.
    pub fn times(&self) -> Times {
        let now = node::clock::now_ms();
        Times { created: now, valid_until: now + HOUR }
    }

    /// A new Ed25519 key.
    pub fn key() -> KeyFile {
        KeyFile::generate(Suite::Ed25519)
    }

    /// Control by these keys.
    pub fn control(keys: &[&KeyFile], threshold: u64) -> Control {
        let keys: Vec<PublicKey> = keys.iter().map(|key| key.public()).collect();
        Control::of(&keys, threshold)
    }

    /// The unsigned `DidCreated` of a document that names itself by the placeholder.
    pub fn inception(&self, document: Value, control: &Control) -> (String, Value) {
        let (did, event) =
            author::inception(&self.network, document, control, self.times()).expect("JSON");
        (did.to_string(), event)
    }

    /// Adds the endorser's proof and writes the event in canonical form.
    pub fn endorse(&self, mut event: Value) -> Vec<u8> {
        let did = self.endorser.did().expect("the endorser's key names its DID");
        author::endorse(&mut event, did, &self.domain, &self.endorser).expect("JSON");
        json::canonical(&event).expect("JSON of the profile")
    }

    /// A signed and endorsed `DidCreated` of a small document.
    pub fn did_created(&self, key: &KeyFile) -> (String, Vec<u8>) {
        let document = json!({ "id": author::placeholder(&self.network) });
        let (did, mut event) = self.inception(document, &Author::control(&[key], 1));
        author::sign(&mut event, &did, &self.domain, key).expect("JSON");
        (did, self.endorse(event))
    }

    /// A signed event of another kind.
    pub fn event(&self, kind: &str, did: &str, key: &KeyFile, members: Value) -> Vec<u8> {
        let mut event = author::event(kind, &self.network, did, self.times(), members);
        author::sign(&mut event, did, &self.domain, key).expect("JSON");
        json::canonical(&event).expect("JSON of the profile")
    }
}
