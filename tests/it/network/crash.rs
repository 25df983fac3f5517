//! kill -9 under load: nothing that was acknowledged is lost or doubled, and the others go on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use proofs::Receipt;
use tests::Network;
use tests::authors::Author;

/// Writers that submit and wait, one after another, and note what was acknowledged.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<(String, Receipt)>>>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    pub(super) fn start(network: &Network, nodes: &[usize]) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let writers = nodes.iter().map(|node| {
            let (author, client) = (Author::new(network), network.client(*node));
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let (did, event) = author.did_created(&Author::key());
                    match client.submit_and_wait(&event) {
                        Ok(receipt) => {
                            let receipt = serde_json::from_slice(&receipt).expect("a receipt");
                            acknowledged.lock().expect("no panic").push((did, receipt));
                        }
                        // The node was killed: its outcome is unknown, and it may be gone a while.
                        Err(_) => std::thread::sleep(Duration::from_millis(50)),
                    }
                }
            })
        });
        let writers = writers.collect();
        Load { stop, acknowledged, writers }
    }

    pub(super) fn count(&self) -> usize {
        self.acknowledged.lock().expect("no panic").len()
    }

    pub(super) fn stop(self) -> Vec<(String, Receipt)> {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.into_iter().for_each(|writer| writer.join().expect("no panic"));
        std::mem::take(&mut *self.acknowledged.lock().expect("no panic"))
    }
}

/// How often to kill; `DZONG_KILLS` lengthens.
fn kills(default: usize) -> usize {
    std::env::var("DZONG_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(default)
}

/// Everything acknowledged is there, once, on every node; and every node's ledger audits.
pub(super) fn check(network: &mut Network, acknowledged: &[(String, Receipt)]) {
    network.wait_until_equal();
    let indices: BTreeSet<u64> = acknowledged.iter().map(|(_, receipt)| receipt.index).collect();
    assert_eq!(indices.len(), acknowledged.len(), "no two events share a place");
    for (did, receipt) in acknowledged {
        for node in 0..4 {
            let kept = network.client(node).receipt(&receipt.id).expect("the event is kept");
            let kept: Receipt = serde_json::from_slice(&kept).expect("a receipt");
            assert_eq!(kept.index, receipt.index, "{did} has one place");
        }
    }
    network.kill_all();
    for node in 0..4 {
        network.ok(&["audit", "--home", &network.node_home(node).to_string_lossy()]);
    }
}

#[test]
fn one_validator_is_killed_again_and_again_and_the_others_go_on() {
    let mut network = Network::start();
    let load = Load::start(&network, &[1, 2, 3]);
    let mut pauses = Vec::new();
    for _ in 0..kills(20) {
        network.kill(0);
        // The others certify block after block; each fourth turn is the absent one's.
        let away = Instant::now();
        let (mut height, mut since) = (network.status(1).height, Instant::now());
        let until = height + 6;
        while height < until {
            assert!(away.elapsed() < tests::network::PATIENCE, "the others do not go on");
            std::thread::sleep(Duration::from_millis(5));
            let now = network.status(1).height;
            if now > height {
                pauses.push(since.elapsed());
                (height, since) = (now, Instant::now());
            }
        }
        network.run(0);
        network.wait_until_ready(0);
    }
    let acknowledged = load.stop();
    pauses.sort();
    let p99 = pauses[pauses.len() * 99 / 100];
    println!(
        "{} acknowledged; pauses p99 {p99:?}, longest {:?}",
        acknowledged.len(),
        pauses.last()
    );
    check(&mut network, &acknowledged);
}

#[test]
fn all_validators_are_killed_at_once_and_nothing_acknowledged_is_lost() {
    let mut network = Network::start();
    let load = Load::start(&network, &[0, 1, 2, 3]);
    for _ in 0..kills(10) {
        let before = load.count();
        network.kill_all();
        (0..4).for_each(|node| network.run(node));
        (0..4).for_each(|node| network.wait_until_ready(node));
        let start = Instant::now();
        while load.count() < before + 4 {
            assert!(start.elapsed() < tests::network::PATIENCE, "writing does not go on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let acknowledged = load.stop();
    println!("{} acknowledged", acknowledged.len());
    check(&mut network, &acknowledged);
}
