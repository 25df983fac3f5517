//! What the Governing Body is, decides and approved, and who runs the network: each a record, or a
//! list of records, under a name that people know.

use std::collections::BTreeMap;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use ledger::Snapshot;
use proofs::{Hash, Record};
use registry::governance::{body, chair, decision, document, procedure};
use registry::network;
use serde_json::{Value, json};

use super::answer::{Answer, Keep};
use super::records;
use super::request::{known_options, limit};
use super::schema::{count, hash, list, named, object, one_of, or_null, range, text};
use super::table::{JSON, Operation, Table, read};
use super::{Api, cursor};
use crate::problem::Problem;

/// Records of a page, unless it is asked for otherwise.
const PAGE: u64 = 50;

/// Most records of a page.
const PAGE_MAX: u64 = 200;

/// Most records that are looked at for a page.
const SCAN_MAX: usize = 1_000;

/// How far a decision may be, as [`decision::Status`] is written.
const STATUSES: [&str; 4] = ["open", "carried", "cancelled", "executed"];

/// Records that stand alone: path, operation, what it is, key.
const SINGLE: [(&str, &str, &str, &str); 6] = [
    ("/v1/governance/body", "getGoverningBody", "The seats and who holds them.", body::KEY),
    ("/v1/governance/chair", "getChair", "The latest election of a chair.", chair::KEY),
    ("/v1/governance/procedure", "getProcedure", "How the body decides.", procedure::KEY),
    (
        "/v1/network/validators",
        "getValidatorList",
        "Who certifies, now and at heights to come.",
        network::VALIDATORS,
    ),
    ("/v1/network/replicas", "getReplicaList", "Authorised replicas.", network::REPLICAS),
    ("/v1/network/parameters", "getParameters", "The network's parameters.", network::PARAMETERS),
];

/// A list of records whose keys begin alike.
#[derive(Clone, Copy)]
pub(super) struct Series {
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The list's name in its answer.
    pub(super) name: &'static str,
    pub(super) prefix: &'static str,
}

const DECISIONS: Series = Series {
    path: "/v1/governance/decisions",
    id: "listDecisions",
    summary: "What was proposed to the Governing Body, in the order of the proposals' ids.",
    name: "decisions",
    prefix: "governance/decision/",
};

const PLAIN: [Series; 4] = [
    Series {
        path: "/v1/governance/documents",
        id: "listDocuments",
        summary: "Framework, regulations, policies, requirements and standards in force.",
        name: "documents",
        prefix: "governance/document/",
    },
    Series {
        path: "/v1/governance/standards",
        id: "listStandards",
        summary: "Adopted standards.",
        name: "standards",
        prefix: "governance/document/standard/",
    },
    Series {
        path: "/v1/governance/migrations",
        id: "listMigrations",
        summary: "Until when everyone moves from one standard to another.",
        name: "migrations",
        prefix: "governance/migration/",
    },
    Series {
        path: "/v1/governance/did-methods",
        id: "listDidMethods",
        summary: "Endorsed DID methods.",
        name: "didMethods",
        prefix: "governance/did-method/",
    },
];

pub(super) fn routes(table: Table) -> Table {
    let table = SINGLE.into_iter().fold(table, |table, (path, id, summary, key)| {
        let show = move |State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap| {
            let answer = records::answer(&api, key.to_owned(), query.as_deref(), &headers);
            async move { answer }
        };
        table.path(path, [records::described(read(show, id, summary))])
    });
    let table = PLAIN
        .into_iter()
        .fold(table, |table, series| table.path(series.path, [listed(series, &[])]));
    let decisions = listed(DECISIONS, &["status"]).option(
        "status",
        one_of(&STATUSES),
        "Only those that are so far.",
    );
    let decision = read(show_decision, "getDecision", "A decision, with its votes.").at(
        "id",
        hash(),
        "The id of the event that proposed it.",
    );
    let document = read(show_document, "getDocument", "An approved document, by its name.").at(
        "name",
        text(),
        "Such as `framework` or `policy/wallets`.",
    );
    table
        .path(DECISIONS.path, [decisions])
        .path("/v1/governance/decisions/{id}", [records::described(decision)])
        .path("/v1/governance/documents/{*name}", [records::described(document)])
}

