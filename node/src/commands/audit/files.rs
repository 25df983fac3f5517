//! The audit of a log's files against what replay made: every tile, and the checkpoint.

use ledger::Snapshot;
use ledger::audit::Finding;
use proofs::tlog::{LogHead, Note};

use crate::checkpoint::{policy_after, vouched};
use crate::mirror::{POLICY, Source, tiles};

/// Compares the tiles of a log with `snapshot`, which was made of its bundles, up to `size`
/// entries.
pub(super) fn compare(
    source: &Source,
    snapshot: &Snapshot,
    size: u64,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    for tile in tiles(size).filter(|tile| tile.level.is_some()) {
        let problem = match source.tile(tile) {
            Ok(bytes) if Some(&bytes) == snapshot.tile(&tile)?.as_ref() => continue,
            Ok(_) => format!("{tile} is not what the log's entries give"),
            Err(error) => format!("{error:#}"),
        };
        findings.push(Finding { height: None, key: None, problem });
    }
    Ok(())
}

/// Compares the policy beside a log with that of the validators that replay led to.
pub(super) fn compare_policy(
    source: &Source,
    snapshot: &Snapshot,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let ours = policy_after(snapshot, None)?.map(String::into_bytes);
    let theirs = source.file(POLICY)?;
    if theirs.is_some() && theirs != ours {
        let problem = "the policy is not that of the validators now".to_owned();
        findings.push(Finding { height: None, key: None, problem });
    }
    Ok(())
}

/// Checks that a quorum of the validators that replay led to cosigned this log, and returns for how
/// many entries.
pub(super) fn check_checkpoint(
    snapshot: &Snapshot,
    note: &str,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<Option<u64>> {
    if let Some(head) = vouched(snapshot, note)? {
        return Ok(Some(head.size));
    }
    let head = Note::parse(note).ok().and_then(|note| LogHead::parse(note.text));
    let problem = match head {
        None => "the checkpoint is malformed".to_owned(),
        Some((_, head)) if snapshot.log_root(head.size)? != Some(head.root) => {
            format!("the checkpoint of {} entries is of another log", head.size)
        }
        Some((_, head)) => {
            format!("the checkpoint of {} entries is not cosigned by a quorum", head.size)
        }
    };
    findings.push(Finding { height: None, key: None, problem });
    Ok(None)
}
