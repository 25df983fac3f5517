//! Decided blocks of elsewhere, executed here one after another: what an audit over HTTP and an
//! import have in common.

use std::sync::Arc;

use ledger::{CertifiedBlock, DecidedBlock, Ledger};
use proofs::Hash;

use crate::metrics::Metrics;
use crate::signatures::Signatures;

/// A ledger that grows by blocks of which nothing is believed.
pub struct Replay {
    ledger: Ledger,
    signatures: Signatures,
    events: u64,
}

impl Replay {
    /// Goes on where this ledger ends.
    pub fn onto(ledger: Ledger) -> Replay {
        Replay { ledger, signatures: Signatures::new(Arc::new(Metrics::new())), events: 0 }
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
        let executed = match self.ledger.validate(&block.header, events)? {
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
}
