//! The list of DIDs, all or those of a controller or endorser.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::Snapshot;
use proofs::Record;
use registry::did::Did;
use registry::did_state::{self, DidState};
use registry::projections::{Relation, relation_prefix};
use registry::time;
use serde_json::{Value, json};

use super::answer::{Answer, Keep};
use super::request::{aside, known_options, limit};
use super::schema::{count, did, flag, list, object, or_null, range, text};
use super::table::{JSON, Table, read};
use super::{Api, cursor, schema};
use crate::problem::Problem;

/// DIDs of a page, unless it is asked for otherwise.
const PAGE: u64 = 100;

/// Most DIDs of a page.
const PAGE_MAX: u64 = 1_000;

/// Most rows of an index that are looked at for a page.
const SCAN_MAX: usize = 4_000;

const FILTERS: [&str; 2] = ["controller", "endorser"];

pub(super) fn routes(table: Table) -> Table {
    let shown = object([
        ("controllers", list(did())),
        ("created", schema::time()),
        ("deactivated", flag()),
        ("did", did()),
        ("endorser", or_null(did())),
        ("updated", schema::time()),
        ("versionId", text()),
    ]);
    let list_dids = read(list_dids, "listDids", "Registered DIDs, in the order of their text.")
        .option("controller", did(), "Only those over which this DID has a say.")
        .option("endorser", did(), "Only those that this DID vouched for.")
        .option("limit", range(1, PAGE_MAX), "Most DIDs of the page.")
        .option("cursor", text(), "The next page: the last one's `cursor`, same filters.")
        .kept(
            JSON,
            object([("cursor", or_null(text())), ("dids", list(shown)), ("height", count())]),
        )
        .problem(503, "The node is behind the one that gave the cursor.");
    table.path("/v1/dids", [list_dids])
}

async fn list_dids(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &[&FILTERS[..], &["limit", "cursor"]].concat())?;
    let limit = limit(&options, PAGE, PAGE_MAX)?;
    let snapshot = api.snapshot();
    aside(move || Ok::<_, Problem>(page(&snapshot, &options, limit)?.to(&headers))).await
}

fn page(
    snapshot: &Snapshot,
    options: &BTreeMap<String, String>,
    limit: usize,
) -> Result<Answer, Problem> {
    let relation = match (options.get("controller"), options.get("endorser")) {
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("ask by `controller` or by `endorser`, not by both"));
        }
        (Some(did), None) => Some((Relation::Controller, did)),
        (None, Some(did)) => Some((Relation::Endorser, did)),
        (None, None) => None,
    };
    if relation.is_some_and(|(_, did)| Did::parse(did).is_err()) {
        return Err(Problem::bad_request("`controller` and `endorser` are DIDs"));
    }
    let asked = FILTERS.map(|name| options.get(name).map_or("", String::as_str)).join("\n");
    // The pages are of the DIDs that there were when the first was asked for.
    let mut at = snapshot.head().time;
    let mut after = None;
    if let Some(text) = options.get("cursor") {
        let place = cursor::read(&asked, text)?;
        let wrong = || Problem::bad_request("`cursor` is not one of this list");
        let ([time], rest) = cursor::numbers(&place).ok_or_else(wrong)?;
        if time > at {
            return Err(cursor::behind());
        }
        at = time;
        after = Some(std::str::from_utf8(rest).map_err(|_| wrong())?.to_owned());
    }
    let (found, rest) = match relation {
        None => all(snapshot, after.as_deref(), limit)?,
        Some((relation, other)) => related(snapshot, relation, other, after.as_deref(), limit)?,
    };
    let dids: Vec<Value> =
        found.iter().filter_map(|(did, record)| shown(did, record, at)).collect();
    let cursor =
        rest.map(|rest| cursor::write(&asked, &[&at.to_be_bytes(), rest.as_bytes()].concat()));
    let page = json!({ "cursor": cursor, "dids": dids, "height": snapshot.height() });
    Ok(Answer::value(snapshot.height(), Keep::Briefly, &page))
}

/// DIDs with their records, and after which one to go on, if there may be more.
type Found = (Vec<(String, Record)>, Option<String>);

fn all(snapshot: &Snapshot, after: Option<&str>, limit: usize) -> Result<Found, Problem> {
    let after = after.map(did_state::key);
    let records = snapshot.records("did/", after.as_deref(), limit)?;
    let strip =
        |(key, record): (String, Record)| Some((key.strip_prefix("did/")?.to_owned(), record));
    let found: Vec<_> = records.into_iter().filter_map(strip).collect();
    let last = found.last().map(|(did, _)| did.clone());
    let rest = last.filter(|_| found.len() == limit);
    Ok((found, rest))
}

fn related(
    snapshot: &Snapshot,
    relation: Relation,
    other: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Found, Problem> {
    let index = relation_prefix(relation, other);
    let projected = snapshot.projected(&index, "", after, limit, SCAN_MAX)?;
    let mut found = Vec::new();
    for did in projected.names {
        if let Some(record) = snapshot.record(&did_state::key(&did))? {
            found.push((did, record));
        }
    }
    Ok((found, projected.last))
}

/// A DID as the list shows it, if there was one at that time.
fn shown(did: &str, record: &Record, at: u64) -> Option<Value> {
    let state = DidState::read(record).filter(|state| state.created <= at)?;
    Some(json!({
        "controllers": state.control.controllers,
        "created": time::format(state.created),
        "deactivated": state.deactivated,
        "did": did,
        "endorser": state.endorser,
        "updated": time::format(record.time),
        "versionId": record.version.to_string(),
    }))
}
