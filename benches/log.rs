//! What it costs to export a range of the log and to verify it elsewhere: by its hashes, up to a
//! checkpoint that a quorum cosigned, and with every event's signatures. Times are of the CPU.
#![expect(missing_docs, reason = "the group that criterion's macro makes is public")]

#[path = "../ledger/src/fixture.rs"]
#[expect(dead_code, reason = "the ledger's own tests use more of it")]
mod fixture;

use std::ops::Range;
use std::sync::Arc;

use benches::cpu;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ledger::{BlockInput, CertifiedBlock, Ledger};
use node::checkpoint::{Checkpoints, SignedFile, genesis_policy};
use node::home::ValidatorKeys;
use node::metrics::Metrics;
use node::mirror::{self, Source};
use node::signatures::Signatures;
use proofs::tlog::Policy;
use registry::Parameters;
use serde_json::json;
use tempfile::TempDir;

use fixture::{BEGIN, Fixture, checked};

/// Events in a block, and blocks: somewhat more than the range.
const BLOCK_EVENTS: u64 = 512;
const BLOCKS: u64 = 21;

/// Entries that are exported and verified: 10,000 events, and the own entries of 20 blocks.
const RANGE: Range<u64> = 300..10_320;

/// A log on disk with a cosigned checkpoint.
fn log() -> (Source, Policy, TempDir) {
    let home = TempDir::new().expect("a folder");
    let fixture = Fixture::new(Parameters::default());
    let directory = home.path().join("ledger");
    let ledger = Arc::new(Ledger::create(&directory, &fixture.genesis).expect("a new ledger"));
    let names: Vec<String> =
        (0..6).map(|at| format!("https://organisation.example.bt/known/as/{at}")).collect();
    for block in 0..BLOCKS {
        let event =
            |number| checked(&fixture.did_created(number, json!({ "alsoKnownAs": names })).1);
        let events = (0..BLOCK_EVENTS).map(|at| event(block * BLOCK_EVENTS + at)).collect();
        let input = BlockInput { time: BEGIN, proposer: fixture.proposer(), events };
        let executed = ledger.propose(input).expect("the disk works").executed;
        let certificate = fixture.certificate(executed.header());
        let block = CertifiedBlock::new(Arc::new(executed), certificate);
        ledger.commit(&block.expect("the certificate holds")).expect("the disk works");
    }
    let note = cosigned(&ledger, &home);
    let policy = genesis_policy(&fixture.genesis).parse().expect("a policy");
    (Source::Ledger(ledger.snapshot(), note), policy, home)
}

/// The checkpoint of this log, cosigned by three of the four validators.
fn cosigned(ledger: &Arc<Ledger>, home: &TempDir) -> String {
    let metrics = Arc::new(Metrics::new());
    let checkpoints = Checkpoints::new(ledger.clone(), None, metrics.clone());
    for validator in 0..3 {
        let [vote, cosigner, log] = Fixture::validator_keys(validator);
        let keys = ValidatorKeys { vote, cosigner, log };
        let file = SignedFile::open(&home.path().join(format!("signed-{validator}")));
        let signing = Some((keys, file.expect("a new file")));
        let signer = Checkpoints::new(ledger.clone(), signing, metrics.clone());
        let statement = signer.sign(BEGIN / 1000).expect("the disk works").expect("one is due");
        checkpoints.receive(&statement).expect("the disk works");
    }
    checkpoints.newest().expect("three of four are a quorum").to_string()
}

fn range(c: &mut Criterion) {
    let (source, policy, _home) = log();
    let mut group = c.benchmark_group("log::range");
    group.sample_size(10).throughput(Throughput::Elements(10_000));
    let export = || {
        let directory = TempDir::new().expect("a folder");
        mirror::export_range(&source, directory.path(), RANGE).expect("the log is whole")
    };
    group.bench_function("export/events=10000", |b| b.iter_custom(|times| cpu(times, export)));
    let directory = TempDir::new().expect("a folder");
    let exported = mirror::export_range(&source, directory.path(), RANGE).expect("a whole log");
    println!("{} bytes of files", exported.bytes);
    let copy = Source::Directory(directory.path().to_owned());
    let proven = || {
        let (note, _) = copy.checkpoint().expect("a checkpoint");
        let head = policy.verify(&note).expect("a quorum");
        mirror::range(&copy, &head, RANGE).expect("the range is whole").entries
    };
    group.bench_function("verify/events=10000", |b| b.iter_custom(|times| cpu(times, proven)));
    let well_signed = || {
        let entries = proven();
        let events: Vec<&Vec<u8>> =
            entries.iter().filter(|entry| entry.first() == Some(&b'{')).collect();
        assert_eq!(events.len(), 10_000);
        let signatures = Signatures::new(Arc::new(Metrics::new()));
        assert!(signatures.check(&events).iter().all(Result::is_ok));
    };
    group.bench_function("verify with signatures/events=10000", |b| {
        b.iter_custom(|times| cpu(times, well_signed));
    });
    group.finish();
}

criterion_group!(benches, range);
criterion_main!(benches);
