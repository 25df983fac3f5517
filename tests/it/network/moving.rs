//! A country moves out with its whole ledger, and moves in with what another ledger held.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tests::Network;
use tests::authors::Author;
use tests::network::{copy, text};

fn parsed(output: &str) -> Value {
    serde_json::from_str(output).expect("JSON")
}

/// DIDs, each certified.
fn create(network: &Network, count: usize) -> Vec<String> {
    let author = Author::new(network);
    let create = |_| {
        let (did, event) = author.did_created(&Author::key());
        network.client(0).submit_and_wait(&event).expect("it is certified");
        did
    };
    (0..count).map(create).collect()
}

#[test]
fn a_ledger_replayed_on_a_fresh_network_has_the_same_state_root_and_goes_on() {
    let mut network = Network::start();
    let dids = create(&network, 5);
    let running = parsed(&network.ok(&["export", "--ledger", "running.jsonl", "--json"]));
    assert!(running["height"].as_u64() >= Some(5), "{running}");
    let again = network.dzong(&["export", "--ledger", "running.jsonl"]);
    assert!(text(&again).contains("exists: name a new file"), "{}", text(&again));

    // The old machines stop. Whoever has most of the ledger gives it.
    network.kill_all();
    let export = |node: usize| {
        let (file, home) = (format!("node{node}.jsonl"), format!("node{node}"));
        let export = ["export", "--ledger", &file, "--home", &home, "--json"];
        (parsed(&network.ok(&export)), file)
    };
    let exports = (0..4).map(export);
    let (out, file) = exports.max_by_key(|(out, _)| out["height"].as_u64()).expect("four nodes");

    // Anyone makes an archive of it, with nothing but the genesis document.
    network.ok(&["init", "--home", "archive", "--name", "archive", "--replica"]);
    let import = ["import", "ledger", &file, "--home", "archive", "--json"];
    let unknown = network.dzong(&import);
    assert!(text(&unknown).contains("--genesis"), "{}", text(&unknown));
    let import = [&import[..], &["--genesis", "genesis.json"]].concat();
    let replayed = parsed(&network.ok(&import));
    for name in ["genesis", "height", "block", "stateRoot", "logRoot"] {
        assert_eq!(replayed[name], out[name], "{name}");
    }
    let twice = parsed(&network.ok(&import));
    assert_eq!((&twice["before"], &twice["stateRoot"]), (&out["height"], &out["stateRoot"]));
    let audit = network.ok(&["audit", "--home", "archive"]);
    assert!(audit.contains("sound") && audit.contains("5 events"), "{audit}");

    // A file that was changed says where.
    let ledger = fs::read_to_string(network.home().join(&file)).expect("a file");
    let (first, blocks) = ledger.split_once('\n').expect("lines");
    let forged = blocks.replacen("\"threshold\":1", "\"threshold\":2", 1);
    let forged = format!("{first}\n{forged}");
    fs::write(network.home().join("forged.jsonl"), forged).expect("a file");
    network.ok(&["init", "--home", "misled", "--name", "misled", "--replica"]);
    let misled = ["import", "ledger", "forged.jsonl", "--home", "misled"];
    let misled = network.dzong(&[&misled[..], &["--genesis", "genesis.json"]].concat());
    assert!(text(&misled).contains("block "), "{}", text(&misled));
    assert!(!misled.status.success(), "{}", text(&misled));

    // Fresh machines with the validators' keys and what those signed, but no ledger.
    for node in 0..4 {
        let home = network.node_home(node);
        let old = network.home().join(format!("old{node}"));
        fs::rename(&home, &old).expect("a folder");
        copy(&old, &home);
        fs::remove_dir_all(home.join("data/ledger/db")).expect("a folder");
        let home = home.to_string_lossy().into_owned();
        let made = parsed(&network.ok(&["import", "ledger", &file, "--home", &home, "--json"]));
        assert_eq!(made["stateRoot"], out["stateRoot"]);
    }
    (0..4).for_each(|node| network.run_with(node, &["--moved"]));
    (0..4).for_each(|node| network.wait_until_ready(node));
    network.wait_until_equal();
    let height = out["height"].as_u64().expect("a number");
    let block: Value = network.client(2).read(&format!("/v1/blocks/{height}")).expect("a block");
    assert_eq!(block["header"]["stateRoot"], out["stateRoot"]);
    create(&network, 1);
    network.wait_until_equal();
    assert!(network.status(3).height > height);
    for did in &dids {
        let resolve = ["did", "resolve", did, "--verify", "--genesis", "genesis.json"];
        network.ok(&[&resolve[..], &["--url", &network.url(1)]].concat());
    }
    let evidence: Value = network.client(1).read("/v1/evidence").expect("it answers");
    assert_eq!(evidence["evidence"], json!([]));
}

/// The old ledger's issuer.
const ISSUER: &str = "PxEvQJzg3hLWzGV6LkFVRm";
/// Its key at the end.
const VERKEY: &str = "6NB3rngnkhy9VipU3JFCn3sAMeeqqovDDvneXc99CBwY";

