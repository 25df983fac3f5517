//! Revocation on a network of real processes: lists and accumulators that follow from one vector,
//! on every node, whatever happens to it.

use std::fs;

use node::config::{Config, StatusLists};
use node::status_list::reading::{List, Statuses, Token};
use registry::anoncreds::Point;
use serde_json::{Value, json};
use tests::Network;
use tests::network::text;

/// A network whose issuer has a DID: its key file is `issuer.json`.
fn network() -> (Network, String) {
    let network = Network::start();
    network.ok(&["key", "new", "--suite", "ed25519", "--out", "issuer.json"]);
    let did = network.ok(&["did", "create", "--key", "issuer.json", "--save"]);
    let did = did.lines().next().expect("the DID").to_owned();
    (network, did)
}

fn write(network: &Network, file: &str, value: &Value) {
    fs::write(network.home().join(file), value.to_string()).expect("a file");
}

/// The first line of what a command says that the issuer signs.
fn signed(network: &Network, command: &[&str]) -> String {
    let said = network.ok(&[command, &["--key", "issuer.json"]].concat());
    said.lines().next().unwrap_or_default().to_owned()
}

fn change(network: &Network, registry: &str, options: &[&str]) {
    let command = ["status", "change", registry, "--ground", "on-request"];
    signed(network, &[&command, options].concat());
}

/// What the library made, as the issuer publishes it under its own DID.
fn publish(network: &Network, did: &str, frozen: &Value) -> (String, String) {
    let names = ["age", "name"];
    let schema = json!({ "issuerId": did, "name": "person", "version": "1.0", "attrNames": names });
    write(network, "schema.json", &schema);
    let schema = signed(network, &["schema", "publish", "schema.json"]);
    let mut keys = frozen["credentialDefinition"].clone();
    (keys["issuerId"], keys["schemaId"]) = (did.into(), schema.into());
    // So many attributes that no event has room for their keys.
    let attributes = keys["value"]["primary"]["r"].as_object_mut().expect("keys of attributes");
    let one = attributes.values().next().expect("a key").clone();
    attributes.extend((0..120).map(|number| (format!("attribute {number}"), one.clone())));
    assert!(keys.to_string().len() > 64 << 10);
    write(network, "keys.json", &keys);
    let keys = signed(network, &["anoncreds", "publish", "keys.json"]);
    let tails = hex::decode(frozen["tails"].as_str().expect("digits")).expect("digits");
    fs::write(network.home().join("tails.bin"), tails).expect("a file");
    let mut definition = frozen["revocationRegistryDefinition"].clone();
    (definition["issuerId"], definition["credDefId"]) = (did.into(), keys.into());
    write(network, "revocation.json", &definition);
    let create = ["anoncreds", "registry", "revocation.json", "--key", "issuer.json"];
    let early = network.dzong(&create);
    assert!(text(&early).contains("dzong blob put"), "{}", text(&early));
    signed(network, &["blob", "put", "tails.bin", "--kind", "anonCredsTails"]);
    let said = network.ok(&create);
    let mut lines = said.lines();
    let definition = lines.next().expect("the definition").to_owned();
    let registry = said.lines().last().and_then(|line| line.strip_prefix("registry "));
    (definition, registry.expect("the registry's id").to_owned())
}

#[test]
fn s57_every_node_computes_the_librarys_accumulators_and_one_that_lost_all_does_again() {
    let (mut network, did) = network();
    let frozen = include_str!("../../../registry/src/anoncreds/testdata/registry-10.json");
    let frozen: Value = serde_json::from_str(frozen).expect("JSON");
    let (definition, registry) = publish(&network, &did, &frozen);
    // The library's own lists, one after another, by the changes that led to them.
    let steps: [&[&str]; 6] = [
        &[],
        &["--suspend", "7"],
        &["--suspend", "1,9"],
        &["--reactivate", "7"],
        &["--reactivate", "1", "--suspend", "2-4"],
        &["--reactivate", "2-4,9"],
    ];
    for (at, options) in steps.into_iter().enumerate() {
        if at == 3 {
            // What it misses it executes later, with tails that it has to fetch first.
            network.kill(3);
            fs::remove_dir_all(network.node_home(3).join("data/ledger")).expect("a ledger");
        }
        if !options.is_empty() {
            change(&network, &registry, options);
        }
        let listed: Value =
            serde_json::from_str(&network.ok(&["anoncreds", "list", &definition])).expect("a list");
        let expected = &frozen["statusLists"][at];
        assert_eq!(listed["revocationList"], expected["revocationList"], "step {at}");
        let point = |list: &Value| {
            Point::parse(list["currentAccumulator"].as_str().expect("a text")).expect("a point")
        };
        assert_eq!(point(&listed), point(expected), "step {at}");
        assert_eq!(listed["revRegDefId"], definition.as_str());
    }
    network.run(3);
    network.wait_until_ready(3);
    network.wait_until_equal();
    let path = format!("/v1/anoncreds/status-lists/{definition}");
    let lists: Vec<Vec<u8>> =
        (0..4).map(|node| network.client(node).get(&path).expect("a list")).collect();
    assert!(lists.iter().all(|list| *list == lists[0]));
    network.kill_all();
    for node in 0..4 {
        network.ok(&["audit", "--home", &network.node_home(node).to_string_lossy()]);
    }
}

