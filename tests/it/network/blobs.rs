//! A file that no event has room for: put at one node, held by all, attested, activated, served.

use std::fs;
use std::time::{Duration, Instant};

use node::client::{Client, ClientError};
use node::keys::KeyFile;
use registry::blob::{self, Attestation};
use serde_json::{Value, json};
use tests::Network;
use tests::authors::Author;
use tests::network::{PATIENCE, text};

const KIND: &str = "resource";

/// A JSON text of so many bytes, another one for each seed.
fn document(bytes: usize, seed: usize) -> Vec<u8> {
    let mut text: Vec<u8> = (0..bytes).map(|at| b'a' + ((at / 5 + seed) % 26) as u8).collect();
    (text[0], text[bytes - 1]) = (b'"', b'"');
    text
}

/// A part of a blob, as a wallet asks for it: the status line and the bytes.
fn part(network: &Network, node: usize, id: &str, range: &str) -> (String, Vec<u8>) {
    let path = format!("/v1/blobs/{id}");
    let (head, bytes) = network.raw(node, &path, &format!("Range: {range}\r\n"));
    (head.lines().next().unwrap_or_default().to_owned(), bytes)
}

/// A new DID with its key in a file that the command line takes.
fn publisher(network: &Network, name: &str) -> (String, KeyFile) {
    let (author, key) = (Author::new(network), Author::key());
    let (did, event) = author.did_created(&key);
    network.client(0).submit_and_wait(&event).expect("it is certified");
    let key = key.with_did(&did);
    key.save(&network.home().join(name), None).expect("a key file");
    (did, key)
}

fn code(done: Result<impl Sized, ClientError>) -> String {
    match done {
        Ok(_) => panic!("it is accepted"),
        Err(ClientError::Refused(problem)) => problem.code().to_owned(),
        Err(error) => panic!("{error}"),
    }
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn own_attestation(client: &Client, id: &str) -> Option<Attestation> {
    client.read(&format!("/v1/blobs/{id}/attestation")).ok()
}

#[test]
fn a_blob_put_at_one_node_is_attested_by_all_and_comes_back_to_one_that_lost_it() {
    let mut network = Network::start();
    publisher(&network, "issuer.json");
    let bytes = document(900_000, 1);
    let id = blob::id(&bytes);
    fs::write(network.home().join("large.json"), &bytes).expect("a file");
    let put = ["blob", "put", "large.json", "--kind", KIND, "--key", "issuer.json"];
    let printed = network.ok(&put);
    assert_eq!(printed.lines().next(), Some(&*id));
    assert!(printed.contains("active: resource, 900000 bytes"), "{printed}");
    assert_eq!(network.ok(&put).lines().next(), Some(&*id), "again is no error");
    assert!(network.ok(&["blob", "show", &id]).contains("active"));
    network.ok(&["blob", "get", &id, "--out", "copy.bin"]);
    assert_eq!(fs::read(network.home().join("copy.bin")).expect("a file"), bytes);
    let none = network.dzong(&["blob", "show", &blob::id(b"none")]);
    assert!(!none.status.success() && text(&none).contains("dzong blob put"), "{}", text(&none));

    // All four hold it, though it was sent to one, and each by its own key.
    let mut keys: Vec<String> = (0..4)
        .map(|node| {
            let client = network.client(node);
            let own = until("all attest", || own_attestation(&client, &id));
            own.validator_key.to_string()
        })
        .collect();
    keys.dedup();
    assert_eq!(keys.len(), 4);
    let (status, piece) = part(&network, 3, &id, "bytes=65530-65545");
    assert_eq!((&*status, &piece[..]), ("HTTP/1.1 206 Partial Content", &bytes[65_530..65_546]));

    // What is lost with a ledger is fetched again with it.
    network.kill(3);
    fs::remove_dir_all(network.node_home(3).join("data/ledger")).expect("a ledger");
    network.run(3);
    network.wait_until_ready(3);
    let path = format!("/v1/blobs/{id}");
    let again = until("the blob is back", || network.client(3).get(&path).ok());
    assert_eq!(again, bytes);
    network.wait_until_equal();
    network.kill_all();
    for node in 0..4 {
        network.ok(&["audit", "--home", &network.node_home(node).to_string_lossy()]);
    }
}

#[test]
fn what_was_not_proposed_is_not_taken_and_too_few_attestations_activate_nothing() {
    let network = Network::start();
    let (did, key) = publisher(&network, "issuer.json");
    let (author, client) = (Author::new(&network), network.client(0));
    let submit = |kind: &str, members: Value| {
        client.submit_and_wait(&author.event(kind, &did, &key, members))
    };
    let propose = |bytes: &[u8], kind: &str| {
        let id = blob::id(bytes);
        submit("BlobProposed", json!({ "blob": id, "kind": kind, "size": bytes.len() })).map(|_| id)
    };
    let bytes = document(1_000, 2);
    let id = propose(&bytes, KIND).expect("it is certified");
    assert_eq!(code(propose(&bytes, "powersOfTau")), "exists");
    assert_eq!(code(client.put_blob(&blob::id(b"other"), b"other")), "blob-unknown");
    assert_eq!(code(client.put_blob(&id, &document(1_001, 2))), "too-large");
    assert_eq!(code(client.put_blob(&id, &document(999, 2))), "blob-size");
    assert_eq!(code(client.put_blob(&id, &document(1_000, 3))), "blob-hash");
    assert_eq!(code(client.get(&format!("/v1/blobs/{id}"))), "blob-awaited");
    client.put_blob(&id, &bytes).expect("it is taken");

    let mut known: Vec<Value> = until("all four attest", || {
        let known: Value = client.read(&format!("/v1/blobs/{id}/attestations")).ok()?;
        known["attestations"].as_array().filter(|known| known.len() == 4).cloned()
    });
    let activate = |attestations: &[Value]| {
        let members = json!({ "attestations": attestations, "blob": id, "previousVersion": 1 });
        submit("BlobActivated", members)
    };
    assert_eq!(code(activate(&known[..2])), "attesting-power");
    let twice = [known[0].clone(), known[0].clone(), known[1].clone()];
    assert_eq!(code(activate(&twice)), "attestation-order");
    let honest = known[3].clone();
    known[3]["validatorKey"] = "00".repeat(32).into();
    known.sort_by_key(|one| one["validatorKey"].as_str().map(str::to_owned));
    assert_eq!(code(activate(&known)), "no-validator");
    known[0] = honest;
    known[0]["signature"] = known[1]["signature"].clone();
    known.sort_by_key(|one| one["validatorKey"].as_str().map(str::to_owned));
    assert_eq!(code(activate(&known)), "attestation");

    // Right bytes of the wrong kind: everybody holds them, and nobody attests.
    let wrong = b"neither JSON nor anything else".to_vec();
    let id = propose(&wrong, "resource").expect("it is certified");
    client.put_blob(&id, &wrong).expect("the hash is right");
    let own = format!("/v1/blobs/{id}/attestation");
    let refused = until("it was checked", || match code(client.get(&own)) {
        code if code == "blob-unattested" => None,
        code => Some(code),
    });
    assert_eq!(refused, "blob-check");
}
