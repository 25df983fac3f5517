//! Events that were signed with npm's Data Integrity packages, by an author with nothing of ours.

use std::io::Write as _;
use std::process::{Command, Stdio};

use node::keys::{KeyFile, Suite};
use registry::author::{self, Key as _};
use registry::multikey;
use serde_json::{Value, json};
use tests::authors::Author;
use tests::{Network, root};

/// Multicodec prefixes of secret keys: Ed25519 (then secret and public key), P-256.
fn secret_multikey(key: &KeyFile) -> String {
    let public = key.public();
    let secret = key.secret();
    multikey::encode(&match key.suite() {
        Suite::Ed25519 => [&[0x80, 0x26], &secret[..], public.as_bytes()].concat(),
        Suite::P256 => [&[0x86, 0x26], &secret[..]].concat(),
    })
}

fn sign_with_npm(event: &Value, did: &str, domain: &str, key: &KeyFile) -> Value {
    let public = key.public();
    let input = json!({
        "domain": domain,
        "event": event,
        "id": format!("urn:ndi:proof:{public}"),
        "publicKeyMultibase": public.to_string(),
        "secretKeyMultibase": secret_multikey(key),
        "suite": public.suite().name,
        "verificationMethod": author::method(did, &public),
    });
    let mut child = Command::new("node")
        .arg("sign.js")
        .current_dir(root().join("tests/npm"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "sign.js failed");
    let mut signed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // The packages write a single proof without its array.
    signed["proof"] = json!([signed["proof"]]);
    signed
}

#[test]
fn events_signed_by_npm_packages_are_accepted() {
    if !root().join("tests/npm/node_modules").is_dir() {
        println!("skipped: the npm packages are not installed (make test installs them)");
        return;
    }
    let network = Network::start();
    let author = Author::new(&network);
    for suite in [Suite::Ed25519, Suite::P256] {
        let key = KeyFile::generate(suite);
        let document = json!({ "id": author::placeholder(author.network()) });
        let (did, event) = author.inception(document, &Author::control(&[&key], 1));
        let signed = sign_with_npm(&event, &did, author.domain(), &key);
        let receipt = network.client(1).submit_and_wait(&author.endorse(signed));
        receipt.unwrap_or_else(|error| panic!("{}: {error}", suite.name()));
        network.ok(&["did", "resolve", &did, "--verify", "--genesis", "genesis.json"]);
    }
}
