//! Signatures of events, verified together, and once per node.
//!
//! What was verified is remembered by the hash of the event's full bytes, proofs included. A
//! refusal is never remembered, so a variant with bad proofs does not stand in the way of the good
//! one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};
use proofs::Hash;
use registry::event::bytes_hash;
use registry::{CheckedEvent, Rejection, SignatureCheck, SignedEvent};

use crate::metrics::Metrics;

/// Most events that are remembered, decided ones included: more than two full mempools.
const EVENTS_MAX: usize = 100_000;

/// Most bytes of the events that are remembered.
const BYTES_MAX: usize = 128 << 20;

/// The only suite that is verified in batches.
const BATCHED: &str = "eddsa-jcs-2022";

/// Verifies events and remembers those that are well signed.
pub struct Signatures {
    known: Mutex<Known>,
    metrics: Arc<Metrics>,
}

/// An event that is well signed.
#[derive(Debug, Clone)]
pub enum WellSigned {
    /// As it was read.
    Event(Arc<CheckedEvent>),
    /// It was decided lately; its id is all that is kept. Peers still send such events for a
    /// while, and they cost a hash, not a verification.
    Decided(Hash),
}

/// Events by the hash of their full bytes, and those hashes, oldest first.
#[derive(Default)]
struct Known {
    events: HashMap<Hash, WellSigned>,
    order: VecDeque<Hash>,
    bytes: usize,
}

impl Signatures {
    /// Remembers nothing yet.
    pub fn new(metrics: Arc<Metrics>) -> Signatures {
        Signatures { known: Mutex::default(), metrics }
    }

    /// Checks each event on its own, signatures of all together. The answers stand in order.
    pub fn check(&self, events: &[impl AsRef<[u8]>]) -> Vec<Result<Arc<CheckedEvent>, Rejection>> {
        let known = |known: &WellSigned| match known {
            WellSigned::Event(event) => Some(event.clone()),
            WellSigned::Decided(_) => None,
        };
        self.check_where(events, known, |event| event)
    }

    /// As [`Signatures::check`], for events that come from outside and may be old ones.
    pub fn check_new(&self, events: &[impl AsRef<[u8]>]) -> Vec<Result<WellSigned, Rejection>> {
        self.check_where(events, |known| Some(known.clone()), WellSigned::Event)
    }

    fn check_where<T>(
        &self,
        events: &[impl AsRef<[u8]>],
        as_known: impl Fn(&WellSigned) -> Option<T>,
        as_new: impl Fn(Arc<CheckedEvent>) -> T,
    ) -> Vec<Result<T, Rejection>> {
        let hashes: Vec<Hash> = events.iter().map(|event| bytes_hash(event.as_ref())).collect();
        let mut answers: Vec<Option<Result<T, Rejection>>> = {
            let known = self.known();
            let look = |hash| known.events.get(hash).and_then(&as_known);
            hashes.iter().map(|hash| look(hash).map(Ok)).collect()
        };
        let mut signed = Vec::new();
        for (at, answer) in answers.iter_mut().enumerate().filter(|(_, answer)| answer.is_none()) {
            match SignedEvent::parse_hashed(events[at].as_ref(), hashes[at]) {
                Ok(event) => signed.push((at, event)),
                Err(rejection) => *answer = Some(Err(rejection)),
            }
        }
        let remembered = hashes.len() - signed.len();
        self.metrics.signatures.with_label_values(&["remembered"]).inc_by(remembered as u64);
        self.metrics.signatures.with_label_values(&["verified"]).inc_by(signed.len() as u64);
        let together = holds_together(signed.iter().flat_map(|(_, event)| event.checks()));
        let checked = |event: SignedEvent| {
            if together { Ok(event.into_checked()) } else { event.verify() }
        };
        let signed: Vec<_> = signed.into_iter().map(|(at, event)| (at, checked(event))).collect();
        let mut known = self.known();
        for (at, checked) in signed {
            answers[at] = Some(checked.map(|event| {
                let event = Arc::new(event);
                known.remember(hashes[at], WellSigned::Event(event.clone()));
                as_new(event)
            }));
        }
        answers.into_iter().map(|answer| answer.expect("each was known or checked")).collect()
    }

    /// Lets decided events go, but for their ids.
    pub fn decide<'a>(&self, events: impl IntoIterator<Item = &'a CheckedEvent>) {
        let mut known = self.known();
        for event in events {
            known.remember(event.hash(), WellSigned::Decided(event.id()));
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WellSigned {
    fn bytes(&self) -> usize {
        match self {
            WellSigned::Event(event) => event.bytes().len(),
            WellSigned::Decided(_) => 0,
        }
    }
}

impl Known {
    fn remember(&mut self, hash: Hash, event: WellSigned) {
        self.bytes += event.bytes();
        match self.events.insert(hash, event) {
            Some(before) => self.bytes -= before.bytes(),
            None => self.order.push_back(hash),
        }
        while self.bytes > BYTES_MAX || self.order.len() > EVENTS_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(event) = self.events.remove(&oldest) {
                self.bytes -= event.bytes();
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
    !some || batch.verify(rand::thread_rng()).is_ok()
}
