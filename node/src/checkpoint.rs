//! Checkpoints of the log, signed and cosigned by the validators after the decision
//! (C2SP tlog-checkpoint and tlog-cosignature), and the newest that a quorum cosigned.
//!
//! # Invariants
//!
//! * Nothing is signed before its block is committed here, and never two roots for one size: what
//!   was signed is on the disk before the signature leaves the node, and sizes only grow.
//! * All nodes choose the same blocks to sign, from what the chain says alone ([`is_due`]), so that
//!   a quorum meets at the same sizes.
//! * A statement of another validator is looked at only where it names our own root.

mod note;
mod signed;
mod statement;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ledger::{ExecutedBlock, Ledger, Snapshot, Version};
use proofs::tlog::{LogHead, Policy};
use proofs::{Hash, Header, PublicKey};
use registry::Genesis;
use registry::network::{self, ValidatorEntry};

use crate::files::publish;
use crate::home::ValidatorKeys;
use crate::metrics::Metrics;
pub use note::origin;
use note::policy;
pub use signed::SignedFile;
pub use statement::Statement;

/// How many of our own checkpoints, and of each validator's statements, are remembered.
const RECENT_MAX: usize = 8;

/// Under load a checkpoint is due this often, in milliseconds of block time.
const PERIOD_MS: u64 = 500;

/// The checkpoints of this node.
pub struct Checkpoints {
    ledger: Arc<Ledger>,
    origin: String,
    keys: Option<ValidatorKeys>,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
    /// Where the newest checkpoint is kept, for restarts and for exports of a stopped node.
    published: Option<PathBuf>,
}

struct State {
    /// What this node has signed; none for a replica.
    signed: Option<SignedFile>,
    /// The time of the block before, in milliseconds.
    time: u64,
    /// The checkpoint that waits to be signed.
    due: Option<LogHead>,
    /// Roots by size, from blocks that were committed here.
    ours: BTreeMap<u64, Hash>,
    /// The newest statements of each validator.
    statements: BTreeMap<PublicKey, BTreeMap<u64, Statement>>,
    /// The newest checkpoint with a quorum.
    newest: Option<(u64, Arc<str>)>,
    /// Our newest statement.
    own: Option<Bytes>,
}

impl Checkpoints {
    /// The checkpoints of this ledger. `keys` are a validator's, `signed` where it remembers what
    /// it signed.
    pub fn new(
        ledger: Arc<Ledger>,
        signing: Option<(ValidatorKeys, SignedFile)>,
        metrics: Arc<Metrics>,
    ) -> Checkpoints {
        let genesis = ledger.genesis();
        let origin = origin(genesis.network(), &genesis.hash());
        let (keys, signed) = signing.unzip();
        let state = State {
            signed,
            time: ledger.head().time,
            due: None,
            ours: BTreeMap::new(),
            statements: BTreeMap::new(),
            newest: None,
            own: None,
        };
        let state = Mutex::new(state);
        let checkpoints = Checkpoints { origin, keys, metrics, state, ledger, published: None };
        // After a start the others may lack ours.
        if let Some((header, _)) = &checkpoints.ledger.head().block {
            checkpoints.state().put_due(header);
        }
        checkpoints
    }

    /// Keeps the newest checkpoint in a file from now on, and serves what is there already.
    ///
    /// # Errors
    /// If the ledger cannot be read. A file that says something else than the ledger is ignored.
    pub fn kept_in(mut self, path: PathBuf) -> Result<Checkpoints, ledger::Fault> {
        if let Ok(note) = std::fs::read_to_string(&path)
            && let Some(head) = vouched(&self.ledger.snapshot(), &note)?
        {
            self.state().newest = Some((head.size, note.into()));
        }
        self.published = Some(path);
        Ok(self)
    }

    /// The newest checkpoint that a quorum cosigned, as C2SP signed note.
    pub fn newest(&self) -> Option<Arc<str>> {
        self.newest_with_size().map(|(_, note)| note)
    }

    /// The same, with the number of entries for which it speaks.
    pub fn newest_with_size(&self) -> Option<(u64, Arc<str>)> {
        self.state().newest.clone()
    }

    /// Learns of a committed block. Cheap: signing is for [`Checkpoints::sign`].
    pub fn committed(&self, block: &ExecutedBlock) {
        let mut state = self.state();
        let header = block.header();
        if is_due(header, state.time, !block.events().is_empty()) {
            state.put_due(header);
        }
        state.time = header.time;
    }

