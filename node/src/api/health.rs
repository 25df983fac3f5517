//! Whether the node lives, whether to send it traffic, and what it counts.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use consensus::Status;

use super::Api;
use super::schema::text;
use super::table::{Table, read};
use crate::clock::now_ms;
use crate::metrics::without_end;
use crate::problem::Problem;

/// How many heartbeats may pass without a block before a node counts as behind.
const HEARTBEATS_MISSED_MAX: u32 = 6;

/// However short the heartbeat, a block may take this long.
const QUIET_MAX: Duration = Duration::from_secs(30);

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn routes(table: Table) -> Table {
    table
        .path(
            "/healthz",
            [read(alive, "isAlive", "Whether the process answers.").answer(
                200,
                "It does.",
                TEXT,
                text(),
            )],
        )
        .path(
            "/readyz",
            [read(ready, "isReady", "Whether answers from here are whole and fresh.")
                .answer(200, "They are.", TEXT, text())
                .problem(503, "They may not be, and why.")],
        )
        .path(
            "/metrics",
            [read(metrics, "getMetrics", "What the node counts, for Prometheus.").answer(
                200,
                "Metrics.",
                "text/plain; version=0.0.4; charset=utf-8",
                text(),
            )],
        )
}

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`
pub(super) async fn ready(State(api): State<Api>) -> Response {
    match readiness(&api, &api.agreement.status()) {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => {
            let title = "the node is not ready";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "not-ready", title, reason).into_response()
        }
    }
}

/// Whether answers from here are whole and fresh.
///
/// # Errors
/// Why not. Reading goes on all the same: every answer says its height, and proofs their time.
pub(super) fn readiness(api: &Api, status: &Status) -> Result<(), String> {
    if let Some(problem) = api.space.problem() {
        return Err(problem);
    }
    if let Some(reason) = &status.halted {
        return Err(format!(
            "agreement holds still: {reason}; where `data/consensus/SAFETY_HALT` is written, it \
             says how to go on"
        ));
    }
    if let Err(fault) = api.ledger.check_writable() {
        return Err(fault.to_string());
    }
    if let Some(recorded) = api.ledger.behind() {
        return Err(format!("the ledger was once at height {}, and catches up", recorded.height));
    }
    if status.behind {
        return Err("the node is catching up with its peers".into());
    }
    let head = api.ledger.head();
    if head.height == 0 {
        return Err("no block is decided yet".into());
    }
    let quiet = Duration::from_millis(now_ms().saturating_sub(head.time));
    if quiet > QUIET_MAX.max(api.heartbeat * HEARTBEATS_MISSED_MAX) {
        return Err(format!("there was no block for {} s", quiet.as_secs()));
    }
    Ok(())
}

/// `GET /metrics`
pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let mut text = api.metrics.text();
    if let Some(room) = api.space.room() {
        let (free, low) = (room.free, u8::from(api.space.problem().is_some()));
        text.push_str(&format!(
            "# HELP dzong_disk_free_bytes Free space of the disk\n\
             # TYPE dzong_disk_free_bytes gauge\ndzong_disk_free_bytes {free}\n\
             # HELP dzong_disk_low 1 while nothing is written for lack of space\n\
             # TYPE dzong_disk_low gauge\ndzong_disk_low {low}\n"
        ));
    }
    let mut engine = String::new();
    api.agreement.metrics(&mut engine);
    text.push_str(without_end(&engine));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
