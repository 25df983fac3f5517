//! The list of events: filters, order, and pages that stay as they are while the log grows.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::{EventQuery, ListedEvent, Snapshot};
use registry::did::{Did, DidUrl};
use registry::events::Body;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer::{Answer, Keep};
use super::cursor;
use super::request::{aside, known_options, limit, moment, number};
use super::schema::{count, did, list, named, object, one_of, or_null, range, text};
use super::table::{JSON, Operation, read};
use super::{Api, schema};
use crate::problem::Problem;

/// Events of a page, unless it is asked for otherwise.
const PAGE: u64 = 50;

/// Most events of a page.
const PAGE_MAX: u64 = 200;

/// Bytes of events after which a page ends.
const PAGE_BYTES_MAX: usize = 4 << 20;

/// What is asked, apart from where in it a page begins.
const FILTERS: [&str; 9] =
    ["author", "from", "fromHeight", "fromTime", "order", "subject", "toHeight", "toTime", "type"];

/// `GET /v1/events`
pub(super) fn operation() -> Operation {
    read(list_events, "listEvents", "Events in the order of the log, filtered.")
        .option("type", one_of(Body::KINDS), "Only of this kind.")
        .option("author", did(), "Only by this DID.")
        .option("subject", text(), "Only about this record: its key, or the DID of `did/<DID>`.")
        .option("from", count(), "Only from this index of the log on.")
        .option("fromHeight", count(), "Only from this height on.")
        .option("toHeight", count(), "Only up to this height.")
        .option("fromTime", schema::time(), "Only of blocks from this second on.")
        .option("toTime", schema::time(), "Only of blocks up to this second.")
        .option("order", one_of(&["asc", "desc"]), "`desc`: the newest first.")
        .option("limit", range(1, PAGE_MAX), "Most events of the page.")
        .option("cursor", text(), "The next page: the last one's `cursor`, same filters.")
        .kept(
            JSON,
            object([
                ("cursor", or_null(text())),
                ("events", list(named("ListedEvent"))),
                ("next", count()),
                ("size", count()),
            ]),
        )
        .problem(503, "The node is behind the one that gave the cursor.")
}

async fn list_events(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = [&FILTERS[..], &["limit", "cursor"]].concat();
    let options = known_options(query.as_deref(), &known)?;
    let limit = limit(&options, PAGE, PAGE_MAX)?;
    let snapshot = api.snapshot();
    aside(move || Ok::<_, Problem>(page(&snapshot, &options, limit)?.to(&headers))).await
}

type Options = BTreeMap<String, String>;

fn page(snapshot: &Snapshot, options: &Options, limit: usize) -> Result<Answer, Problem> {
    let mut query = question(snapshot, options)?;
    let asked = FILTERS.map(|name| options.get(name).map_or("", String::as_str)).join("\n");
    if let Some(text) = options.get("cursor") {
        let place = cursor::read(&asked, text)?;
        let Some(([from, until], [])) = cursor::numbers(&place) else {
            return Err(Problem::bad_request("`cursor` is not one of this list"));
        };
        if until > snapshot.log_size() {
            return Err(cursor::behind());
        }
        // Within what is asked for, whatever the cursor says.
        (query.from, query.until) = (from.max(query.from), until.min(query.until));
    }
    let found = snapshot.list_events(&query, limit)?;
    let mut rest = found.rest;
    let mut bytes = 0;
    let mut events = Vec::new();
    let mut times = BTreeMap::new();
    for event in found.events {
        if bytes > PAGE_BYTES_MAX {
            rest = Some(match query.newest_first {
                true => (query.from, event.index + 1),
                false => (event.index, query.until),
            });
            break;
        }
        let text = snapshot.entry(event.index)?.unwrap_or_default();
        bytes += text.len();
        events.push(shown(snapshot, event, &text, &mut times)?);
    }
    let next = match rest {
        Some((_, until)) if query.newest_first => until,
        Some((from, _)) => from,
        None if query.newest_first => query.from,
        None => query.until,
    };
    let place = |(from, until): (u64, u64)| [from.to_be_bytes(), until.to_be_bytes()].concat();
    let cursor = rest.map(|rest| cursor::write(&asked, &place(rest)));
    let size = snapshot.log_size();
    let page = json!({ "cursor": cursor, "events": events, "next": next, "size": size });
    Ok(Answer::value(snapshot.height(), Keep::Briefly, &page))
}

/// The filters as bounds of the log: heights and times ascend with it.
fn question(snapshot: &Snapshot, options: &Options) -> Result<EventQuery, Problem> {
    let text = |name: &str| options.get(name).cloned();
    let kind = text("type");
    if kind.as_ref().is_some_and(|kind| !Body::KINDS.contains(&kind.as_str())) {
        return Err(Problem::bad_request("`type` is no kind of event"));
    }
    let author = text("author");
    if author.as_ref().is_some_and(|author| Did::parse(author).is_err()) {
        return Err(Problem::bad_request("`author` is not a DID"));
    }
    let subject = text("subject").map(|subject| match DidUrl::parse(&subject) {
        Ok(_) => registry::did_state::key(&subject),
        Err(_) => subject,
    });
    let newest_first = match options.get("order").map(String::as_str) {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(Problem::bad_request("`order` is `asc` or `desc`")),
    };
    let mut from = number(options, "from")?.unwrap_or(0);
    let mut until = snapshot.log_size();
    if let Some(height) = number(options, "fromHeight")? {
        from = from.max(snapshot.entries_before(height)?);
    }
    if let Some(height) = number(options, "toHeight")? {
        until = until.min(snapshot.entries_before(height + 1)?);
    }
    if let Some(moment) = moment(options, "fromTime")? {
        from = from.max(snapshot.entries_before(snapshot.height_since(moment)?)?);
    }
    if let Some(moment) = moment(options, "toTime")? {
        // The text means all of its second.
        until = until.min(snapshot.entries_before(snapshot.height_since(moment + 1000)?)?);
    }
    from = from.min(until);
    Ok(EventQuery { kind, author, subject, from, until, newest_first })
}

/// An event as lists and its own path show it. `times` keeps what was read of blocks.
pub(super) fn shown(
    snapshot: &Snapshot,
    event: ListedEvent,
    bytes: &[u8],
    times: &mut BTreeMap<u64, u64>,
) -> Result<Value, Problem> {
    let ListedEvent { id, index, height, subject, .. } = event;
    let time = match times.get(&height) {
        Some(time) => *time,
        None => {
            let time = snapshot.header(height)?.map_or(0, |(header, _)| header.time);
            *times.entry(height).or_insert(time)
        }
    };
    let event: Box<RawValue> =
        serde_json::from_slice(bytes).map_err(|error| Problem::fault(&error))?;
    Ok(json!({
        "event": event,
        "height": height,
        "id": id,
        "index": index,
        "subject": subject,
        "time": time,
    }))
}
