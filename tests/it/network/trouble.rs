//! Bad input is refused with a stable code, and nothing changes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use node::client::{Client, ClientError};
use registry::{author, json};
use serde_json::{Value, json};
use tests::Network;
use tests::authors::Author;
use tests::network::PATIENCE;

fn code(client: &Client, event: &[u8]) -> String {
    match client.submit_and_wait(event) {
        Ok(receipt) => panic!("accepted: {}", String::from_utf8_lossy(&receipt)),
        Err(ClientError::Refused(problem)) => problem.code().to_owned(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn bad_events_are_refused_by_name_and_nothing_changes() {
    let network = Network::start();
    let author = Author::new(&network);
    let client = network.client(0);
    let key = Author::key();
    let (did, good) = author.did_created(&key);
    let good_text = String::from_utf8(good.clone()).expect("JSON is UTF-8");
    let before = network.wait_until_equal();

    let signed = |network_name: &str, domain: &str, times: author::Times| {
        let document = json!({ "id": author::placeholder(network_name) });
        let control = Author::control(&[&key], 1);
        let (did, mut event) =
            author::inception(network_name, document, &control, times).expect("JSON");
        author::sign(&mut event, &did.to_string(), domain, &key).expect("JSON");
        event
    };
    let past = author::Times { created: 0, valid_until: 1_000_000 };
    let far = author::Times { created: 0, valid_until: node::clock::now_ms() + 8 * 86_400_000 };
    let own = author.network().to_owned();
    let foreign = signed(&own, "other:0000000000000000", author.times());
    let mut unendorsed: Value = serde_json::from_slice(&good).expect("JSON");
    let proofs = unendorsed["proof"].as_array_mut().expect("proofs");
    proofs.retain(|proof| proof.get("previousProof").is_none());

    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("json-syntax", b"{".to_vec()),
        ("json-not-object", b"[]".to_vec()),
        ("event-too-large", format!("{{\"a\":\"{}\"}}", "x".repeat(70_000)).into_bytes()),
        ("json-depth", format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40)).into_bytes()),
        ("json-duplicate-member", b"{\"a\":1,\"a\":1}".to_vec()),
        ("json-not-canonical", good_text.replacen(':', ": ", 1).into_bytes()),
        ("json-float", b"{\"a\":1.5}".to_vec()),
        ("json-number-range", b"{\"a\":9007199254740992}".to_vec()),
        ("signature", with_exchanged_signatures(&good)),
        ("expired", author.endorse(signed(&own, author.domain(), past))),
        ("valid-too-long", author.endorse(signed(&own, author.domain(), far))),
        ("other-network", json::canonical(&foreign).expect("JSON")),
        ("not-endorsed", json::canonical(&unendorsed).expect("JSON")),
        ("not-found", author.event("DidDeactivated", &did, &key, json!({ "previousVersion": 1 }))),
    ];
    for (expected, event) in cases {
        let shown = String::from_utf8_lossy(&event).into_owned();
        assert_eq!(code(&client, &event), expected, "{shown:.200}");
    }
    assert_eq!(network.wait_until_equal(), before, "nothing changed");

    let receipt = client.submit_and_wait(&good).expect("the good one is accepted");
    let again = client.submit_and_wait(&good).expect("and again");
    assert_eq!(receipt, again, "the same event has one receipt");
    let elsewhere = network.client(3).submit_and_wait(&good).expect("and elsewhere");
    let place = |receipt: &[u8]| {
        let receipt: proofs::Receipt = serde_json::from_slice(receipt).expect("a receipt");
        (receipt.id, receipt.index, receipt.header)
    };
    assert_eq!(place(&elsewhere), place(&receipt), "and one place, by whichever quorum");
    let stale = author.event("DidDeactivated", &did, &key, json!({ "previousVersion": 7 }));
    assert_eq!(code(&client, &stale), "stale-version");
    let thief =
        author.event("DidDeactivated", &did, &Author::key(), json!({ "previousVersion": 1 }));
    assert_eq!(code(&client, &thief), "proof-not-counted");
}

/// Two proofs whose values are exchanged: well formed, and wrong.
fn with_exchanged_signatures(event: &[u8]) -> Vec<u8> {
    let mut event: Value = serde_json::from_slice(event).expect("JSON");
    let values = [0, 1].map(|at| event["proof"][at]["proofValue"].take());
    let [first, second] = values;
    event["proof"][0]["proofValue"] = second;
    event["proof"][1]["proofValue"] = first;
    json::canonical(&event).expect("JSON")
}

#[test]
fn a_client_that_never_finishes_is_cut_and_others_are_served() {
    let network = Network::start();
    let address = network.url(0).replace("http://", "");
    let beginnings = [
        &b""[..],
        b"GET /v1/status HT",
        b"POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{",
    ];
    let start = Instant::now();
    for beginning in beginnings {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        stream.write_all(beginning).expect("it reads");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        network.client(0).status().expect("others are served meanwhile");
        let mut answer = Vec::new();
        // Cut, with or without a word: what matters is that it ends.
        let _ = stream.read_to_end(&mut answer);
        assert!(
            start.elapsed() < PATIENCE * 2,
            "never cut: {}",
            String::from_utf8_lossy(beginning)
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_second_process_on_the_same_home_is_refused() {
    let network = Network::start();
    let home = network.node_home(0);
    let output = network.dzong(&["run", "--home", &home.to_string_lossy()]);
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("another process"), "{message}");
}
