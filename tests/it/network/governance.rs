//! The Governing Body at work by the command line, and what its decisions do to a running network.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::Network;
use tests::authors::Author;
use tests::network::{PATIENCE, text};

fn first_line(output: &str) -> String {
    output.lines().next().unwrap_or_default().to_owned()
}

fn write(network: &Network, file: &str, value: &Value) {
    fs::write(network.home().join(file), value.to_string()).expect("a file");
}

fn title(text: &str) -> Value {
    json!({ "sha256": "ab".repeat(32), "title": text, "uri": "https://governance.example.bt/" })
}

/// A document in both official languages, in force from now on.
fn document(kind: &str, version: &str) -> Value {
    json!({
        "type": kind,
        "effective": "2026-01-01T00:00:00Z",
        "languages": { "dz": title("ཁྲིམས"), "en": title("Rules") },
        "version": version,
    })
}

fn keys(seats: &[usize]) -> Vec<String> {
    seats.iter().flat_map(|n| ["--key".to_owned(), format!("keys/governor-{n}.json")]).collect()
}

/// A command with the keys of these members.
fn by(network: &Network, words: &[&str], seats: &[usize]) -> std::process::Output {
    let keys = keys(seats);
    network.dzong(&words.iter().copied().chain(keys.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// A proposal that these members sign; its id.
fn propose(network: &Network, motion: &Value, seats: &[usize]) -> String {
    write(network, "motion.json", motion);
    let output = by(network, &["governance", "propose", "motion.json"], seats);
    assert!(output.status.success(), "{}", text(&output));
    first_line(&String::from_utf8_lossy(&output.stdout))
}

/// Executes a decision as soon as its time-lock is over.
fn execute(network: &Network, id: &str) {
    let command = ["governance", "execute", id, "--key", "keys/secretary.json"];
    let since = Instant::now();
    loop {
        let output = network.dzong(&command);
        if output.status.success() {
            assert!(text(&output).contains("executed"), "{}", text(&output));
            return;
        }
        assert!(text(&output).contains("time-lock runs"), "{}", text(&output));
        assert!(since.elapsed() < PATIENCE, "the time-lock does not end");
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn wait_for(what: &str, mut found: impl FnMut() -> bool) {
    let since = Instant::now();
    while !found() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_body_approves_the_framework_by_proposal_and_votes_and_anyone_can_prove_it() {
    let network = Network::start();
    let body = network.ok(&["governance", "body"]);
    assert_eq!(body.matches("did:ndi:").count(), 5, "{body}");
    assert!(network.ok(&["governance", "procedure"]).contains("3 of 5"));

    write(&network, "framework.json", &document("FrameworkApproved", "1.0"));
    let secretary = ["--key", "keys/secretary.json"];
    let words = [&["governance", "propose", "framework.json"][..], &secretary].concat();
    let id = first_line(&network.ok(&words));
    let outsider = network.dzong(&["governance", "vote", &id, "--key", "keys/secretary.json"]);
    assert!(text(&outsider).contains("has no vote"), "{}", text(&outsider));
    for (seat, approves, status) in [(1, true, "open"), (3, false, "open"), (2, true, "open")] {
        let against = if approves { &[][..] } else { &["--against"] };
        let vote = by(&network, &[&["governance", "vote", &id][..], against].concat(), &[seat]);
        assert!(text(&vote).contains(&format!("decision is {status}")), "{}", text(&vote));
    }
    let again = by(&network, &["governance", "vote", &id], &[3]);
    assert!(text(&again).contains("a member votes once"), "{}", text(&again));
    let last = by(&network, &["governance", "vote", &id], &[5]);
    assert!(text(&last).contains("decision is executed"), "{}", text(&last));

    let shown = network.ok(&["governance", "show", &id]);
    assert!(shown.contains("3 of 3 have approved") && shown.contains("against"), "{shown}");
    assert!(network.ok(&["governance", "show", "--status", "executed"]).contains(&id));
    assert!(!network.ok(&["governance", "show", "--status", "open"]).contains(&id));
    assert!(network.ok(&["governance", "documents"]).contains("framework  version 1.0"));
    network.wait_until_equal();
    for path in [format!("decisions/{id}"), "documents/framework".into(), "body".into()] {
        let answer = network.client(2).get(&format!("/v1/governance/{path}?proof=true"));
        fs::write(network.home().join("answer.json"), answer.expect("an answer")).expect("a file");
        let verdict = network.ok(&["verify", "answer.json", "--genesis", "genesis.json"]);
        assert!(verdict.contains("Valid"), "{path}: {verdict}");
    }
    let list: Value = network.client(1).read("/v1/governance/documents?limit=1").expect("a list");
    assert_eq!(list["documents"][0]["key"], "governance/document/framework");
}

#[test]
fn members_sign_one_event_together_and_one_alone_can_do_nothing() {
    let network = Network::start();
    let template = network.ok(&["event", "new", "PolicyApproved", "--template"]);
    assert!(template.contains("effective"), "{template}");
    let mut policy = document("PolicyApproved", "1");
    policy.as_object_mut().expect("an object").remove("type");
    policy["name"] = "wallets".into();
    write(&network, "policy.json", &policy);
    let governor = network.key("governor-1").did().expect("a member").to_owned();
    let made = ["--author", &governor, "--from", "policy.json", "--out", "event.json"];
    network.ok(&[&["event", "new", "PolicyApproved"][..], &made].concat());
    assert!(by(&network, &["event", "sign", "event.json"], &[1]).status.success());
    let alone = network.dzong(&["event", "submit", "event.json", "--wait"]);
    assert!(text(&alone).contains("1 of the 3 required"), "{}", text(&alone));
    let others = by(&network, &["event", "sign", "event.json"], &[2, 4]);
    assert!(others.status.success(), "{}", text(&others));
    network.ok(&["event", "submit", "event.json", "--wait"]);
    assert!(network.ok(&["governance", "documents"]).contains("policy/wallets"));
}

#[test]
fn a_change_of_the_network_waits_is_cancelled_once_and_stands_when_decided_again() {
    let network = Network::start();
    let record: Value = network.client(0).read("/v1/network/parameters").expect("parameters");
    let mut parameters = record["record"]["content"].clone();
    parameters["trustPeriodSeconds"] = 1_000_000.into();
    let motion = json!({
        "type": "ParametersChanged",
        "parameters": parameters,
        "previousVersion": record["record"]["version"],
    });
    let id = propose(&network, &motion, &[1, 2, 3, 4]);
    assert!(network.ok(&["governance", "show", &id]).contains("carried"));
    let one = by(&network, &["governance", "cancel", &id], &[5]);
    assert!(!one.status.success(), "one member cancels nothing: {}", text(&one));
    let two = by(&network, &["governance", "cancel", &id], &[4, 5]);
    assert!(text(&two).contains("decision is cancelled"), "{}", text(&two));
    let again = ["governance", "propose", "motion.json", "--resubmits", &id];
    let again = by(&network, &again, &[1, 2, 3, 5]);
    let again = first_line(&text(&again));
    let stopped = by(&network, &["governance", "cancel", &again], &[4, 5]);
    assert!(!stopped.status.success(), "a second cancellation: {}", text(&stopped));
    execute(&network, &again);
    network.wait_until_equal();
    let record: Value = network.client(1).read("/v1/network/parameters").expect("parameters");
    assert_eq!(record["record"]["content"]["trustPeriodSeconds"], 1_000_000);
}

#[test]
fn a_fifth_validator_joins_a_running_network_and_leaves_it_again() {
    let network = Network::start();
    let mut guest = network.new_home("node4");
    network.ok(&["key", "new", "--suite", "ed25519", "--out", "operator.json"]);
    let operator = first_line(&network.ok(&["did", "create", "--key", "operator.json"]));
    let entry = ["--operator", &operator, "--jurisdiction", "BT", "--out", "admission.json"];
    network.ok(&[&["node", "apply", "--home", "node4"][..], &entry].concat());
    let admission = fs::read(network.home().join("admission.json")).expect("a file");
    let admission = serde_json::from_slice(&admission).expect("JSON");
    let id = propose(&network, &admission, &[1, 2, 4, 5]);
    // Started before it is admitted, it knocks until it is let in.
    guest.run(&[]);
    execute(&network, &id);
    let key = guest.validator_key();
    wait_for("no certificate bears the fifth signature", || {
        let height = network.status(0).height;
        let block: Value =
            network.client(0).read(&format!("/v1/blocks/{height}")).expect("the newest block");
        block["certificate"]["signatures"].to_string().contains(&key)
    });
    network.wait_until_equal();
    let policy = network.client(3).get("/log/policy").expect("the policy");
    let policy = String::from_utf8_lossy(&policy).into_owned();
    let cosigners = policy.lines().filter(|line| line.starts_with("witness ")).count();
    assert_eq!(cosigners, 5, "its cosigner counts: {policy}");

    // Clients who trust genesis alone follow the hand-over to the new node's answers.
    let url = guest.url.clone();
    let did = ["did", "resolve", &operator, "--verify", "--genesis", "genesis.json", "--url", &url];
    assert!(network.ok(&did).contains("Valid"));

    // Four of five go on without one of the old ones, so the new one counts.
    let removal = json!({ "type": "ValidatorRemoved", "validatorKey": key });
    write(&network, "removal.json", &removal);
    wait_for("the validators never turn over", || {
        let output = by(&network, &["governance", "propose", "removal.json"], &[1, 2, 3, 4]);
        if output.status.success() {
            execute(&network, &first_line(&String::from_utf8_lossy(&output.stdout)));
            return true;
        }
        assert!(text(&output).contains("within one time-lock"), "{}", text(&output));
        false
    });
    let removed_at = network.status(0).height + 1;
    wait_for("the network does not go on", || network.status(0).height > removed_at + 1);
    let status: Value = network.client(0).read("/v1/status").expect("a status");
    assert_eq!(status["validators"], 4);
    wait_for("who left is still let in", || {
        let status: Value = network.client(0).read("/v1/status").expect("a status");
        status["peers"] == 3
    });
}

#[test]
fn an_old_binary_stops_at_the_height_of_an_upgrade_and_says_what_to_do() {
    let mut network = Network::start();
    // Far enough: while the decision waits and the operators sign, time makes heights as well.
    let height = network.status(0).height + 25;
    let motion = json!({ "type": "UpgradeScheduled", "height": height, "protocol": 2 });
    let id = propose(&network, &motion, &[1, 2, 3, 4]);
    execute(&network, &id);
    for node in 0..3 {
        let operator = format!("keys/operator-{node}.json");
        let did = network.key(&format!("operator-{node}")).did().expect("an operator").to_owned();
        write(&network, "ready.json", &json!({ "height": height, "protocol": 2 }));
        let made = ["--author", &did, "--from", "ready.json", "--out", "ready-event.json"];
        network.ok(&[&["event", "new", "UpgradeReadied"][..], &made].concat());
        network.ok(&["event", "sign", "ready-event.json", "--key", &operator]);
        network.ok(&["event", "submit", "ready-event.json", "--wait"]);
    }
    let (author, office) = (Author::new(&network), network.key("administrative-body"));
    let body = office.did().expect("the key names its DID");
    for number in 0.. {
        if network.status(0).height + 2 >= height {
            break;
        }
        let seal = json!({ "seal": format!("{number:064x}") });
        let event = author.event("IncidentReported", body, &office, seal);
        network.client(0).submit_and_wait(&event).expect("it is certified");
    }
    for node in 0..4 {
        let mut ended = None;
        wait_for("the node does not stop", || {
            ended = network.child(node).try_wait().expect("a child has a state");
            ended.is_some()
        });
        let log = network.log(node);
        assert!(!ended.expect("it ended").success(), "{log}");
        let said = format!("from height {height} the network speaks protocol 2");
        assert!(log.contains(&said) && log.contains("install the release"), "{log}");
    }
}

#[test]
fn s121_a_year_is_summed_up_by_who_reported_and_what_was_disclosed() {
    let network = Network::start();
    let author = Author::new(&network);
    let office = network.key("administrative-body");
    let body = office.did().expect("the key names its DID");
    let act = |kind: &str, members: Value| {
        let event = author.event(kind, body, &office, members);
        let receipt = network.client(0).submit_and_wait(&event).expect("it is certified");
        let receipt: Value = serde_json::from_slice(&receipt).expect("a receipt");
        receipt["id"].as_str().expect("an id").to_owned()
    };
    let first = act("IncidentReported", json!({ "seal": "5".repeat(64) }));
    act("IncidentReported", json!({ "seal": "6".repeat(64) }));
    let document = json!({ "sha256": "7".repeat(64), "uri": "https://example.bt/incident" });
    let members = json!({ "document": document, "incident": first, "previousVersion": 1 });
    act("IncidentDisclosed", members);

    let now = registry::time::format(node::clock::now_ms());
    let report = |year: &str| {
        network.ok(&["governance", "report", "--year", year, "--genesis", "genesis.json"])
    };
    let this = report(&now[..4]);
    assert!(this.contains("2 incidents reported, 1 of them disclosed; 0 audits"), "{this}");
    assert!(this.contains(body) && this.contains("https://example.bt/incident"), "{this}");
    assert!(this.contains("sealed"), "{this}");
    assert!(report("2001").contains("2001: 0 incidents"), "another year has its own");
}
