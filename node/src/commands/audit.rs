//! `dzong audit`: everything from genesis again, with nothing believed but the genesis document.

mod remote;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::Report;
use registry::Genesis;
use serde_json::json;

use crate::cli::{Exit, Global};
use crate::home::{Home, load_genesis};
use crate::output::{self, Tone, paint};

/// Replay and verify a whole ledger; exit 0 only if nothing is wrong
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong audit --home ./node               a stopped node's own \
                        disk\n  dzong audit --genesis genesis.json      a running node, over HTTP")]
pub struct Audit {
    /// A stopped node's home; without it the node at --url is audited over HTTP
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// The genesis document that is believed; over HTTP, the node's own if left out
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
}

impl Audit {
    /// Runs the command.
    ///
    /// # Errors
    /// Something is wrong with the ledger, or it cannot be read.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let report = match &self.home {
            Some(home) => local(home, self.genesis.as_deref())?,
            None => {
                let genesis = self.genesis.as_deref().map(load_genesis).transpose()?;
                remote::audit(&global.url, genesis, &bar())?
            }
        };
        show(global, &report)?;
        if report.findings.is_empty() { Ok(()) } else { Err(Exit(1).into()) }
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
    let bar = bar();
    let mut progress = |done, all| show_progress(&bar, done, all);
    let report = ledger::audit(
        &home.ledger(),
        &genesis,
        &mut ledger::audit::verify_singly,
        &mut progress,
    );
    bar.finish_and_clear();
    report.with_context(|| format!("`{}` cannot be audited", home.path().display()))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} blocks ({eta})");
    ProgressBar::new(0).with_style(style.expect("a constant template"))
}

fn show_progress(bar: &ProgressBar, done: u64, all: u64) {
    bar.set_length(all);
    bar.set_position(done);
}

fn show(global: &Global, report: &Report) -> anyhow::Result<()> {
    if global.json {
        let finding = |finding: &ledger::audit::Finding| {
            json!({ "height": finding.height, "key": finding.key, "problem": finding.problem })
        };
        return output::json(&json!({
            "sound": report.findings.is_empty(),
            "height": report.height,
            "head": report.head,
            "events": report.events,
            "records": report.records,
            "stateRoot": report.state_root,
            "logRoot": report.log_root,
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
        "{}: {} of {} blocks, {} events, {} records",
        paint(tone, word),
        report.height,
        report.head,
        report.events,
        report.records
    ))?;
    output::line(&format!("state root {}\nlog root   {}", report.state_root, report.log_root))
}
