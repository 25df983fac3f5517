//! The feed of certified events: who follows it, and what each block adds to it, as server-sent
//! events.
//!
//! **Invariants.** Followers read from the ledger, each at its own pace, so nothing waits in memory
//! for a slow one; one that takes nothing for too long is let go. A block's text is made once for
//! all who are at the head.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ledger::{EventQuery, Fault, Ledger, Snapshot};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::metrics::Metrics;

/// Blocks whose texts are kept.
const KEPT_MAX: usize = 16;

/// Texts on their way to one follower.
const AHEAD_MAX: usize = 4;

/// How long a follower hears nothing, so that it and what lies between know that we are there.
const QUIET_MAX: Duration = Duration::from_secs(15);

/// Events that are read together.
const PAGE: usize = 500;

/// The feed.
pub struct Feed {
    ledger: Arc<Ledger>,
    /// The newest height; nothing once the node stops.
    head: watch::Sender<Option<u64>>,
    places: Arc<Semaphore>,
    patience: Duration,
    kept: Mutex<VecDeque<(u64, Bytes)>>,
    metrics: Arc<Metrics>,
}

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the next block.
    Now,
    /// With this index of the log.
    At(u64),
}

impl Feed {
    /// A feed with room for so many followers, each of which takes a text within `patience`.
    pub fn new(
        ledger: Arc<Ledger>,
        most: usize,
        patience: Duration,
        metrics: Arc<Metrics>,
    ) -> Arc<Feed> {
        let head = watch::Sender::new(Some(ledger.head().height));
        let places = Arc::new(Semaphore::new(most));
        Arc::new(Feed { ledger, head, places, patience, kept: Mutex::default(), metrics })
    }

    /// Tells the followers of a new head.
    pub fn committed(&self, height: u64) {
        self.head.send_if_modified(|head| {
            let newer = head.is_some_and(|head| head < height);
            if newer {
                *head = Some(height);
            }
            newer
        });
    }

    /// Lets every follower go.
    pub fn close(&self) {
        self.head.send_replace(None);
    }

    /// The texts for one follower; `None` where there is no place left or the node stops.
    pub fn follow(self: &Arc<Self>, start: Start) -> Option<mpsc::Receiver<Bytes>> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        (*self.head.borrow())?;
        let (sender, receiver) = mpsc::channel(AHEAD_MAX);
        let heads = self.head.subscribe();
        let follower = Follower { feed: self.clone(), sender, heads, _place: place };
        self.metrics.streams.inc();
        tokio::spawn(follower.run(start));
        Some(receiver)
    }

    /// A block's text, from an index of the log on.
    fn text(&self, height: u64, from: u64) -> Result<Bytes, Fault> {
        let snapshot = self.ledger.snapshot();
        let first = snapshot.entries_before(height)?;
        if from > first {
            return block_text(&snapshot, height, from);
        }
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, text)) = kept().iter().find(|(at, _)| *at == height) {
            return Ok(text.clone());
        }
        let text = block_text(&snapshot, height, first)?;
        if height + KEPT_MAX as u64 > snapshot.height() {
            let mut kept = kept();
            kept.push_back((height, text.clone()));
            if kept.len() > KEPT_MAX {
                kept.pop_front();
            }
        }
        Ok(text)
    }
}

/// Who follows the feed.
struct Follower {
    feed: Arc<Feed>,
    sender: mpsc::Sender<Bytes>,
    heads: watch::Receiver<Option<u64>>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.feed.metrics.streams.dec();
    }
}

impl Follower {
    async fn run(mut self, start: Start) {
        // A client that is cut off comes back after this many milliseconds.
        if !self.send(Bytes::from_static(b"retry: 2000\n\n")).await {
            return;
        }
        let snapshot = self.feed.ledger.snapshot();
        let (mut height, from) = match start {
            Start::Now => (snapshot.height() + 1, 0),
            Start::At(index) => match snapshot.height_of_entry(index) {
                Ok(height) => (height, index),
                Err(fault) => return tracing::error!(%fault, "the feed cannot be read"),
            },
        };
        drop(snapshot);
        loop {
            let Some(head) = *self.heads.borrow_and_update() else { return };
            while height <= head {
                if self.heads.borrow().is_none() || !self.send_block(height, from).await {
                    return;
                }
                height += 1;
            }
            tokio::select! {
                changed = self.heads.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(QUIET_MAX) => {
                    if !self.send(format!(": height {head}\n\n").into()).await {
                        return;
                    }
                }
                () = self.sender.closed() => return,
            }
        }
    }

    async fn send_block(&self, height: u64, from: u64) -> bool {
        let feed = self.feed.clone();
        match tokio::task::spawn_blocking(move || feed.text(height, from)).await {
            Ok(Ok(text)) => self.send(text).await,
            Ok(Err(fault)) => {
                tracing::error!(%fault, "the feed cannot be read");
                false
            }
            Err(_) => false,
        }
    }

    /// Whether the follower took it in time.
    async fn send(&self, text: Bytes) -> bool {
        self.sender.send_timeout(text, self.feed.patience).await.is_ok()
    }
}

/// One server-sent event for each event of a block from an index on, and one for the block itself,
/// whose id is the index of the block's own entry. Blocks without events have no entry and no id.
fn block_text(snapshot: &Snapshot, height: u64, from: u64) -> Result<Bytes, Fault> {
    let Some((header, _)) = snapshot.header(height)? else { return Ok(Bytes::new()) };
    let first = snapshot.entries_before(height)?;
    let own = header.log_size.checked_sub(1).filter(|own| *own >= first);
    let mut query = EventQuery { from, until: own.unwrap_or(first), ..EventQuery::default() };
    let mut text = String::new();
    loop {
        let page = snapshot.list_events(&query, PAGE)?;
        for event in page.events {
            let body = json!({
                "author": event.author,
                "height": event.height,
                "id": event.id,
                "index": event.index,
                "subject": event.subject,
                "type": event.kind,
            });
            text.push_str(&format!("id: {}\ndata: {body}\n\n", event.index));
        }
        match page.rest {
            Some((from, until)) => (query.from, query.until) = (from, until),
            None => break,
        }
    }
    let events = own.map_or(0, |own| own - first);
    let body = json!({
        "events": events,
        "height": height,
        "id": header.id(),
        "logSize": header.log_size,
        "time": header.time,
    });
    let id = own.map_or_else(String::new, |own| format!("id: {own}\n"));
    text.push_str(&format!("event: block\n{id}data: {body}\n\n"));
    Ok(text.into())
}
