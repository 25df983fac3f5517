//! The log as the transparency world reads it: C2SP tlog-tiles, checkpoint and policy.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::Snapshot;
use proofs::Hash;

use super::Api;
use super::answer::{Answer, Keep};
use super::schema::text;
use super::table::{Table, read};
use crate::problem::Problem;

/// Hashes or entries of a full tile.
const TILE: u64 = 256;

/// Levels of the tree that a level of tiles spans.
const LEVELS: u8 = 8;

/// The highest level of tiles: above it a log would have more than 2^64 entries.
const LEVEL_MAX: u8 = 7;

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn routes(table: Table) -> Table {
    let checkpoint = read(checkpoint, "getCheckpoint", "The newest cosigned checkpoint (C2SP).")
        .kept(TEXT, text())
        .problem(404, "No checkpoint is cosigned by a quorum yet.");
    let policy =
        read(policy, "getPolicy", "Who signs and cosigns checkpoints (C2SP).").kept(TEXT, text());
    let place = "`<level>/<number>`, or `entries/<number>`; `.p/<width>` behind a partial one.";
    let tile = read(tile, "getTile", "A tile of the log (C2SP tlog-tiles).")
        .at("path", text(), place)
        .kept("application/octet-stream", text())
        .problem(404, "There is no such tile, or not yet.");
    table
        .path("/log/checkpoint", [checkpoint])
        .path("/log/policy", [policy])
        .path("/log/tile/{*path}", [tile])
}

/// `GET /log/checkpoint`: the newest that a quorum cosigned.
pub(super) async fn checkpoint(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let note = api.checkpoints.newest().ok_or_else(|| {
        Problem::not_found("no checkpoint is cosigned by a quorum yet: ask again")
    })?;
    let answer = Answer::json(api.snapshot().height(), Keep::Shortly, note.to_string());
    Ok(Answer { content_type: TEXT, ..answer }.to(&headers))
}

/// `GET /log/policy`: who signs and cosigns now. Learn it by certified hand-over, not from here.
pub(super) async fn policy(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let answer = Answer::json(api.snapshot().height(), Keep::Briefly, api.checkpoints.policy()?);
    Ok(Answer { content_type: TEXT, ..answer }.to(&headers))
}

/// `GET /log/tile/{L}/{N}[.p/{W}]` and `GET /log/tile/entries/{N}[.p/{W}]`
pub(super) async fn tile(
    State(api): State<Api>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tile = Tile::parse(&path).ok_or_else(|| Problem::not_found("no such tile"))?;
    let snapshot = api.snapshot();
    let height = snapshot.height();
    let bytes = match tile.level {
        // A few rows of hashes: handing them to another thread would take longer than to read them.
        Some(_) => tile.read(&snapshot),
        None => {
            let read = move || tile.read(&snapshot);
            tokio::task::spawn_blocking(read).await.map_err(|error| Problem::fault(&error))?
        }
    };
    let body = bytes?.ok_or_else(|| Problem::not_found("the log has not grown so far"))?;
    let answer = Answer::json(height, Keep::Forever, body);
    Ok(Answer { content_type: "application/octet-stream", ..answer }.to(&headers))
}

/// A tile's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tile {
    /// The level of hashes; none for entries.
    level: Option<u8>,
    number: u64,
    width: u64,
}

impl Tile {
    /// The tile with this path, in its one spelling.
    fn parse(path: &str) -> Option<Tile> {
        let (level, rest) = path.split_once('/')?;
        let level = match level {
            "entries" => None,
            level => Some(level.parse().ok().filter(|n: &u8| n.to_string() == level)?),
        };
        if level.is_some_and(|level| level > LEVEL_MAX) {
            return None;
        }
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => {
                let partial = width.parse().ok().filter(|n: &u64| n.to_string() == width)?;
                (number, Some(partial).filter(|width| (1..TILE).contains(width))?)
            }
            None => (rest, TILE),
        };
        let number = parse_number(number)?;
        Some(Tile { level, number, width })
    }

    fn read(&self, snapshot: &Snapshot) -> Result<Option<Vec<u8>>, ledger::Fault> {
        let Some(first) = self.number.checked_mul(TILE) else { return Ok(None) };
        match self.level {
            Some(level) => {
                let hashes = snapshot.log_hashes(level * LEVELS, first, self.width)?;
                Ok(hashes.map(|hashes| hashes.iter().flat_map(|Hash(hash)| *hash).collect()))
            }
            None => {
                let entries = snapshot.entries(first, self.width)?;
                if entries.len() as u64 != self.width {
                    return Ok(None);
                }
                let mut bytes = Vec::new();
                for entry in entries {
                    let length = u16::try_from(entry.len()).expect("an entry has a 16-bit length");
                    bytes.extend_from_slice(&length.to_be_bytes());
                    bytes.extend_from_slice(&entry);
                }
                Ok(Some(bytes))
            }
        }
    }
}

/// C2SP tlog-tiles: groups of three digits, all but the last with an `x` before it.
fn parse_number(text: &str) -> Option<u64> {
    let groups: Vec<&str> = text.split('/').collect();
    let (last, before) = groups.split_last()?;
    let mut number: u64 = 0;
    for group in before.iter().map(|group| group.strip_prefix('x')).chain([Some(*last)]) {
        let group = group.filter(|group| group.len() == 3)?;
        if !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        number = number.checked_mul(1000)?.checked_add(group.parse().ok()?)?;
    }
    (before.first() != Some(&"x000")).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_has_one_path() {
        let tile = |level, number, width| Some(Tile { level, number, width });
        assert_eq!(Tile::parse("0/000"), tile(Some(0), 0, 256));
        assert_eq!(Tile::parse("1/x001/x234/067.p/8"), tile(Some(1), 1_234_067, 8));
        assert_eq!(Tile::parse("entries/005"), tile(None, 5, 256));
        for odd in ["0/0", "0/x000/000", "0/1000", "8/000", "00/000", "0/000.p/256", "0/000.p/0"] {
            assert_eq!(Tile::parse(odd), None, "{odd}");
        }
        for odd in ["0/+12", "0/000.p/01", "-1/000", "0", "entries/001/002"] {
            assert_eq!(Tile::parse(odd), None, "{odd}");
        }
    }
}
