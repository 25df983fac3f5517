//! The engine's metrics and ours, as one text.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::atomic::Ordering;

use crate::handle::Status;
use crate::shared::Counters;

/// Appends all metrics.
pub(crate) fn write(text: &mut String, status: &Status, counters: &Counters) {
    let mut engine = String::new();
    arc_malachitebft_app_channel::app::metrics::export(&mut engine);
    merge(text, &engine);
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let gauges = [
        ("height", "Last committed height.", status.height),
        ("round", "Round of the height that is being decided.", status.round.into()),
        ("peers", "Peers whose agreement is connected.", number(status.peers)),
        ("gossip_peers", "Peers whose gossip is connected.", number(status.gossip_peers)),
        ("mempool_events", "Events that wait for a block.", number(status.mempool_events)),
        ("mempool_bytes", "Bytes of events that wait.", number(status.mempool_bytes)),
        ("evidence", "Double signatures on record.", number(status.evidence)),
        ("watching", "1 while watching before signing.", status.watching.is_some().into()),
        ("halted", "1 after a stop for safety.", status.halted.is_some().into()),
    ];
    for (name, help, value) in gauges {
        line(text, name, "gauge", help, value);
    }
    let totals = [
        ("events_received", "Events that peers sent.", &counters.events_received),
        ("events_refused", "Events of peers that were refused.", &counters.events_refused),
        ("gossip_dropped", "Events not gossiped for lack of room.", &counters.gossip_dropped),
        ("payloads_fetched", "Lost blocks fetched from peers.", &counters.payloads_fetched),
        ("engine_starts", "Starts of the engine.", &counters.engine_starts),
        ("proposals_invalid", "Proposals that did not validate.", &counters.proposals_invalid),
    ];
    for (name, help, value) in totals {
        line(text, &format!("{name}_total"), "counter", help, value.load(Ordering::Relaxed));
    }
}

fn line(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    let name = format!("dzong_agreement_{name}");
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}")
        .expect("writing into a string does not fail");
}

/// Appends the engine's text without its end mark, and without what a restart of the engine
/// registered a second time: the later value counts.
fn merge(text: &mut String, engine: &str) {
    let mut seen = BTreeSet::new();
    let mut lines: Vec<&str> = Vec::new();
    for line in engine.lines().rev() {
        let key =
            if line.starts_with('#') { line } else { line.rsplit_once(' ').map_or("", |l| l.0) };
        if !key.is_empty() && line != "# EOF" && !line.starts_with('#') && !seen.insert(key) {
            continue;
        }
        if line != "# EOF" {
            lines.push(line);
        }
    }
    let mut headers = BTreeSet::new();
    for line in lines.into_iter().rev() {
        if !line.starts_with('#') || headers.insert(line) {
            text.push_str(line);
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_stands_once_with_its_latest_value() {
        let mut text = String::new();
        merge(&mut text, "# TYPE a gauge\na{m=\"x\"} 1\n# TYPE a gauge\na{m=\"x\"} 2\n# EOF\n");
        assert_eq!(text, "# TYPE a gauge\na{m=\"x\"} 2\n");
    }
}
