//! The audit of a log's files alone, wherever they are: executed here from genesis, and vouched for
//! by the checkpoint.

use std::sync::Arc;

use anyhow::Context as _;
use indicatif::ProgressBar;
use ledger::audit::Finding;
use ledger::{LogReplay, Report, Snapshot};
use proofs::Block;
use proofs::tlog::tiles::TILE_WIDTH;
use registry::{CheckedEvent, Genesis};

use super::{Audited, files, show_progress};
use crate::metrics::Metrics;
use crate::mirror::{GENESIS, Source};
use crate::signatures::Signatures;

/// Audits the log up to its checkpoint.
pub(super) fn audit(
    source: &Source,
    genesis: Option<Genesis>,
    bar: &ProgressBar,
) -> anyhow::Result<Audited> {
    let genesis = genesis_of(source, genesis)?;
    let (note, head) = source.checkpoint()?;
    let mut replay = Replay::new(&genesis)?;
    let mut findings = Vec::new();
    for number in 0..head.size.div_ceil(TILE_WIDTH) {
        if let Err(problem) = replay.entries(&source.entries(number, head.size)?)? {
            findings.push(Finding { height: None, key: None, problem });
            break;
        }
        show_progress(bar, replay.snapshot().log_size(), head.size);
    }
    bar.finish_and_clear();
    let snapshot = replay.snapshot();
    if findings.is_empty() && !replay.block.is_empty() {
        let problem = "the log ends within a block".to_owned();
        findings.push(Finding { height: None, key: None, problem });
    }
    let mut checkpoint = None;
    if findings.is_empty() {
        files::compare(source, &snapshot, head.size, &mut findings)?;
        files::compare_policy(source, &snapshot, &mut findings)?;
        checkpoint = files::check_checkpoint(&snapshot, &note, &mut findings)?;
    }
    let report = report(&snapshot, replay.events, findings)?;
    Ok(Audited { report, checkpoint })
}

/// The genesis document that was named, else the one beside the log.
pub(super) fn genesis_of(source: &Source, genesis: Option<Genesis>) -> anyhow::Result<Genesis> {
    if let Some(genesis) = genesis {
        return Ok(genesis);
    }
    let bytes = source.file(GENESIS)?;
    let bytes = bytes.context("there is no genesis document: add --genesis FILE")?;
    Genesis::parse(&bytes).context("the log's genesis document")
}

fn report(snapshot: &Snapshot, events: u64, findings: Vec<Finding>) -> anyhow::Result<Report> {
    let log_root = snapshot.log_root(snapshot.log_size())?;
    Ok(Report {
        height: snapshot.height(),
        head: snapshot.height(),
        events,
        records: snapshot.tree().len() as u64,
        state_root: snapshot.tree().root(),
        log_root: log_root.unwrap_or_default(),
        findings,
    })
}

/// What has been executed so far.
struct Replay {
    log: LogReplay,
    signatures: Signatures,
    /// Events whose block's own entry has not come yet.
    block: Vec<Arc<CheckedEvent>>,
    events: u64,
}

impl Replay {
    fn new(genesis: &Genesis) -> anyhow::Result<Replay> {
        let signatures = Signatures::new(Arc::new(Metrics::new()));
        Ok(Replay { log: LogReplay::new(genesis)?, signatures, block: Vec::new(), events: 0 })
    }

    fn snapshot(&self) -> Snapshot {
        self.log.snapshot()
    }

    /// Executes the next entries. The inner error is what is wrong with one of them.
    fn entries(&mut self, entries: &[Vec<u8>]) -> anyhow::Result<Result<(), String>> {
        let is_event = |entry: &&Vec<u8>| entry.first() == Some(&b'{');
        // The signatures of a bundle together, however small its blocks are.
        let texts: Vec<&Vec<u8>> = entries.iter().filter(is_event).collect();
        let mut checked = self.signatures.check(&texts).into_iter();
        for entry in entries {
            if is_event(&entry) {
                match checked.next() {
                    Some(Ok(event)) if self.block.len() < Block::EVENTS_MAX => {
                        self.block.push(event);
                    }
                    Some(Err(rejection)) => {
                        let height = self.snapshot().height();
                        return Ok(Err(format!("an event after block {height}: {rejection}")));
                    }
                    _ => return Ok(Err("a block with too many events".into())),
                }
                continue;
            }
            let events = std::mem::take(&mut self.block);
            self.events += events.len() as u64;
            self.signatures.decide(events.iter().map(|event| &**event));
            if let Err(problem) = self.log.block(events, entry)? {
                return Ok(Err(problem));
            }
        }
        Ok(Ok(()))
    }
}