    /// Signs the checkpoint that is due, if there is one, and returns the statement for the other
    /// nodes. `now` in seconds since 1970.
    ///
    /// # Errors
    /// If the disk cannot be read or written; then nothing was signed.
    pub fn sign(&self, now: u64) -> Result<Option<Bytes>, ledger::Fault> {
        let mut state = self.state();
        let Some(head) = state.due.take() else { return Ok(None) };
        let statement = match (&self.keys, &mut state.signed) {
            (Some(keys), Some(signed)) => {
                let remember = signed.remember(&head);
                if !remember.map_err(|error| ledger::Fault::Write(error.to_string()))? {
                    return Ok(None);
                }
                let statement = Statement::sign(&self.origin, &head, keys, now);
                state.put(PublicKey::from(&keys.vote), statement.clone());
                state.own = Some(statement.encode(&PublicKey::from(&keys.vote)));
                state.own.clone()
            }
            _ => None,
        };
        let met = self.meet(&mut state)?;
        drop(state);
        self.keep(met)?;
        Ok(statement)
    }

    /// Our newest statement, for peers that may have missed it.
    pub fn repeat(&self) -> Option<Bytes> {
        self.state().own.clone()
    }

    /// Hears a peer's statement.
    ///
    /// # Errors
    /// If the disk cannot be read. What is wrong with a statement is counted.
    pub fn receive(&self, bytes: &[u8]) -> Result<(), ledger::Fault> {
        let Some((validator, statement)) = Statement::decode(bytes) else {
            self.metrics.checkpoint_refused.inc();
            return Ok(());
        };
        if self.ledger.snapshot().validators().get(&validator).is_none() {
            self.metrics.checkpoint_refused.inc();
            return Ok(());
        }
        let mut state = self.state();
        match state.ours.get(&statement.head.size) {
            Some(root) if *root != statement.head.root => {
                let size = statement.head.size;
                tracing::error!(%validator, size, "a validator signs another log than ours");
                self.metrics.checkpoint_refused.inc();
            }
            _ => {
                state.put(validator, statement);
                let met = self.meet(&mut state)?;
                drop(state);
                self.keep(met)?;
            }
        }
        Ok(())
    }

