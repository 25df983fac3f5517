//! What the parts of a running node have in common.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use libp2p::PeerId;
use proofs::{Hash, PublicKey};
use tokio::sync::{broadcast, watch};

use crate::application::{Admission, Application, Fault};
use crate::config::{Config, Peer};
use crate::evidence::{DoubleSign, EvidenceFile};
use crate::gossip;
use crate::halt::write_halt;
use crate::mempool::{Accepted, Candidate, Mempool, Refused};
use crate::pace::Activity;

/// After this long a submission is sent to the peers again.
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(30);

/// Events that are sent again at once.
const BATCH: usize = 256;

/// A cosignature and the peer that sent it.
pub(crate) type Cosignature = (PeerId, Bytes);

pub(crate) struct Shared {
    pub(crate) config: Config,
    /// Everyone whom this node talks to, as of now.
    pub(crate) peers: watch::Sender<Vec<Peer>>,
    pub(crate) application: Arc<dyn Application>,
    pub(crate) admission: Arc<dyn Admission>,
    pub(crate) genesis: Hash,
    /// This validator; `None` for a replica.
    pub(crate) validator: Option<PublicKey>,
    pub(crate) mempool: Mutex<Mempool>,
    /// Our own submissions, by the time when they were last sent to the peers.
    pub(crate) own: Mutex<VecDeque<(Instant, Hash)>>,
    pub(crate) activity: Activity,
    pub(crate) evidence: Mutex<EvidenceFile>,
    /// Whether there is new evidence against this validator.
    pub(crate) accused: AtomicBool,
    pub(crate) gossip: gossip::Sender,
    pub(crate) committed: watch::Sender<u64>,
    pub(crate) cosignatures: broadcast::Sender<Cosignature>,
    pub(crate) shutdown: watch::Sender<bool>,
    /// Why agreement holds still, if it does.
    pub(crate) halted: OnceLock<String>,
    /// Whether that is for lack of space.
    pub(crate) full: AtomicBool,
    pub(crate) round: AtomicU32,
    /// What a watching validator waits for.
    pub(crate) watch: Mutex<Option<String>>,
    pub(crate) agreement_peers: Mutex<BTreeSet<PeerId>>,
    pub(crate) gossip_peers: Mutex<BTreeSet<PeerId>>,
    pub(crate) counters: Counters,
}

/// Counts for the metrics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Events that peers sent.
    pub(crate) events_received: AtomicU64,
    /// Of these, refused by admission or mempool.
    pub(crate) events_refused: AtomicU64,
    /// Submitted events that the gossip could not take at once.
    pub(crate) gossip_dropped: AtomicU64,
    /// Blocks fetched by id because they were lost here.
    pub(crate) payloads_fetched: AtomicU64,
    /// Times that the engine was started.
    pub(crate) engine_starts: AtomicU64,
    /// Proposals that did not validate.
    pub(crate) proposals_invalid: AtomicU64,
}

/// A lock that a panic elsewhere does not poison: what it protects is whole after every
/// statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Our clock.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    /// Lets an event of our own wait, and tells the peers.
    pub(crate) fn submit(&self, candidate: Candidate) -> Result<Accepted, Refused> {
        if self.halted.get().is_some() || self.is_shut_down() {
            return Err(Refused::Halted);
        }
        let (hash, bytes) = (candidate.hash, candidate.bytes.clone());
        let accepted = lock(&self.mempool).insert(candidate, now_ms())?;
        if accepted == Accepted::Inserted {
            self.activity.events();
            lock(&self.own).push_back((Instant::now(), hash));
            if !self.gossip.events(vec![bytes], gossip::To::Everyone) {
                // Not lost: our own turn to propose comes, and what waits long is sent again.
                count(&self.counters.gossip_dropped);
            }
        }
        Ok(accepted)
    }

    /// Sends those of our submissions again that have waited for long: a peer may have been away,
    /// or full.
    pub(crate) fn announce_again(&self) {
        let now = Instant::now();
        let mut waiting = Vec::new();
        let mut own = lock(&self.own);
        let mempool = lock(&self.mempool);
        while own.front().is_some_and(|(since, _)| *since + ANNOUNCE_AGAIN <= now) {
            let Some((_, hash)) = own.pop_front() else { break };
            if let Some(candidate) = mempool.get(&hash) {
                waiting.push(candidate.bytes.clone());
                own.push_back((now, hash));
            }
        }
        drop((own, mempool));
        for batch in waiting.chunks(BATCH) {
            if !self.gossip.events(batch.to_vec(), gossip::To::Everyone) {
                break;
            }
        }
    }

    /// Our submissions that wait, for a peer that has just come: it was not there when they were
    /// sent.
    pub(crate) fn waiting(&self) -> Vec<Bytes> {
        let (own, mempool) = (lock(&self.own), lock(&self.mempool));
        own.iter().filter_map(|(_, hash)| Some(mempool.get(hash)?.bytes.clone())).collect()
    }

    /// Keeps double signatures that were found here, and tells the others of what is new.
    pub(crate) fn keep_evidence(&self, found: Vec<DoubleSign>) -> Result<(), Fault> {
        let new = self.add_evidence(found)?;
        if !new.is_empty() {
            self.gossip.evidence(new);
        }
        Ok(())
    }

    /// A peer tells of double signatures. Each proves itself, and the first that does not ends it.
    pub(crate) fn on_evidence(&self, bytes: &[u8]) {
        let Ok(found) = serde_json::from_slice::<Vec<DoubleSign>>(bytes) else { return };
        let validators = self.application.head().validators;
        let new = found.into_iter().filter(|pair| !lock(&self.evidence).knows(pair));
        let holds = |pair: &DoubleSign| {
            validators.get(&pair.validator).is_some() && pair.holds(&self.genesis)
        };
        if let Err(fault) = self.add_evidence(new.take_while(holds).collect()) {
            tracing::error!(%fault, "evidence of a double signature could not be kept");
        }
    }

    fn add_evidence(&self, found: Vec<DoubleSign>) -> Result<Vec<DoubleSign>, Fault> {
        let new = lock(&self.evidence).add(found)?;
        if new.iter().any(|pair| Some(pair.validator) == self.validator) {
            self.accused.store(true, Ordering::Relaxed);
        }
        Ok(new)
    }

    /// Stops agreement for safety, durably.
    pub(crate) fn halt(&self, reason: &str) -> Result<(), Fault> {
        self.stop(reason);
        write_halt(&self.config.home, reason)
    }

    /// Stops agreement for lack of space, until the node starts again.
    pub(crate) fn stop_for_space(&self, reason: &str) {
        self.full.store(true, Ordering::Release);
        self.stop(reason);
    }

    fn stop(&self, reason: &str) {
        tracing::error!(reason, "agreement is stopped");
        let _ = self.halted.set(reason.to_owned());
        // A closed gate for the engine as well, should it still run.
        self.shutdown.send_modify(|_| ());
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        *self.shutdown.borrow()
    }
}
