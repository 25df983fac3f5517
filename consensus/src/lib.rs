//! Agreement: a BFT engine that decides blocks, the mempool that feeds it, and the gossip of
//! events between nodes.
//!
//! The ledger stands behind the trait [`Application`], the check of events behind [`Admission`];
//! [`start`] puts them together and returns a [`Handle`].
//!
//! # Invariants
//!
//! * No name of the engine leaves this crate, and it knows neither the ledger's database nor what
//!   an event means.
//! * The value that validators vote on is a block's id and nothing else. A node votes for an id
//!   only when the payload behind it is valid and durable here.
//! * No signature leaves the node before the signing [`guard`] has recorded it durably, and never
//!   two different ones for one height, round and step.
//! * A failed commit, a conflict at the guard or a failure of the engine's log ends agreement on
//!   this node until an operator clears it; a full disk ends it until there is space. Reading goes
//!   on.
//! * Everything that peers send is bounded, and only known peers are heard.

mod agreement;
mod application;
mod codec;
mod config;
mod context;
mod engine;
pub mod evidence;
mod gossip;
pub mod guard;
mod halt;
mod handle;
mod locks;
#[cfg(any(test, feature = "simulation"))]
pub mod memory;
pub mod mempool;
mod metrics;
#[cfg(test)]
mod network_tests;
mod pace;
mod parts;
mod peers;
mod shared;
mod signer;
#[cfg(feature = "simulation")]
pub mod simulation;
mod watch;

pub use application::{
    Admission, Application, Committed, Fault, Head, Invalid, Proposal, Propose, Source,
};
pub use config::{Config, Keys, Peer, Provenance, Rejoin, Timeouts, peer_id};
pub use evidence::DoubleSign;
pub use handle::{Handle, PeerStatus, StartError, Status, start};
pub use libp2p::{Multiaddr, PeerId};
pub use mempool::{Accepted, Candidate, Refused};
