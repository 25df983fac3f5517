//! What an event costs before and after its signatures, and what it costs to check an answer.

#![expect(missing_docs, reason = "the group that criterion's macro makes is public")]

use benches::{NETWORK, NOW, control, did_created, inception, key};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use proofs::trust::Freshness;
use proofs::{Hash, Record, Trust};
use registry::answer::check;
use registry::did_state::DidState;
use registry::roles::{Role, Roles};
use registry::{Context, SignedEvent, json};
use serde_json::Value;
use std::collections::BTreeMap;

fn events(c: &mut Criterion) {
    let (network, genesis) = (NETWORK.into(), Hash([1; 32]));
    let context = Context { network, genesis, height: 2, time: NOW, decided: None };
    let endorser = key(u64::MAX);
    let (did, _) = inception(&endorser);
    let bytes = did_created(1, &context.domain(), (&did, &endorser));
    println!("an event of {} bytes", bytes.len());
    let state = DidState {
        control: control(&endorser),
        created: NOW,
        deactivated: false,
        document: None,
        endorser: None,
    };
    let roles = Roles { roles: [Role::Endorser].into() };
    let records: BTreeMap<String, Record> = [state.change(&did), roles.change(&did)]
        .into_iter()
        .map(|change| (change.key, Record::first(change.content, Hash([2; 32]), 0, NOW)))
        .collect();
    let parsed = SignedEvent::parse(&bytes).expect("the event is well formed");
    let checked = parsed.clone().verify().expect("its signatures hold");

    c.bench_function("registry::check_canonical", |b| {
        b.iter(|| json::check_canonical(&bytes, 1 << 16).is_ok());
    });
    c.bench_function("registry::parse", |b| b.iter(|| SignedEvent::parse(&bytes).is_ok()));
    c.bench_function("registry::verify/signatures=2", |b| {
        b.iter_batched(|| parsed.clone(), |event| event.verify().is_ok(), BatchSize::SmallInput);
    });
    c.bench_function("registry::apply", |b| {
        b.iter(|| checked.apply(&context, &records).expect("it is accepted"));
    });
}

/// Answers of a network of four validators, as `docs/format.md` freezes them.
fn answers(c: &mut Criterion) {
    let frozen = include_str!("../tests/golden/format.json");
    let frozen: Value = serde_json::from_str(frozen).expect("it is JSON");
    let genesis = frozen["genesis"]["text"].as_str().expect("a text");
    let trust = Trust::from_genesis(genesis.as_bytes()).expect("it is a genesis document");
    let now = frozen["now"].as_u64().expect("a time");
    let freshness = Freshness { now, age_max: None };
    for name in ["current", "past", "absent"] {
        let answer = &frozen["answers"][name];
        let bytes = serde_json::to_vec(answer).expect("it is JSON");
        let evidence = &answer["didDocumentMetadata"]["proof"][0]["evidence"];
        println!("{name}: {} bytes, {} of them evidence", bytes.len(), evidence.to_string().len());
        assert!(check(&trust, &bytes, freshness).is_valid(), "{name}");
        c.bench_function(&format!("registry::check/answer={name}"), |b| {
            b.iter(|| check(&trust, &bytes, freshness));
        });
    }
}

criterion_group!(benches, events, answers);
criterion_main!(benches);
