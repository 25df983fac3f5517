//! The audit: everything from genesis again, with nothing believed but the genesis document.
//! Certificates, headers, events, signatures, execution, log and records are checked, and what is
//! wrong is named by height and key. In memory there is one state tree, never the records.

mod log;

use std::path::Path;
use std::sync::Arc;

use proofs::history::History;
use proofs::record::{key_hash, record_hash};
use proofs::{Hash, Record};
use registry::projections::projections;
use registry::{CheckedEvent, Genesis, Rejection, SignedEvent, blob, status};

use crate::chain::{DecidedBlock, block_key, block_row, hand_over_key, stored_block};
use crate::events::is_listed;
use crate::execution::{CertifiedBlock, ExecutedBlock};
use crate::fault::Fault;
use crate::ledger::{HEAD, genesis_state};
use crate::rows::{self, EventRow, HeadRow, ProjectionRow};
use crate::snapshot::{Snapshot, State};
use crate::store::{Disk, Family, Store};

pub use log::LogReplay;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The height up to which everything was replayed.
    pub height: u64,
    /// The height that the ledger says it has.
    pub head: u64,
    /// Events whose signatures and effects were checked.
    pub events: u64,
    /// Records that were compared.
    pub records: u64,
    /// The state root at `height`.
    pub state_root: Hash,
    /// The log root at `height`.
    pub log_root: Hash,
    /// What is wrong; nothing if the ledger is sound.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The block, where it is about one.
    pub height: Option<u64>,
    /// The record's key, where it is about one.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl Finding {
    fn block(height: u64, problem: impl ToString) -> Finding {
        Finding { height: Some(height), key: None, problem: problem.to_string() }
    }

    fn record(key: &str, problem: impl ToString) -> Finding {
        Finding { height: None, key: Some(key.to_owned()), problem: problem.to_string() }
    }
}

/// Verifies the signatures of a block's events. A caller may do it in batches.
pub type VerifyEvents<'a> =
    dyn FnMut(Vec<SignedEvent>) -> Result<Vec<CheckedEvent>, Rejection> + 'a;

/// [`VerifyEvents`], one signature after another.
///
/// # Errors
/// The first signature that does not hold.
pub fn verify_singly(events: Vec<SignedEvent>) -> Result<Vec<CheckedEvent>, Rejection> {
    events.into_iter().map(SignedEvent::verify).collect()
}

/// Replays and checks the ledger in a directory that no other process has open. `progress` gets
/// the height reached and the head's.
///
/// # Errors
/// If the disk cannot be read. Damage is no error here but a finding.
pub fn audit(
    directory: &Path,
    genesis: &Genesis,
    verify: &mut VerifyEvents<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Fault> {
    if !crate::Ledger::exists(directory) {
        return Err(Fault::Missing(directory.to_path_buf()));
    }
    audit_disk(&Disk::Directory(directory.to_path_buf()), genesis, verify, progress)
}

pub(crate) fn audit_disk(
    disk: &Disk,
    genesis: &Genesis,
    verify: &mut VerifyEvents<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Fault> {
    let store = Arc::new(Store::open(disk)?);
    let head = store.get(Family::Meta, HEAD)?.and_then(|row| rows::decode::<HeadRow>(&row));
    let mut replay = Replay {
        snapshot: Snapshot {
            state: Arc::new(genesis_state(genesis)?),
            store,
            genesis: Arc::new(genesis.clone()),
        },
        events: 0,
    };
    let mut findings = Vec::new();
    let Some(head) = head else {
        findings.push(Finding::block(0, "the head is missing or cannot be read"));
        return Ok(replay.report(0, 0, findings));
    };
    for height in 1..=head.height {
        if let Err(finding) = replay.block(height, verify)? {
            // Nothing above it can be replayed.
            findings.push(finding);
            return Ok(replay.report(head.height, 0, findings));
        }
        progress(height, head.height);
    }
    if replay.snapshot.state.head.id.0 != head.id {
        findings.push(Finding::block(head.height, "the head names another block"));
    }
    let records = replay.compare_records(&mut findings)?;
    replay.compare_leaves(&mut findings)?;
    Ok(replay.report(head.height, records, findings))
}

/// What has been replayed so far.
struct Replay {
    snapshot: Snapshot,
    events: u64,
}

/// Damage is a finding, and so is what is not here; any other fault ends the audit.
fn found<T>(
    result: Result<T, Fault>,
    finding: impl FnOnce(Fault) -> Finding,
) -> Result<Result<T, Finding>, Fault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(fault @ (Fault::Corrupt { .. } | Fault::BlobMissing(_))) => Ok(Err(finding(fault))),
        Err(fault) => Err(fault),
    }
}

