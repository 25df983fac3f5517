//! Who is let in changes while the node runs: the engine is told of each change.

use std::time::Duration;

use arc_malachitebft_app_channel::NetworkRequest;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Peer;

/// How long a change waits that the engine could not take at once.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps an engine's list of peers equal to the node's, for as long as this lives.
pub(crate) struct Following(JoinHandle<()>);

impl Following {
    /// `known` are the peers with which the engine was started.
    pub(crate) fn start(
        known: &[Peer],
        mut peers: watch::Receiver<Vec<Peer>>,
        requests: mpsc::Sender<NetworkRequest>,
    ) -> Following {
        let mut known: Vec<Multiaddr> = known.iter().map(address).collect();
        Following(tokio::spawn(async move {
            loop {
                let wanted: Vec<Multiaddr> =
                    peers.borrow_and_update().iter().map(address).collect();
                if !follow(&mut known, &wanted, &requests).await {
                    tokio::time::sleep(PAUSE).await;
                } else if peers.changed().await.is_err() {
                    return;
                }
            }
        }))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Removes and adds what differs; whether all of it was taken.
async fn follow(
    known: &mut Vec<Multiaddr>,
    wanted: &[Multiaddr],
    requests: &mpsc::Sender<NetworkRequest>,
) -> bool {
    // What an engine does not have, or has already, is as it should be.
    for gone in known.clone().into_iter().filter(|address| !wanted.contains(address)) {
        if NetworkRequest::remove_persistent_peer(requests, gone.clone()).await.is_err() {
            return false;
        }
        tracing::info!(peer = %gone, "agreement lets a peer in no more");
        known.retain(|address| *address != gone);
    }
    for new in wanted {
        if known.contains(new) {
            continue;
        }
        if NetworkRequest::add_persistent_peer(requests, new.clone()).await.is_err() {
            return false;
        }
        tracing::info!(peer = %new, "agreement lets a peer in");
        known.push(new.clone());
    }
    true
}

/// Where a peer is dialled, always with its identity. A peer that only dials us has the identity
/// alone: it must stand on the list to be let in.
pub(crate) fn address(peer: &Peer) -> Multiaddr {
    let mut address = peer.address.clone().unwrap_or_else(Multiaddr::empty);
    if !matches!(address.iter().last(), Some(Protocol::P2p(_))) {
        address.push(Protocol::P2p(peer.id));
    }
    address
}
