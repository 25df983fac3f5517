//! The log of a running network, read by other people's libraries, copied, and audited; and a
//! client's trust that moves on with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use node::client::Client;
use serde_json::{Value, json};
use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tests::Network;
use tests::authors::Author;
use tests::network::{PATIENCE, text};
use tlog_tiles::{Checkpoint, TileHashReader, TileReader, tlog};

/// The newest checkpoint, once it speaks of so many entries.
fn checkpoint(client: &Client, entries: u64) -> (Vec<u8>, Checkpoint) {
    let start = Instant::now();
    loop {
        if let Ok(Some(bytes)) = client.find("/log/checkpoint") {
            let note = Note::from_bytes(&bytes).expect("a signed note");
            let checkpoint = Checkpoint::from_bytes(note.text()).expect("a checkpoint");
            if checkpoint.size() >= entries {
                return (bytes, checkpoint);
            }
        }
        assert!(start.elapsed() < PATIENCE, "no checkpoint of {entries} entries");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// The keys of the log, as `signed_note` reads them from the policy.
fn log_keys(policy: &str) -> Vec<Box<dyn Verifier>> {
    let keys = policy.lines().filter_map(|line| line.strip_prefix("log "));
    let verifier = |key| Box::new(StandardVerifier::new(key).expect("a verifier key")) as _;
    keys.map(verifier).collect()
}

/// Tiles below a directory.
struct Files<'a>(&'a Path);

impl TileReader for Files<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            let path = self.0.join(tile.path().replacen("tile/8/", "tile/", 1));
            fs::read(path).map_err(|_| tlog::Error::IndexesNotInTree)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// Certified events with their receipts.
fn submit(network: &Network, author: &Author, count: usize) -> Vec<(Value, Vec<u8>)> {
    let events = (0..count).map(|_| author.did_created(&Author::key()).1);
    let client = network.client(1);
    let receipt = |event: Vec<u8>| {
        let receipt = client.submit_and_wait(&event).expect("it is certified");
        (serde_json::from_slice(&receipt).expect("JSON"), event)
    };
    events.map(receipt).collect()
}

/// The size of the log that holds all of these, and the own entry of the last one's block.
fn size_with(receipts: &[(Value, Vec<u8>)]) -> u64 {
    let indexes = receipts.iter().filter_map(|(receipt, _)| receipt["index"].as_u64());
    indexes.max().expect("an index") + 2
}

#[test]
fn the_log_is_read_copied_and_audited_with_nothing_but_genesis() {
    let mut network = Network::start();
    let author = Author::new(&network);
    let receipts = submit(&network, &author, 12);
    let client = network.client(0);

    // Note and checkpoint, by the libraries of the transparency world.
    let (note, head) = checkpoint(&client, size_with(&receipts));
    let policy = String::from_utf8(client.get("/log/policy").expect("a policy")).expect("text");
    let keys = log_keys(&policy);
    assert_eq!(keys.len(), 4);
    let (known, unknown) = Note::from_bytes(&note)
        .expect("a note")
        .verify(&VerifierList::new(keys))
        .expect("the log signed");
    assert!(known.len() >= 3 && unknown.len() >= 3, "log keys, and cosigners' beside them");

    // A copy as files, from which they prove inclusion of every event.
    let out = network.ok(&["export", "--log", "log", "--json"]);
    let out: Value = serde_json::from_str(&out).expect("JSON");
    assert!(out["entries"].as_u64().expect("a number") >= head.size(), "{out}");
    let copy = network.home().join("log");
    let copied = Note::from_bytes(&fs::read(copy.join("checkpoint")).expect("a file"));
    let copied = Checkpoint::from_bytes(copied.expect("a note").text()).expect("a checkpoint");
    let files = Files(&copy);
    let reader = TileHashReader::new(copied.size(), *copied.hash(), &files);
    for (receipt, event) in &receipts {
        let index = receipt["index"].as_u64().expect("an index");
        let proof = tlog::prove_record(copied.size(), index, &reader).expect("tiles suffice");
        let leaf = tlog::record_hash(event);
        tlog::check_record(&proof, copied.size(), *copied.hash(), index, leaf).expect("it holds");
    }
    let path = format!("/v1/events/{}/receipt", receipts[0].0["id"].as_str().expect("an id"));
    let proof = client.get(&format!("{path}?format=tlog-proof")).expect("a proof");
    assert!(proof.starts_with(b"c2sp.org/tlog-proof@v1\nextra "));
    fs::write(network.home().join("event.tlog-proof"), &proof).expect("a file");
    let out = network.ok(&["verify", "event.tlog-proof", "--genesis", "genesis.json"]);
    assert!(out.contains("valid: entry"), "{out}");
    let mut forged = proof.clone();
    forged[40] ^= 1;
    fs::write(network.home().join("forged.tlog-proof"), &forged).expect("a file");
    let out = network.dzong(&["verify", "forged.tlog-proof", "--genesis", "genesis.json"]);
    assert_eq!(out.status.code(), Some(4), "{}", text(&out));

    // It grows; audits agree on it, wherever it is read.
    let size = size_with(&submit(&network, &author, 5));
    for node in [0, 2, 3] {
        checkpoint(&network.client(node), size);
    }
    let more = network.ok(&["export", "--log", "log", "--json"]);
    let more: Value = serde_json::from_str(&more).expect("JSON");
    let genesis = ["--genesis", "genesis.json", "--json"];
    let audit = |args: &[&str]| -> BTreeMap<String, Value> {
        let out = network.ok(&[&["audit"], args, &genesis].concat());
        serde_json::from_str(&out).expect("JSON")
    };
    let of_files = audit(&["--log", "log"]);
    assert_eq!((&of_files["sound"], &of_files["events"]), (&json!(true), &json!(17)));
    assert_eq!(of_files["checkpoint"], more["entries"]);
    let of_node = audit(&["--url", &network.url(2)]);
    assert_eq!((&of_node["sound"], &of_node["events"]), (&json!(true), &json!(17)));
    assert_eq!(of_node["stateRoot"], of_files["stateRoot"]);
    let prefix = format!("{}/log", network.url(3));
    let of_web = audit(&["--log", &prefix]);
    assert_eq!(of_web["stateRoot"], of_files["stateRoot"]);
    let part = audit(&["--log", &prefix, "--range", "3..9"]);
    assert_eq!(part["sound"], json!(true));

    // A stopped node's disk gives the same copy.
    network.kill_all();
    let home = network.node_home(0);
    let out = network.ok(&["export", "--log", "disk", "--home", &home.to_string_lossy()]);
    assert!(out.contains("entries"), "{out}");
    let of_disk = network.ok(&["audit", "--log", "disk"]);
    assert!(of_disk.contains("sound") && of_disk.contains("17 events"), "{of_disk}");
}

#[test]
fn a_client_moves_its_trust_on_and_goes_never_back() {
    let network = Network::start();
    network.ok(&["key", "new", "--suite", "ed25519", "--out", "a.json"]);
    let created = network.ok(&["did", "create", "--key", "a.json"]);
    let did = created.lines().next().expect("a DID");
    let chain = network.client(0).get("/v1/trust-chain").expect("a chain");
    fs::write(network.home().join("chain.json"), &chain).expect("a file");
    let pin = ["verify", "chain.json", "--genesis", "genesis.json", "--save-checkpoint", "c.json"];
    let out = network.ok(&pin);
    assert!(out.contains("Valid at height") && out.contains("4 validators"), "{out}");

    // With the checkpoint in place of genesis, and a newer one from the node itself.
    let resolve = ["did", "resolve", did, "--verify", "--checkpoint", "c.json"];
    let pinned = || -> Value {
        let bytes = fs::read(network.home().join("c.json")).expect("a file");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let first = pinned();
    submit(&network, &Author::new(&network), 2);
    network.ok(&[&resolve[..], &["--save-checkpoint", "c.json"]].concat());
    let second = pinned();
    assert_eq!(second["type"], json!("DzongCheckpoint"));
    assert!(second["height"].as_u64() > first["height"].as_u64(), "{first} {second}");

    // The old chain is a rollback now.
    let stale = network.dzong(&["verify", "chain.json", "--checkpoint", "c.json"]);
    assert_eq!(stale.status.code(), Some(2), "{}", text(&stale));
    let back = network.dzong(&pin);
    assert!(!back.status.success() && text(&back).contains("above"), "{}", text(&back));
    let chain = String::from_utf8(chain).expect("text");
    let forged = chain.replacen("\"power\":1", "\"power\":2", 1);
    fs::write(network.home().join("forged.json"), forged).expect("a file");
    let invalid = network.dzong(&["verify", "forged.json", "--genesis", "genesis.json"]);
    assert_eq!(invalid.status.code(), Some(4), "{}", text(&invalid));
}