    /// Keeps a new checkpoint. That it can be made again is why readers need not wait for it.
    fn keep(&self, note: Option<Arc<str>>) -> Result<(), ledger::Fault> {
        let (Some(path), Some(note)) = (&self.published, note) else { return Ok(()) };
        publish(path, note.as_bytes()).map_err(|error| ledger::Fault::Write(error.to_string()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes the newest of our checkpoints for which a quorum has spoken, and returns it if
    /// there was none or an older one before.
    fn meet(&self, state: &mut State) -> Result<Option<Arc<str>>, ledger::Fault> {
        let published = state.newest.as_ref().map_or(0, |(size, _)| *size);
        let snapshot = self.ledger.snapshot();
        let mut entries = None;
        let newer: Vec<LogHead> = state
            .ours
            .range(published + 1..)
            .rev()
            .map(|(size, root)| LogHead { size: *size, root: *root })
            .collect();
        for head in newer {
            let power = |key: &PublicKey| snapshot.validators().get(key).map_or(0, |v| v.power);
            let spoken = state.spoken(&head);
            if !snapshot.validators().is_quorum(spoken.iter().map(power).sum()) {
                continue;
            }
            let entries = match &mut entries {
                Some(entries) => entries,
                empty => empty.insert(validators(&snapshot)?),
            };
            let (valid, refused) = state.verify(&self.origin, &head, entries);
            self.metrics.checkpoint_refused.inc_by(refused);
            let power: u64 = valid.iter().map(|(entry, _)| power(&entry.validator_key)).sum();
            if snapshot.validators().is_quorum(power) {
                let note: Arc<str> = note::cosigned(&self.origin, &head, &valid).into();
                self.metrics.checkpoint_entries.set(i64::try_from(head.size).unwrap_or(i64::MAX));
                state.newest = Some((head.size, note.clone()));
                return Ok(Some(note));
            }
        }
        Ok(None)
    }
}

impl State {
    fn put_due(&mut self, header: &Header) {
        if header.log_size == 0 || self.ours.contains_key(&header.log_size) {
            return;
        }
        self.ours.insert(header.log_size, header.log_root);
        while self.ours.len() > RECENT_MAX {
            self.ours.pop_first();
        }
        self.due = Some(LogHead { size: header.log_size, root: header.log_root });
    }

    fn put(&mut self, validator: PublicKey, statement: Statement) {
        let of_validator = self.statements.entry(validator).or_default();
        of_validator.insert(statement.head.size, statement);
        while of_validator.len() > RECENT_MAX {
            of_validator.pop_first();
        }
    }

    /// Who speaks for this checkpoint, not yet verified.
    fn spoken(&self, head: &LogHead) -> Vec<PublicKey> {
        let speaks = |(_, of): &(&PublicKey, &BTreeMap<u64, Statement>)| {
            of.get(&head.size).is_some_and(|statement| statement.head == *head)
        };
        self.statements.iter().filter(speaks).map(|(validator, _)| *validator).collect()
    }

    /// The statements for this checkpoint whose signatures hold; the others are removed and
    /// counted.
    fn verify<'a>(
        &mut self,
        origin: &str,
        head: &LogHead,
        entries: &'a [ValidatorEntry],
    ) -> (Vec<(&'a ValidatorEntry, Statement)>, u64) {
        let mut valid = Vec::new();
        let mut refused = 0;
        for entry in entries {
            let Some(of) = self.statements.get_mut(&entry.validator_key) else { continue };
            match of.get(&head.size) {
                Some(statement) if statement.head != *head => {}
                Some(statement) if statement.verify(origin, entry) => {
                    valid.push((entry, statement.clone()));
                }
                Some(_) => {
                    of.remove(&head.size);
                    refused += 1;
                }
                None => {}
            }
        }
        (valid, refused)
    }
}

/// Whether a checkpoint is due at this block: at once where little happens, every [`PERIOD_MS`] of
/// block time under load, and at a block without events, so that the last of a burst is signed too.
/// `before` is the time of the block before. All nodes find the same.
fn is_due(header: &Header, before: u64, has_events: bool) -> bool {
    !has_events || header.time / PERIOD_MS != before / PERIOD_MS
}

/// The head that a checkpoint vouches for to those who know this ledger: its validators cosigned
/// it, and the ledger has the same root. `None` if not.
///
/// # Errors
/// If the disk cannot be read.
pub fn vouched(snapshot: &Snapshot, note: &str) -> Result<Option<LogHead>, ledger::Fault> {
    let policy = policy_after(snapshot, None)?.unwrap_or_default().parse::<Policy>();
    let Ok(head) = policy.and_then(|policy| policy.verify(note)) else { return Ok(None) };
    let same = snapshot.log_root(head.size)? == Some(head.root);
    Ok(same.then_some(head))
}

/// The policy of a network whose validators are still those of genesis.
pub fn genesis_policy(genesis: &Genesis) -> String {
    let record = genesis.records().get(network::VALIDATORS);
    let validators = record.and_then(network::validators).unwrap_or_default();
    let validators = network::certifying(&validators, 1);
    policy(&origin(genesis.network(), &genesis.hash()), &validators)
}

/// Who signs and cosigns, as C2SP tlog-policy: the validators of now, or those after a block.
/// `None` if there is no such block.
///
/// # Errors
/// If the disk cannot be read.
pub fn policy_after(
    snapshot: &Snapshot,
    height: Option<u64>,
) -> Result<Option<String>, ledger::Fault> {
    let validators = match height {
        None => Some(validators(snapshot)?),
        Some(height) => validators_after(snapshot, height)?,
    };
    let genesis = snapshot.genesis();
    let origin = origin(genesis.network(), &genesis.hash());
    Ok(validators.map(|validators| policy(&origin, &validators)))
}

/// The validators of now.
fn validators(snapshot: &Snapshot) -> Result<Vec<ValidatorEntry>, ledger::Fault> {
    let record = snapshot.record(network::VALIDATORS)?;
    let listed = record.as_ref().and_then(network::validators).unwrap_or_default();
    Ok(network::certifying(&listed, snapshot.height() + 1))
}

/// The validators after a block. `None` if there is none of this height.
fn validators_after(
    snapshot: &Snapshot,
    height: u64,
) -> Result<Option<Vec<ValidatorEntry>>, ledger::Fault> {
    let time = match height {
        0 => snapshot.genesis().time(),
        height => match snapshot.header(height)? {
            Some((header, _)) => header.time,
            None => return Ok(None),
        },
    };
    let past = snapshot.past_version(network::VALIDATORS, Version::At(time))?;
    let listed = match past {
        None => snapshot.record(network::VALIDATORS)?.as_ref().and_then(network::validators),
        Some(past) => serde_json::from_str(past.content.get()).ok(),
    };
    Ok(Some(network::certifying(&listed.unwrap_or_default(), height + 1)))
}

#[cfg(test)]
mod tests;
