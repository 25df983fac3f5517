//! `dzong export`: the whole log as files that any web server serves, or the whole ledger as one
//! file from which it is made again.

mod ledger_file;

use std::ops;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::Ledger;
use serde_json::json;

use crate::checkpoint::vouched;
use crate::cli::Global;
use crate::client::Client;
use crate::home::Home;
use crate::mirror::{self, Exported, GENESIS, POLICY, Source};
use crate::output;

/// Copy the whole log into files that any web server serves, or the whole ledger into one file
///
/// The log is what others read and audit; run the export again to add what is new. The ledger is
/// the log with every block and certificate, from which `dzong import ledger` makes a node.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong export --log ./log                    a running node, over HTTP\n  \
    dzong export --log ./log --home ./node      a stopped node's own disk\n  \
    dzong audit --log ./log --genesis genesis.json\n  \
    dzong export --log ./part --range 5000..15000\n  \
    dzong export --ledger bhutan.jsonl --home ./node\n\n\
    The directory is a C2SP tlog-tiles log: checkpoint, policy, tile/…, and genesis.json. Serve it \
    under any URL; files are written as a whole, and the checkpoint last.")]
pub struct Export {
    /// Where the log's files go
    #[arg(long, value_name = "DIR", required_unless_present = "ledger")]
    log: Option<PathBuf>,
    /// Where the whole ledger goes; the file must not exist yet
    #[arg(long, value_name = "FILE", conflicts_with_all = ["log", "range"])]
    ledger: Option<PathBuf>,
    /// A stopped node's home; without it the node at --url is read
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Only these entries, such as 5000..15000, with what proves them
    #[arg(long, value_name = "FROM..TO", value_parser = parse_range)]
    range: Option<ops::Range<u64>>,
}

/// Entries from an index on, up to another that is not among them.
pub(super) fn parse_range(text: &str) -> Result<ops::Range<u64>, String> {
    let wrong = || "a range is two numbers, such as 5000..15000".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    Ok(number(from)?..number(to)?)
}

impl Export {
    /// Runs the command.
    ///
    /// # Errors
    /// The log cannot be read, is not that of the directory, or the disk does not take it.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match (&self.log, &self.ledger) {
            (_, Some(file)) => ledger_file::write(global, file, self.home.as_deref()),
            (Some(log), None) => self.copy_log(global, log),
            (None, None) => bail!("name where it goes: --log DIR or --ledger FILE"),
        }
    }

    fn copy_log(&self, global: &Global, log: &Path) -> anyhow::Result<()> {
        let since = Instant::now();
        let (source, genesis, policy) = match &self.home {
            Some(home) => stopped(home)?,
            None => {
                let client = Client::new(&global.url);
                (Source::node(&global.url), client.genesis()?, client.get("/log/policy")?)
            }
        };
        if let Some(before) = Source::Directory(log.to_owned()).file(GENESIS)?
            && before != genesis
        {
            bail!("`{}` holds the log of another network", log.display());
        }
        mirror::write_into(log, GENESIS, &genesis)?;
        mirror::write_into(log, POLICY, &policy)?;
        let bar = bar("entries");
        let exported = match self.range.clone() {
            Some(range) => mirror::export_range(&source, log, range),
            None => mirror::export(&source, log, &mut |done, all| {
                bar.set_length(all);
                bar.set_position(done);
            }),
        };
        bar.finish_and_clear();
        show(global, &exported?, since.elapsed().as_secs_f64())
    }
}

/// The log of a stopped node with its genesis document and policy.
fn stopped(home: &Path) -> anyhow::Result<(Source, Vec<u8>, Vec<u8>)> {
    let home = Home::new(home);
    let genesis = home.load_genesis()?;
    let ledger = Ledger::open(&home.ledger(), &genesis)?;
    let snapshot = ledger.snapshot();
    let path = home.published_checkpoint();
    let note = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "there is no cosigned checkpoint in `{}`: run the node with its network for a moment, \
             or export with --url",
            path.display()
        )
    })?;
    if vouched(&snapshot, &note)?.is_none() {
        bail!("`{}` is not a checkpoint of this log: export with --url", path.display());
    }
    let policy = crate::checkpoint::policy_after(&snapshot, None)?.unwrap_or_default();
    Ok((Source::Ledger(snapshot, note), genesis.bytes().to_vec(), policy.into_bytes()))
}

/// Shows how far long work is.
pub(super) fn bar(things: &str) -> ProgressBar {
    let style = format!("{{bar:40}} {{pos}} of {{len}} {things} ({{eta}})");
    let style = ProgressStyle::with_template(&style);
    ProgressBar::new(0).with_style(style.expect("a constant template"))
}

fn show(global: &Global, exported: &Exported, seconds: f64) -> anyhow::Result<()> {
    let Exported { head, before, bytes } = exported;
    if global.json {
        return output::json(&json!({
            "entries": head.size,
            "before": before,
            "logRoot": head.root,
            "bytes": bytes,
            "seconds": seconds,
        }));
    }
    output::line(&format!(
        "{} entries, {} of them new, {bytes} bytes in {seconds:.2} s\nlog root {}",
        head.size,
        head.size - before,
        head.root
    ))
}