/// A resolver's answer: its status, and the whole of it.
fn resolve(network: &Network, did: &str, file: &str) -> (u16, Value) {
    let reply = network.client(1).dereference(did).expect("it answers");
    fs::write(network.home().join(file), &reply.body).expect("a file");
    (reply.status, serde_json::from_slice(&reply.body).expect("JSON"))
}

#[test]
fn an_indy_ledger_is_taken_over_and_resolves_by_its_old_identifiers() {
    let network = Network::start();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/indy");
    for file in ["domain.jsonl", "attributes.jsonl"] {
        fs::copy(golden.join(file), network.home().join(file)).expect("a file");
    }
    fs::write(network.home().join("minutes.txt"), "We move in.").expect("a file");
    let did = format!("did:indy:bhutan:{ISSUER}");
    let verify = ["--verify", "--genesis", "genesis.json"];
    let absent = network.dzong(&[&["did", "resolve", &did][..], &verify].concat());
    assert!(!absent.status.success(), "{}", text(&absent));
    assert!(text(&absent).contains("METHOD_NOT_SUPPORTED"), "{}", text(&absent));

    let import = ["import", "indy", "domain.jsonl", "--namespace", "bhutan"];
    let with = ["--attributes", "attributes.jsonl", "--key", "keys/administrative-body.json"];
    let import = [&import[..], &with, &["--genesis", "genesis.json", "--json"]].concat();
    let early = network.dzong(&import);
    assert!(text(&early).contains("is not approved"), "{}", text(&early));
    let source = ["import", "source", "domain.jsonl", "--namespace", "bhutan", "--legacy"];
    let out = network
        .ok(&[&source[..], &["--evidence", "minutes.txt", "--out", "approve.json"]].concat());
    assert!(out.contains("10 transactions, root 9335ee29"), "{out}");
    let propose = ["governance", "propose", "approve.json"];
    let members = [1, 2, 3].map(|seat| format!("keys/governor-{seat}.json"));
    let keys: Vec<&str> = members.iter().flat_map(|key| ["--key", key]).collect();
    network.ok(&[&propose[..], &keys].concat());

    let done = parsed(&network.ok(&import));
    assert_eq!(done["imported"], json!(7), "{done}");
    network.wait_until_equal();
    let left: Vec<&Value> =
        done["left"].as_array().expect("a list").iter().map(|one| &one["seqNo"]).collect();
    assert_eq!(left, [&json!(2), &json!(9), &json!(10)], "{done}");
    let again = parsed(&network.ok(&import));
    assert_eq!((&again["imported"], &again["known"]), (&json!(0), &json!(7)), "{again}");

    // Both spellings of the DID, with proofs that hold.
    for did in [did.clone(), format!("did:sov:{ISSUER}")] {
        let out = network.ok(&[&["did", "resolve", &did][..], &verify].concat());
        assert!(out.contains("Valid at height"), "{out}");
        assert!(out.contains(VERKEY) && out.contains("agent.rsta.example.bt"), "{out}");
        assert!(out.contains("\"namespace\": \"bhutan\""), "{out}");
    }
    let stranger = ["did", "resolve", "did:sov:WgWxqztrNooG92RXvxSTWv"];
    assert!(!network.dzong(&[&stranger[..], &verify].concat()).status.success());

    // Schemas and credential definition, by the DID URLs that credentials name.
    let schema = format!("{did}/anoncreds/v0/SCHEMA/Driving%20Licence/1.0");
    let (status, answer) = resolve(&network, &schema, "schema.json");
    assert_eq!((status, &answer["content"]["issuerId"]), (200, &json!(did)));
    assert_eq!(answer["contentMetadata"]["imported"]["seqNo"], json!(5));
    let (_, answer) =
        resolve(&network, &format!("{did}/anoncreds/v0/CLAIM_DEF/5/default"), "definition.json");
    assert_eq!(answer["content"]["schemaId"], json!(schema));
    let signers = &answer["contentMetadata"]["imported"]["signers"];
    assert_eq!(signers.as_array().map(Vec::len), Some(2), "{answer}");
    for file in ["schema.json", "definition.json"] {
        let out = network.ok(&["verify", file, "--genesis", "genesis.json"]);
        assert!(out.contains("Valid at height"), "{out}");
    }
    let answer = fs::read_to_string(network.home().join("schema.json")).expect("a file");
    let forged = answer.replacen("licence_number", "licence_owner", 1);
    fs::write(network.home().join("forged.json"), forged).expect("a file");
    let forged = network.dzong(&["verify", "forged.json", "--genesis", "genesis.json"]);
    assert_eq!(forged.status.code(), Some(4), "{}", text(&forged));
    let (status, _) = resolve(&network, &schema.replace("1.0", "9.9"), "absent.json");
    assert_eq!(status, 404);
}