/// `GET /v1/governance/decisions/{id}[?proof=true]`
async fn show_decision(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id: Hash = id
        .parse()
        .map_err(|_| Problem::bad_request("a decision is named by its proposal's id: 64 digits"))?;
    records::answer(&api, decision::key(&id), query.as_deref(), &headers)
}

/// `GET /v1/governance/documents/{name}[?proof=true]`
async fn show_document(
    State(api): State<Api>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    records::answer(&api, document::key(&name), query.as_deref(), &headers)
}

/// The operation that lists a series; `filters` are members of the content that may be asked for.
pub(super) fn listed(series: Series, filters: &'static [&'static str]) -> Operation {
    let handler =
        async move |State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap| {
            let known = [filters, &["limit", "cursor"]].concat();
            let options = known_options(query.as_deref(), &known)?;
            let limit = limit(&options, PAGE, PAGE_MAX)?;
            let snapshot = api.snapshot();
            let read = move || page(&snapshot, series, filters, &options, limit);
            let read = tokio::task::spawn_blocking(read).await;
            let answer = read.map_err(|error| Problem::fault(&error))?;
            Ok::<Response, Problem>(answer?.to(&headers))
        };
    let entry = object([("key", text()), ("record", named("Record"))]);
    let page =
        object([("cursor", or_null(text())), ("height", count()), (series.name, list(entry))]);
    read(handler, series.id, series.summary)
        .option("limit", range(1, PAGE_MAX), "Most records of the page.")
        .option("cursor", text(), "The next page: the last one's `cursor`, same filters.")
        .kept(JSON, page)
}

fn page(
    snapshot: &Snapshot,
    series: Series,
    filters: &[&str],
    options: &BTreeMap<String, String>,
    limit: usize,
) -> Result<Answer, Problem> {
    let wanted: Vec<(&str, &str)> =
        filters.iter().filter_map(|name| Some((*name, options.get(*name)?.as_str()))).collect();
    if let Some((_, status)) = wanted.iter().find(|(_, status)| !STATUSES.contains(status)) {
        let known = STATUSES.join(", ");
        return Err(Problem::bad_request(format!("`{status}` is no status: use one of {known}")));
    }
    let asked = format!("{} {wanted:?}", series.path);
    let mut after = match options.get("cursor") {
        None => None,
        Some(text) => {
            let place = String::from_utf8(cursor::read(&asked, text)?).ok();
            let place = place.filter(|place| place.starts_with(series.prefix));
            Some(place.ok_or_else(|| Problem::bad_request("`cursor` is not one of this list"))?)
        }
    };
    let mut found = Vec::new();
    let mut looked = 0;
    while found.len() < limit && looked < SCAN_MAX {
        let records = snapshot.records(series.prefix, after.as_deref(), limit - found.len())?;
        if records.is_empty() {
            after = None;
            break;
        }
        looked += records.len();
        after = records.last().map(|(key, _)| key.clone());
        let matching = records.into_iter().filter(|(_, record)| matches(record, &wanted));
        found.extend(matching.map(|(key, record)| json!({ "key": key, "record": record })));
    }
    let cursor = after.map(|after| cursor::write(&asked, after.as_bytes()));
    let height = snapshot.height();
    let page = json!({ "cursor": cursor, "height": height, series.name: found });
    Ok(Answer::value(height, Keep::Briefly, &page))
}

fn matches(record: &Record, wanted: &[(&str, &str)]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let content: Value = serde_json::from_str(record.content.get()).unwrap_or_default();
    wanted.iter().all(|(name, value)| content.get(name).and_then(Value::as_str) == Some(value))
}
