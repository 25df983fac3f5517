//! Blocks: headers with the quorums that decided them.

use axum::extract::{Path, RawQuery, State};
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
use super::request::known_options;
use crate::problem::Problem;

/// `GET /v1/blocks/{height}`; the newest as `latest`.
pub(super) async fn show(
    State(api): State<Api>,
    Path(height): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    known_options(query.as_deref(), &[])?;
    let snapshot = api.snapshot();
    let (height, keep) = match height.as_str() {
        "latest" => (snapshot.height(), Keep::Briefly),
        text => {
            let wrong = |_| Problem::bad_request("a height is a number, or `latest`");
            (text.parse().map_err(wrong)?, Keep::Forever)
        }
    };
    let read = move || snapshot.block(height);
    let block = tokio::task::spawn_blocking(read).await.map_err(|error| Problem::fault(&error))?;
    let decided =
        block?.ok_or_else(|| Problem::not_found(format!("there is no block {height} here")))?;
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
