//! Any record by its key, with the proof of it or of its absence.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use proofs::ProvenRecord;
use registry::answer::{Proof, Question, record_answer};
use serde_json::json;

use super::Api;
use super::answer::{Answer, Keep};
use super::request::{self, known_options};
use super::schema::{flag, named, object, text};
use super::table::{JSON, Operation, Table, read};
use crate::problem::Problem;

/// The longest key: a DID behind a prefix.
const KEY_BYTES_MAX: usize = 512;

pub(super) fn routes(table: Table) -> Table {
    let show = read(show, "getRecord", "What a key holds, with proof of that or of its absence.")
        .at("key", text(), "The key; its slashes may be encoded.");
    table.path("/v1/records/{*key}", [described(show)])
}

/// An operation whose answer is one record.
pub(super) fn described(operation: Operation) -> Operation {
    let answer = |record| object([("key", text()), ("proof?", named("Proof")), ("record", record)]);
    operation
        .option("proof", flag(), "Whether the proof is wanted.")
        .kept(JSON, answer(named("Record")))
        .answer(404, "There is no such record.", JSON, answer(json!({ "type": "null" })))
        .problem(404, "There is no such record.")
        .problem(503, "Nothing can be proven before the first block.")
}

/// `GET /v1/records/{key}[?proof=true]`
pub(super) async fn show(
    State(api): State<Api>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&api, key, query.as_deref(), &headers)
}

/// The answer about one record, with its proof where the query asks for it.
pub(super) fn answer(
    api: &Api,
    key: String,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query, &["proof"])?;
    if key.len() > KEY_BYTES_MAX {
        return Err(Problem::bad_request("no record has so long a key"));
    }
    let snapshot = api.snapshot();
    let height = snapshot.height();
    if request::flag(&options, "proof")? {
        let evidence = snapshot.prove(&[&key])?.ok_or_else(unproven)?;
        let proven = evidence.records.first().cloned();
        let proven = proven.ok_or_else(|| Problem::fault(&"a proof without its record"))?;
        let proof = Proof::to_json(Question::Record(key), evidence);
        let answer = Answer::json(height, Keep::Briefly, record_answer(&proven, Some(&proof)));
        let status = match proven.record {
            Some(_) => StatusCode::OK,
            None => StatusCode::NOT_FOUND,
        };
        return Ok(Answer { status, ..answer }.to(headers));
    }
    let record = snapshot.record(&key)?;
    if record.is_none() {
        return Err(Problem::not_found(
            "no record has this key: ask with `proof=true` for proof of that",
        ));
    }
    let proven = ProvenRecord { key, past: None, path: Vec::new(), record };
    Ok(Answer::json(height, Keep::Briefly, record_answer(&proven, None)).to(headers))
}

/// Before the first block there is no certificate, and so no proof.
pub(super) fn unproven() -> Problem {
    Problem::busy("the first block is not decided yet, so nothing can be proven: ask again")
}
