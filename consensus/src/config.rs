//! What an operator may choose. Nothing here changes what is valid.

use std::path::PathBuf;
use std::time::Duration;

use ed25519_zebra::SigningKey;
use libp2p::{Multiaddr, PeerId};

use crate::mempool;

/// Everything that [`start`](crate::start) needs to know besides keys and ledger.
#[derive(Debug, Clone)]
pub struct Config {
    /// A name for logs and metrics.
    pub moniker: String,
    /// A directory of this node alone: write-ahead log, signing guard, evidence, `SAFETY_HALT`.
    pub home: PathBuf,
    /// Where agreement listens, e.g. `/ip4/0.0.0.0/tcp/26656`.
    pub listen: Multiaddr,
    /// Where the gossip of events listens: another port.
    pub gossip_listen: Multiaddr,
    /// Everyone whom this node talks to at first. Anyone else is refused at the connection; see
    /// [`Handle::set_peers`](crate::Handle::set_peers).
    pub peers: Vec<Peer>,
    /// How long the steps of a round last.
    pub timeouts: Timeouts,
    /// A block is made after this time even when there are no events.
    pub heartbeat: Duration,
    /// How long the start waits for a quorum of validators to be connected.
    pub gather: Duration,
    /// Limits of a block that we propose.
    pub block: mempool::Budget,
    /// Limits of what waits.
    pub mempool: mempool::Limits,
    /// A file beside the validator's key, away from `home`: made when the key first signs, so that
    /// a home that was lost is noticed.
    pub used: PathBuf,
    /// Where `home` comes from.
    pub provenance: Provenance,
}

/// What the operator says of a home, and of its memory of what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Provenance {
    /// Nothing: it stands here as this node wrote it, or it is refused.
    #[default]
    Own,
    /// It was moved here as a whole, and nothing runs where it was.
    Moved,
    /// It was copied, restored or lost: watch first, sign later.
    Unknown(Rejoin),
}

/// Another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its transport identity; see [`peer_id`].
    pub id: PeerId,
    /// Where its agreement listens; `None` when only it dials us.
    pub address: Option<Multiaddr>,
    /// Where its gossip listens; `None` when only it dials us.
    pub gossip: Option<Multiaddr>,
    /// Whether it votes. Replicas submit through validators.
    pub validator: bool,
}

/// The secret keys of a node.
pub struct Keys {
    /// Signs votes and proposals; `None` for a replica.
    pub validator: Option<SigningKey>,
    /// The seed of the Ed25519 key that identifies this node to its peers.
    pub transport: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("validator", &self.validator.is_some()).finish_non_exhaustive()
    }
}

/// The transport identity that belongs to a seed.
pub fn peer_id(transport: &[u8; 32]) -> PeerId {
    keypair(transport).public().to_peer_id()
}

pub(crate) fn keypair(transport: &[u8; 32]) -> libp2p::identity::Keypair {
    libp2p::identity::Keypair::ed25519_from_bytes(*transport).expect("any 32 bytes are a seed")
}

/// How long the steps of a round last. Each later round is longer by `step`, up to `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a proposal to arrive and be executed.
    pub propose: Duration,
    /// For the remaining votes, once two thirds have voted without agreeing.
    pub vote: Duration,
    /// Added per round.
    pub step: Duration,
    /// Until votes are sent again.
    pub rebroadcast: Duration,
    /// No step of any round is longer.
    pub max: Duration,
}

impl Default for Timeouts {
    /// For validators of one country: within a second a round has failed or succeeded.
    fn default() -> Self {
        Timeouts {
            propose: Duration::from_millis(1_000),
            vote: Duration::from_millis(400),
            step: Duration::from_millis(200),
            rebroadcast: Duration::from_millis(1_500),
            max: Duration::from_secs(5),
        }
    }
}

/// The watch before the first signature of a node whose memory of signatures is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejoin {
    /// How many heights must be decided, without a signature of ours, beyond this moment.
    pub heights: u64,
    /// How much later than our start a block must be to count: the clocks of honest validators
    /// differ by less.
    pub settle: Duration,
}

impl Default for Rejoin {
    fn default() -> Self {
        Rejoin { heights: 8, settle: Duration::from_secs(35) }
    }
}