#[test]
fn s56_lists_are_signed_by_whom_the_issuer_named_and_proven_as_of_any_time() {
    let (mut network, did) = network();
    let method = format!("{did}#lists");
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "assertionMethod": [method],
        "id": did,
        "verificationMethod": [{
            "controller": did,
            "id": method,
            "publicKeyMultibase": network_key(&network).to_string(),
            "type": "Multikey",
        }],
    });
    write(&network, "document.json", &document);
    signed(&network, &["did", "update", &did, "--document", "document.json"]);
    let create = ["status", "create", "--capacity", "70000", "--format", "bitstring"];
    let create = [&create[..], &["--format", "token"]].concat();
    let registry = signed(&network, &create);
    assert_ne!(signed(&network, &create), registry, "what is asked for again is another registry");
    change(&network, &registry, &["--revoke", "5,69999", "--suspend", "7"]);
    signed(&network, &["status", "provider", &method]);
    let listed = network.dzong(&["status", "show", &registry, "--all", "--verify"]);
    assert!(text(&listed).contains("Valid at height"), "{}", text(&listed));
    assert!(text(&listed).contains("revoked     5,69999"), "{}", text(&listed));

    // No node signs yet; then one has the provider's key.
    let path = format!("/v1/status/{registry}/tsl");
    assert!(network.client(0).get(&path).is_err());
    network.kill(0);
    let settings = network.node_home(0).join("config.toml");
    let mut config = Config::load(&settings).expect("its settings");
    config.status = Some(StatusLists {
        key: network.home().join("issuer.json"),
        method: method.clone(),
        ttl_seconds: 60,
        url: "https://registry.example.bt".into(),
    });
    fs::write(settings, config.to_commented()).expect("a file");
    network.run(0);
    network.wait_until_ready(0);
    let client = network.client(0);
    let token = String::from_utf8(client.get(&path).expect("a list")).expect("a JWT");
    let token = Token::read(&token, "statuslist+jwt");
    let token = token.expect("a token");
    assert!(token.is_signed_by(&network_key(&network)), "by the provider's key");
    let list = List::of_claims(&token.payload, 1 << 20).expect("a list");
    let read = [0, 4, 5, 7, 69_999].map(|slot| list.statuses.get(slot));
    assert_eq!(read, [Some(1), Some(0), Some(1), Some(2), Some(1)]);

    // As it was, with the proof that nothing newer existed then.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let since: Value = client.read(&format!("/v1/revocation/registries/{registry}")).expect("JSON");
    let second = since["timestamp"].as_u64().expect("a time");
    change(&network, &registry, &["--reactivate", "7"]);
    let then = registry::time::format(second * 1000);
    let past = ["status", "show", &registry, "--slot", "7", "--time", &then, "--verify"];
    assert!(network.ok(&past).contains("slot 7 is suspended"));
    assert!(network.ok(&past[..5]).contains("slot 7 is valid"));
    let bitstring = |query: &str| {
        let path = format!("/v1/status/{registry}/bitstring/suspension{query}");
        let credential: Value = client.read(&path).expect("a credential");
        let list = credential["credentialSubject"]["encodedList"].as_str().expect("a list");
        Statuses::of_bitstring(list, 1 << 20).expect("statuses").get(7)
    };
    assert_eq!(bitstring(""), Some(0));
    assert_eq!(bitstring(&format!("?timestamp={then}")), Some(1));
}

fn network_key(network: &Network) -> registry::multikey::PublicKey {
    let key = node::keys::KeyFile::load(&network.home().join("issuer.json")).expect("a key");
    registry::author::Key::public(&key)
}
