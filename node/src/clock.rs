//! This machine's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use registry::trust::{Moment, Period};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// So many days from a moment (milliseconds since 1970) on.
pub fn days(from: u64, days: u64) -> Period {
    Period { from: Moment(from), until: Moment(from + days * DAY) }
}
