//! Bytes are for ever: the frozen examples of `docs/format.md`. Nothing here writes the file; when
//! a format must change, it gets a new tag, and the old example stays.

mod dereferencing;
mod imported;
mod status;
mod trust;

use std::fs;

use proofs::record::{key_hash, record_hash};
use proofs::trust::Freshness;
use proofs::{Evidence, Trust, Verdict, merkle};
use registry::answer::{self, Question};
use registry::{SignedEvent, json, projections, resolution, resource};
use serde_json::{Value, json};
use tests::golden::{Golden, NETWORK, TIME};
use tests::root;

/// The proven record of a DID, in the version that is asked for.
fn evidence(golden: &Golden, question: &resolution::Question) -> Evidence {
    let snapshot = golden.ledger.snapshot();
    let key = question.key(NETWORK).expect("a key");
    let mut evidence = snapshot.prove(&[&key]).expect("no fault").expect("certified");
    let version = match question.wanted().expect("an option") {
        resolution::Wanted::Latest => None,
        resolution::Wanted::Version(version) => Some(ledger::Version::Number(version)),
        resolution::Wanted::Time(moment) => Some(ledger::Version::At(moment)),
    };
    if let Some(version) = version {
        evidence.records[0].past = snapshot.past_version(&key, version).expect("no fault");
    }
    evidence
}

/// A resolution result with its proof, as a node serves it.
fn answer(golden: &Golden, question: resolution::Question) -> Value {
    let evidence = evidence(golden, &question);
    let resolution = question.answer(&evidence.records[0]).expect("an answer");
    let proof = answer::Proof::to_json(Question::Resolution(question), evidence);
    serde_json::from_str(&resolution.to_json(Some(&proof))).expect("JSON")
}

fn ask(did: &str, version_id: Option<&str>) -> resolution::Question {
    let version_id = version_id.map(str::to_owned);
    resolution::Question { version_id, ..resolution::Question::latest(did) }
}

/// A dereferencing result with its proof, as a node serves it.
fn dereference(golden: &Golden, question: resource::Question) -> Value {
    let snapshot = golden.ledger.snapshot();
    let read = |key: &str, moment: Option<u64>| {
        let mut evidence = snapshot.prove(&[key]).expect("no fault").expect("certified");
        let mut proven = evidence.records.remove(0);
        let version = moment.map(ledger::Version::At);
        let past = version.map(|version| snapshot.past_version(key, version).expect("no fault"));
        proven.past = past.flatten();
        proven
    };
    let records = match question.route(NETWORK).expect("a route") {
        resource::Route::Resource(key) => vec![read(&key, None)],
        resource::Route::Series(key, moment) => {
            let series = read(&key, moment);
            let named = question.named_by(&series).map(|key| read(&key, None));
            [series].into_iter().chain(named).collect()
        }
        resource::Route::Search => panic!("a search has no proof"),
    };
    let mut evidence = snapshot.prove(&[]).expect("no fault").expect("certified");
    evidence.records = records;
    let answer = question.answer(NETWORK, &evidence.records).expect("an answer");
    let proof = answer::Proof::to_json(Question::Resource(question), evidence);
    serde_json::from_str(&answer.to_json(Some(&proof))).expect("JSON")
}

/// Two versions of a schema, published after everything else.
fn resources(golden: &Golden, did: &str) -> Value {
    let content = |version: &str| {
        json!({
            "issuerId": did, "name": "Licence", "version": version, "attrNames": ["class", version],
        })
    };
    let publish = |version: &str, previous: Option<&str>| {
        let mut members = json!({
            "content": content(version),
            "resourceName": "Licence",
            "resourceType": "anonCredsSchema",
            "resourceVersion": version,
        });
        if let Some(previous) = previous {
            members["previousVersionId"] = previous.into();
        }
        let event = golden.event("SchemaPublished", did, 50, members);
        golden.commit(std::slice::from_ref(&event));
        let canonical = json::canonical(&content(version)).expect("JSON of the profile");
        (String::from_utf8(event).expect("UTF-8"), resource::id(&canonical))
    };
    let (event, first) = publish("1.0", None);
    let (_, second) = publish("1.1", Some(&first));
    let ask = || resource::Question { did: did.to_owned(), ..Default::default() };
    let by_id = |id: &str| resource::Question { resource_id: Some(id.to_owned()), ..ask() };
    let named = resource::Question {
        resource_name: Some("Licence".into()),
        resource_type: Some("anonCredsSchema".into()),
        ..ask()
    };
    let at = |moment| resource::Question {
        resource_version_time: Some(registry::time::format(moment)),
        ..named.clone()
    };
    json!({
        "event": event,
        "resourceURI": resource::uri(did, &first),
        "keys": [
            resource::key(did, &first),
            resource::series_key(did, "anonCredsSchema", "Licence"),
        ],
        "answers": {
            "byId": dereference(golden, by_id(&first)),
            "metadata": dereference(
                golden,
                resource::Question { resource_metadata: true, ..by_id(&second) },
            ),
            "latest": dereference(golden, named.clone()),
            "past": dereference(golden, at(TIME + 5_000)),
            "early": dereference(golden, at(TIME)),
            "absent": dereference(golden, by_id(&resource::id(b"{}"))),
        },
    })
}