impl Replay {
    fn report(self, head: u64, records: u64, findings: Vec<Finding>) -> Report {
        let State { head: reached, tree, log, .. } = &*self.snapshot.state;
        Report {
            height: reached.height,
            head,
            events: self.events,
            records,
            state_root: tree.root(),
            log_root: log.root(),
            findings,
        }
    }

    fn block(
        &mut self,
        height: u64,
        verify: &mut VerifyEvents<'_>,
    ) -> Result<Result<(), Finding>, Fault> {
        let finding = |fault: Fault| Finding::block(height, fault);
        let decided = match found(stored_block(&self.snapshot.store, height), finding)? {
            Ok(Some(decided)) => decided,
            Ok(None) => return Ok(Err(Finding::block(height, "the block is missing"))),
            Err(finding) => return Ok(Err(finding)),
        };
        let DecidedBlock { certificate, block } = decided;
        let parsed: Result<Vec<_>, _> =
            block.events.iter().map(|event| SignedEvent::parse(event)).collect();
        let checked = match parsed.and_then(&mut *verify) {
            Ok(checked) => checked.into_iter().map(Arc::new).collect(),
            Err(rejection) => return Ok(Err(Finding::block(height, rejection))),
        };
        let executed = match found(self.snapshot.validate(&block.header, checked), finding)? {
            Ok(Ok(executed)) => executed,
            Ok(Err(invalid)) => return Ok(Err(Finding::block(height, invalid))),
            Err(finding) => return Ok(Err(finding)),
        };
        let certified = match CertifiedBlock::new(Arc::new(executed), certificate) {
            Ok(certified) => certified,
            Err(error) => return Ok(Err(Finding::block(height, error))),
        };
        if let Some(problem) = self.compare_rows(&certified.executed)? {
            return Ok(Err(Finding::block(height, problem)));
        }
        self.events += certified.executed.events.len() as u64;
        self.snapshot.state = Arc::new(certified.executed.state(certified.certificate));
        Ok(Ok(()))
    }

    /// The rows by which a block's parts are found, against what execution gives.
    fn compare_rows(&self, executed: &ExecutedBlock) -> Result<Option<String>, Fault> {
        let store = &self.snapshot.store;
        let Some((row, ..)) = block_row(store, executed.header.height)? else {
            return Ok(Some("the block is missing".into()));
        };
        if row.first != executed.first_entry {
            return Ok(Some("its events stand elsewhere in the log".into()));
        }
        if !executed.events.is_empty() {
            let index = executed.header.log_size - 1;
            let entry = store.get(Family::Entries, &index.to_be_bytes())?;
            if entry.as_deref() != Some(&executed.header.log_entry()[..]) {
                return Ok(Some(format!("entry {index} of the log is not the block's own")));
            }
        }
        for (index, event) in (executed.first_entry..).zip(&executed.events) {
            let row = store.get(Family::EventIds, &event.id().0)?;
            let row = row.and_then(|row| rows::decode::<EventRow>(&row));
            if row.is_none_or(|row| (row.index, row.height) != (index, executed.header.height)) {
                return Ok(Some(format!("event {} is not found by its id", event.id())));
            }
            if !is_listed(store, index, executed.header.height, event)? {
                let id = event.id();
                return Ok(Some(format!("event {id} is not listed; run `dzong rebuild`")));
            }
        }
        for (number, hashes) in &executed.log_rows {
            let row = store.get(Family::Log, &number.to_be_bytes())?;
            if !row.is_some_and(|row| row.starts_with(hashes)) {
                return Ok(Some(format!("row {number} of the log's tree is not the log's")));
            }
        }
        let hand_over = store.get(Family::Meta, &hand_over_key(executed.header.height))?;
        if hand_over.is_some() != executed.new_validators().is_some() {
            return Ok(Some("whether the validators change here is not noted".into()));
        }
        let height = store.get(Family::Meta, &block_key(&executed.id))?;
        let found = height.as_deref() == Some(&executed.header.height.to_be_bytes()[..]);
        Ok((!found).then(|| "the block is not found by its id".into()))
    }

