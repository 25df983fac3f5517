//! What a state proof, an update of the state tree, and a block cost.
#![expect(missing_docs, reason = "the group that criterion's macro makes is public")]

#[path = "../ledger/src/fixture.rs"]
#[expect(dead_code, reason = "the ledger's own tests use more of it")]
mod fixture;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ledger::tree::Leaf;
use ledger::{BlockInput, CertifiedBlock, Ledger, StateTree};
use proofs::{Hash, Tag, tagged};
use registry::{CheckedEvent, Parameters};
use serde_json::json;
use tempfile::TempDir;

use fixture::{BEGIN, Fixture, checked};

/// Keys in the state tree.
const KEYS: u64 = 1_000_000;

/// Events in a block, and blocks that are made ahead.
const BLOCK_EVENTS: u64 = 512;
const BLOCKS: u64 = 16;

fn hash(number: u64) -> Hash {
    tagged(Tag::StateKey, &[&number.to_be_bytes()])
}

/// Numbers without order, the same in every run.
fn numbers() -> impl FnMut() -> u64 {
    let mut state = 1u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 20
    }
}

fn sorted(mut leaves: Vec<Leaf>) -> Vec<Leaf> {
    leaves.sort_unstable_by_key(|leaf| leaf.path);
    leaves.dedup_by_key(|leaf| leaf.path);
    leaves
}

fn tree(c: &mut Criterion) {
    let leaf = |number| Leaf { path: hash(number), record: hash(number + 1) };
    let leaves = sorted((0..KEYS).map(leaf).collect());
    let tree = StateTree::build(&leaves);
    let mut number = numbers();
    let mut group = c.benchmark_group("ledger::tree");
    group.sample_size(20);
    group.bench_function("build/keys=1M", |b| b.iter(|| StateTree::build(&leaves)));
    group.bench_function("prove/keys=1M", |b| {
        b.iter(|| {
            let at = number() % KEYS;
            tree.prove(&leaves[at as usize].path)
        });
    });
    let proof = tree.prove(&leaves[0].path);
    group.bench_function("verify/keys=1M", |b| {
        b.iter(|| proof.verify(&tree.root(), &leaves[0].path, Some(&leaves[0].record)));
    });
    let change = |_| Leaf { path: hash(number() % KEYS), record: hash(number()) };
    let batch = sorted((0..1000).map(change).collect());
    group.throughput(Throughput::Elements(batch.len() as u64));
    group.bench_function("update/keys=1M,batch=1000", |b| b.iter(|| tree.update(&batch)));
    group.finish();
}

/// A ledger on disk, and blocks for it.
struct Blocks {
    fixture: Fixture,
    events: Vec<Vec<Arc<CheckedEvent>>>,
    ledger: Ledger,
    next: usize,
    _home: TempDir,
}

impl Blocks {
    fn new() -> Blocks {
        let fixture = Fixture::new(Parameters::default());
        // Together with proofs and control about 1,500 bytes.
        let names: Vec<String> =
            (0..6).map(|at| format!("https://organisation.example.bt/known/as/{at}")).collect();
        let event =
            |number| checked(&fixture.did_created(number, json!({ "alsoKnownAs": names })).1);
        let block = |block| (0..BLOCK_EVENTS).map(|at| event(block * BLOCK_EVENTS + at)).collect();
        let events: Vec<Vec<_>> = (0..BLOCKS).map(block).collect();
        println!("events of {} bytes", events[0][0].bytes().len());
        let (ledger, _home) = Blocks::ledger(&fixture);
        Blocks { fixture, events, ledger, next: 0, _home }
    }

    fn ledger(fixture: &Fixture) -> (Ledger, TempDir) {
        let home = TempDir::new().expect("a folder");
        let directory = home.path().join("ledger");
        (Ledger::create(&directory, &fixture.genesis).expect("a new ledger"), home)
    }

    /// Executes and commits one block, and returns how long each took.
    fn step(&mut self) -> (Duration, Duration) {
        if self.next == self.events.len() {
            (self.ledger, self._home) = Blocks::ledger(&self.fixture);
            self.next = 0;
        }
        let events = self.events[self.next].clone();
        self.next += 1;
        let input = BlockInput { time: BEGIN, proposer: self.fixture.proposer(), events };
        let start = Instant::now();
        let proposal = self.ledger.propose(input).expect("the disk works");
        let executed = start.elapsed();
        assert_eq!(proposal.executed.events().len() as u64, BLOCK_EVENTS);
        let certificate = self.fixture.certificate(proposal.executed.header());
        let block = CertifiedBlock::new(Arc::new(proposal.executed), certificate);
        let block = block.expect("the certificate holds");
        let start = Instant::now();
        self.ledger.commit(black_box(&block)).expect("the disk works");
        (executed, start.elapsed())
    }
}

fn block(c: &mut Criterion) {
    let mut blocks = Blocks::new();
    let mut group = c.benchmark_group("ledger::block");
    group.sample_size(10).throughput(Throughput::Elements(BLOCK_EVENTS));
    group.bench_function("execute/events=512", |b| {
        b.iter_custom(|times| (0..times).map(|_| blocks.step().0).sum());
    });
    group.bench_function("commit/events=512", |b| {
        b.iter_custom(|times| (0..times).map(|_| blocks.step().1).sum());
    });
    group.finish();
}

criterion_group!(benches, tree, block);
criterion_main!(benches);
