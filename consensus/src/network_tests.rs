//! Whole nodes on loopback sockets, with the ledger in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ed25519_zebra::SigningKey;
use proofs::{Certificate, Hash, PublicKey, Validator, ValidatorSet};

use crate::guard::{Guard, GuardError, Position, Step};
use crate::memory::{MemoryLedger, candidate};
use crate::{
    Application, Committed, Config, Fault, Handle, Head, Invalid, Keys, Multiaddr, Peer, Proposal,
    Propose, Provenance, Rejoin, Source, StartError, Timeouts, peer_id, start,
};

const GENESIS: Hash = Hash([9; 32]);

/// The places of a network's nodes, decided before any of them starts.
struct Network {
    home: tempfile::TempDir,
    validators: usize,
    ports: Vec<[u16; 2]>,
}

struct Node {
    handle: Handle,
    ledger: Arc<MemoryLedger>,
}

fn transport(node: usize) -> [u8; 32] {
    [100 + u8::try_from(node).unwrap(); 32]
}

fn key(node: usize) -> SigningKey {
    SigningKey::from([1 + u8::try_from(node).unwrap(); 32])
}

fn local(port: u16) -> Multiaddr {
    format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()
}

impl Network {
    fn new(validators: usize, nodes: usize) -> Self {
        // `RUST_LOG=consensus=debug` shows what happens.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let listeners: Vec<TcpListener> =
            (0..2 * nodes).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
        let ports = ports.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
        Network { home: tempfile::tempdir().unwrap(), validators, ports }
    }

    fn ledger(&self) -> Arc<MemoryLedger> {
        let validator = |node| Validator { key: PublicKey::from(&key(node)), power: 1 };
        let set = ValidatorSet::new((0..self.validators).map(validator).collect()).unwrap();
        Arc::new(MemoryLedger::new(GENESIS, set))
    }

    fn home(&self, node: usize) -> std::path::PathBuf {
        self.home.path().join(node.to_string())
    }

    fn config(&self, node: usize, home: &Path) -> Config {
        // Nobody knows where a replica is: it dials.
        let peer = |other: usize| Peer {
            id: peer_id(&transport(other)),
            address: (other < self.validators).then(|| local(self.ports[other][0])),
            gossip: (other < self.validators).then(|| local(self.ports[other][1])),
            validator: other < self.validators,
        };
        Config {
            moniker: format!("n{node}"),
            home: home.to_owned(),
            listen: local(self.ports[node][0]),
            gossip_listen: local(self.ports[node][1]),
            peers: (0..self.ports.len()).filter(|other| *other != node).map(peer).collect(),
            timeouts: Timeouts::default(),
            heartbeat: Duration::from_secs(2),
            gather: Duration::from_secs(10),
            block: Default::default(),
            mempool: Default::default(),
            used: home.with_extension("used"),
            provenance: Provenance::Own,
        }
    }

    fn keys(&self, node: usize) -> Keys {
        let validator = (node < self.validators).then(|| key(node));
        Keys { validator, transport: transport(node) }
    }

    async fn start(&self, node: usize, ledger: Arc<MemoryLedger>) -> Node {
        let config = self.config(node, &self.home(node));
        let handle = start(config, self.keys(node), ledger.clone(), ledger.clone()).await.unwrap();
        Node { handle, ledger }
    }
}

