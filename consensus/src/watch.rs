//! The watch of a validator that does not know all it has signed: how long it looks on before it
//! signs again.
//!
//! An earlier process with this key may have signed for any height that was being decided when it
//! ended, and none above. A block that was made after this process began is therefore proof that
//! everything below it is past. Some more such blocks without a signature of this key say that no
//! other process signs with it now; each one that has such a signature begins the watch anew.

use crate::config::Rejoin;

/// A watch, as it goes on.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    rejoin: Rejoin,
    /// When it began, in milliseconds since 1970.
    since_ms: u64,
    /// Blocks that count, one after the other.
    seen: u64,
}

impl Watch {
    pub(crate) fn new(rejoin: Rejoin, since_ms: u64) -> Self {
        let heights = rejoin.heights.max(2);
        Watch { rejoin: Rejoin { heights, ..rejoin }, since_ms, seen: 0 }
    }

    /// A block was decided, made at `time_ms`, with or without a signature of this key.
    pub(crate) fn decided(&mut self, time_ms: u64, signed: bool) {
        let settle = u64::try_from(self.rejoin.settle.as_millis()).unwrap_or(u64::MAX);
        if time_ms < self.since_ms.saturating_add(settle) {
            return;
        }
        if signed {
            tracing::error!("another process signs with this validator's key: watching on");
            self.seen = 0;
        } else {
            self.seen += 1;
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.seen >= self.rejoin.heights
    }
}

impl std::fmt::Display for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seen, heights) = (self.seen, self.rejoin.heights);
        write!(f, "{seen} of {heights} heights were decided without a signature of this key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_new_blocks_without_our_signature_count_and_one_with_it_begins_anew() {
        let rejoin = Rejoin { heights: 3, settle: Duration::from_millis(100) };
        let mut watch = Watch::new(rejoin, 1_000);
        for time in [900, 1_000, 1_099] {
            watch.decided(time, false);
        }
        assert_eq!(watch.seen, 0, "an earlier process may have signed beside these");
        for signed in [false, false, true, false, false] {
            watch.decided(1_100, signed);
            assert!(!watch.is_over());
        }
        watch.decided(1_200, false);
        assert!(watch.is_over());
    }
}