    /// Compares every stored record, its history and its read models with what was replayed, and
    /// returns how many there are.
    fn compare_records(&self, findings: &mut Vec<Finding>) -> Result<u64, Fault> {
        let Snapshot { state, store, .. } = &self.snapshot;
        let mut records = 0;
        for row in store.scan(Family::Records, &[], &[]) {
            let (key, bytes) = row?;
            let key = String::from_utf8_lossy(&key);
            let hash = record_hash(&bytes);
            match state.tree.get(&key_hash(&key)) {
                None => {
                    findings.push(Finding::record(&key, "no event made this record"));
                    continue;
                }
                Some(expected) if expected != hash => {
                    records += 1;
                    findings.push(Finding::record(&key, "the record is not what its events made"));
                    continue;
                }
                Some(_) => records += 1,
            }
            match Record::decode(&bytes) {
                Ok(record) => self.compare_record(&key, &record, hash, findings)?,
                Err(error) => findings.push(Finding::record(&key, error)),
            }
        }
        if records != state.tree.len() as u64 {
            let problem = format!("{} records are missing", state.tree.len() as u64 - records);
            findings.push(Finding { height: None, key: None, problem });
        }
        Ok(records)
    }

    fn compare_record(
        &self,
        key: &str,
        record: &Record,
        hash: Hash,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Fault> {
        match found(self.snapshot.superseded(key), |fault| Finding::record(key, fault))? {
            Err(finding) => findings.push(finding),
            Ok(versions) => {
                let mut history = History::default();
                for row in &versions {
                    let entry = row.entry();
                    history.push(&entry);
                    let content = self.snapshot.past_content(key, entry.version);
                    let content = content.ok().flatten();
                    let hash =
                        content.map(|text| proofs::history::content_hash(text.get().as_bytes()));
                    if hash != Some(entry.content) {
                        let problem =
                            format!("the content of version {} is damaged", entry.version);
                        findings.push(Finding::record(key, problem));
                    }
                }
                if history != record.history {
                    findings.push(Finding::record(key, "its past versions are not its history"));
                }
            }
        }
        if let Some(id) = key.strip_prefix(blob::KEY_PREFIX)
            && let Some(problem) = self.snapshot.blob_problem(id, record)?
        {
            findings.push(Finding::record(key, problem));
        }
        if let Some(id) = key.strip_prefix(status::Registry::KEY_PREFIX) {
            let recomputed = self.snapshot.ask(|view| status::recompute(id, view));
            match found(recomputed, |fault| Finding::record(key, fault))? {
                Err(finding) => findings.push(finding),
                Ok(Err(rejection)) => findings.push(Finding::record(key, rejection)),
                Ok(Ok(Err(problem))) => findings.push(Finding::record(key, problem)),
                Ok(Ok(Ok(()))) => {}
            }
        }
        for (name, value) in projections(key, record) {
            let row = self.snapshot.store.get(Family::Projections, &name)?;
            let row = row.and_then(|row| rows::decode::<ProjectionRow>(&row));
            if row.is_none_or(|row| (&*row.key, row.record, row.value) != (key, hash.0, value)) {
                let problem = "its read model is not what follows from it; run `dzong rebuild`";
                findings.push(Finding::record(key, problem));
            }
        }
        Ok(())
    }

    fn compare_leaves(&self, findings: &mut Vec<Finding>) -> Result<(), Fault> {
        let Snapshot { state, store, .. } = &self.snapshot;
        let mut leaves = 0;
        for row in store.scan(Family::Leaves, &[], &[]) {
            let (path, record) = row?;
            let path = <[u8; 32]>::try_from(&path[..]).map(Hash).unwrap_or_default();
            leaves += u64::from(state.tree.get(&path).is_some_and(|hash| hash.0 == record[..]));
        }
        if leaves != state.tree.len() as u64 {
            let problem = "the stored leaves are not those of the state tree".to_owned();
            findings.push(Finding { height: None, key: None, problem });
        }
        Ok(())
    }
}
