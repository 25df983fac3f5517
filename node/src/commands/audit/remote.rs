//! The audit of a node that runs elsewhere: its blocks are fetched, and executed here from genesis.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indicatif::ProgressBar;
use ledger::audit::Finding;
use ledger::{CertifiedBlock, Ledger, Memory, Report};
use proofs::{Certificate, Hash, Header};
use registry::Genesis;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::metrics::Metrics;
use crate::signatures::Signatures;

/// A page of events.
const PAGE: u64 = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FetchedBlock {
    header_bytes: String,
    certificate: Certificate,
    events: Vec<Hash>,
}

#[derive(Deserialize)]
struct FetchedPage {
    events: Vec<FetchedEvent>,
    next: u64,
}

#[derive(Deserialize)]
struct FetchedEvent {
    event: Box<RawValue>,
}

/// Audits the node at `url` up to the height that it has now.
pub(super) fn audit(
    url: &str,
    genesis: Option<Genesis>,
    bar: &ProgressBar,
) -> anyhow::Result<Report> {
    let client = Client::new(url);
    let genesis = match genesis {
        Some(genesis) => genesis,
        None => Genesis::parse(&client.genesis()?).context("the node's genesis document")?,
    };
    let head = client.status()?.height;
    let mut replay = Replay::new(client, &genesis)?;
    let mut findings = Vec::new();
    for height in 1..=head {
        if let Err(problem) = replay.block(height)? {
            findings.push(Finding { height: Some(height), key: None, problem });
            break;
        }
        bar.set_length(head);
        bar.set_position(height);
    }
    bar.finish_and_clear();
    let snapshot = replay.ledger.snapshot();
    let header = snapshot.head().block.as_ref().map(|(header, _)| *header);
    Ok(Report {
        height: snapshot.height(),
        head,
        events: replay.events,
        records: snapshot.tree().len() as u64,
        state_root: snapshot.tree().root(),
        log_root: header.map_or_else(proofs::merkle::empty_root, |header| header.log_root),
        findings,
    })
}

/// What has been executed so far.
struct Replay {
    client: Client,
    ledger: Ledger,
    signatures: Signatures,
    /// Events of the log that were fetched ahead.
    fetched: VecDeque<Box<RawValue>>,
    next: u64,
    events: u64,
}

impl Replay {
    fn new(client: Client, genesis: &Genesis) -> anyhow::Result<Replay> {
        let ledger = Ledger::open_in_memory(&Memory::new(), genesis)?;
        let signatures = Signatures::new(Arc::new(Metrics::new()));
        let fetched = VecDeque::new();
        Ok(Replay { client, ledger, signatures, fetched, next: 0, events: 0 })
    }

    /// Fetches and executes a block. The inner error is what is wrong with it.
    fn block(&mut self, height: u64) -> anyhow::Result<Result<(), String>> {
        let block: FetchedBlock = self.client.read(&format!("/v1/blocks/{height}"))?;
        let header = STANDARD.decode(&block.header_bytes).ok();
        let Some(header) = header.and_then(|bytes| Header::decode(&bytes)) else {
            return Ok(Err("its header is malformed".into()));
        };
        let events = self.take(block.events.len())?;
        let texts: Vec<&[u8]> = events.iter().map(|event| event.get().as_bytes()).collect();
        let checked: Result<Vec<_>, _> = self.signatures.check(&texts).into_iter().collect();
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

    /// The next events of the log.
    fn take(&mut self, count: usize) -> anyhow::Result<Vec<Box<RawValue>>> {
        while self.fetched.len() < count {
            let path = format!("/v1/events?from={}&limit={PAGE}", self.next);
            let page: FetchedPage = self.client.read(&path)?;
            if page.next <= self.next {
                bail!("the node says that its log ends at entry {}", self.next);
            }
            self.next = page.next;
            self.fetched.extend(page.events.into_iter().map(|event| event.event));
        }
        Ok(self.fetched.drain(..count).collect())
    }
}