fn examples() -> Value {
    let golden = Golden::new();
    let (did, created) = golden.did_created(50);
    let (other, other_created) = golden.did_created(51);
    golden.commit(&[created.clone(), other_created]);
    let document = json!({ "id": did, "alsoKnownAs": ["https://example.bt/"] });
    let members = json!({ "previousVersion": 1, "document": document });
    golden.commit(&[golden.event("DidUpdated", &did, 50, members)]);
    let members = json!({ "previousVersion": 1 });
    golden.commit(&[golden.event("DidDeactivated", &other, 51, members)]);
    let certificate = golden.commit(&[]);

    let snapshot = golden.ledger.snapshot();
    let (header, _) = snapshot.header(4).expect("no fault").expect("a block");
    let event = SignedEvent::parse(&created).and_then(SignedEvent::verify).expect("sound");
    let key = format!("did/{did}");
    let record = snapshot.record(&key).expect("no fault").expect("a record").encode();
    let receipt = snapshot.receipt(&event.id()).expect("no fault").expect("in the log");
    let absent =
        did.replace(&did[did.len() - 46..], "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let mut examples = json!({
        "genesis": { "text": text(golden.genesis.bytes()), "hash": golden.genesis.hash() },
        "event": {
            "text": text(&created),
            "id": event.id(),
            "did": did,
            "logLeaf": merkle::leaf_hash(&created),
        },
        "header": {
            "bytes": hex::encode(header.encode()),
            "id": header.id(),
            "logEntry": hex::encode(header.log_entry()),
        },
        "validators": { "hash": golden.genesis.validators().hash() },
        "certificate": certificate,
        "record": {
            "key": key,
            "path": key_hash(&key),
            "text": text(&record),
            "hash": record_hash(&record),
        },
        "now": TIME + 10_000,
        "answers": {
            "current": answer(&golden, ask(&did, None)),
            "past": answer(&golden, ask(&did, Some("1"))),
            "deactivated": answer(&golden, ask(&other, None)),
            "absent": answer(&golden, ask(&absent, None)),
        },
        "receipt": receipt,
    });
    // Later blocks, so that what was frozen before stays as it was.
    examples["resources"] = resources(&golden, &did);
    examples["dereferencing"] = dereferencing::examples(&golden, &other);
    examples["imported"] = imported::examples(&golden);
    examples["status"] = status::examples(&golden, &did);
    examples
}

#[test]
fn the_frozen_examples_are_what_the_code_makes() {
    let made = examples();
    let frozen = fs::read(root().join("tests/golden/format.json")).unwrap_or_default();
    let frozen: Value = serde_json::from_slice(&frozen).unwrap_or_default();
    if made != frozen {
        let path = std::env::temp_dir().join("dzong-format.json");
        let text = serde_json::to_string_pretty(&made).expect("JSON");
        fs::write(&path, text + "\n").expect("a file");
        panic!("the format changed; what the code makes now is in {}", path.display());
    }
}

/// What an answer about a DID URL, a resource or a revocation registry says that was asked; and one
/// about an imported DID, which a changed letter makes one that nobody holds, and that is answered
/// alike.
fn asks(name: &str, answer: &[u8]) -> Option<Value> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    if name.starts_with("status ") {
        return answer.pointer("/proof/question").cloned();
    }
    let of_did = answer.get("didDocumentMetadata").filter(|_| name.starts_with("imported "));
    let metadata = answer.get("contentMetadata").or(of_did)?;
    metadata.pointer("/proof/0/question").cloned()
}

