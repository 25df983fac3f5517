//! The audit of a part of a log: that its entries are those that a quorum cosigned, and that its
//! events are well signed. What they lead to is for the whole audit.

use std::ops;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use proofs::tlog::Policy;
use registry::Genesis;
use serde_json::json;

use super::cpu_seconds;
use super::log::genesis_of;
use crate::checkpoint::genesis_policy;
use crate::cli::{Exit, Global};
use crate::metrics::Metrics;
use crate::mirror::{self, Source};
use crate::output::{self, Tone, paint};
use crate::signatures::Signatures;

/// Audits entries `range` of a log.
pub(super) fn audit(
    global: &Global,
    source: &Source,
    range: &ops::Range<u64>,
    genesis: Option<Genesis>,
    policy: &Option<PathBuf>,
) -> anyhow::Result<()> {
    let policy = match policy {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("the policy `{}`", path.display()))?,
        None => genesis_policy(&genesis_of(source, genesis)?),
    };
    let checked = check(source, range, &policy.parse()?);
    let (good, text) = match &checked {
        Ok(events) => (true, format!("{events} events in the log, well signed")),
        Err(problem) => (false, format!("{problem:#}")),
    };
    let cpu = cpu_seconds();
    if global.json {
        output::json(&json!({
            "sound": good,
            "events": checked.as_ref().ok(),
            "problem": checked.as_ref().err().map(|problem| format!("{problem:#}")),
            "cpuSeconds": cpu,
        }))?;
    } else {
        let (word, tone) = if good { ("sound", Tone::Good) } else { ("not sound", Tone::Bad) };
        let ops::Range { start, end } = range;
        let place = format!("entries {start}..{end}");
        output::line(&format!("{}: {place}: {text}, {cpu:.2} s of CPU", paint(tone, word)))?;
    }
    if good { Ok(()) } else { Err(Exit(1).into()) }
}

/// The number of events in the range, all of them proven and well signed.
pub(super) fn check(
    source: &Source,
    range: &ops::Range<u64>,
    policy: &Policy,
) -> anyhow::Result<usize> {
    let (note, _) = source.checkpoint()?;
    let head = policy.verify(&note).context("the checkpoint")?;
    let mirror::Range { entries, .. } = mirror::range(source, &head, range.clone())?;
    let events: Vec<&Vec<u8>> =
        entries.iter().filter(|entry| entry.first() == Some(&b'{')).collect();
    let signatures = Signatures::new(Arc::new(Metrics::new()));
    match signatures.check(&events).into_iter().find_map(Result::err) {
        Some(rejected) => Err(rejected).context("an event"),
        None => Ok(events.len()),
    }
}
