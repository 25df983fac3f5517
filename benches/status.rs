//! What revocation costs: a validator a change of statuses with its AnonCreds accumulator, a node
//! the lists that wallets and verifiers read.

#![expect(missing_docs, reason = "the group that criterion's macro makes is public")]

use std::collections::BTreeMap;
use std::ops::Range;

use benches::{NETWORK, NOW, control, key};
use criterion::{Criterion, criterion_group, criterion_main};
use node::keys::{KeyFile, Suite};
use node::status_list::{
    Listing, Moment, Provider, Purpose, bitstring_credential, token_list_cwt, token_list_jwt,
};
use proofs::{Hash, Record};
use registry::anoncreds::Point;
use registry::author::{self, Times};
use registry::did::sha256_multihash;
use registry::did_state::DidState;
use registry::status::{Base64, Head, Registry, Vector, status_list};
use registry::{Change, Context, SignedEvent, View, json};
use serde_json::{Value, json};

const CAPACITY: u32 = 32_768;
const HOUR: u64 = 3_600_000;

/// Records, and a tails file that goes on like the small one that the library made.
struct World {
    records: BTreeMap<String, Record>,
    tails: Vec<u8>,
}

impl View for World {
    fn record(&self, key: &str) -> Option<Record> {
        self.records.get(key).cloned()
    }

    fn blob(&self, _id: &str, range: Range<u64>) -> Option<Vec<u8>> {
        let (points, _) = self.tails[2..].as_chunks::<128>();
        let index = (usize::try_from(range.start).ok()? - 2) / 128;
        Some(points[index % (points.len() / 2)].to_vec())
    }
}

fn context() -> Context {
    let (network, genesis) = (NETWORK.into(), Hash([1; 32]));
    Context { network, genesis, height: 2, time: NOW, decided: None }
}

fn did() -> String {
    format!("did:ndi:{NETWORK}:{}", sha256_multihash(b"issuer"))
}

fn id() -> String {
    Hash([5; 32]).to_string()
}

fn world(anoncreds: bool) -> World {
    let frozen = include_str!("../registry/src/anoncreds/testdata/registry-10.json");
    let frozen: Value = serde_json::from_str(frozen).expect("JSON");
    let tails = hex::decode(frozen["tails"].as_str().expect("a text")).expect("digits");
    let mut world = World { records: BTreeMap::new(), tails };
    let mut put = |change: Change| {
        let record = Record::first(change.content, Hash([2; 32]), 1, NOW - HOUR);
        world.records.insert(change.key, record);
    };
    let state = DidState {
        control: control(&key(1)),
        created: NOW,
        deactivated: false,
        document: None,
        endorser: None,
    };
    put(state.change(&did()));
    let objects = json!({ "definition": "zQm", "tails": "zQm" });
    let mut registry = json!({
        "capacity": CAPACITY, "created": "2026-11-21T00:00:00Z", "issuer": did(),
        "formats": if anoncreds { json!(["anoncreds", "bitstring"]) } else { json!(["bitstring"]) },
    });
    if anoncreds {
        registry["anoncreds"] = objects;
    }
    put(Change::new(Registry::key(&id()), &registry));
    let accumulator = anoncreds.then(|| Base64(point(&frozen).to_bytes()));
    let mut head = json!({ "nodes": Vector::fresh(CAPACITY).nodes() });
    if let Some(accumulator) = accumulator {
        head["accumulator"] = json!(accumulator);
    }
    put(Change::new(Head::key(&id()), &head));
    world
}

fn point(frozen: &Value) -> Point {
    let text = frozen["statusLists"][0]["currentAccumulator"].as_str().expect("a text");
    Point::parse(text).expect("the library's own")
}

/// A signed change of so many slots, spread over the registry.
fn changed(count: u32) -> Vec<u8> {
    let step = (CAPACITY - 1) / count;
    let slots: Vec<u32> = (0..count).map(|number| 1 + number * step).collect();
    let change = json!({ "previousVersion": 1, "registry": id(), "revoke": slots });
    let members = json!({ "changes": [change], "ground": Hash([9; 32]) });
    let times = Times { created: NOW, valid_until: NOW + HOUR };
    let mut event = author::event("StatusChanged", NETWORK, &did(), times, members);
    author::sign(&mut event, &did(), &context().domain(), &key(1)).expect("it can be signed");
    json::canonical(&event).expect("it is JSON of the profile")
}

fn validators(criterion: &mut Criterion) {
    let context = context();
    for (name, world) in [("vector", world(false)), ("vector+anoncreds", world(true))] {
        for count in [1, 100, 1000] {
            let bytes = changed(count);
            let event = SignedEvent::parse(&bytes).and_then(SignedEvent::verify).expect("sound");
            criterion.bench_function(&format!("status::apply/{name}/changes={count}"), |bencher| {
                bencher.iter(|| event.apply(&context, &world).expect("it has effect"));
            });
        }
    }
    for count in [1, 100, 1000] {
        let bytes = changed(count);
        criterion.bench_function(&format!("status::admit/changes={count}"), |bencher| {
            bencher
                .iter(|| SignedEvent::parse(&bytes).and_then(SignedEvent::verify).expect("sound"));
        });
    }
}

/// A vector of which one slot in a hundred is revoked.
fn vector(capacity: u32) -> Vector {
    let mut bytes = vec![0; usize::try_from(capacity.div_ceil(4)).expect("it fits")];
    bytes[0] = 1;
    // Without a pattern that a compressor would find.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for byte in &mut bytes[1..] {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        *byte = u8::from(seed.is_multiple_of(25));
    }
    Vector::read(capacity, &bytes).expect("statuses")
}

fn lists(criterion: &mut Criterion) {
    let provider = Provider::new(format!("{}#lists", did()), KeyFile::generate(Suite::Ed25519));
    let moment = Moment { issued: NOW / 1000, valid_until: None, ttl: Some(60) };
    for capacity in [131_072, 1 << 20] {
        let vector = &vector(capacity);
        let url = "https://registry.example.bt/v1/status/list";
        let listing = Listing { vector, moment, url, ledger_proof: None };
        criterion.bench_function(&format!("status_list::bitstring/slots={capacity}"), |bencher| {
            bencher.iter(|| bitstring_credential(&listing, Purpose::Revocation, &provider));
        });
        criterion.bench_function(&format!("status_list::token_jwt/slots={capacity}"), |bencher| {
            bencher.iter(|| token_list_jwt(&listing, &provider));
        });
        criterion.bench_function(&format!("status_list::token_cwt/slots={capacity}"), |bencher| {
            bencher.iter(|| token_list_cwt(&listing, &provider));
        });
        criterion.bench_function(&format!("status::nodes/slots={capacity}"), |bencher| {
            bencher.iter(|| vector.nodes());
        });
    }
    let frozen = include_str!("../registry/src/anoncreds/testdata/registry-10.json");
    let point = point(&serde_json::from_str(frozen).expect("JSON"));
    let (vector, did) = (vector(CAPACITY), did());
    criterion.bench_function(&format!("status::anoncreds_list/slots={CAPACITY}"), |bencher| {
        bencher.iter(|| {
            let list = status_list((&did, "zQm"), &point, &vector, NOW / 1000);
            serde_json::to_vec(&list).expect("JSON")
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots().sample_size(20);
    targets = validators, lists
}
criterion_main!(benches);
