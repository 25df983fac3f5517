//! The door to the mempool: form, signatures, and a trial on the newest state. All of it in the
//! background: a flood of new events does not keep those that wait already from being decided.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use consensus::mempool::Candidate;
use ledger::{Ledger, Snapshot, Trial};
use proofs::Hash;
use registry::{CheckedEvent, Rejection};

use crate::background::Background;
use crate::clock::now_ms;
use crate::signatures::{Signatures, WellSigned};

/// Threads that judge what is submitted here; one more judges what peers send.
pub const SUBMITTED_THREADS: usize = 2;

/// Judges events before they may wait for a block.
pub struct Admission {
    judge: Arc<Judge>,
    background: Background,
}

struct Judge {
    ledger: Arc<Ledger>,
    signatures: Arc<Signatures>,
}

/// An event that is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// It may wait for a block.
    Candidate {
        /// The event's id.
        id: Hash,
        /// What the mempool keeps.
        candidate: Candidate,
    },
    /// The event with this id is in the log already.
    Decided(Hash),
}

/// Why an event may not wait.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The author's fault.
    #[error(transparent)]
    Rejection(#[from] Rejection),
    /// The machine's fault.
    #[error(transparent)]
    Fault(#[from] ledger::Fault),
}

impl Admission {
    /// Admission to this ledger, by this machine's clock.
    ///
    /// # Errors
    /// There is no way to have threads.
    pub fn new(ledger: Arc<Ledger>, signatures: Arc<Signatures>) -> io::Result<Admission> {
        let judge = Arc::new(Judge { ledger, signatures });
        Ok(Admission { judge, background: Background::new(SUBMITTED_THREADS + 1)? })
    }

    /// Judges each event on its own. Signatures are verified together. To be called from blocking
    /// tasks; nothing is answered where the check itself failed.
    pub fn judge(&self, events: Vec<Bytes>) -> Vec<Result<Admitted, Refusal>> {
        let judge = self.judge.clone();
        self.background.run(move || judge.judge(&events)).unwrap_or_default()
    }
}

impl Judge {
    fn judge(&self, events: &[Bytes]) -> Vec<Result<Admitted, Refusal>> {
        let signed = self.signatures.check_new(events);
        let snapshot = self.ledger.snapshot();
        let trial = snapshot.trial(now_ms());
        let judge = |(bytes, signed): (&Bytes, Result<WellSigned, Rejection>)| match signed? {
            WellSigned::Decided(id) => Ok(Admitted::Decided(id)),
            WellSigned::Event(event) => admit(&snapshot, &trial, bytes, &event),
        };
        events.iter().zip(signed).map(judge).collect()
    }
}

impl consensus::Admission for Admission {
    fn admit(&self, events: Vec<Bytes>) -> Vec<Result<Candidate, String>> {
        let judged = self.judge(events).into_iter();
        let answer = |judged: Result<Admitted, Refusal>| match judged {
            Ok(Admitted::Candidate { candidate, .. }) => Ok(candidate),
            Ok(Admitted::Decided(_)) => Err("the event is decided already".to_owned()),
            Err(refusal) => Err(refusal.to_string()),
        };
        judged.map(answer).collect()
    }
}

fn admit(
    snapshot: &Snapshot,
    trial: &Trial<'_>,
    bytes: &Bytes,
    event: &CheckedEvent,
) -> Result<Admitted, Refusal> {
    let id = event.id();
    if snapshot.event(&id)?.is_some() {
        return Ok(Admitted::Decided(id));
    }
    trial.judge(event)??;
    let candidate = Candidate {
        hash: event.hash(),
        bytes: bytes.clone(),
        principal: event.principal().to_owned(),
        subject: event.subject(),
        expires_ms: event.valid_until(),
        cost: event.cost(),
    };
    Ok(Admitted::Candidate { id, candidate })
}
