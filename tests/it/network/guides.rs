//! What the guides say can be done is done here, as it is written there.

use std::fs;
use std::process::{Command, Output};

use serde_json::json;
use tests::network::{dzong, text};
use tests::{Network, root};

/// The commands of a guide's section: its indented lines.
fn commands(guide: &str, section: &str) -> String {
    let guide = fs::read_to_string(root().join("docs").join(guide)).expect("a guide");
    let (_, section) = guide.split_once(section).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.lines().filter_map(|line| line.strip_prefix("    ")).map(|l| format!("{l}\n")).collect()
}

/// Runs the commands of a guide in the network's folder, where it has `localnet/`.
fn run(network: &Network, script: &str) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let folder = dzong();
    let folder = folder.parent().expect("a folder");
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script.replace("localnet/", "")])
        .current_dir(network.home())
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("DZONG_HOME", network.home())
        .env("DZONG_URL", network.url(0))
        .output()
        .expect("bash runs")
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
        || Command::new(tool).arg("version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_wallet_of_shell_tools_registers_a_did_as_the_guide_says() {
    if let Some(tool) = ["bash", "curl", "jq", "openssl", "basenc"].iter().find(|tool| !has(tool)) {
        println!("skipped: {tool} is not there");
        return;
    }
    let network = Network::start();
    let script = commands("registrar.md", "## An example");
    let script = script.replace("http://127.0.0.1:8080", &network.url(0));
    let output = run(&network, &script);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("finished\n").count(), 2, "{said}");
    assert_eq!(said.matches("Valid at height").count(), 2, "{said}");
    assert!(said.trim_end().ends_with("finished\n2"), "{said}");
}

#[test]
fn governors_decide_as_their_guide_says() {
    if let Some(tool) = ["bash", "curl", "jq"].iter().find(|tool| !has(tool)) {
        println!("skipped: {tool} is not there");
        return;
    }
    let network = Network::start();
    let sections = [
        "## Who decides what",
        "## A decision, step by step",
        "## Around one table",
        "## What changes the network waits",
    ];
    for section in sections {
        let output = run(&network, &commands("governors.md", section));
        assert!(output.status.success(), "{section}: {}", text(&output));
    }
    let documents = network.ok(&["governance", "documents"]);
    for name in ["policy/information-trust", "regulation/on-boarding"] {
        assert!(documents.contains(name), "{documents}");
    }
    assert!(network.ok(&["node", "status"]).contains("ready"));
}

#[test]
fn certificates_are_issued_checked_and_ended_as_their_guide_says() {
    if let Some(tool) = ["bash", "jq", "openssl"].iter().find(|tool| !has(tool)) {
        println!("skipped: {tool} is not there");
        return;
    }
    let network = Network::start();
    let parts = ["## Issue and check", "## End one", "## A list for other countries"];
    let script = parts.map(|part| commands("certificates.md", part));
    // The sections are one session, `$K` and all.
    let output = run(&network, &script.concat());
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("\naccepted\n").count(), 1, "{said}");
    assert_eq!(said.matches("bank.pem: OK\n").count(), 1, "{said}");
    assert!(said.contains("\nrefused: status\nrefused\n"), "{said}");
    assert!(said.contains("certificate revoked"), "{said}");
    assert!(said.contains("\nlist 1 with 0 entities, each proven; "), "{said}");
}

#[test]
fn a_country_gets_its_set_up_and_a_registry_of_slots_as_their_guide_says() {
    if let Some(tool) = ["bash", "curl"].iter().find(|tool| !has(tool)) {
        println!("skipped: {tool} is not there");
        return;
    }
    let network = Network::start();
    let output = run(&network, &commands("slot-accumulator.md", "## How to run it"));
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("\ndzong-version-from: 1\r\n"), "{said}");
    assert!(said.contains("\ndzong-version-to: 2\r\n"), "{said}");
    let delta = fs::read(network.home().join("delta.bin")).expect("a delta");
    assert_eq!(delta.len(), 12);
}

#[test]
fn schemas_are_published_and_shown_by_commands_with_every_answer_verified() {
    let network = Network::start();
    network.ok(&["key", "new", "--suite", "p256", "--out", "issuer.json"]);
    let did = network.ok(&["did", "create", "--key", "issuer.json", "--save"]);
    let did = did.lines().next().expect("the DID");
    let write = |file: &str, value: serde_json::Value| {
        fs::write(network.home().join(file), value.to_string()).expect("a file");
    };
    let draft = "https://json-schema.org/draft/2020-12/schema";
    write("one.json", json!({ "$schema": draft, "title": "ལམ་ཡིག Licence", "type": "object" }));
    write("two.json", json!({ "$schema": draft, "title": "ལམ་ཡིག Licence", "required": ["a"] }));
    write("degree.json", json!({ "name": "Degree", "version": "1.0", "attrNames": ["grade"] }));
    let foreign = json!({
        "issuerId": did, "name": "Degree", "version": "1.0", "attrNames": ["grade"],
    });
    write("foreign.json", foreign);
    let publish = |file: &str| {
        let said = network.ok(&["schema", "publish", file, "--key", "issuer.json"]);
        said.lines().next().expect("the DID URL").to_owned()
    };
    let (one, two, degree) = (publish("one.json"), publish("two.json"), publish("degree.json"));
    for uri in [&one, &two, &degree] {
        assert!(uri.starts_with(did), "{uri}");
        let shown = network.ok(&["schema", "show", uri, "--verify", "--out", "answer.json"]);
        assert!(shown.starts_with("Valid at height"), "{shown}");
        network.ok(&["verify", "answer.json"]);
    }
    let name = "%E0%BD%A3%E0%BD%98%E0%BC%8B%E0%BD%A1%E0%BD%B2%E0%BD%82%20Licence";
    let named = format!("{did}?resourceType=JsonSchema&resourceName={name}");
    let latest = network.ok(&["schema", "show", &named, "--verify", "--json"]);
    assert!(latest.contains(&two) && latest.contains("\"previousVersionId\""), "{latest}");
    let all = network.ok(&["schema", "show", &format!("{did}?resourceMetadata=true")]);
    assert_eq!(all.matches("resourceURI").count(), 3, "{all}");
    let anoncreds = network.ok(&["schema", "show", &degree]);
    assert!(anoncreds.contains(&format!("\"issuerId\": \"{did}\"")), "{anoncreds}");

    for (args, reason) in [
        (&["schema", "publish", "one.json", "--key", "issuer.json"][..], "exists already"),
        (&["schema", "publish", "foreign.json", "--key", "keys/endorser.json"], "issuerId"),
        (&["schema", "show", did], "does not ask for a resource"),
        (&["schema", "show", &one.replace("zQm", "zQa"), "--verify"], "no such resource"),
    ] {
        let output = network.dzong(args);
        let said = text(&output);
        let taken = output.status.success();
        assert!(!taken && said.contains(reason), "dzong {}: {said}", args.join(" "));
    }
    for node in 1..4 {
        let path = format!("/v1/schemas?did={did}");
        let page: serde_json::Value = network.client(node).read(&path).expect("a page");
        assert_eq!(page["schemas"].as_array().map(Vec::len), Some(3));
    }
}
