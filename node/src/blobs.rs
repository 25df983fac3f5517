//! Blobs as a node deals with them: those that the ledger names are fetched from peers, checked by
//! the rules of their kind, and attested; and the attestations of others are collected.
//!
//! # Invariants
//!
//! * What is kept is named by the ledger, of that size and hash: nothing anonymous.
//! * A validator attests what is synced on its disk and passed its check, and nothing else.
//! * All of it is off the path of consensus: a block that needs a blob that is not here waits, and
//!   nobody calls it invalid for that.

mod question;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ledger::{EventQuery, Fault, Ledger, NotKept, Snapshot};
use proofs::PublicKey;
use registry::blob::{Attestation, BlobState, KEY_PREFIX, attestation};
use registry::network::{self, ValidatorEntry};
use tokio::sync::{Semaphore, watch};

use self::question::Question;
use crate::home::ValidatorKeys;

pub use tasks::run;

/// Bytes of a blob that a peer is asked for at once.
const PIECE_BYTES: u64 = 256 << 10;

/// Events of a page, when those that propose blobs are read.
const PAGE: usize = 500;

/// How long a peer is not asked again for a blob that nobody had; twice as long each time.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// The same for a blob for which a block waits.
const RETRY_URGENT: Duration = Duration::from_millis(500);

/// Blobs that are received by HTTP at once: each is held in memory until it is whole.
const UPLOADS_MAX: usize = 4;

/// Blobs whose attestations are remembered.
const COLLECTED_MAX: usize = 256;

/// The blobs of this node.
pub struct Blobs {
    ledger: Arc<Ledger>,
    /// What a validator attests with; none for a replica.
    keys: Option<ValidatorKeys>,
    state: Mutex<State>,
    /// Changes when there is something to do.
    wake: watch::Sender<u64>,
    /// Places for those who send blobs.
    pub uploads: Semaphore,
}

/// What a validator found when it checked a blob: its attestation, or why there is none.
pub type Verdict = Result<Attestation, String>;

#[derive(Default)]
struct State {
    /// The index of the log up to which proposals were read.
    read: u64,
    /// Those that are not on this disk.
    awaited: BTreeMap<String, Retry>,
    /// Those that are, and that this validator has not checked.
    unchecked: BTreeSet<String>,
    verdicts: BTreeMap<String, Verdict>,
    /// Those that came by HTTP, of which peers are to hear.
    fresh: Vec<String>,
    /// Those whose attestations somebody asked for.
    wanted: BTreeSet<String>,
    /// Attestations of other validators.
    collected: BTreeMap<String, BTreeMap<PublicKey, Attestation>>,
}

/// When peers are asked again.
#[derive(Debug, Clone, Copy)]
struct Retry {
    last: Option<Instant>,
    pause: Duration,
}

impl Retry {
    const NOW: Retry = Retry { last: None, pause: RETRY_MIN };

    fn due(&self) -> Option<Instant> {
        self.last.map(|last| last + self.pause)
    }
}

