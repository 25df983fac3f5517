//! When the next height begins: at once when there is work, else at the heartbeat.
//!
//! The engine starts the proposer's clock when a height begins, so an idle network holds before
//! it. What ends a hold: an event in the mempool, a peer that has begun (it says so, or its
//! proposal arrives), or the heartbeat.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a node that was woken by a peer waits for the events that woke the peer: an empty
/// block would make them wait for the next one.
const GRACE: Duration = Duration::from_millis(15);

/// What other tasks tell the hold.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    changed: Notify,
    /// The highest height that a peer has begun.
    begun: AtomicU64,
}

impl Activity {
    /// The mempool has something new.
    pub(crate) fn events(&self) {
        self.changed.notify_one();
    }

    /// A peer has begun this height.
    pub(crate) fn begun(&self, height: u64) {
        if self.begun.fetch_max(height, Ordering::AcqRel) < height {
            self.changed.notify_one();
        }
    }

    /// Whether peers are beyond `height`.
    pub(crate) fn beyond(&self, height: u64) -> bool {
        self.begun.load(Ordering::Acquire) > height
    }

    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// Why a height begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    /// There is work here, or the heartbeat: peers are told.
    Own,
    /// A peer has begun.
    Peer,
}

/// A hold before a height.
#[derive(Debug)]
pub(crate) struct Hold {
    height: u64,
    heartbeat: Instant,
    /// Events do not end the hold before this.
    patience: Instant,
    woken: Option<Instant>,
}

impl Hold {
    pub(crate) fn new(height: u64, heartbeat: Duration, patience: Duration, now: Instant) -> Self {
        Hold { height, heartbeat: now + heartbeat, patience: now + patience, woken: None }
    }

    pub(crate) fn height(&self) -> u64 {
        self.height
    }

    /// Whether to begin now, and if not, when to ask again at the latest.
    pub(crate) fn check(
        &mut self,
        activity: &Activity,
        events: bool,
        now: Instant,
    ) -> Result<Go, Instant> {
        if activity.beyond(self.height) {
            return Ok(Go::Peer);
        }
        if events && now >= self.patience {
            return Ok(Go::Own);
        }
        if activity.beyond(self.height - 1) {
            let woken = *self.woken.get_or_insert(now) + GRACE;
            return if now >= woken { Ok(Go::Peer) } else { Err(woken) };
        }
        if now >= self.heartbeat {
            return Ok(Go::Own);
        }
        Err(if events { self.patience.min(self.heartbeat) } else { self.heartbeat })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT: Duration = Duration::from_secs(5);

    #[test]
    fn idle_waits_for_the_heartbeat() {
        let (start, activity) = (Instant::now(), Activity::default());
        let mut hold = Hold::new(7, HEARTBEAT, Duration::ZERO, start);
        assert_eq!(hold.check(&activity, false, start), Err(start + HEARTBEAT));
        assert_eq!(hold.check(&activity, false, start + HEARTBEAT), Ok(Go::Own));
    }

    #[test]
    fn an_event_goes_at_once() {
        let (start, activity) = (Instant::now(), Activity::default());
        let mut hold = Hold::new(7, HEARTBEAT, Duration::ZERO, start);
        assert_eq!(hold.check(&activity, true, start), Ok(Go::Own));
    }

    #[test]
    fn events_that_no_block_takes_do_not_make_blocks_at_full_speed() {
        let (start, activity) = (Instant::now(), Activity::default());
        let pause = Duration::from_millis(100);
        let mut hold = Hold::new(7, HEARTBEAT, pause, start);
        assert_eq!(hold.check(&activity, true, start), Err(start + pause));
        assert_eq!(hold.check(&activity, true, start + pause), Ok(Go::Own));
    }

    #[test]
    fn a_peer_that_began_is_followed_after_a_moment_or_with_its_event() {
        let (start, activity) = (Instant::now(), Activity::default());
        let mut hold = Hold::new(7, HEARTBEAT, Duration::ZERO, start);
        activity.begun(7);
        assert_eq!(hold.check(&activity, false, start), Err(start + GRACE));
        assert_eq!(hold.check(&activity, true, start), Ok(Go::Own));
        assert_eq!(hold.check(&activity, false, start + GRACE), Ok(Go::Peer));
    }

    #[test]
    fn a_node_that_is_behind_does_not_wait() {
        let (start, activity) = (Instant::now(), Activity::default());
        let mut hold = Hold::new(7, HEARTBEAT, Duration::ZERO, start);
        activity.begun(8);
        assert_eq!(hold.check(&activity, false, start), Ok(Go::Peer));
    }
}
