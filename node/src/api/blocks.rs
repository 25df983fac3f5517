//! Blocks: headers with the quorums that decided them.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofs::{Hash, Header};
use registry::time;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Answer, Keep};
use super::events::id_of;
use super::request::{aside, index};
use super::schema::{base64, count, hash, list, named, object, text};
use super::table::{JSON, Table, read};
use crate::problem::Problem;

pub(super) fn routes(table: Table) -> Table {
    let header = object([
        ("genesis", hash()),
        ("height", count()),
        ("logRoot", hash()),
        ("logSize", count()),
        ("nextValidators", hash()),
        ("parameters", hash()),
        ("parent", hash()),
        ("proposer", hash()),
        ("stateRoot", hash()),
        ("time", count()),
        ("timeText", text()),
        ("validators", hash()),
    ]);
    let block = object([
        ("certificate", named("Certificate")),
        ("events", list(hash())),
        ("header", header),
        ("headerBytes", base64()),
        ("id", hash()),
    ]);
    let height = json!({ "oneOf": [count(), { "const": "latest" }] });
    let show = read(show, "getBlock", "A block's header, certificate and events' ids.")
        .at("height", height, "The height, from 1, or `latest`.")
        .kept(JSON, block)
        .problem(404, "There is no such block here yet.");
    table.path("/v1/blocks/{height}", [show])
}

/// `GET /v1/blocks/{height}`; the newest as `latest`.
pub(super) async fn show(
    State(api): State<Api>,
    Path(height): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let (height, keep) = match height.as_str() {
        "latest" => (snapshot.height(), Keep::Briefly),
        text => {
            let wrong = || Problem::bad_request("a height is a number, or `latest`");
            (index(text).ok_or_else(wrong)?, Keep::Forever)
        }
    };
    let block = aside(move || snapshot.block(height)).await?;
    let decided =
        block.ok_or_else(|| Problem::not_found(format!("there is no block {height} here")))?;
    let header = &decided.block.header;
    let events: Vec<Hash> =
        decided.block.events.iter().map(|bytes| id_of(bytes)).collect::<Result<_, _>>()?;
    let body = json!({
        "id": header.id(),
        "header": members(header),
        "headerBytes": STANDARD.encode(header.encode()),
        "certificate": decided.certificate,
        "events": events,
    });
    Ok(Answer::value(height, keep, &body).to(&headers))
}

/// A header for people; what is certified are its bytes.
fn members(header: &Header) -> Value {
    json!({
        "genesis": header.genesis,
        "height": header.height,
        "time": header.time,
        "timeText": time::format(header.time),
        "parent": header.parent,
        "proposer": header.proposer,
        "logSize": header.log_size,
        "logRoot": header.log_root,
        "stateRoot": header.state_root,
        "validators": header.validators,
        "nextValidators": header.next_validators,
        "parameters": header.parameters,
    })
}
