//! The audit of a node that runs elsewhere: its blocks are fetched, and executed here from genesis.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indicatif::ProgressBar;
use ledger::audit::Finding;
use ledger::{CertifiedBlock, Ledger, Memory, Report};
use proofs::tlog::tiles::TILE_WIDTH;
use proofs::{Certificate, Hash, Header};
use registry::Genesis;
use serde::Deserialize;

use super::{Audited, files, show_progress};
use crate::client::Client;
use crate::metrics::Metrics;
use crate::mirror::{CHECKPOINT, Source};
use crate::signatures::Signatures;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FetchedBlock {
    header_bytes: String,
    certificate: Certificate,
    events: Vec<Hash>,
}

impl FetchedBlock {
    fn header(&self) -> Option<Header> {
        Header::decode(&STANDARD.decode(&self.header_bytes).ok()?)
    }
}

/// Audits the node at `url` up to the height that it has now.
pub(super) fn audit(
    url: &str,
    genesis: Option<Genesis>,
    bar: &ProgressBar,
) -> anyhow::Result<Audited> {
    let client = Client::new(url);
    let genesis = match genesis {
        Some(genesis) => genesis,
        None => Genesis::parse(&client.genesis()?).context("the node's genesis document")?,
    };
    let mut replay = Replay::new(client, &genesis)?;
    // Before the height: what is cosigned now is committed then.
    let note = replay.source.file(CHECKPOINT)?;
    let head = replay.find_end()?;
    let mut findings = Vec::new();
    for height in 1..=head {
        if let Err(problem) = replay.block(height)? {
            findings.push(Finding { height: Some(height), key: None, problem });
            break;
        }
        show_progress(bar, height, head);
    }
    bar.finish_and_clear();
    let snapshot = replay.ledger.snapshot();
    let mut checkpoint = None;
    if findings.is_empty() {
        files::compare(&replay.source, &snapshot, snapshot.log_size(), &mut findings)?;
        files::compare_policy(&replay.source, &snapshot, &mut findings)?;
        if let Some(note) = note {
            let note = String::from_utf8_lossy(&note);
            checkpoint = files::check_checkpoint(&snapshot, &note, &mut findings)?;
        }
    }
    let header = snapshot.head().block.as_ref().map(|(header, _)| *header);
    let report = Report {
        height: snapshot.height(),
        head,
        events: replay.events,
        records: snapshot.tree().len() as u64,
        state_root: snapshot.tree().root(),
        log_root: header.map_or_else(proofs::merkle::empty_root, |header| header.log_root),
        findings,
    };
    Ok(Audited { report, checkpoint })
}

/// What has been executed so far.
struct Replay {
    client: Client,
    source: Source,
    ledger: Ledger,
    signatures: Signatures,
    /// Entries of the log that were fetched ahead.
    fetched: VecDeque<Vec<u8>>,
    /// The next bundle to fetch.
    next: u64,
    /// Entries of the log at the height that is the end.
    size: u64,
    events: u64,
}

impl Replay {
    fn new(client: Client, genesis: &Genesis) -> anyhow::Result<Replay> {
        let source = Source::node(client.url());
        let ledger = Ledger::open_in_memory(&Memory::new(), genesis)?;
        let signatures = Signatures::new(Arc::new(Metrics::new()));
        let fetched = VecDeque::new();
        Ok(Replay { client, source, ledger, signatures, fetched, next: 0, size: 0, events: 0 })
    }

    /// The node's height, at which the audit ends, and the size of its log.
    fn find_end(&mut self) -> anyhow::Result<u64> {
        let head = self.client.status()?.height;
        if head > 0 {
            let block: FetchedBlock = self.client.read(&format!("/v1/blocks/{head}"))?;
            self.size = block.header().context("the newest header is malformed")?.log_size;
        }
        Ok(head)
    }

    /// Fetches and executes a block. The inner error is what is wrong with it.
    fn block(&mut self, height: u64) -> anyhow::Result<Result<(), String>> {
        let block: FetchedBlock = self.client.read(&format!("/v1/blocks/{height}"))?;
        let Some(header) = block.header() else {
            return Ok(Err("its header is malformed".into()));
        };
        let events = self.take(block.events.len())?;
        if !events.is_empty() && self.take(1)? != [header.log_entry()] {
            return Ok(Err("its own entry does not follow its events in the log".into()));
        }
        let checked: Result<Vec<_>, _> = self.signatures.check(&events).into_iter().collect();
        let checked = match checked {
            Ok(checked) => checked,
            Err(rejection) => return Ok(Err(rejection.to_string())),
        };
        if checked.iter().map(|event| event.id()).ne(block.events) {
            return Ok(Err("its events are not those of the log".into()));
        }
        self.events += checked.len() as u64;
        let executed = match self.ledger.validate(&header, checked)? {
            Ok(executed) => Arc::new(executed),
            Err(invalid) => return Ok(Err(invalid.to_string())),
        };
        match CertifiedBlock::new(executed.clone(), block.certificate) {
            Ok(certified) => self.ledger.commit(&certified)?,
            Err(problem) => return Ok(Err(problem.to_string())),
        }
        self.signatures.decide(executed.events().iter().map(|event| &**event));
        Ok(Ok(()))
    }

    /// The next entries of the log.
    fn take(&mut self, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
        while self.fetched.len() < count {
            if self.next * TILE_WIDTH >= self.size {
                bail!("the node's blocks have more events than its log of {} entries", self.size);
            }
            self.fetched.extend(self.source.entries(self.next, self.size)?);
            self.next += 1;
        }
        Ok(self.fetched.drain(..count).collect())
    }
}