#[test]
fn the_frozen_answers_are_valid_and_nothing_else_is() {
    let frozen = fs::read(root().join("tests/golden/format.json")).expect("the examples");
    let frozen: Value = serde_json::from_slice(&frozen).expect("JSON");
    let genesis = frozen["genesis"]["text"].as_str().expect("a text");
    let trust = Trust::from_genesis(genesis.as_bytes()).expect("a genesis");
    let now = frozen["now"].as_u64().expect("a time");
    let own = frozen["answers"].as_object().expect("answers").iter();
    let own = own.map(|(name, answer)| (name.clone(), answer, now));
    let mut answers: Vec<(String, &Value, u64)> = own.collect();
    answers.push(("receipt".into(), &frozen["receipt"], now));
    for kind in ["resources", "dereferencing", "imported", "status"] {
        let now = frozen[kind]["now"].as_u64().unwrap_or(now);
        for (name, answer) in frozen[kind]["answers"].as_object().expect("answers") {
            answers.push((format!("{kind} {name}"), answer, now));
        }
    }
    for (name, answer, now) in answers {
        let check = |age_max, now| {
            let bytes = json::canonical(answer).expect("JSON of the profile");
            answer::check(&trust, &bytes, Freshness { now, age_max })
        };
        let fresh = check(Some(60_000), now);
        assert!(fresh.is_valid(), "{name}: {fresh}");
        if name != "receipt" {
            let stale = check(Some(1_000), now);
            assert!(matches!(stale, Verdict::Stale { .. }), "{name}: {stale}");
        }
        let old = check(None, now + 31 * 86_400_000);
        assert!(matches!(old, Verdict::Untrusted { .. }), "{name}: {old}");
        let bytes = json::canonical(answer).expect("JSON of the profile");
        for at in 0..bytes.len() {
            for bit in [1, 0x20] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                let verdict =
                    answer::check(&trust, &changed, Freshness { now, age_max: Some(60_000) });
                // An honest answer to another question is none to this one: clients compare.
                let invalid = matches!(verdict, Verdict::Invalid { .. })
                    || asks(&name, &changed)
                        .is_some_and(|other| Some(other) != asks(&name, &bytes));
                // A digit of an exponent that is none, or the case of a hash: never valid.
                assert!(invalid, "{name}, byte {at} of {}: {verdict}", bytes.len());
            }
        }
    }
}

#[test]
fn a_proof_has_one_spelling() {
    let frozen = fs::read(root().join("tests/golden/format.json")).expect("the examples");
    let frozen: Value = serde_json::from_slice(&frozen).expect("JSON");
    let genesis = frozen["genesis"]["text"].as_str().expect("a text");
    let trust = Trust::from_genesis(genesis.as_bytes()).expect("a genesis");
    let freshness = Freshness { now: frozen["now"].as_u64().expect("a time"), age_max: None };
    let proven = "/didDocumentMetadata/proof/0/evidence/records/0";
    let asked = "/didDocumentMetadata/proof/0/question/resolution";
    let certificate = "/didDocumentMetadata/proof/0/evidence/certificate/signatures/0";
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 5] = [
        ("absent", proven, |record| drop(record.as_object_mut().expect("one").remove("record"))),
        ("absent", proven, |record| record["past"] = Value::Null),
        ("past", &format!("{proven}/past"), |past| past["next"] = Value::Null),
        ("current", asked, |question| question["versionId"] = Value::Null),
        ("current", certificate, |one| *one = json!([one["validator"], one["signature"]])),
    ];
    for (name, place, change) in changes {
        let mut answer = frozen["answers"][name].clone();
        change(answer.pointer_mut(place).expect("a place"));
        let bytes = json::canonical(&answer).expect("JSON of the profile");
        let verdict = answer::check(&trust, &bytes, freshness);
        assert!(matches!(verdict, Verdict::Invalid { .. }), "{place}: {verdict}");
    }
}

#[test]
fn that_a_version_does_not_exist_is_proven() {
    let golden = Golden::new();
    let (did, created) = golden.did_created(50);
    golden.commit(&[created]);
    let trust = Trust::from_genesis(golden.genesis.bytes()).expect("a genesis");
    let before = "2020-01-01T00:00:00Z".to_owned();
    let at = resolution::Question { version_time: Some(before), ..ask(&did, None) };
    for question in [ask(&did, Some("2")), at] {
        let answer = answer(&golden, question);
        assert!(answer["didDocument"].is_null());
        let bytes = json::canonical(&answer).expect("JSON of the profile");
        let freshness = Freshness { now: TIME + 10_000, age_max: None };
        let verdict = answer::check(&trust, &bytes, freshness);
        assert!(verdict.is_valid(), "{verdict}: {answer}");
    }
}

#[test]
fn the_prepared_answer_is_the_one_that_a_client_rebuilds() {
    let golden = Golden::new();
    let (did, created) = golden.did_created(50);
    golden.commit(&[created]);
    let snapshot = golden.ledger.snapshot();
    let prepared = snapshot.projection(&projections::resolution_key(&did)).expect("no fault");
    let mut with_proof = answer(&golden, ask(&did, None));
    let metadata = with_proof["didDocumentMetadata"].as_object_mut().expect("metadata");
    metadata.remove("proof");
    let prepared: Value = serde_json::from_slice(&prepared.expect("prepared")).expect("JSON");
    assert_eq!(prepared, with_proof);
}
