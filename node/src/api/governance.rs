//! What the Governing Body is, decides and approved, and who runs the network: each a record, or a
//! list of records, under a name that people know.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use proofs::Hash;
use registry::governance::{body, chair, decision, document, procedure};
use registry::network;

use super::Api;
use super::records;
use super::schema::{hash, text};
use super::series::{self, Filter, Series};
use super::table::{Table, read};
use crate::problem::Problem;

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

const LISTS: [Series; 5] = [
    Series::new(
        "/v1/governance/decisions",
        "listDecisions",
        "What was proposed to the Governing Body, in the order of the proposals' ids.",
        "decisions",
        "governance/decision/",
    )
    .by(&[Filter::Word { name: "status", place: "/status", words: &STATUSES }]),
    Series::new(
        "/v1/governance/documents",
        "listDocuments",
        "Framework, regulations, policies, requirements and standards in force.",
        "documents",
        "governance/document/",
    ),
    Series::new(
        "/v1/governance/standards",
        "listStandards",
        "Adopted standards.",
        "standards",
        "governance/document/standard/",
    ),
    Series::new(
        "/v1/governance/migrations",
        "listMigrations",
        "Until when everyone moves from one standard to another.",
        "migrations",
        "governance/migration/",
    ),
    Series::new(
        "/v1/governance/did-methods",
        "listDidMethods",
        "Endorsed DID methods.",
        "didMethods",
        "governance/did-method/",
    ),
];

pub(super) fn routes(table: Table) -> Table {
    let table = SINGLE.into_iter().fold(table, |table, (path, id, summary, key)| {
        let show = move |State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap| {
            let answer = records::answer(&api, key.to_owned(), query.as_deref(), &headers);
            async move { answer }
        };
        table.path(path, [records::described(read(show, id, summary))])
    });
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
    series::routes(table, LISTS)
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
