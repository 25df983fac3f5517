//! Agreement without sockets, clocks or threads: many nodes in one loop, with every fault that a
//! seed calls for.
//!
//! The engine's core, the signing guard with its files and the caller's ledgers are the real ones.
//! The network, the clocks, the disks under the engine's log and the crashes are simulated. The
//! same configuration gives the same trace, always.
//!
//! A run has two phases. In the first, messages are lost, delayed, doubled and reordered, the
//! network is cut, nodes crash in the middle of a step, lose the end of their log, and find their
//! guard's files damaged. In the second all of it heals, and every honest node must decide some
//! more heights soon.

mod effects;
mod network;
mod node;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ed25519_zebra::SigningKey;
use proofs::{Hash, PublicKey};

use crate::application::Application;
use crate::guard::Position;
use crate::mempool::Candidate;
use crate::{Rejoin, Timeouts};

/// What happens to the engine's log in a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFault {
    /// Entries that were not synced may be lost, from some point on.
    TornTail,
    /// The disk lies, or a bit flips: synced entries are lost as well, from some point on.
    Forgets,
    /// Everything is lost.
    Vanishes,
}

/// One simulated run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything that is random follows from it.
    pub seed: u64,
    /// The keys of the validators.
    pub keys: Vec<SigningKey>,
    /// The last so many validators run twice, with one key and separate memories: Byzantine ones.
    pub twins: usize,
    /// Length of the first phase in milliseconds of simulated time.
    pub faults_ms: u64,
    /// How many more heights every honest node decides in the second phase.
    pub heal_heights: u64,
    /// How long the second phase may take.
    pub heal_ms: u64,
    /// The share of messages that are lost.
    pub loss: f64,
    /// The share of messages that arrive twice.
    pub duplication: f64,
    /// Bounds of the usual delay in milliseconds. Some messages take much longer.
    pub delay_ms: [u64; 2],
    /// Crashes per node and simulated minute.
    pub crashes: f64,
    /// Whether the network is cut into parts now and then.
    pub partitions: bool,
    /// Whether single directions between nodes fail now and then.
    pub one_way: bool,
    /// How far apart clocks are at most, in milliseconds.
    pub skew_ms: u64,
    /// What a crash does to the engine's log.
    pub log: LogFault,
    /// Switched off only to show that the simulation notices.
    pub guard: bool,
    /// The share of crashes after which the guard's files are damaged or older. One node at a time:
    /// beyond a third of the power, those who must watch would wait for each other.
    pub guard_damage: f64,
    /// How a node with such a guard watches.
    pub rejoin: Rejoin,
    /// Ed25519 instead of hashes that stand for signatures. Slow.
    pub real_signatures: bool,
    /// How long the steps of a round last.
    pub timeouts: Timeouts,
    /// Submitted one after the other during the first phase, each to a random node.
    pub events: Vec<Candidate>,
}

impl Config {
    /// Four minutes of moderate trouble.
    pub fn new(seed: u64, keys: Vec<SigningKey>) -> Self {
        Config {
            seed,
            keys,
            twins: 0,
            faults_ms: 240_000,
            heal_heights: 5,
            heal_ms: 600_000,
            loss: 0.05,
            duplication: 0.05,
            delay_ms: [1, 30],
            crashes: 1.0,
            partitions: true,
            one_way: true,
            skew_ms: 500,
            log: LogFault::TornTail,
            guard: true,
            guard_damage: 0.0,
            rejoin: Rejoin { heights: 4, settle: Duration::from_secs(1) },
            real_signatures: false,
            timeouts: Timeouts::default(),
            events: Vec::new(),
        }
    }
}

/// Something that must never happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// Two honest nodes committed different blocks.
    Disagreement {
        /// The height of both.
        height: u64,
        /// The blocks.
        blocks: [Hash; 2],
    },
    /// An honest validator signed two different things for one position.
    DoubleSign {
        /// Who.
        validator: PublicKey,
        /// Where.
        position: Position,
    },
    /// An honest validator voted for another block than the one that it is locked on, and nobody
    /// has proven that it may.
    AgainstLock {
        /// Who.
        validator: PublicKey,
        /// Where.
        position: Position,
    },
    /// The second phase ended before all honest nodes had decided enough.
    Stuck {
        /// The heights of the honest nodes' ledgers.
        heights: Vec<u64>,
    },
    /// An honest node stopped for safety.
    Halted {
        /// Which node.
        node: usize,
        /// Why.
        reason: String,
    },
    /// Engine or ledger panicked.
    Panic {
        /// Which node.
        node: usize,
        /// The message.
        message: String,
    },
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Hash over everything that was sent and decided, in order.
    pub trace: Hash,
    /// The highest height that an honest node committed.
    pub heights: u64,
    /// The first violation ends the run.
    pub violations: Vec<Violation>,
    /// Simulated time in milliseconds.
    pub simulated_ms: u64,
    /// Inputs that engines processed.
    pub steps: u64,
    /// Crashes.
    pub crashes: u64,
    /// Log entries that crashes lost.
    pub log_entries_lost: u64,
    /// Heights that a validator sat out because its log had forgotten a signature.
    pub sat_out: u64,
    /// Guards that were damaged.
    pub guards_damaged: u64,
    /// Guards that were refused, so that their node watched before it signed again.
    pub guards_refused: u64,
    /// The highest round that any height needed.
    pub round_max: u32,
    /// Heights that came by sync.
    pub synced: u64,
    /// Double signatures that engines reported.
    pub evidence: u64,
}

