//! The decided blocks of a node that runs elsewhere, fetched in order: headers and certificates
//! one by one, events from the bundles of its log.

use std::collections::VecDeque;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ledger::DecidedBlock;
use proofs::tlog::tiles::TILE_WIDTH;
use proofs::{Block, Certificate, Hash, Header};
use serde::Deserialize;

use crate::client::Client;
use crate::mirror::Source;

/// A node's blocks up to the height that it had when it was asked.
pub struct Blocks {
    client: Client,
    source: Source,
    head: u64,
    /// Entries of the log at that height.
    size: u64,
    /// Entries that were fetched ahead.
    fetched: VecDeque<Vec<u8>>,
    /// The next bundle to fetch.
    next: u64,
}

/// A block, of which nothing has been checked.
pub struct Fetched {
    /// The block and who decided it.
    pub decided: DecidedBlock,
    /// What the node says its events' ids are.
    pub ids: Vec<Hash>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    header_bytes: String,
    certificate: Certificate,
    events: Vec<Hash>,
}

impl Answer {
    fn header(&self) -> Option<Header> {
        Header::decode(&STANDARD.decode(&self.header_bytes).ok()?)
    }
}

impl Blocks {
    /// The blocks that this node has now.
    ///
    /// # Errors
    /// It does not answer.
    pub fn of(client: Client) -> anyhow::Result<Blocks> {
        let head = client.status()?.height;
        let mut size = 0;
        if head > 0 {
            let newest: Answer = client.read(&format!("/v1/blocks/{head}"))?;
            size = newest.header().context("the newest header is malformed")?.log_size;
        }
        let source = Source::node(client.url());
        Ok(Blocks { client, source, head, size, fetched: VecDeque::new(), next: 0 })
    }

    /// The last height.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Where the node's log is read.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The block of the next height; the first is 1. The inner error is what is wrong with it.
    ///
    /// # Errors
    /// The node does not answer, or its log is shorter than its blocks.
    pub fn fetch(&mut self, height: u64) -> anyhow::Result<Result<Fetched, String>> {
        let answer: Answer = self.client.read(&format!("/v1/blocks/{height}"))?;
        let Some(header) = answer.header() else {
            return Ok(Err("its header is malformed".into()));
        };
        let events = self.take(answer.events.len())?;
        if !events.is_empty() && self.take(1)? != [header.log_entry()] {
            return Ok(Err("its own entry does not follow its events in the log".into()));
        }
        let block = Block { header, events };
        let decided = DecidedBlock { certificate: answer.certificate, block };
        Ok(Ok(Fetched { decided, ids: answer.events }))
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
