//! Starting agreement, and what the node may ask of it afterwards.

use std::sync::Arc;

use bytes::Bytes;
use libp2p::PeerId;
use tokio::sync::{broadcast, watch};

use crate::application::{Admission, Application, Fault};
use crate::config::{Config, Keys};
use crate::evidence::Evidence;
use crate::mempool::{Accepted, Candidate, Refused};

/// Why agreement did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An earlier run stopped for safety.
    #[error(
        "agreement was stopped for safety: {reason}. Find the cause, then run `dzong clear-halt` \
         and start with `--rejoin`"
    )]
    Halted {
        /// What the file `SAFETY_HALT` says.
        reason: String,
    },
    /// The memory of what was signed is gone or damaged.
    #[error("{0}: start with `--rejoin`")]
    Guard(#[from] crate::guard::GuardError),
    /// The disk.
    #[error("home directory: {0}")]
    Disk(#[from] std::io::Error),
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
    /// Whether it is watching before it signs again.
    pub watching: bool,
    /// Whether it is behind its peers, as far as they say.
    pub syncing: bool,
    /// Peers whose agreement is connected.
    pub peers: usize,
    /// Peers whose gossip is connected.
    pub gossip_peers: usize,
    /// Events that wait for a block, and their bytes.
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
    _private: (),
}

/// Starts agreement; it runs until [`Handle::shutdown`].
pub async fn start(
    config: Config,
    keys: Keys,
    application: Arc<dyn Application>,
    admission: Arc<dyn Admission>,
) -> Result<Handle, StartError> {
    let _ = (config, keys, application, admission);
    unreachable!("being written")
}

impl Handle {
    /// Lets an admitted event wait for a block, tells the peers, and wakes agreement.
    pub fn submit(&self, candidate: Candidate) -> Result<Accepted, Refused> {
        let _ = candidate;
        unreachable!("being written")
    }

    /// How agreement is doing.
    pub fn status(&self) -> Status {
        unreachable!("being written")
    }

    /// The configured peers and what connects us.
    pub fn peers(&self) -> Vec<PeerStatus> {
        unreachable!("being written")
    }

    /// All double signatures on record, oldest first.
    pub fn evidence(&self) -> Vec<Evidence> {
        unreachable!("being written")
    }

    /// The last committed height, as it grows.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        unreachable!("being written")
    }

    /// Checkpoint cosignatures that peers send, opaque here. A slow reader loses the oldest.
    pub fn cosignatures(&self) -> broadcast::Receiver<(PeerId, Bytes)> {
        unreachable!("being written")
    }

    /// Sends a checkpoint cosignature (at most 16 KiB) to every connected peer.
    pub fn publish_cosignature(&self, bytes: Bytes) {
        let _ = bytes;
        unreachable!("being written")
    }

    /// The height of the last signature of this node, 0 for none: the ledger's head may not be
    /// more than one below it.
    pub fn floor(&self) -> u64 {
        unreachable!("being written")
    }

    /// Appends the metrics in the Prometheus text format.
    pub fn metrics(&self, text: &mut String) {
        let _ = text;
        unreachable!("being written")
    }

    /// Stops agreement and gossip, and waits until nothing runs any more.
    pub async fn shutdown(&self) {
        unreachable!("being written")
    }

    /// Stops agreement on this node for safety until an operator clears it.
    pub fn halt(&self, reason: &str) -> Result<(), Fault> {
        let _ = reason;
        unreachable!("being written")
    }
}