async fn until(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < limit, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn agree(nodes: &[&Node]) {
    let longest = nodes.iter().map(|node| node.ledger.blocks()).max_by_key(Vec::len).unwrap();
    for node in nodes {
        assert!(longest.starts_with(&node.ledger.blocks()));
    }
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_validators_agree_and_one_that_was_away_catches_up() {
    let network = Network::new(4, 5);
    let mut nodes = Vec::new();
    for node in 0..5 {
        nodes.push(network.start(node, network.ledger()).await);
    }
    until("all have begun", LONG, || nodes.iter().all(|n| n.ledger.blocks().len() >= 2)).await;

    // One event after another, each from another node, the replica among them.
    let mut times = Vec::new();
    for round in 0..40_u8 {
        let node = &nodes[usize::from(round) % 4];
        let begun = Instant::now();
        node.handle.submit(candidate(Bytes::from(vec![round; 1500]))).unwrap();
        let count = usize::from(round) + 1;
        until("the event is decided", LONG, || node.ledger.events() >= count).await;
        times.push(begun.elapsed());
        until("all have it", LONG, || nodes[..4].iter().all(|n| n.ledger.events() >= count)).await;
    }
    times.sort();
    println!("submit to commit: median {:?}, longest {:?}", times[20], times[39]);
    nodes[4].handle.submit(candidate(Bytes::from_static(b"from the replica"))).unwrap();
    until("the replica has it", LONG, || nodes[4].ledger.events() >= 41).await;

    // One stops; the others go on without it, and it comes back with its home and its ledger.
    let away = nodes.remove(2);
    away.handle.shutdown().await;
    for round in 0..6_u8 {
        nodes[0].handle.submit(candidate(Bytes::from(vec![round; 100]))).unwrap();
        let count = 42 + usize::from(round);
        until("three decide", LONG, || nodes[0].ledger.events() >= count).await;
    }
    let back = network.start(2, away.ledger).await;
    until("it has caught up", LONG, || back.ledger.events() >= 47).await;
    back.handle.submit(candidate(Bytes::from_static(b"from the returned one"))).unwrap();
    until("its event is decided", LONG, || nodes[0].ledger.events() >= 48).await;
    agree(&[&nodes[0], &nodes[1], &nodes[2], &nodes[3], &back]);

    let status = back.handle.status();
    assert!(status.halted.is_none() && status.evidence == 0 && status.peers >= 3, "{status:?}");
    let mut text = String::new();
    back.handle.metrics(&mut text);
    assert!(text.contains("dzong_agreement_height") && !text.contains("# EOF"));
    for node in nodes.iter().chain([&back]) {
        node.handle.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_came_before_the_peers_reaches_them_when_they_come() {
    let network = Network::new(4, 5);
    let replica = network.start(4, network.ledger()).await;
    replica.handle.submit(candidate(Bytes::from_static(b"early"))).unwrap();
    let mut nodes = Vec::new();
    for node in 0..4 {
        nodes.push(network.start(node, network.ledger()).await);
    }
    // Sooner than it is sent again by itself.
    let soon = Duration::from_secs(20);
    until("it is decided", soon, || nodes.iter().all(|node| node.ledger.events() >= 1)).await;
    for node in nodes.iter().chain([&replica]) {
        node.handle.shutdown().await;
    }
}

/// Loses the blocks of others when they are to be committed, once each, or commits nothing at all.
struct Faulty {
    ledger: Arc<MemoryLedger>,
    known: Mutex<BTreeSet<Hash>>,
    fault: Option<Fault>,
}

impl Faulty {
    fn new(ledger: Arc<MemoryLedger>, fault: Option<Fault>) -> Arc<Self> {
        Arc::new(Faulty { ledger, known: Mutex::default(), fault })
    }
}

impl Application for Faulty {
    fn genesis(&self) -> Hash {
        self.ledger.genesis()
    }

    fn head(&self) -> Head {
        self.ledger.head()
    }

    fn propose(&self, request: Propose) -> Result<Proposal, Fault> {
        let proposal = self.ledger.propose(request)?;
        self.known.lock().unwrap().insert(proposal.id);
        Ok(proposal)
    }

    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault> {
        self.ledger.validate(payload, source)
    }

    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault> {
        self.ledger.payload(id)
    }

    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if self.known.lock().unwrap().insert(certificate.block) {
            self.ledger.forget_undecided();
        }
        self.ledger.commit(certificate)
    }

    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault> {
        self.ledger.decided(height)
    }

    fn lowest(&self) -> u64 {
        self.ledger.lowest()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_loses_blocks_before_their_decision_fetches_them() {
    let network = Network::new(4, 4);
    let mut nodes = Vec::new();
    for node in 0..4 {
        let ledger = network.ledger();
        if node == 1 {
            let forgetful = Faulty::new(ledger.clone(), None);
            let config = network.config(node, &network.home(node));
            let handle = start(config, network.keys(node), forgetful, ledger.clone()).await;
            nodes.push(Node { handle: handle.unwrap(), ledger });
        } else {
            nodes.push(network.start(node, ledger).await);
        }
    }
    until("all have begun", LONG, || nodes.iter().all(|n| n.ledger.blocks().len() >= 2)).await;
    for round in 0..30_u8 {
        nodes[0].handle.submit(candidate(Bytes::from(vec![round; 100]))).unwrap();
        let count = usize::from(round) + 1;
        until("all decide", LONG, || nodes.iter().all(|n| n.ledger.events() >= count)).await;
    }
    agree(&nodes.iter().collect::<Vec<_>>());
    let mut text = String::new();
    nodes[1].handle.metrics(&mut text);
    let fetched = text.lines().find(|l| l.starts_with("dzong_agreement_payloads_fetched_total"));
    assert!(fetched.is_some_and(|line| !line.ends_with(" 0")), "{fetched:?}");
    for node in &nodes {
        assert_eq!(node.handle.status().halted, None);
        node.handle.shutdown().await;
    }
}

/// Cannot judge, propose or commit anything at first, and knows the answer to a question.
struct Late {
    ledger: Arc<MemoryLedger>,
    asked: Mutex<BTreeMap<Vec<u8>, u8>>,
}

impl Late {
    fn not_yet(&self, what: &[u8]) -> Result<(), Fault> {
        let mut asked = self.asked.lock().unwrap();
        let count = asked.entry(what.to_vec()).or_default();
        *count += 1;
        if *count < 3 { Err(Fault::NotYet("it is on its way".into())) } else { Ok(()) }
    }
}

impl Application for Late {
    fn genesis(&self) -> Hash {
        self.ledger.genesis()
    }

    fn head(&self) -> Head {
        self.ledger.head()
    }

    fn propose(&self, request: Propose) -> Result<Proposal, Fault> {
        self.not_yet(&[&b"propose"[..], &request.height.to_be_bytes()].concat())?;
        self.ledger.propose(request)
    }

    fn validate(&self, payload: Bytes, source: Source) -> Result<Result<Hash, Invalid>, Fault> {
        self.not_yet(&payload)?;
        self.ledger.validate(payload, source)
    }

    fn payload(&self, id: &Hash) -> Result<Option<Bytes>, Fault> {
        self.ledger.payload(id)
    }

    fn commit(&self, certificate: &Certificate) -> Result<Option<Committed>, Fault> {
        self.not_yet(&certificate.block.0)?;
        self.ledger.commit(certificate)
    }

    fn decided(&self, height: u64) -> Result<Option<(Bytes, Certificate)>, Fault> {
        self.ledger.decided(height)
    }

    fn lowest(&self) -> u64 {
        self.ledger.lowest()
    }

    fn answer(&self, question: &[u8]) -> Option<Bytes> {
        (question == b"how late?").then(|| Bytes::from_static(b"a moment"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_judge_a_block_yet_judges_it_later_and_its_peers_may_ask_it() {
    let network = Network::new(4, 4);
    let mut nodes = Vec::new();
    for node in 0..4 {
        let ledger = network.ledger();
        if node == 1 {
            let late = Arc::new(Late { ledger: ledger.clone(), asked: Mutex::default() });
            let config = network.config(node, &network.home(node));
            let handle = start(config, network.keys(node), late, ledger.clone()).await;
            nodes.push(Node { handle: handle.unwrap(), ledger });
        } else {
            nodes.push(network.start(node, ledger).await);
        }
    }
    for round in 0..5_u8 {
        nodes[0].handle.submit(candidate(Bytes::from(vec![round; 100]))).unwrap();
        let count = usize::from(round) + 1;
        until("all decide", LONG, || nodes.iter().all(|n| n.ledger.events() >= count)).await;
    }
    agree(&nodes.iter().collect::<Vec<_>>());
    let late = peer_id(&transport(1));
    until("they are connected", LONG, || nodes[0].handle.connected().contains(&late)).await;
    let answer = nodes[0].handle.ask(late, b"how late?").await;
    assert_eq!(answer.as_deref(), Some(&b"a moment"[..]));
    assert_eq!(nodes[0].handle.ask(late, b"what?").await, None);
    assert_eq!(nodes[0].handle.ask(late, &[0; 5 << 10]).await, None, "too long a question");
    for node in &nodes {
        assert_eq!(node.handle.status().halted, None);
        node.handle.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_validator_whose_log_forgot_a_signature_sits_the_height_out() {
    let network = Network::new(4, 4);
    let mut nodes = Vec::new();
    for node in 0..4 {
        nodes.push(network.start(node, network.ledger()).await);
    }
    until("all have begun", LONG, || nodes.iter().all(|n| n.ledger.blocks().len() >= 2)).await;
    let away = nodes.pop().unwrap();
    away.handle.shutdown().await;
    // A signature of which the engine's log knows nothing, a little ahead of the network.
    let ahead = away.ledger.head().height + 3;
    let mut guard = Guard::open(&network.home(3), false).unwrap();
    let position = Position { height: ahead, round: 0, step: Step::Prevote };
    guard.confirm(&guard.last().map(|last| last.signature).into_iter().collect::<Vec<_>>());
    guard.sign(position, b"forgotten", |_| [7; 64]).unwrap();
    drop(guard);

    let back = network.start(3, away.ledger).await;
    let mut event = 0_u32;
    let mut decide = |node: &Node| {
        event += 1;
        let bytes = Bytes::copy_from_slice(&event.to_be_bytes());
        node.handle.submit(candidate(bytes)).unwrap();
    };
    while back.ledger.head().height < ahead + 1 {
        decide(&nodes[0]);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    until("it votes again", LONG, || back.handle.status().watching.is_none()).await;
    assert_eq!(back.handle.status().halted, None);
    // With another one away, its votes are needed.
    nodes.pop().unwrap().handle.shutdown().await;
    let goal = nodes[0].ledger.head().height + 2;
    decide(&nodes[0]);
    until("its votes count", LONG, || nodes[0].ledger.head().height >= goal).await;
    agree(&[&nodes[0], &nodes[1], &back]);
    for node in nodes.iter().chain([&back]) {
        assert_eq!(node.handle.status().evidence, 0);
        node.handle.shutdown().await;
    }
}

/// Submits events until something is so.
async fn decide_until(node: &Node, what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "waited in vain until {what}");
        let bytes = Bytes::copy_from_slice(&rand::random::<[u8; 16]>());
        let _ = node.handle.submit(candidate(bytes));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_without_its_guard_watches_and_then_signs_again() {
    let network = Network::new(4, 4);
    let mut nodes = Vec::new();
    for node in 0..4 {
        nodes.push(network.start(node, network.ledger()).await);
    }
    until("all have begun", LONG, || nodes.iter().all(|n| n.ledger.blocks().len() >= 2)).await;
    let Node { handle, ledger } = nodes.pop().unwrap();
    handle.shutdown().await;
    for name in ["guard.a", "guard.b"] {
        std::fs::remove_file(network.home(3).join(name)).unwrap();
    }
    let config = network.config(3, &network.home(3));
    let refused = start(config.clone(), network.keys(3), ledger.clone(), ledger.clone()).await;
    assert!(matches!(refused, Err(StartError::Guard(GuardError::Lost))));
    // Even if nothing told that the key was used, the chain does.
    let forgotten = Config { used: network.home(3).with_extension("other"), ..config.clone() };
    let refused = start(forgotten, network.keys(3), ledger.clone(), ledger.clone()).await;
    assert!(matches!(refused, Err(StartError::Guard(GuardError::Stale(_)))));

    let rejoin = Rejoin { heights: 3, settle: Duration::from_secs(1) };
    let config = Config { provenance: Provenance::Unknown(rejoin), ..config };
    let handle = start(config, network.keys(3), ledger.clone(), ledger.clone()).await.unwrap();
    assert!(handle.status().watching.is_some());
    decide_until(&nodes[0], "the watch is over", || handle.status().watching.is_none()).await;
    // With another one away, its votes are needed.
    nodes.pop().unwrap().handle.shutdown().await;
    let goal = nodes[0].ledger.head().height + 2;
    decide_until(&nodes[0], "its votes count", || ledger.head().height >= goal).await;
    for handle in [&nodes[0].handle, &nodes[1].handle, &handle] {
        assert_eq!(handle.status().evidence, 0);
        handle.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_home_whose_key_has_signed_elsewhere_watches_by_itself() {
    let network = Network::new(4, 4);
    let mut nodes = Vec::new();
    for node in 0..4 {
        nodes.push(network.start(node, network.ledger()).await);
    }
    let ledger = nodes[3].ledger.clone();
    decide_until(&nodes[0], "there are blocks", || ledger.blocks().len() >= 10).await;
    nodes.pop().unwrap().handle.shutdown().await;
    let (home, ledger) = (network.home.path().join("new"), network.ledger());
    let config = network.config(3, &home);
    let back = start(config, network.keys(3), ledger.clone(), ledger.clone()).await.unwrap();
    until("it is found out", LONG, || back.status().watching.is_some()).await;
    assert_eq!(back.status().halted, None);
    back.shutdown().await;
    for node in nodes {
        node.handle.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_for_safety_outlives_the_process_and_one_for_space_does_not() {
    let faults = [Fault::Disk("a test".into()), Fault::Full("a test".into())];
    for (fault, for_safety) in faults.into_iter().zip([true, false]) {
        let network = Network::new(1, 1);
        let (ledger, config) = (network.ledger(), network.config(0, &network.home(0)));
        let faulty = Faulty::new(ledger.clone(), Some(fault));
        let handle = start(config.clone(), network.keys(0), faulty, ledger.clone()).await.unwrap();
        until("it holds still", LONG, || handle.status().halted.is_some()).await;
        assert_eq!(handle.status().full, !for_safety);
        let refused = handle.submit(candidate(Bytes::from_static(b"x")));
        assert_eq!(refused, Err(crate::Refused::Halted));
        handle.shutdown().await;

        let file = network.home(0).join("SAFETY_HALT");
        assert_eq!(file.exists(), for_safety);
        if for_safety {
            let refused = start(config, network.keys(0), ledger.clone(), ledger.clone()).await;
            let Err(StartError::Halted(reason)) = refused else { panic!("it started") };
            assert!(reason.ends_with("could not be committed: a test"), "{reason}");
            std::fs::remove_file(file).unwrap();
        }
        let node = network.start(0, ledger).await;
        until("it commits", LONG, || !node.ledger.blocks().is_empty()).await;
        node.handle.shutdown().await;
    }
}
