//! Signatures of events, verified together, and once per node.
//!
//! What was verified is remembered by the hash of the event's full bytes, proofs included. A
//! refusal is never remembered, so a variant with bad proofs does not stand in the way of the good
//! one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_consensus::batch::{Item, Verifier};
use ed25519_consensus::{Signature, VerificationKeyBytes};
use proofs::Hash;
use rand::rngs::OsRng;
use registry::event::bytes_hash;
use registry::{CheckedEvent, Rejection, SignatureCheck, SignedEvent};

use crate::metrics::Metrics;

/// Most events that are remembered: more than two full mempools.
const EVENTS_MAX: usize = 50_000;

/// Most bytes of the events that are remembered.
const BYTES_MAX: usize = 128 << 20;

/// Most decided events whose place is remembered: peers still send them for a while.
const DECIDED_MAX: usize = 50_000;

/// The only suite that is verified in batches.
const BATCHED: &str = "eddsa-jcs-2022";

/// Verifies events and remembers those that are well signed.
pub struct Signatures {
    known: Mutex<Known>,
    metrics: Arc<Metrics>,
}

/// Events by the hash of their full bytes, oldest first.
#[derive(Default)]
struct Known {
    events: HashMap<Hash, Arc<CheckedEvent>>,
    order: VecDeque<Hash>,
    bytes: usize,
    /// Ids of events that were decided lately, by the hash of their full bytes.
    decided: HashMap<Hash, Hash>,
    decided_order: VecDeque<Hash>,
}

impl Signatures {
    /// Remembers nothing yet.
    pub fn new(metrics: Arc<Metrics>) -> Signatures {
        Signatures { known: Mutex::default(), metrics }
    }

    /// Checks each event on its own, signatures of all together. The answers stand in order.
    pub fn check(&self, events: &[impl AsRef<[u8]>]) -> Vec<Result<Arc<CheckedEvent>, Rejection>> {
        let hashes: Vec<Hash> = events.iter().map(|event| bytes_hash(event.as_ref())).collect();
        let mut answers: Vec<Option<Result<Arc<CheckedEvent>, Rejection>>> = {
            let known = self.known();
            hashes.iter().map(|hash| known.events.get(hash).cloned().map(Ok)).collect()
        };
        let mut signed = Vec::new();
        for (at, answer) in answers.iter_mut().enumerate().filter(|(_, answer)| answer.is_none()) {
            match SignedEvent::parse(events[at].as_ref()) {
                Ok(event) => signed.push((at, event)),
                Err(rejection) => *answer = Some(Err(rejection)),
            }
        }
        let remembered = hashes.len() - signed.len();
        self.metrics.signatures.with_label_values(&["remembered"]).inc_by(remembered as u64);
        self.metrics.signatures.with_label_values(&["verified"]).inc_by(signed.len() as u64);
        let together = holds_together(signed.iter().flat_map(|(_, event)| event.checks()));
        let mut known = self.known();
        for (at, event) in signed {
            let checked = if together { Ok(event.into_checked()) } else { event.verify() };
            let checked = checked.map(Arc::new);
            if let Ok(event) = &checked {
                known.remember(event.clone());
            }
            answers[at] = Some(checked);
        }
        answers.into_iter().map(|answer| answer.expect("each was known or checked")).collect()
    }

    /// Lets events go that are decided, but for their ids: peers that lag still send them, and need
    /// no second verification.
    pub fn decide<'a>(&self, events: impl IntoIterator<Item = &'a CheckedEvent>) {
        let mut known = self.known();
        for event in events {
            let hash = event.hash();
            if let Some(event) = known.events.remove(&hash) {
                known.bytes -= event.bytes().len();
            }
            if known.decided.insert(hash, event.id()).is_none() {
                known.decided_order.push_back(hash);
            }
        }
        while known.decided_order.len() > DECIDED_MAX {
            let Some(oldest) = known.decided_order.pop_front() else { break };
            known.decided.remove(&oldest);
        }
    }

    /// The id of an event that was decided lately, by its full bytes.
    pub fn decided(&self, event: &[u8]) -> Option<Hash> {
        self.known().decided.get(&bytes_hash(event)).copied()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, event: Arc<CheckedEvent>) {
        self.bytes += event.bytes().len();
        self.order.push_back(event.hash());
        if let Some(before) = self.events.insert(event.hash(), event) {
            self.bytes -= before.bytes().len();
        }
        // Hashes of forgotten events stay in the order until their turn, so it is bounded too.
        while self.bytes > BYTES_MAX || self.order.len() > EVENTS_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(event) = self.events.remove(&oldest) {
                self.bytes -= event.bytes().len();
            }
        }
    }
}

/// Whether all of these signatures hold. Where the answer is no, one of them does not; which one is
/// for the caller to find out. The rule is ZIP 215 for one signature and for many.
fn holds_together<'a>(checks: impl Iterator<Item = &'a SignatureCheck>) -> bool {
    let mut batch = Verifier::new();
    let mut some = false;
    for check in checks {
        if check.key.suite().name != BATCHED {
            if !check.verify() {
                return false;
            }
            continue;
        }
        let (Ok(key), Ok(signature)) = (
            VerificationKeyBytes::try_from(check.key.as_bytes()),
            Signature::try_from(&*check.signature),
        ) else {
            return false;
        };
        batch.queue(Item::from((key, signature, &check.message)));
        some = true;
    }
    !some || batch.verify(OsRng).is_ok()
}
