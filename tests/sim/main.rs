//! Seeded simulation: the engine's core, the guard's rule, the node's own `Application` and ledgers
//! in RocksDB's memory, under every fault that a seed calls for. A failure prints its seed; run it
//! alone with `DZONG_SIM_SEED=<n>`, and more of them with `DZONG_SIM_SEEDS=<n>`.

mod machine;
mod statuses;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use consensus::mempool::Candidate;
use consensus::simulation::{Config, LogFault, Report, Violation, run};
use machine::{Machine, Past};
use registry::{Genesis, SignedEvent};
use statuses::Statuses;
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
    past: Arc<Past>,
}

/// What was submitted.
fn candidate(bytes: Vec<u8>) -> Candidate {
    let event = SignedEvent::parse(&bytes).and_then(SignedEvent::verify).expect("sound");
    Candidate {
        hash: event.hash(),
        principal: event.principal().to_owned(),
        subject: event.subject(),
        expires_ms: event.valid_until(),
        cost: event.cost(),
        bytes: bytes.into(),
    }
}

/// A simulation that is over.
struct Run {
    report: Report,
    machines: Vec<Arc<Machine>>,
}

impl World {
    fn new() -> World {
        let golden = Golden::new();
        let event = |byte| candidate(golden.did_created_at(byte, EPOCH - TIME).1);
        let events = (60..90).map(event).collect();
        World { genesis: genesis(), events, past: Arc::default() }
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

    fn run(&self, config: &Config) -> Run {
        let mut machines: BTreeMap<usize, Arc<Machine>> = BTreeMap::new();
        // One of the nodes is without the files that rules read, for a while.
        let lacks = |node| match u64::try_from(node) == Ok(config.seed % 4) {
            true => u32::try_from(config.seed % 60).expect("small"),
            false => 0,
        };
        // In memory where there is such a place: every signature is synced.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let report = run(config, home.expect("a folder").path(), &mut |node| {
            let fresh = || Arc::new(Machine::new(self.past.clone(), lacks(node)));
            let machine = machines.entry(node).or_insert_with(fresh);
            machine.restart(&self.genesis);
            machine.clone()
        });
        Run { report, machines: machines.into_values().collect() }
    }

    /// Runs all seeds on two threads, each with a check.
    fn run_all(
        &self,
        share: u64,
        config: impl Fn(u64) -> Config + Sync,
        check: impl Fn(&Run) + Sync,
    ) {
        let (next, totals) = (AtomicU64::new(seeds(share).start), Mutex::new((0, 0, 0)));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds(share).end {
                            return;
                        }
                        let run = self.run(&config(seed));
                        let report = &run.report;
                        println!("seed {seed}: {report:?}");
                        check(&run);
                        let mut totals = totals.lock().expect("no panic");
                        totals.0 += report.heights;
                        totals.1 += report.crashes;
                        totals.2 += report.simulated_ms / 1000;
                    }
                });
            }
        });
        let (heights, crashes, seconds) = totals.into_inner().expect("no panic");
        let seeds = seeds(share).count();
        println!("{seeds} seeds: {heights} heights, {crashes} crashes, {seconds} s");
        assert!(heights > seeds as u64, "a simulation in which nothing happens");
    }
}

#[test]
fn four_validators_agree_and_recover_from_crash_loss_delay_and_partition() {
    let world = World::new();
    world.run_all(60, |seed| world.config(seed), |run| assert_eq!(run.report.violations, []));
}

#[test]
fn one_byzantine_twin_of_four_changes_nothing() {
    let world = World::new();
    let config = |seed| Config { twins: 1, ..world.config(seed) };
    world.run_all(25, config, |run| assert_eq!(run.report.violations, []));
}

#[test]
fn a_disk_that_forgets_synced_log_entries_makes_nobody_sign_twice() {
    let world = World::new();
    let config = |seed| Config { log: LogFault::Forgets, crashes: 6.0, ..world.config(seed) };
    world.run_all(15, config, |Run { report, .. }| {
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
    world.run_all(60, config, |Run { report, .. }| {
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
fn s40_s55_no_fault_and_no_replay_brings_a_registry_out_of_step_with_its_statuses() {
    const SHARE: u64 = 30;
    let statuses = Statuses::new();
    let config = |seed| {
        let mut config = Config { crashes: 1.5, faults_ms: 90_000, ..statuses.world.config(seed) };
        // Neighbours change places, other ones for each seed.
        for (place, pair) in config.events.chunks_mut(2).enumerate() {
            if seed >> (place % 64) & 1 == 1 {
                pair.reverse();
            }
        }
        config
    };
    let changes = AtomicU64::new(0);
    statuses.world.run_all(SHARE, config, |Run { report, machines }| {
        assert_eq!(report.violations, []);
        let ahead = machines.iter().max_by_key(|machine| machine.snapshot().height());
        let ahead = ahead.expect("four machines");
        let replica = Arc::new(ahead.replayed(&statuses.world.genesis));
        assert_eq!(replica.snapshot().head().id, ahead.snapshot().head().id);
        for machine in machines.iter().chain([&replica]) {
            assert_eq!(statuses.out_of_step(machine), Vec::<String>::new());
        }
        changes.fetch_add(statuses.changes(&replica), Ordering::Relaxed);
    });
    let changes = changes.into_inner();
    println!("{changes} changes of statuses");
    let seeds = seeds(SHARE).count() as u64;
    assert!(changes >= 5 * seeds, "a simulation in which little changes");
}

#[test]
fn two_twins_of_four_are_caught_disagreeing() {
    let world = World::new();
    let caught = (0..60).find(|seed| {
        let config = Config { twins: 2, crashes: 0.0, ..world.config(*seed) };
        let Run { report, .. } = world.run(&config);
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
        let Run { report, .. } = world.run(&config);
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
        assert_eq!(world.run(&config).report, world.run(&config).report);
    }
}
