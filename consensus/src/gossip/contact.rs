//! A peer as the gossip sees it: whether it is there, and what waits for it.

use std::collections::VecDeque;

use bytes::Bytes;
use libp2p::request_response::OutboundRequestId;
use tokio::time::Instant;

use crate::config::Peer;

/// A batch of events: at most this many, and about this many bytes.
pub(super) const BATCH_EVENTS_MAX: usize = 512;
const BATCH_BYTES_MAX: usize = 512 << 10;

/// Bytes of events that wait for one peer; beyond it the oldest are left out.
const OUTBOX_BYTES_MAX: usize = 16 << 20;

/// What we know of a peer.
pub(super) struct Contact {
    pub(super) peer: Peer,
    pub(super) connected: bool,
    pub(super) outbox: VecDeque<Bytes>,
    pub(super) outbox_bytes: usize,
    pub(super) sent: Option<(OutboundRequestId, Vec<Bytes>)>,
    pub(super) paused: Option<Instant>,
    pub(super) dial_at: Instant,
    pub(super) failures: u32,
}

impl Contact {
    pub(super) fn new(peer: Peer, dial_at: Instant) -> Self {
        Contact {
            peer,
            connected: false,
            outbox: VecDeque::new(),
            outbox_bytes: 0,
            sent: None,
            paused: None,
            dial_at,
            failures: 0,
        }
    }

    pub(super) fn queue(&mut self, events: &[Bytes]) {
        for event in events {
            self.outbox_bytes += event.len();
            self.outbox.push_back(event.clone());
        }
        while self.outbox_bytes > OUTBOX_BYTES_MAX {
            let Some(event) = self.outbox.pop_front() else { break };
            self.outbox_bytes -= event.len();
        }
    }

    pub(super) fn requeue(&mut self, batch: Vec<Bytes>) {
        for event in batch.into_iter().rev() {
            self.outbox_bytes += event.len();
            self.outbox.push_front(event);
        }
    }

    pub(super) fn next_batch(&mut self) -> Vec<Bytes> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(event) = self.outbox.front() {
            if batch.len() >= BATCH_EVENTS_MAX || bytes + event.len() > BATCH_BYTES_MAX {
                break;
            }
            bytes += event.len();
            self.outbox_bytes -= event.len();
            batch.extend(self.outbox.pop_front());
        }
        batch
    }
}
