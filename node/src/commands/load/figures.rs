//! Arithmetic of measurements.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// Latencies in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

impl Latency {
    /// From latencies in microseconds, which it sorts; `None` for none.
    pub(super) fn of(microseconds: &mut [u64]) -> Option<Latency> {
        microseconds.sort_unstable();
        let at = |hundredths| percentile(microseconds, hundredths).map(milliseconds);
        Some(Latency { p50: at(50)?, p90: at(90)?, p99: at(99)?, max: at(100)? })
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Latency { p50, p90, p99, max } = self;
        write!(f, "p50 {p50:.1} ms   p90 {p90:.1} ms   p99 {p99:.1} ms   max {max:.1} ms")
    }
}

/// The smallest value that at least so many hundredths of the values do not exceed (nearest rank).
fn percentile(sorted: &[u64], hundredths: usize) -> Option<u64> {
    let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1000.0
}

/// So many in that time, a second.
pub(super) fn rate(count: usize, time: Duration) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    count / time.as_secs_f64().max(1e-6)
}

/// Processor time that this process has taken, on Linux.
pub(super) fn cpu_seconds() -> Option<f64> {
    // proc(5): fields 14 and 15, in ticks of which Linux shows 100 a second. The second field, the
    // name, is in parentheses and may hold anything.
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some(f64::from(ticks(11)? + ticks(12)?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([50, 90, 99, 100].map(|p| percentile(&hundred, p).unwrap()), [50, 90, 99, 100]);
        assert_eq!([50, 90, 99, 100].map(|p| percentile(&[7], p).unwrap()), [7; 4]);
        assert_eq!([50, 90].map(|p| percentile(&[1, 2, 3], p).unwrap()), [2, 3]);
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn latencies_need_no_order() {
        let latency = Latency::of(&mut [3_000, 1_000, 2_000]).unwrap();
        assert_eq!(latency, Latency { p50: 2.0, p90: 3.0, p99: 3.0, max: 3.0 });
        assert_eq!(Latency::of(&mut []), None);
        assert_eq!(rate(30, Duration::from_secs(2)), 15.0);
        assert!(cpu_seconds().is_none_or(|seconds| seconds >= 0.0));
    }
}
