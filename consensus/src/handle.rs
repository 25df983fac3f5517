//! Starting agreement, and what the node may ask of it afterwards.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use ed25519_consensus::SigningKey;
use libp2p::PeerId;
use proofs::PublicKey;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::agreement::{Agreement, Duty};
use crate::application::{Admission, Application, Fault};
use crate::config::{Config, Keys};
use crate::engine::Signing;
use crate::evidence::{DoubleSign, EvidenceFile};
use crate::gossip::{self, COSIGNATURE_BYTES_MAX};
use crate::guard::{Guard, GuardError};
use crate::halt::halt_reason;
use crate::mempool::{Accepted, Candidate, Mempool, Refused};
use crate::metrics;
use crate::pace::Activity;
use crate::shared::{Counters, Shared, lock, now_ms};

/// Cosignatures that wait for a slow reader.
const COSIGNATURES_MAX: usize = 1024;

/// Why agreement did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An earlier run stopped for safety.
    #[error(
        "agreement was stopped for safety: {0}; find the cause, remove SAFETY_HALT from the home \
         directory and start with --rejoin"
    )]
    Halted(String),
    /// The memory of what was signed is gone or damaged.
    #[error("{0}; start with --rejoin to watch before signing again")]
    Guard(#[from] GuardError),
    /// The disk.
    #[error("home directory: {0}")]
    Home(#[from] Fault),
    /// The engine or the network did not start.
    #[error("agreement did not start: {0}")]
    Engine(String),
}

/// How agreement is doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The last committed height.
    pub height: u64,
    /// The round of the height that is being decided.
    pub round: u32,
    /// Whether this node has a validator key.
    pub validator: bool,
    /// Whether it watches before it signs again.
    pub watching: bool,
    /// Whether peers have begun a height beyond the next one.
    pub behind: bool,
    /// Peers whose agreement is connected.
    pub peers: usize,
    /// Peers whose gossip is connected.
    pub gossip_peers: usize,
    /// Events that wait for a block.
    pub mempool_events: usize,
    /// Bytes of the events that wait.
    pub mempool_bytes: usize,
    /// Double signatures on record.
    pub evidence: usize,
    /// Why agreement holds still on this node, if it does.
    pub halted: Option<String>,
}

/// A peer and what connects us.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerStatus {
    /// Its transport identity.
    pub id: String,
    /// Whether it votes.
    pub validator: bool,
    /// Whether agreement is connected.
    pub agreement: bool,
    /// Whether gossip is connected.
    pub gossip: bool,
}

/// Running agreement. Clones speak to the same one.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// Starts agreement on the current tokio runtime; it runs until [`Handle::shutdown`].
///
/// Refuses when an earlier run stopped for safety, or when the memory of what this validator
/// signed is lost and [`Config::rejoin`] is not set.
pub async fn start(
    config: Config,
    keys: Keys,
    application: Arc<dyn Application>,
    admission: Arc<dyn Admission>,
) -> Result<Handle, StartError> {
    std::fs::create_dir_all(&config.home).map_err(Fault::from)?;
    if let Some(reason) = halt_reason(&config.home)? {
        return Err(StartError::Halted(reason));
    }
    let head = application.head().height;
    let duty = duty(&config, keys.validator.as_ref(), head)?;
    let (gossip, inbox) = gossip::channel();
    let shared = Arc::new(Shared {
        genesis: application.genesis(),
        validator: keys.validator.as_ref().map(PublicKey::from),
        mempool: Mutex::new(Mempool::new(config.mempool)),
        own: Mutex::default(),
        activity: Activity::default(),
        evidence: Mutex::new(EvidenceFile::open(&config.home)?),
        gossip,
        committed: watch::Sender::new(head),
        cosignatures: broadcast::Sender::new(COSIGNATURES_MAX),
        shutdown: watch::Sender::new(false),
        halted: OnceLock::new(),
        round: AtomicU32::new(0),
        watching: AtomicBool::new(false),
        floor: AtomicU64::new(floor(&duty)),
        watched: AtomicU64::new(0),
        agreement_peers: Mutex::default(),
        gossip_peers: Mutex::default(),
        counters: Counters::default(),
        config,
        application,
        admission,
    });
    let gossip = gossip::start(shared.clone(), inbox, &keys.transport);
    let gossip = gossip.map_err(StartError::Engine)?;
    let agreement = Agreement { shared: shared.clone(), transport: keys.transport, duty };
    let engine = match agreement.start_engine().await {
        Ok(engine) => engine,
        Err(error) => {
            gossip.abort();
            return Err(StartError::Engine(error));
        }
    };
    let agreement = tokio::spawn(agreement.run(engine));
    Ok(Handle { shared, tasks: Arc::new(Mutex::new(vec![gossip, agreement])) })
}