impl Blobs {
    /// The blobs of this ledger. Nothing is done before [`run`].
    pub fn new(ledger: Arc<Ledger>, keys: Option<ValidatorKeys>) -> Blobs {
        let (state, wake) = (Mutex::default(), watch::Sender::new(0));
        Blobs { ledger, keys, state, wake, uploads: Semaphore::new(UPLOADS_MAX) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.wake.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Keeps bytes that somebody sent: durable on return. Says whether they are new here.
    ///
    /// # Errors
    /// If the disk does not take them. The inner error is what is wrong with them.
    pub fn accept(&self, id: &str, bytes: &[u8]) -> Result<Result<bool, NotKept>, Fault> {
        let kept = self.keep(id, bytes)?;
        if kept == Ok(true) {
            self.state().fresh.push(id.to_owned());
            self.wake();
        }
        Ok(kept)
    }

    fn keep(&self, id: &str, bytes: &[u8]) -> Result<Result<bool, NotKept>, Fault> {
        let kept = self.ledger.keep_blob(id, bytes)?;
        if kept.is_ok() {
            let mut state = self.state();
            state.awaited.remove(id);
            if self.keys.is_some() && !state.verdicts.contains_key(id) {
                state.unchecked.insert(id.to_owned());
            }
        }
        self.wake();
        Ok(kept)
    }

    /// A block waits for this blob.
    pub fn hurry(&self, id: &str) {
        let mut state = self.state();
        let retry = state.awaited.entry(id.to_owned()).or_insert(Retry::NOW);
        retry.pause = RETRY_URGENT;
        drop(state);
        self.wake();
    }

    /// What this validator found; `None` before it has checked.
    pub fn verdict(&self, id: &str) -> Option<Verdict> {
        self.state().verdicts.get(id).cloned()
    }

    /// Whether this node attests at all.
    pub fn attests(&self) -> bool {
        self.keys.is_some()
    }

    /// The attestations known here that would count now, ascending by validator. Those of peers are
    /// asked for meanwhile, so that there may be more the next time.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub fn attestations(&self, id: &str) -> Result<Vec<Attestation>, Fault> {
        let Some(electorate) = Electorate::of(&self.ledger.snapshot(), id)? else {
            return Ok(Vec::new());
        };
        let mut state = self.state();
        let mut known = state.collected.get(id).cloned().unwrap_or_default();
        if let Some(Ok(own)) = state.verdicts.get(id) {
            known.insert(own.validator_key, own.clone());
        }
        if !electorate.blob.is_active() && state.wanted.len() < COLLECTED_MAX {
            state.wanted.insert(id.to_owned());
        }
        drop(state);
        self.wake();
        Ok(known.into_values().filter(|one| electorate.counts(one)).collect())
    }

    /// The answer to what a peer's node asks.
    pub fn answer(&self, question: &[u8]) -> Option<Bytes> {
        match Question::decode(question)? {
            Question::Piece { id, offset } => {
                let snapshot = self.ledger.snapshot();
                let size = snapshot.blob_state(&id).ok()??.size;
                let end = offset.saturating_add(PIECE_BYTES).min(size);
                let piece = snapshot.blob(&id, offset..end).ok()??;
                Some(piece.into())
            }
            Question::Attestation(id) => {
                let attestation = self.verdict(&id)?.ok()?;
                Some(serde_json::to_vec(&attestation).ok()?.into())
            }
            Question::Here(id) => {
                if let Some(retry) = self.state().awaited.get_mut(&id) {
                    *retry = Retry::NOW;
                }
                self.wake();
                None
            }
        }
    }

    /// Reads which blobs were proposed since the last time.
    fn look(&self) -> Result<(), Fault> {
        let snapshot = self.ledger.snapshot();
        let kind = Some("BlobProposed".to_owned());
        let read = self.state().read;
        let mut bounds = Some((read, snapshot.log_size()));
        while let Some((from, until)) = bounds {
            let query = EventQuery { kind: kind.clone(), from, until, ..EventQuery::default() };
            let page = snapshot.list_events(&query, PAGE)?;
            for event in page.events {
                if let Some(id) = event.subject.strip_prefix(KEY_PREFIX) {
                    self.note(&snapshot, id)?;
                }
            }
            bounds = page.rest;
        }
        let mut state = self.state();
        state.read = state.read.max(snapshot.log_size());
        Ok(())
    }

    /// Notes what is to be done about a blob that the ledger names.
    fn note(&self, snapshot: &Snapshot, id: &str) -> Result<(), Fault> {
        let held = snapshot.holds_blob(id)?;
        let proposed = snapshot.blob_state(id)?.is_some_and(|blob| !blob.is_active());
        let mut state = self.state();
        if !held {
            state.awaited.entry(id.to_owned()).or_insert(Retry::NOW);
        } else if self.keys.is_some() && proposed && !state.verdicts.contains_key(id) {
            state.unchecked.insert(id.to_owned());
            drop(state);
            self.wake();
        }
        Ok(())
    }

    /// Checks a blob that is here, and signs if it is what its kind says.
    fn check(&self, id: &str) -> Result<Option<Verdict>, Fault> {
        let snapshot = self.ledger.snapshot();
        let (Some(keys), Some(blob)) = (&self.keys, snapshot.blob_state(id)?) else {
            return Ok(None);
        };
        let bytes = snapshot.blob(id, 0..blob.size)?;
        let verdict = blob.check(&bytes.unwrap_or_default());
        let statement = attestation::statement(&snapshot.genesis().hash(), id, &blob);
        let sign = || Attestation {
            signature: attestation::encode(&keys.cosigner.sign(&statement).to_bytes()),
            validator_key: PublicKey::from(&keys.vote),
        };
        Ok(Some(verdict.map(|()| sign())))
    }
}

/// Who attests a blob, and what.
struct Electorate {
    blob: BlobState,
    statement: Vec<u8>,
    /// Those who certify the next height.
    validators: Vec<ValidatorEntry>,
}

impl Electorate {
    /// `None` where the ledger names no such blob.
    fn of(snapshot: &Snapshot, id: &str) -> Result<Option<Electorate>, Fault> {
        let Some(blob) = snapshot.blob_state(id)? else { return Ok(None) };
        let statement = attestation::statement(&snapshot.genesis().hash(), id, &blob);
        let height = snapshot.height() + 1;
        let validators = snapshot.ask(|view| network::validators_at(height, view))?;
        let validators = validators.unwrap_or_default();
        Ok(Some(Electorate { blob, statement, validators }))
    }

    fn counts(&self, one: &Attestation) -> bool {
        self.validators.iter().any(|entry| one.holds(&self.statement, entry))
    }
}
