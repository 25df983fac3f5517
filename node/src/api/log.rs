//! The log as the transparency world reads it: C2SP tlog-tiles, checkpoint and policy.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use proofs::tlog::Tile;

use super::Api;
use super::answer::{Answer, Keep};
use super::request::{aside, known_options, number};
use super::schema::{count, text};
use super::table::{OCTETS, Table, read};
use crate::checkpoint::policy_after;
use crate::problem::Problem;

pub(super) const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn routes(table: Table) -> Table {
    let checkpoint = read(checkpoint, "getCheckpoint", "The newest cosigned checkpoint (C2SP).")
        .kept(TEXT, text())
        .problem(404, "No checkpoint is cosigned by a quorum yet.");
    let policy = read(policy, "getPolicy", "Who signs and cosigns checkpoints (C2SP).")
        .option("height", count(), "After which block; else now.")
        .kept(TEXT, text())
        .problem(404, "There is no such block here.");
    let place = "`<level>/<number>`, or `entries/<number>`; `.p/<width>` behind a partial one.";
    let tile = read(tile, "getTile", "A tile of the log (C2SP tlog-tiles).")
        .at("path", text(), place)
        .kept(OCTETS, text())
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

/// `GET /log/policy[?height=H]`: who signs and cosigns now, or did after a block. Learn it by
/// certified hand-over, not from here.
pub(super) async fn policy(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["height"])?;
    let height = number(&options, "height")?;
    let snapshot = api.snapshot();
    let speaks_for = height.unwrap_or_else(|| snapshot.height());
    let keep = if height.is_some() { Keep::Forever } else { Keep::Briefly };
    let policy = aside(move || policy_after(&snapshot, height)).await?;
    let policy = policy.ok_or_else(|| Problem::not_found("there is no such block here"))?;
    let answer = Answer::json(speaks_for, keep, policy);
    Ok(Answer { content_type: TEXT, ..answer }.to(&headers))
}

/// `GET /log/tile/{L}/{N}[.p/{W}]` and `GET /log/tile/entries/{N}[.p/{W}]`
pub(super) async fn tile(
    State(api): State<Api>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tile: Tile =
        format!("tile/{path}").parse().map_err(|_| Problem::not_found("no such tile"))?;
    let snapshot = api.snapshot();
    let height = snapshot.height();
    // Hashes do not get smaller; tlog-tiles, "Log entries", asks for entries to be compressed.
    let shrinks = tile.level.is_none();
    let read = move || -> Result<Response, Problem> {
        let bytes = snapshot.tile(&tile)?;
        let bytes = bytes.ok_or_else(|| Problem::not_found("the log has not grown so far"))?;
        let answer = Answer::dense(height, Keep::Forever, OCTETS, bytes);
        Ok(Answer { shrinks, ..answer }.to(&headers))
    };
    match shrinks {
        true => aside(read).await,
        // A few rows of hashes: handing them to another thread would take longer than to read them.
        false => read(),
    }
}