/// What this node may do, by what it remembers of its signatures.
fn duty(config: &Config, key: Option<&SigningKey>, head: u64) -> Result<Duty, StartError> {
    let Some(key) = key.cloned().map(Arc::new) else { return Ok(Duty::Replica) };
    if let Some(rejoin) = config.rejoin {
        return Ok(Duty::Rejoin {
            key: key.clone(),
            heights: rejoin.heights.max(2),
            since_ms: now_ms(),
        });
    }
    // Without blocks and without a log of the engine this node has never signed.
    let fresh = head == 0 && !Path::exists(&config.home.join("wal"));
    let guard = Guard::open(&config.home, fresh)?;
    Ok(Duty::Vote(Signing { key, guard: Arc::new(Mutex::new(guard)) }))
}

fn floor(duty: &Duty) -> u64 {
    match duty {
        Duty::Vote(signing) | Duty::SitOut { signing, .. } => lock(&signing.guard).floor(),
        Duty::Replica | Duty::Rejoin { .. } => 0,
    }
}

impl Handle {
    /// Lets an admitted event wait for a block, tells the peers, and wakes agreement.
    pub fn submit(&self, candidate: Candidate) -> Result<Accepted, Refused> {
        self.shared.submit(candidate)
    }

    /// How agreement is doing.
    pub fn status(&self) -> Status {
        let shared = &self.shared;
        let height = *shared.committed.borrow();
        let (mempool_events, mempool_bytes) = {
            let mempool = lock(&shared.mempool);
            (mempool.len(), mempool.bytes())
        };
        Status {
            height,
            round: shared.round.load(Ordering::Relaxed),
            validator: shared.validator.is_some(),
            watching: shared.watching.load(Ordering::Acquire),
            behind: shared.activity.beyond(height + 1),
            peers: lock(&shared.agreement_peers).len(),
            gossip_peers: lock(&shared.gossip_peers).len(),
            mempool_events,
            mempool_bytes,
            evidence: lock(&shared.evidence).len(),
            halted: shared.halted.get().cloned(),
        }
    }

    /// The configured peers and what connects us.
    pub fn peers(&self) -> Vec<PeerStatus> {
        let agreement = lock(&self.shared.agreement_peers).clone();
        let gossip = lock(&self.shared.gossip_peers).clone();
        let status = |peer: &crate::Peer| PeerStatus {
            id: peer.id.to_string(),
            validator: peer.validator,
            agreement: agreement.contains(&peer.id),
            gossip: gossip.contains(&peer.id),
        };
        self.shared.config.peers.iter().map(status).collect()
    }

    /// All double signatures on record, by height.
    pub fn evidence(&self) -> Vec<DoubleSign> {
        lock(&self.shared.evidence).all()
    }

    /// The last committed height, as it grows.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.committed.subscribe()
    }

    /// Checkpoint cosignatures that peers send, opaque here, with the peer that sent them. A slow
    /// reader loses the oldest.
    pub fn cosignatures(&self) -> broadcast::Receiver<(PeerId, Bytes)> {
        self.shared.cosignatures.subscribe()
    }

    /// Sends a checkpoint cosignature to every connected peer. Longer than 16 KiB it is not sent.
    pub fn publish_cosignature(&self, bytes: Bytes) {
        if bytes.len() <= COSIGNATURE_BYTES_MAX {
            self.shared.gossip.cosignature(bytes);
        }
    }

    /// The height of this validator's last signature, 0 for none. A ledger whose head is more than
    /// one below it has lost blocks.
    pub fn floor(&self) -> u64 {
        self.shared.floor.load(Ordering::Acquire)
    }

    /// Appends the metrics in the Prometheus text format.
    pub fn metrics(&self, text: &mut String) {
        metrics::write(text, &self.status(), &self.shared.counters);
    }

    /// Stops agreement on this node for safety, until an operator removes `SAFETY_HALT`.
    pub fn halt(&self, reason: &str) -> Result<(), Fault> {
        self.shared.halt(reason)
    }

    /// Stops agreement and gossip, and waits until nothing of it runs any more.
    pub async fn shutdown(&self) {
        self.shared.shutdown.send_replace(true);
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in tasks {
            let _ = task.await;
        }
    }
}
