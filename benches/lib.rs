//! What the benchmarks share: events like those that a registry sees.

use std::hint::black_box;
use std::time::Duration;

use ed25519_zebra::SigningKey;
use registry::author::{self, Key, Times};
use registry::{Control, json};
use serde_json::{Value, json};

/// The network of the benchmarks.
pub const NETWORK: &str = "bt-bench";

/// When the benchmarks take place, in milliseconds since 1970.
pub const NOW: u64 = 1_795_299_503_000;

/// The key with this number.
pub fn key(number: u64) -> SigningKey {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from(seed)
}

/// Control by this one key.
pub fn control(key: &SigningKey) -> Control {
    Control::of([&key.public()], 1)
}

/// What the process costs to do this so many times: not how long others kept it waiting.
pub fn cpu<T>(times: u64, mut work: impl FnMut() -> T) -> Duration {
    let now = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::try_from(time).expect("a process's time is not negative")
    };
    let begin = now();
    (0..times).for_each(|_| drop(black_box(work())));
    now() - begin
}

/// An unsigned `DidCreated` whose canonical form, once signed by author and endorser, has about
/// 1,500 bytes.
pub fn inception(key: &SigningKey) -> (String, Value) {
    let did = author::placeholder(NETWORK);
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
pub fn did_created(number: u64, domain: &str, endorser: (&str, &SigningKey)) -> Vec<u8> {
    let key = key(number);
    let (did, mut event) = inception(&key);
    author::sign(&mut event, &did, domain, &key).expect("the event can be signed");
    author::endorse(&mut event, endorser.0, domain, endorser.1).expect("it can be endorsed");
    json::canonical(&event).expect("it is JSON of the profile")
}
