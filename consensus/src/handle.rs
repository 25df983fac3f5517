//! Starting agreement, and what the node may ask of it afterwards.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use ed25519_zebra::SigningKey;
use libp2p::PeerId;
use proofs::PublicKey;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use crate::agreement::{Agreement, Duty};
use crate::application::{Admission, Application, Fault};
use crate::config::{Config, Keys, Peer, Provenance};
use crate::engine::Signing;
use crate::evidence::{DoubleSign, EvidenceFile};
use crate::gossip::{self, COSIGNATURE_BYTES_MAX};
use crate::guard::{Guard, GuardError};
use crate::halt::halt_reason;
use crate::mempool::{Accepted, Candidate, Mempool, Refused};
use crate::metrics;
use crate::pace::Activity;
use crate::shared::{Counters, Shared, lock};

/// Cosignatures that wait for a slow reader.
const COSIGNATURES_MAX: usize = 1024;

/// Why agreement did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An earlier run stopped for safety.
    #[error(
        "agreement was stopped for safety: {0}; find the cause, remove data/consensus/SAFETY_HALT \
         from the home and start with --rejoin"
    )]
    Halted(String),
    /// What was signed is not certain.
    #[error("{0}")]
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
    /// What it waits for while it only watches, before it signs again.
    pub watching: Option<String>,
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
    /// Whether that is for lack of space alone: the node may start again when there is some.
    pub full: bool,
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
/// Refuses when an earlier run stopped for safety, or when it is not certain what this validator
/// has signed and [`Config::provenance`] does not say what to do about it.
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
    let duty = duty(&config, keys.validator.as_ref(), &*application)?;
    let (gossip, inbox) = gossip::channel();
    let shared = Arc::new(Shared {
        genesis: application.genesis(),
        validator: keys.validator.as_ref().map(PublicKey::from),
        mempool: Mutex::new(Mempool::new(config.mempool)),
        own: Mutex::default(),
        activity: Activity::default(),
        evidence: Mutex::new(EvidenceFile::open(&config.home)?),
        accused: false.into(),
        gossip,
        committed: watch::Sender::new(head),
        cosignatures: broadcast::Sender::new(COSIGNATURES_MAX),
        shutdown: watch::Sender::new(false),
        halted: OnceLock::new(),
        full: AtomicBool::new(false),
        round: AtomicU32::new(0),
        watch: Mutex::new(duty.waits_for()),
        agreement_peers: Mutex::default(),
        gossip_peers: Mutex::default(),
        counters: Counters::default(),
        peers: watch::Sender::new(config.peers.clone()),
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
fn duty(
    config: &Config,
    key: Option<&SigningKey>,
    application: &dyn Application,
) -> Result<Duty, StartError> {
    let Some(key) = key.cloned().map(Arc::new) else { return Ok(Duty::Replica) };
    let home = &config.home;
    let guard = match config.provenance {
        Provenance::Unknown(rejoin) => {
            mark_used(&config.used)?;
            return Ok(Duty::rejoin(key, rejoin));
        }
        Provenance::Moved => Guard::moved(home)?,
        Provenance::Own => Guard::open(home, !config.used.exists())?,
    };
    mark_used(&config.used)?;
    check_chain(&guard, &PublicKey::from(&*key), application)?;
    let signed = guard.floor();
    let signing = Signing { key, guard: Arc::new(Mutex::new(guard)) };
    let head = application.head().height;
    if signed > head + 1 {
        // It could sign nothing on the way.
        tracing::warn!(signed, head, "signed beyond the ledger's head: watching until caught up");
        return Ok(Duty::SitOut { signing, height: signed });
    }
    Ok(Duty::Vote(signing))
}

/// From here on this key may sign: after this, a guard that is gone was lost.
fn mark_used(used: &Path) -> Result<(), Fault> {
    let mark = || {
        File::create(used)?.sync_all()?;
        used.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    };
    if used.exists() {
        return Ok(());
    }
    mark().map_err(|error: std::io::Error| {
        let file = used.display();
        Fault::Disk(format!("`{file}` must be written, to say that the key has signed: {error}"))
    })
}

/// How many of the newest blocks are looked through for signatures that a guard does not know.
const BLOCKS_CHECKED: u64 = 100;

/// A guard that is older than the ledger beside it was restored from a backup.
fn check_chain(
    guard: &Guard,
    me: &PublicKey,
    application: &dyn Application,
) -> Result<(), StartError> {
    let head = application.head().height;
    for height in guard.floor().max(head.saturating_sub(BLOCKS_CHECKED)).max(1)..=head {
        let Some((_, certificate)) = application.decided(height)? else { continue };
        let signed = certificate.signatures.iter().any(|signature| signature.validator == *me);
        if signed && !guard.knows(height, certificate.round) {
            return Err(GuardError::Stale(height).into());
        }
    }
    Ok(())
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
            watching: lock(&shared.watch).clone(),
            behind: shared.activity.beyond(height + 1),
            peers: lock(&shared.agreement_peers).len(),
            gossip_peers: lock(&shared.gossip_peers).len(),
            mempool_events,
            mempool_bytes,
            evidence: lock(&shared.evidence).len(),
            halted: shared.halted.get().cloned(),
            full: shared.full.load(Ordering::Acquire),
        }
    }

    /// From now on exactly these peers are let in and dialled: the network's list has changed.
    pub fn set_peers(&self, peers: Vec<Peer>) {
        self.shared.peers.send_if_modified(|before| {
            let changed = *before != peers;
            *before = peers;
            changed
        });
    }

    /// The peers and what connects us.
    pub fn peers(&self) -> Vec<PeerStatus> {
        let agreement = lock(&self.shared.agreement_peers).clone();
        let gossip = lock(&self.shared.gossip_peers).clone();
        let status = |peer: &Peer| PeerStatus {
            id: peer.id.to_string(),
            validator: peer.validator,
            agreement: agreement.contains(&peer.id),
            gossip: gossip.contains(&peer.id),
        };
        self.shared.peers.borrow().iter().map(status).collect()
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

    /// The peers whom this node may ask now.
    pub fn connected(&self) -> Vec<PeerId> {
        lock(&self.shared.gossip_peers).iter().copied().collect()
    }

    /// Asks a peer's node, which answers by [`Application::answer`]; `None` where it has no answer,
    /// is gone, or takes more than ten seconds. A question has at most 4 KiB.
    pub async fn ask(&self, peer: PeerId, question: &[u8]) -> Option<Bytes> {
        self.shared.ask(peer, question).await
    }

    /// Appends the metrics in the Prometheus text format.
    pub fn metrics(&self, text: &mut String) {
        metrics::write(text, &self.status(), &self.shared.counters);
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