/// Runs a simulation in an empty directory: for the guards' files, best in memory. `open` gives the
/// ledger of a node, at its first start and after each crash: what the earlier one had stored
/// durably must be there again. Nodes beyond the number of keys are the twins, the last validator's
/// first.
pub fn run(
    config: &Config,
    directory: &Path,
    open: &mut dyn FnMut(usize) -> Arc<dyn Application>,
) -> Report {
    world::World::new(config, directory, open).run()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryLedger, candidate};
    use proofs::{Validator, ValidatorSet};
    use std::collections::BTreeMap;

    fn keys(count: u8) -> Vec<SigningKey> {
        (1..=count).map(|seed| SigningKey::from([seed; 32])).collect()
    }

    fn simulate(config: &Config) -> Report {
        let validator = |key: &SigningKey| Validator { key: PublicKey::from(key), power: 1 };
        let set = ValidatorSet::new(config.keys.iter().map(validator).collect()).unwrap();
        let mut ledgers = BTreeMap::new();
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        run(config, home.path(), &mut |node| {
            let ledger = ledgers
                .entry(node)
                .or_insert_with(|| Arc::new(MemoryLedger::new(Hash([9; 32]), set.clone())));
            ledger.clone()
        })
    }

    #[test]
    fn four_validators_in_trouble_agree_and_recover() {
        let (mut heights, mut crashes, mut sat_out) = (0, 0, 0);
        for seed in 0..30 {
            let mut config = Config::new(seed, keys(4));
            config.events = (0..50_u8).map(|n| candidate(vec![n; 50].into())).collect();
            config.real_signatures = seed == 0;
            let report = simulate(&config);
            assert_eq!(report.violations, [], "seed {seed}");
            heights += report.heights;
            crashes += report.crashes;
            sat_out += report.sat_out;
        }
        println!("{heights} heights, {crashes} crashes, {sat_out} sat out");
        assert!(heights > 1_000 && crashes > 200);
    }

    #[test]
    fn a_seed_has_one_trace() {
        let traces = [3, 3, 4].map(|seed| simulate(&Config::new(seed, keys(4))).trace);
        assert_eq!(traces[0], traces[1]);
        assert_ne!(traces[0], traces[2]);
    }

    #[test]
    fn one_byzantine_twin_of_four_breaks_nothing() {
        for seed in 0..15 {
            let config = Config { twins: 1, crashes: 0.3, ..Config::new(seed, keys(4)) };
            assert_eq!(simulate(&config).violations, [], "seed {seed}");
        }
    }

    #[test]
    fn two_byzantine_twins_of_four_are_caught() {
        let caught = (0..60).any(|seed| {
            let config = Config { twins: 2, crashes: 0.0, ..Config::new(seed, keys(4)) };
            let violations = simulate(&config).violations;
            matches!(violations.first(), Some(Violation::Disagreement { .. }))
        });
        assert!(caught);
    }

    #[test]
    fn damaged_guards_and_lost_logs_make_nobody_sign_twice() {
        let (mut heights, mut damaged, mut refused, mut stuck) = (0, 0, 0, 0);
        for seed in 0..60 {
            let log =
                [LogFault::TornTail, LogFault::Forgets, LogFault::Vanishes][seed as usize % 3];
            let config = Config { log, guard_damage: 0.6, ..Config::new(seed, keys(7)) };
            let report = simulate(&config);
            // Two that lost their logs sit a height out; with one that watches the rest are few.
            let is_stuck = |violation: &Violation| matches!(violation, Violation::Stuck { .. });
            assert!(report.violations.iter().all(is_stuck), "{seed}: {:?}", report.violations);
            if log == LogFault::TornTail {
                assert_eq!(report.violations, [], "seed {seed}");
            }
            stuck += report.violations.len();
            heights += report.heights;
            damaged += report.guards_damaged;
            refused += report.guards_refused;
        }
        println!("{heights} heights, {damaged} guards damaged, {refused} refused, {stuck} stuck");
        assert!(heights > 1_000 && damaged > 200 && refused > 100);
    }

    #[test]
    fn without_the_guard_a_forgetful_log_signs_twice() {
        let config = |seed, guard| {
            let log = LogFault::Forgets;
            Config { log, guard, crashes: 4.0, ..Config::new(seed, keys(4)) }
        };
        let caught = (0..20).filter(|seed| {
            let violations = simulate(&config(*seed, false)).violations;
            matches!(violations.first(), Some(Violation::DoubleSign { .. }))
        });
        assert!(caught.count() > 10);
        for seed in 0..20 {
            let unsafe_ = |violation: &Violation| !matches!(violation, Violation::Stuck { .. });
            let violations = simulate(&config(seed, true)).violations;
            assert!(!violations.iter().any(unsafe_), "seed {seed}: {violations:?}");
        }
    }
}
