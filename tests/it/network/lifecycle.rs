//! The life of a DID by the command line, and every verdict on the way.

use std::fs;

use serde_json::Value;
use tests::Network;
use tests::network::text;

/// The exit codes of `dzong verify` and of `--verify`.
const STALE: i32 = 2;
const UNTRUSTED: i32 = 3;
const INVALID: i32 = 4;

fn first_line(output: &str) -> String {
    output.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_did_lives_by_the_command_line_with_both_suites() {
    let network = Network::start();
    for suite in ["ed25519", "p256"] {
        let (key, next) = (format!("{suite}.json"), format!("{suite}-next.json"));
        network.ok(&["key", "new", "--suite", suite, "--out", &key]);
        network.ok(&["key", "new", "--suite", suite, "--out", &next]);
        let did = first_line(&network.ok(&["did", "create", "--key", &key]));
        assert!(did.starts_with("did:ndi:"), "{did}");

        let document = network.ok(&["did", "resolve", &did, "--json"]);
        let mut document: Value = serde_json::from_str(&document).expect("JSON");
        let mut document = document["didDocument"].take();
        document["alsoKnownAs"] = serde_json::json!(["https://example.bt/"]);
        fs::write(network.home().join("document.json"), document.to_string()).expect("a file");
        network.ok(&["did", "update", &did, "--key", &key, "--document", "document.json"]);
        network.ok(&["did", "rotate", &did, "--key", &key, "--new-key", &next]);
        let old = network.dzong(&["did", "deactivate", &did, "--key", &key]);
        assert!(!old.status.success(), "the old key has no say any more");
        network.ok(&["did", "deactivate", &did, "--key", &next]);

        let history =
            network.ok(&["did", "history", &did, "--verify", "--genesis", "genesis.json"]);
        assert!(history.matches("Valid").count() >= 4, "four versions, each proven: {history}");
        let second = ["did", "resolve", &did, "--version-id", "2", "--verify"];
        assert!(network.ok(&second).contains("https://example.bt/"));
    }
}

#[test]
fn two_of_three_must_sign_and_pre_rotation_holds() {
    let network = Network::start();
    for name in ["a", "b", "c", "next"] {
        network.ok(&["key", "new", "--suite", "ed25519", "--out", &format!("{name}.json")]);
    }
    let keys = ["--key", "a.json", "--key", "b.json", "--key", "c.json", "--threshold", "2"];
    let did = first_line(&network.ok(&[&["did", "create"][..], &keys].concat()));
    let one = network.dzong(&["did", "deactivate", &did, "--key", "a.json"]);
    assert!(text(&one).contains("1 of the 2 required"), "{}", text(&one));
    network.ok(&["did", "deactivate", &did, "--key", "c.json", "--key", "b.json"]);

    let create = ["did", "create", "--key", "a.json", "--next-key", "next.json"];
    let did = first_line(&network.ok(&create));
    let stolen = network.dzong(&["did", "rotate", &did, "--key", "a.json", "--new-key", "b.json"]);
    assert!(!stolen.status.success(), "a key that was not committed to");
    network.ok(&["did", "rotate", &did, "--key", "next.json", "--new-key", "next.json"]);
}

#[test]
fn an_answer_is_valid_stale_untrusted_or_invalid_and_absence_is_proven() {
    let network = Network::start();
    network.ok(&["key", "new", "--suite", "ed25519", "--out", "key.json"]);
    let did = first_line(&network.ok(&["did", "create", "--key", "key.json"]));
    let other = Network::start();

    let path = format!("/1.0/identifiers/{did}?proof=true");
    network.wait_until_equal();
    let answer = network.client(3).get(&path).expect("it resolves");
    let verify = |bytes: &[u8], genesis: &std::path::Path, more: &[&str]| {
        fs::write(network.home().join("answer.json"), bytes).expect("a file");
        let genesis = genesis.join("genesis.json");
        let args = ["verify", "answer.json", "--genesis", &genesis.to_string_lossy()];
        network.dzong(&[&args, more].concat()).status.code()
    };
    assert_eq!(verify(&answer, network.home(), &[]), Some(0));
    assert_eq!(verify(&answer, other.home(), &[]), Some(UNTRUSTED));
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(verify(&answer, network.home(), &["--max-age", "1"]), Some(STALE));
    for at in [answer.len() / 5, answer.len() / 2, answer.len() * 4 / 5] {
        let mut changed = answer.clone();
        changed[at] ^= 1;
        assert_eq!(verify(&changed, network.home(), &[]), Some(INVALID), "byte {at}");
    }

    let nobody = did.replace(&did[did.len() - 6..], "111111");
    let absent = network.dzong(&["did", "resolve", &nobody, "--verify"]);
    assert!(!absent.status.success(), "an identifier that is none: {}", text(&absent));
    let nobody = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
    let nobody = format!("{}:{nobody}", did.rsplit_once(':').expect("a DID").0);
    let output = network.dzong(&["did", "resolve", &nobody, "--verify"]);
    assert!(text(&output).contains("Valid"), "absence is proven: {}", text(&output));
    assert!(text(&output).contains("NOT_FOUND"), "{}", text(&output));
}

#[test]
fn any_changed_byte_of_an_answer_is_noticed() {
    let network = Network::start();
    network.ok(&["key", "new", "--suite", "p256", "--out", "key.json"]);
    let did = first_line(&network.ok(&["did", "create", "--key", "key.json"]));
    let path = format!("/1.0/identifiers/{did}?proof=true");
    network.wait_until_equal();
    let answer = network.client(2).get(&path).expect("it resolves");
    let trust = proofs::Trust::from_genesis(network.genesis().bytes()).expect("trust");
    let freshness = proofs::trust::Freshness { now: node::clock::now_ms(), age_max: None };
    let check = |bytes: &[u8]| registry::answer::check(&trust, bytes, freshness);
    assert!(check(&answer).is_valid(), "{}", check(&answer));
    for at in 0..answer.len() {
        let mut changed = answer.clone();
        changed[at] ^= 1;
        let verdict = check(&changed);
        let shown = String::from_utf8_lossy(&changed[at.saturating_sub(20)..]).into_owned();
        let invalid = matches!(verdict, proofs::Verdict::Invalid { .. });
        assert!(invalid, "byte {at} {shown:.60}: {verdict}");
    }
}
