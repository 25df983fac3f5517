//! Decided blocks of elsewhere, executed here one after another: what an audit over HTTP and an
//! import have in common.

use std::sync::Arc;

use ledger::{CertifiedBlock, DecidedBlock, ExecutedBlock, Fault, Invalid, Ledger};
use proofs::{Hash, Header};
use registry::CheckedEvent;

use crate::client::Client;
use crate::metrics::Metrics;
use crate::signatures::Signatures;

/// A ledger that grows by blocks of which nothing is believed.
pub struct Replay {
    ledger: Ledger,
    signatures: Signatures,
    events: u64,
    /// Where blobs are fetched that a block reads.
    blobs: Option<Client>,
}

impl Replay {
    /// Goes on where this ledger ends.
    pub fn onto(ledger: Ledger) -> Replay {
        let signatures = Signatures::new(Arc::new(Metrics::new()));
        Replay { ledger, signatures, events: 0, blobs: None }
    }

    /// Fetches from this node the blobs that a block reads. Their ids check them.
    #[must_use]
    pub fn with_blobs_of(self, node: Client) -> Replay {
        Replay { blobs: Some(node), ..self }
    }

    /// The ledger that was replayed into.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Events that were executed here.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Checks the next block's signatures, events, roots and certificate, and commits it. The ids
    /// of its events are returned. The inner error is what is wrong with it.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub fn block(&mut self, decided: DecidedBlock) -> anyhow::Result<Result<Vec<Hash>, String>> {
        let DecidedBlock { block, certificate } = decided;
        let checked = self.signatures.check(&block.events).into_iter();
        let events = match checked.collect::<Result<Vec<_>, _>>() {
            Ok(events) => events,
            Err(rejection) => return Ok(Err(rejection.to_string())),
        };
        let ids: Vec<Hash> = events.iter().map(|event| event.id()).collect();
        let executed = match self.validate(&block.header, events)? {
            Ok(executed) => Arc::new(executed),
            Err(invalid) => return Ok(Err(invalid.to_string())),
        };
        match CertifiedBlock::new(executed.clone(), certificate) {
            Ok(certified) => self.ledger.commit(&certified)?,
            Err(problem) => return Ok(Err(problem.to_string())),
        }
        self.events += ids.len() as u64;
        self.signatures.decide(executed.events().iter().map(|event| &**event));
        Ok(Ok(ids))
    }

    fn validate(
        &self,
        header: &Header,
        events: Vec<Arc<CheckedEvent>>,
    ) -> anyhow::Result<Result<ExecutedBlock, Invalid>> {
        loop {
            match (self.ledger.validate(header, events.clone()), &self.blobs) {
                (Err(Fault::BlobMissing(id)), Some(node)) => {
                    let bytes = node.get(&format!("/v1/blobs/{id}"))?;
                    self.ledger.keep_blob(&id, &bytes)??;
                }
                (executed, _) => return Ok(executed?),
            }
        }
    }
}
