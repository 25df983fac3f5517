//! Two homes with one validator key: what is refused, what is found out, and what is shown.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::Network;
use tests::authors::Author;
use tests::network::PATIENCE;

/// Makes a block, and then another one a moment later.
fn block(network: &Network, author: &Author) {
    let (_, event) = author.did_created(&Author::key());
    network.client(0).submit_and_wait(&event).expect("the network decides");
    std::thread::sleep(Duration::from_millis(300));
}

fn status(client: &node::client::Client) -> Option<Value> {
    client.read("/v1/status").ok()
}

#[test]
fn a_copied_home_is_refused_and_signs_only_when_nothing_else_does() {
    let mut network = Network::start();
    let author = Author::new(&network);
    block(&network, &author);
    network.kill(3);
    let mut copy = network.copy_home(3, "copy");
    network.run(3);
    network.wait_until_ready(3);

    copy.run(&[]);
    let said = copy.refused();
    assert!(said.contains("copied or restored") && said.contains("--rejoin"), "{said}");

    // While the original signs, the copy has nothing to count: the others talk to the original.
    copy.run(&["--rejoin"]);
    let start = Instant::now();
    (0..20).for_each(|_| block(&network, &author));
    let watching = status(&copy.client()).expect("it answers");
    assert_eq!(watching["watching"], true, "{watching}");
    let waits = watching["waitingFor"].as_str().unwrap_or_default();
    assert!(waits.starts_with("0 of 8 heights"), "{watching}");

    // The original ends, and the watch does; then the copy's votes are needed, and are there.
    network.kill(3);
    while status(&copy.client()).is_none_or(|status| status["watching"] == true) {
        assert!(start.elapsed() < 4 * PATIENCE, "it never signs: {}", copy.log());
        block(&network, &author);
    }
    network.kill(2);
    let height = network.status(0).height;
    while network.status(0).height < height + 4 {
        assert!(start.elapsed() < 5 * PATIENCE, "its votes do not count: {}", copy.log());
        let (_, event) = author.did_created(&Author::key());
        let _ = network.client(0).submit_and_wait(&event);
    }
    for node in [0, 1] {
        let status = status(&network.client(node)).expect("it answers");
        assert_eq!(status["evidence"], 0, "{status}");
    }
}

#[test]
fn clones_that_sign_at_once_are_found_out_and_their_evidence_stays() {
    let mut network = Network::start();
    network.kill_all();
    // A second machine was set up with the same keys, before either ever ran.
    for node in 0..4 {
        let home = network.node_home(node);
        fs::remove_dir_all(home.join("data")).expect("its data");
        fs::create_dir(home.join("data")).expect("a folder");
        fs::remove_file(home.join("keys/validator.used")).expect("it signed");
    }
    let mut clone = network.copy_home(3, "clone");
    clone.run(&[]);
    (0..4).for_each(|node| network.run(node));
    (0..3).for_each(|node| network.wait_until_ready(node));

    let author = Author::new(&network);
    let start = Instant::now();
    let evidence = |network: &Network, node: usize| -> Vec<Value> {
        let answer: Value = network.client(node).read("/v1/evidence").expect("it answers");
        answer["evidence"].as_array().expect("a list").clone()
    };
    // One learns what the other signed and steps back; before, both may have signed. Or nobody
    // hears it, nor it anybody: then it takes no part, and says so.
    let steps_back = "this validator's key has signed elsewhere: watching before it signs here";
    let logs = || clone.log() + &network.log(3);
    while !logs().contains(steps_back) && start.elapsed() < PATIENCE {
        block(&network, &author);
    }
    if !logs().contains(steps_back) {
        let both = [clone.client(), network.client(3)].map(|client| status(&client));
        let ready = both.iter().flatten().filter(|status| status["ready"] == true);
        assert_eq!(ready.count(), 1, "not found out: {both:?} {}", logs());
    }
    (0..8).for_each(|_| block(&network, &author));
    let guilty = network.genesis_validator(3);
    for node in 0..3 {
        let found = evidence(&network, node);
        println!("node {node} has seen {} double signatures", found.len());
        assert!(found.iter().all(|pair| pair["validator"] == guilty), "{found:?}");
    }

    // The others agree all the same, and what one of them has seen survives a restart.
    let witness = (0..3).max_by_key(|node| evidence(&network, *node).len()).expect("three nodes");
    let before = evidence(&network, witness);
    network.kill(witness);
    network.run(witness);
    network.wait_until_ready(witness);
    let after = evidence(&network, witness);
    assert!(before.iter().all(|pair| after.contains(pair)), "{after:?}");
    let metrics = network.client(witness).get("/metrics").expect("it answers");
    let metrics = String::from_utf8_lossy(&metrics).into_owned();
    let count = format!("\ndzong_agreement_evidence {}\n", after.len());
    assert!(metrics.contains(&count), "{count}");
    let shown = network.ok(&["node", "evidence", "--url", &network.url(witness)]);
    assert_eq!(shown.contains(&guilty), !after.is_empty(), "{shown}");
}
