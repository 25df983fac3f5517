//! Real DID documents, as their implementers published them with the W3C DID test suite.

use std::collections::BTreeMap;
use std::fs;

use registry::did::PLACEHOLDER;
use registry::{author, document};
use serde_json::Value;
use tests::authors::Author;
use tests::{Network, shared};

/// The document under another DID: every occurrence of its own id is replaced.
fn rehome(document: &Value, did: &str) -> Value {
    let own = document["id"].as_str().unwrap_or("did:no:id");
    let text = document.to_string().replace(own, did);
    serde_json::from_str(&text).expect("replacing an id leaves JSON")
}

#[test]
fn real_documents_are_registered_or_refused_by_a_named_rule() {
    let Some(folder) = shared("data") else { return };
    let lines = fs::read_to_string(folder.join("did-documents.jsonl")).expect("the documents");
    let mut network = Network::start();
    let author = Author::new(&network);
    let clients: Vec<_> = (0..4).map(|node| network.client(node)).collect();
    let own = format!("did:ndi:{}:{PLACEHOLDER}", author.network());
    let sample =
        format!("did:ndi:{}:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", author.network());

    let (mut registered, mut refused) = (Vec::new(), BTreeMap::<String, usize>::new());
    for (number, line) in lines.lines().enumerate() {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        let source = line["source"].as_str().unwrap_or_default();
        if let Err(error) = document::check(&rehome(&line["document"], &sample), &sample) {
            println!("{number:3} refused    {source}: {error}");
            assert!(error.rule.starts_with("did-core:") || error.rule.starts_with("ndi:"));
            *refused.entry(error.rule.to_owned()).or_default() += 1;
            continue;
        }
        let key = Author::key();
        let control = Author::control(&[&key], 1);
        let (did, mut event) = author.inception(rehome(&line["document"], &own), &control);
        author::sign(&mut event, &did, author.domain(), &key).expect("JSON");
        let receipt = clients[number % 4].submit_and_wait(&author.endorse(event));
        receipt.unwrap_or_else(|error| panic!("{number} {source}: {error}"));
        println!("{number:3} registered {source}: {did}");
        registered.push((did, line["document"].clone()));
    }
    println!("{} registered, refused: {refused:?}", registered.len());
    assert!(registered.len() > 150, "most real documents are registered");

    network.wait_until_equal();
    for (at, (did, original)) in registered.iter().enumerate() {
        let answer: Value =
            clients[at % 4].read(&format!("/1.0/identifiers/{did}")).expect("it resolves");
        assert_eq!(answer["didDocument"], rehome(original, did), "{did}");
    }
    network.kill_all();
    for node in 0..4 {
        let home = network.node_home(node);
        println!("{}", network.ok(&["audit", "--home", &home.to_string_lossy()]));
    }
}
