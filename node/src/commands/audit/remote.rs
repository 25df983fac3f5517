//! The audit of a node that runs elsewhere: its blocks are fetched, and executed here from genesis.

use anyhow::Context as _;
use indicatif::ProgressBar;
use ledger::audit::Finding;
use ledger::{Ledger, Memory, Report};
use registry::Genesis;

use super::{Audited, files, show_progress};
use crate::blocks::{Blocks, Fetched};
use crate::client::Client;
use crate::mirror::{CHECKPOINT, Source};
use crate::replay::Replay;

/// Audits the node at `url` up to the height that it has now.
pub(super) fn audit(
    url: &str,
    genesis: Option<Genesis>,
    bar: &ProgressBar,
) -> anyhow::Result<Audited> {
    let client = Client::new(url);
    let genesis = match genesis {
        Some(genesis) => genesis,
        None => Genesis::parse(&client.genesis()?).context("the node's genesis document")?,
    };
    let replay = Replay::onto(Ledger::open_in_memory(&Memory::new(), &genesis)?);
    let mut replay = replay.with_blobs_of(client.clone());
    // Before the height: what is cosigned now is committed then.
    let note = Source::node(url).file(CHECKPOINT)?;
    let mut blocks = Blocks::of(client)?;
    let head = blocks.head();
    let mut findings = Vec::new();
    for height in 1..=head {
        if let Err(problem) = block(&mut replay, &mut blocks, height)? {
            findings.push(Finding { height: Some(height), key: None, problem });
            break;
        }
        show_progress(bar, height, head);
    }
    bar.finish_and_clear();
    let snapshot = replay.ledger().snapshot();
    let mut checkpoint = None;
    if findings.is_empty() {
        let source = blocks.source();
        files::compare(source, &snapshot, snapshot.log_size(), &mut findings)?;
        files::compare_policy(source, &snapshot, &mut findings)?;
        if let Some(note) = note {
            let note = String::from_utf8_lossy(&note);
            checkpoint = files::check_checkpoint(&snapshot, &note, &mut findings)?;
        }
    }
    let header = snapshot.head().block.as_ref().map(|(header, _)| *header);
    let report = Report {
        height: snapshot.height(),
        head,
        events: replay.events(),
        records: snapshot.tree().len() as u64,
        state_root: snapshot.tree().root(),
        log_root: header.map_or_else(proofs::merkle::empty_root, |header| header.log_root),
        findings,
    };
    Ok(Audited { report, checkpoint })
}

/// Fetches and executes a block. The inner error is what is wrong with it.
fn block(
    replay: &mut Replay,
    blocks: &mut Blocks,
    height: u64,
) -> anyhow::Result<Result<(), String>> {
    let Fetched { decided, ids } = match blocks.fetch(height)? {
        Ok(fetched) => fetched,
        Err(problem) => return Ok(Err(problem)),
    };
    Ok(replay.block(decided)?.and_then(|executed| match executed == ids {
        true => Ok(()),
        false => Err("its events are not those of the log".into()),
    }))
}
