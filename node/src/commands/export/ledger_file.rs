//! `dzong export --ledger`: every block with its certificate, in one file.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use ledger::{DecidedBlock, Ledger};
use proofs::Header;
use registry::Genesis;
use serde_json::json;

use super::bar;
use crate::blocks::Blocks;
use crate::cli::Global;
use crate::client::Client;
use crate::home::Home;
use crate::ledger_file::{End, Writer};
use crate::output;

/// Writes the ledger of a stopped node's home, or of the node at the URL.
pub(super) fn write(global: &Global, path: &Path, home: Option<&Path>) -> anyhow::Result<()> {
    let (last, bytes) = match home {
        Some(home) => {
            let home = Home::new(home);
            let genesis = home.load_genesis()?;
            let snapshot = Ledger::open(&home.ledger(), &genesis)?.snapshot();
            let missing = |height| anyhow!("block {height} is missing: run `dzong audit --home`");
            copy(path, &genesis, snapshot.height(), |height| {
                snapshot.block(height)?.ok_or_else(|| missing(height))
            })?
        }
        None => {
            let client = Client::new(&global.url);
            let genesis = Genesis::parse(&client.genesis()?).context("the node's genesis")?;
            let mut blocks = Blocks::of(client)?;
            copy(path, &genesis, blocks.head(), |height| {
                let fetched = blocks.fetch(height)?;
                Ok(fetched.map_err(|problem| anyhow!("block {height}: {problem}"))?.decided)
            })?
        }
    };
    show(global, &End::from(&last), bytes)
}

/// Writes blocks 1 to `head`, and returns the last one's header and the size of the file.
fn copy(
    path: &Path,
    genesis: &Genesis,
    head: u64,
    mut block: impl FnMut(u64) -> anyhow::Result<DecidedBlock>,
) -> anyhow::Result<(Header, u64)> {
    let mut last = None;
    let file = File::create_new(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            anyhow!("`{}` exists: name a new file", path.display())
        }
        _ => anyhow!("cannot write `{}`: {error}", path.display()),
    })?;
    let mut writer = Writer::begin(BufWriter::new(file), genesis)?;
    let bar = bar("blocks");
    bar.set_length(head);
    for height in 1..=head {
        let decided = block(height)?;
        writer.block(&decided)?;
        last = Some(decided.block.header);
        bar.set_position(height);
    }
    bar.finish_and_clear();
    let bytes = writer.sync().with_context(|| format!("cannot write `{}`", path.display()))?;
    let Some(last) = last else { bail!("the ledger has no block yet") };
    Ok((last, bytes))
}

fn show(global: &Global, end: &End, bytes: u64) -> anyhow::Result<()> {
    if global.json {
        let mut shown = json!(end);
        shown["bytes"] = bytes.into();
        return output::json(&shown);
    }
    output::line(&format!("{} blocks, {bytes} bytes\n{end}", end.height))
}
