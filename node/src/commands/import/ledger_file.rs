//! `dzong import ledger`: a ledger made again from every block that was ever decided.

use std::fs::File;
use std::io::BufReader;

use anyhow::{Context as _, bail, ensure};
use indicatif::ProgressBar;
use ledger::Snapshot;
use registry::Genesis;
use serde_json::json;

use super::LedgerFile;
use crate::cli::Global;
use crate::home::{Home, load_genesis};
use crate::ledger_file::{End, Reader};
use crate::output;
use crate::replay::Replay;
use crate::wiring::open_ledger;

impl LedgerFile {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let home = Home::new(&self.home);
        if !home.config().exists() {
            let place = self.home.display();
            bail!("`{place}` is no node's home: make one with `dzong init --home {place}`");
        }
        let (reader, theirs) = Reader::open(&self.file)?;
        let genesis = self.believed(&home)?;
        ensure!(
            theirs.hash() == genesis.hash(),
            "`{}` is the ledger of another network, whose genesis is {}",
            self.file.display(),
            theirs.hash()
        );
        let mut replay = Replay::onto(open_ledger(&home, &genesis)?);
        let before = replay.ledger().height();
        play(reader, &mut replay).with_context(|| format!("`{}`", self.file.display()))?;
        if let Some(once) = replay.ledger().behind() {
            bail!(
                "this node has once had block {}, and the file ends at {}: import a newer export",
                once.height,
                replay.ledger().height()
            );
        }
        show(global, &replay.ledger().snapshot(), before)
    }

    /// The genesis document that is believed; a home that has none gets it.
    fn believed(&self, home: &Home) -> anyhow::Result<Genesis> {
        let path = home.genesis();
        let named = self.genesis.as_deref().map(load_genesis).transpose()?;
        match (named, path.exists()) {
            (None, _) => home.load_genesis().context("name the one that you believe by --genesis"),
            (Some(named), true) => {
                let own = home.load_genesis()?;
                ensure!(own.hash() == named.hash(), "the home is one of another network");
                Ok(own)
            }
            (Some(named), false) => {
                std::fs::write(&path, named.bytes())
                    .with_context(|| format!("cannot write `{}`", path.display()))?;
                Ok(named)
            }
        }
    }
}

/// Replays all blocks. Those that the ledger has already must be the same.
fn play(mut reader: Reader<BufReader<File>>, replay: &mut Replay) -> anyhow::Result<()> {
    let bar = ProgressBar::new_spinner();
    while let Some(decided) = reader.block()? {
        let header = decided.block.header;
        let known = replay.ledger().snapshot().header(header.height)?;
        match known {
            Some((known, _)) => ensure!(
                known.id() == header.id(),
                "block {} is another one than the ledger has",
                header.height
            ),
            None => match replay.block(decided)? {
                Ok(_) => {}
                Err(problem) => bail!("block {}: {problem}", header.height),
            },
        }
        bar.set_message(format!("block {}", header.height));
        bar.tick();
    }
    bar.finish_and_clear();
    Ok(())
}

fn show(global: &Global, snapshot: &Snapshot, before: u64) -> anyhow::Result<()> {
    let head = snapshot.head();
    let end = End {
        block: head.id,
        genesis: snapshot.genesis().hash(),
        height: head.height,
        log_root: snapshot.log_root(snapshot.log_size())?.unwrap_or_default(),
        state_root: snapshot.tree().root(),
    };
    if global.json {
        let mut shown = json!(end);
        shown["before"] = before.into();
        return output::json(&shown);
    }
    let (done, height) = (head.height - before, head.height);
    output::line(&format!("{done} blocks replayed and verified, up to height {height}\n{end}"))
}
