//! Seeded simulation: the engine's core, the guard's rule, the node's own `Application` and ledgers
//! in RocksDB's memory, under every fault that a seed calls for. A failure prints its seed; run it
//! alone with `DZONG_SIM_SEED=<n>`, and more of them with `DZONG_SIM_SEEDS=<n>`.

mod machine;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use consensus::mempool::Candidate;
use consensus::simulation::{Config, LogFault, Report, Violation, run};
use machine::Machine;
use registry::{Genesis, SignedEvent};
use tests::golden::{self, Golden, TIME, genesis};

/// The simulation's clock begins here, in milliseconds since 1970.
const EPOCH: u64 = 1_800_000_000_000;

/// How many seeds a test runs: a few in a hurry, many at night.
fn seeds(share: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("DZONG_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("DZONG_SIM_SEEDS").unwrap_or(300) * share / 100,
    }
}

/// What every run shares: making it takes longer than a run.
struct World {
    genesis: Genesis,
    events: Vec<Candidate>,
}

impl World {
    fn new() -> World {
        let golden = Golden::new();
        let event = |byte| {
            let (did, bytes) = golden.did_created_at(byte, EPOCH - TIME);
            let event = SignedEvent::parse(&bytes).and_then(SignedEvent::verify).expect("sound");
            Candidate {
                hash: event.hash(),
                principal: event.principal().to_owned(),
                subject: format!("did/{did}"),
                expires_ms: event.valid_until(),
                cost: event.cost(),
                bytes: bytes.into(),
            }
        };
        World { genesis: genesis(), events: (60..90).map(event).collect() }
    }

    fn config(&self, seed: u64) -> Config {
        let keys = (10..14).map(golden::key).collect();
        Config {
            faults_ms: 15_000,
            events: self.events.clone(),
            // The ledger verifies every certificate.
            real_signatures: true,
            ..Config::new(seed, keys)
        }
    }

    fn run(&self, config: &Config) -> Report {
        let mut machines: BTreeMap<usize, Arc<Machine>> = BTreeMap::new();
        // In memory where there is such a place: every signature is synced.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        run(config, home.expect("a folder").path(), &mut |node| {
            let machine = machines.entry(node).or_insert_with(|| Arc::new(Machine::new()));
            machine.restart(&self.genesis);
            machine.clone()
        })
    }

    /// Runs all seeds on two threads and gives the reports to `check`, by seed.
    fn run_all(&self, share: u64, config: impl Fn(u64) -> Config + Sync, check: impl Fn(&Report)) {
        let (next, reports) = (AtomicU64::new(seeds(share).start), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds(share).end {
                            return;
                        }
                        let report = self.run(&config(seed));
                        reports.lock().expect("no panic").push((seed, report));
                    }
                });
            }
        });
        let reports = reports.into_inner().expect("no panic");
        let mut totals = (0, 0, 0);
        for (seed, report) in &reports {
            println!("seed {seed}: {report:?}");
            totals.0 += report.heights;
            totals.1 += report.crashes;
            totals.2 += report.simulated_ms / 1000;
            check(report);
        }
        let (heights, crashes, seconds) = totals;
        println!("{} seeds: {heights} heights, {crashes} crashes, {seconds} s", reports.len());
        assert!(heights > reports.len() as u64, "a simulation in which nothing happens");
    }
}

#[test]
fn four_validators_agree_and_recover_from_crash_loss_delay_and_partition() {
    let world = World::new();
    world.run_all(60, |seed| world.config(seed), |report| assert_eq!(report.violations, []));
}

#[test]
fn one_byzantine_twin_of_four_changes_nothing() {
    let world = World::new();
    let config = |seed| Config { twins: 1, ..world.config(seed) };
    world.run_all(25, config, |report| assert_eq!(report.violations, []));
}

#[test]
fn a_disk_that_forgets_synced_log_entries_makes_nobody_sign_twice() {
    let world = World::new();
    let config = |seed| Config { log: LogFault::Forgets, crashes: 6.0, ..world.config(seed) };
    world.run_all(15, config, |report| {
        let contradiction = |violation: &Violation| {
            matches!(violation, Violation::Disagreement { .. } | Violation::DoubleSign { .. })
        };
        assert!(!report.violations.iter().any(contradiction), "{:?}", report.violations);
    });
}

#[test]
fn guards_that_are_damaged_or_restored_make_nobody_sign_twice_or_against_a_lock() {
    let world = World::new();
    let logs = [LogFault::TornTail, LogFault::Forgets, LogFault::Vanishes];
    let config = |seed| {
        let log = logs[usize::try_from(seed % 3).expect("small")];
        Config { log, guard_damage: 0.6, crashes: 4.0, faults_ms: 30_000, ..world.config(seed) }
    };
    let (damaged, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    world.run_all(60, config, |report| {
        // Where several logs are lost as well, there may be too few to go on.
        let stuck = |violation: &Violation| matches!(violation, Violation::Stuck { .. });
        assert!(report.violations.iter().all(stuck), "{:?}", report.violations);
        assert!(report.violations.is_empty() || report.sat_out > 0, "{:?}", report.violations);
        damaged.fetch_add(report.guards_damaged, Ordering::Relaxed);
        refused.fetch_add(report.guards_refused, Ordering::Relaxed);
    });
    println!("{damaged:?} guards damaged, {refused:?} times refused");
}

#[test]
fn two_twins_of_four_are_caught_disagreeing() {
    let world = World::new();
    let caught = (0..60).find(|seed| {
        let config = Config { twins: 2, crashes: 0.0, ..world.config(*seed) };
        let report = world.run(&config);
        report.violations.iter().any(|found| matches!(found, Violation::Disagreement { .. }))
    });
    println!("caught with seed {caught:?}");
    assert!(caught.is_some(), "beyond a third of the power, disagreement must be possible");
}

#[test]
fn without_the_guard_a_forgetful_disk_is_caught_signing_twice() {
    let world = World::new();
    let caught = (0..60).find(|seed| {
        let config =
            Config { guard: false, log: LogFault::Vanishes, crashes: 10.0, ..world.config(*seed) };
        let report = world.run(&config);
        report.violations.iter().any(|found| matches!(found, Violation::DoubleSign { .. }))
    });
    println!("caught with seed {caught:?}");
    assert!(caught.is_some(), "the simulation must notice a missing guard");
}

#[test]
fn a_seed_has_one_trace() {
    let world = World::new();
    for seed in [1, 2] {
        let config = Config { twins: 1, ..world.config(seed) };
        assert_eq!(world.run(&config), world.run(&config));
    }
}
