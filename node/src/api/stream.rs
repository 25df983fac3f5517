//! `GET /v1/stream`: certified events as they come, as server-sent events.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::Api;
use super::request::{index, known_options, number};
use super::schema::{count, text};
use super::table::{Table, read};
use crate::feed::Start;
use crate::problem::Problem;

const EVENT_STREAM: &str = "text/event-stream";

/// Where a client that was cut off goes on, as browsers send it.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Proxies that would gather the stream before they pass it on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) fn routes(table: Table) -> Table {
    let follow = read(follow, "followEvents", "Certified events and blocks as they come.")
        .option("from", count(), "The index of the log to begin with; the next block otherwise.")
        .header("Last-Event-ID", count(), "The id that was received last; goes before `from`.")
        .answer(
            200,
            "Server-sent events: one for each event (its id is the index in the log), and one \
             named `block` for each block.",
            EVENT_STREAM,
            text(),
        )
        .problem(503, "Too many follow already.");
    table.path("/v1/stream", [follow])
}

async fn follow(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["from"])?;
    let from = number(&options, "from")?;
    let last = match headers.get(LAST_EVENT_ID) {
        None => None,
        Some(last) => {
            let last = last.to_str().ok().and_then(index);
            let wrong = || Problem::bad_request("`Last-Event-ID` is an index of the log");
            Some(last.ok_or_else(wrong)?)
        }
    };
    let size = api.snapshot().log_size();
    let start = match (last, from) {
        // A node that is behind the one that was followed before waits until it gets there.
        (Some(last), _) => Start::At(last + 1),
        (None, Some(from)) if from > size => {
            return Err(Problem::bad_request(format!("`from` is at most {size}, the log's size")));
        }
        (None, Some(from)) => Start::At(from),
        (None, None) => Start::Now,
    };
    let texts = api.feed.follow(start);
    let texts = texts.ok_or_else(|| Problem::busy("too many follow already: ask another node"))?;
    let body = stream::unfold(texts, async |mut texts| {
        let text: Bytes = texts.recv().await?;
        Some((Ok::<_, Infallible>(text), texts))
    });
    let headers = [
        (header::CONTENT_TYPE, EVENT_STREAM),
        (header::CACHE_CONTROL, "no-store"),
        (BUFFERING, "no"),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}
