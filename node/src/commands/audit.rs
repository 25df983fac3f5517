//! `dzong audit`: everything from genesis again, with nothing believed but the genesis document.

mod files;
mod log;
mod range;
mod remote;

use std::ops;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::ProgressBar;
use ledger::Report;
use ledger::audit::Finding;
use registry::Genesis;
use serde_json::json;

use super::export::{bar, parse_range};
use crate::cli::{Exit, Global};
use crate::home::{Home, load_genesis};
use crate::mirror::Source;
use crate::output::{self, Tone, paint};

/// Replay and verify a whole ledger; exit 0 only if nothing is wrong
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong audit --home ./node               a stopped node's own \
                        disk\n  dzong audit --genesis genesis.json      a running node, over \
                        HTTP\n  dzong audit --log ./log                 the files of `dzong \
                        export`\n\n\
    From genesis on, every event's signatures and effects, every root and, but for --log, every \
    header and certificate are checked; over HTTP and with --log also every tile and the \
    checkpoint's cosignatures.")]
pub struct Audit {
    /// A stopped node's home; without it the node at --url is audited over HTTP
    #[arg(long, value_name = "DIR", conflicts_with = "log")]
    home: Option<PathBuf>,
    /// A log as files, in a directory or below a URL
    #[arg(long, value_name = "DIR|URL")]
    log: Option<String>,
    /// Only these entries of --log, such as 5000..15000: that they are the log's, and well signed
    #[arg(long, value_name = "FROM..TO", requires = "log", value_parser = parse_range)]
    range: Option<ops::Range<u64>>,
    /// Who cosigns, for --range, where the validators are no longer those of genesis
    #[arg(long, value_name = "FILE", requires = "range")]
    policy: Option<PathBuf>,
    /// The genesis document that is believed; over HTTP, the node's own if left out
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
}

/// What an audit found.
struct Audited {
    report: Report,
    /// For how many entries of the log a quorum vouches.
    checkpoint: Option<u64>,
}

impl From<Report> for Audited {
    fn from(report: Report) -> Audited {
        Audited { report, checkpoint: None }
    }
}

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// Something is wrong with the ledger, or it cannot be read.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let genesis = || self.genesis.as_deref().map(load_genesis).transpose();
        if let (Some(place), Some(range)) = (&self.log, &self.range) {
            return range::audit(global, &Source::at(place), range, genesis()?, &self.policy);
        }
        let audited = match (&self.home, &self.log) {
            (Some(home), _) => local(home, self.genesis.as_deref())?.into(),
            (None, Some(place)) => log::audit(&Source::at(place), genesis()?, &bar("entries"))?,
            (None, None) => remote::audit(&global.url, genesis()?, &bar("blocks"))?,
        };
        show(global, &audited)?;
        if audited.report.findings.is_empty() { Ok(()) } else { Err(Exit(1).into()) }
    }
}

fn local(home: &Path, genesis: Option<&Path>) -> anyhow::Result<Report> {
    let home = Home::new(home);
    let genesis: Genesis = match genesis {
        Some(path) => load_genesis(path)?,
        None => home.load_genesis()?,
    };
    if !ledger::Ledger::exists(&home.ledger()) {
        bail!("`{}` holds no ledger", home.path().display());
    }
    let bar = bar("blocks");
    let mut progress = |done, all| show_progress(&bar, done, all);
    let report =
        ledger::audit(&home.ledger(), &genesis, &mut ledger::audit::verify_singly, &mut progress);
    bar.finish_and_clear();
    report.with_context(|| format!("`{}` cannot be audited", home.path().display()))
}

fn show_progress(bar: &ProgressBar, done: u64, all: u64) {
    bar.set_length(all);
    bar.set_position(done);
}

fn show(global: &Global, audited: &Audited) -> anyhow::Result<()> {
    let Audited { report, checkpoint } = audited;
    let cpu = cpu_seconds();
    if global.json {
        let finding = |finding: &Finding| {
            let Finding { height, key, problem } = finding;
            json!({ "height": height, "key": key, "problem": problem })
        };
        return output::json(&json!({
            "sound": report.findings.is_empty(),
            "height": report.height,
            "head": report.head,
            "events": report.events,
            "records": report.records,
            "stateRoot": report.state_root,
            "logRoot": report.log_root,
            "checkpoint": checkpoint,
            "cpuSeconds": cpu,
            "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        }));
    }
    for finding in &report.findings {
        let place = match (finding.height, &finding.key) {
            (Some(height), _) => format!("block {height}"),
            (None, Some(key)) => format!("record {key}"),
            (None, None) => "ledger".into(),
        };
        output::line(&format!("{} {place}: {}", paint(Tone::Bad, "wrong"), finding.problem))?;
    }
    let (word, tone) = match report.findings.is_empty() {
        true => ("sound", Tone::Good),
        false => ("not sound", Tone::Bad),
    };
    output::line(&format!(
        "{}: {} of {} blocks, {} events, {} records, {cpu:.2} s of CPU",
        paint(tone, word),
        report.height,
        report.head,
        report.events,
        report.records
    ))?;
    if let Some(entries) = checkpoint {
        output::line(&format!("checkpoint of {entries} entries, cosigned by a quorum"))?;
    }
    output::line(&format!("state root {}\nlog root   {}", report.state_root, report.log_root))
}

/// What this process has cost so far.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests;
