//! What another ledger held, by its old identifiers.

use std::fs;

use registry::answer::{Proof, Question as Proven};
use registry::import::{self, Kind, Question, SourceTree, Transaction};
use registry::{SignedEvent, dereferencing, resolution};
use serde_json::{Map, Value, json};
use tests::golden::{Golden, TIME};
use tests::root;

use super::dereferencing::dereferenced;
use super::{answer, ask};

const NAMESPACE: &str = "bhutan";
/// Who issued on that ledger.
const ISSUER: &str = "PxEvQJzg3hLWzGV6LkFVRm";

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("tests/golden/indy").join(file));
    text.expect("a ledger").lines().map(str::to_owned).collect()
}

/// A transaction in the form that is taken over.
fn stored(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).expect("JSON");
    if let Value::Array(pair) = &mut value {
        value = pair.pop().expect("a pair");
    }
    if let Some(result) = value.get_mut("result") {
        value = result.take();
    }
    let kept = ["reqSignature", "txn", "txnMetadata", "ver"];
    let kept = kept.map(|name| (name.to_owned(), value[name].take()));
    import::canonical(&Value::Object(Map::from_iter(kept)))
}

/// Takes over of that ledger whatever may be.
fn take_over(golden: &Golden) {
    let texts: Vec<String> = lines("domain.jsonl").iter().map(|line| stored(line)).collect();
    let attributes = lines("attributes.jsonl");
    let leaf = |text: &String| import::leaf(text).expect("a transaction");
    let tree = SourceTree::new(texts.iter().map(leaf).collect());
    let approval = json!({
        "evidence": { "sha256": "00".repeat(32) },
        "legacy": true,
        "namespace": NAMESPACE,
        "rootHash": tree.root(),
        "size": tree.size(),
    });
    golden.commit(&[golden.decided("SourceLedgerApproved", approval)]);
    let mut schemas = Map::new();
    for (at, text) in texts.iter().enumerate() {
        let attribute = attributes.iter().find(|hashed| {
            Transaction::read(text, Some(hashed.as_str())).is_ok()
                && Transaction::read(text, None).is_err()
        });
        let attribute = attribute.map(String::as_str);
        let Ok(transaction) = Transaction::read(text, attribute) else { continue };
        let mut members = json!({
            "namespace": NAMESPACE, "path": tree.path(at), "transaction": text,
        });
        match &transaction.kind {
            Kind::Schema { .. } => {
                let url = import::url(NAMESPACE, &transaction).expect("a schema has one");
                schemas.insert(transaction.seq_no.to_string(), url.into());
            }
            Kind::ClaimDef { schema, .. } => {
                members["schema"] = schemas[&schema.to_string()].clone()
            }
            Kind::Endpoint { .. } => members["attribute"] = attribute.into(),
            Kind::Nym { .. } => {}
        }
        let event = golden.office("TransactionImported", members);
        let checked = SignedEvent::parse(&event).and_then(SignedEvent::verify).expect("sound");
        let snapshot = golden.ledger.snapshot();
        if snapshot.trial(TIME + 3_600_000).judge(&checked).expect("no fault").is_ok() {
            golden.commit(&[event]);
        }
    }
}

/// An AnonCreds object with its proof, as a node serves it.
fn object(golden: &Golden, url: &str) -> Value {
    let question = Question::read(url).expect("the URL of an object");
    let evidence = golden.ledger.snapshot().prove(&[&question.key()]);
    let evidence = evidence.expect("no fault").expect("certified");
    let answer = question.answer(&evidence.records[0]).expect("an answer");
    let proof = Proof::to_json(Proven::Imported(question), evidence);
    serde_json::from_str(&answer.to_json(Some(&proof))).expect("JSON")
}

/// Made after everything else.
pub(super) fn examples(golden: &Golden) -> Value {
    take_over(golden);
    let did = import::did_indy(NAMESPACE, ISSUER);
    let other = import::did_indy(NAMESPACE, "4qctFgcbbVRWFb4yJL7zfp");
    let part = |fragment: &str| dereferencing::Question {
        did: did.clone(),
        fragment: Some(fragment.to_owned()),
        ..dereferencing::Question::default()
    };
    let expanded = resolution::Question { expand_relative_urls: true, ..ask(&did, None) };
    let url = |path: &str| format!("{did}/anoncreds/v0/{path}");
    let answers = json!({
        "did": answer(golden, ask(&did, None)),
        "expanded": answer(golden, expanded),
        "legacy": answer(golden, ask(&import::did_sov(ISSUER), None)),
        "absent": answer(golden, ask(&other, None)),
        "key": dereferenced(golden, part("verkey")),
        "noPart": dereferenced(golden, part("none")),
        "definition": object(golden, &url("CLAIM_DEF/5/default")),
        "schema": object(golden, &url("SCHEMA/Driving%20Licence/1.0")),
        "noObject": object(golden, &url("SCHEMA/Nothing/1.0")),
    });
    // Later than the other examples are read.
    json!({ "answers": answers, "now": TIME + 60_000 })
}
