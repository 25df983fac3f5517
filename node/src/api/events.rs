//! Events: submitted, shown, receipted.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use consensus::mempool::Refused;
use ledger::{Snapshot, StoredEvent};
use proofs::tlog::LogProof;
use proofs::{Block, Hash};
use serde_json::json;

use super::answer::{Answer, Keep, VARIES};
use super::log::TEXT;
use super::request::{known_options, read_body};
use super::schema::{named, object, one_of};
use super::table::{JSON, Table, read, write};
use super::{Api, listing, schema};
use crate::admission::{Admitted, Refusal};
use crate::problem::Problem;
use crate::waiting::Outcome;

pub(super) fn routes(table: Table) -> Table {
    let id = || schema::hash();
    let submit = write(submit, "submitEvent", "Submits a signed event.")
        .option("wait", one_of(&["certified"]), "Answer when it is final, if that is soon.")
        .body(true, named("Event"))
        .answer(200, "The receipt: the event is final.", JSON, named("Receipt"))
        .answer(
            202,
            "The event waits for a block; `Location` is where it will be.",
            JSON,
            object([("id", id()), ("status", one_of(&["pending"]))]),
        )
        .problem(409, "Another event of the same record came first.")
        .problem(422, "A rule refuses the event.")
        .problem(503, "The node takes no event now.");
    let show = read(show, "getEvent", "An event by its id.")
        .at("id", id(), "The event's id.")
        .kept(JSON, named("ListedEvent"))
        .problem(404, "No such event is in the log.");
    let receipt = read(receipt, "getReceipt", "Proof that an event is in the log.")
        .at("id", id(), "The event's id.")
        .option("format", one_of(&["json", "tlog-proof"]), "Else `Accept` says: JSON, or text.")
        .kept(JSON, named("Receipt"))
        .kept(TEXT, schema::text())
        .problem(404, "No such event is in the log.");
    table
        .path("/v1/events", [listing::operation(), submit])
        .path("/v1/events/{id}", [show])
        .path("/v1/events/{id}/receipt", [receipt])
}

/// `POST /v1/events[?wait=certified]`
pub(super) async fn submit(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["wait"])?;
    let wait = match options.get("wait").map(String::as_str) {
        None => false,
        Some("certified") => true,
        Some(_) => return Err(Problem::bad_request("`wait` is `certified`")),
    };
    if let Some(problem) = api.space.problem() {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let title = "the node's disk is nearly full";
        let problem = Problem::new(status, "disk-full", title, problem);
        return Err(Problem { retry_after: Some(10), ..problem });
    }
    let bytes =
        read_body(api.body, body, Block::EVENT_BYTES_MAX).await.map_err(|problem| match problem
            .status
        {
            StatusCode::PAYLOAD_TOO_LARGE => Problem {
                code: "event-too-large".into(),
                title: "the event is too large",
                detail: format!("{}: put what is larger beside the ledger", problem.detail),
                ..problem
            },
            _ => problem,
        })?;
    let count = |outcome: &str| api.metrics.events.with_label_values(&[outcome]).inc();
    let admitted = match api.intake.judge(bytes).await {
        Ok(admitted) => admitted,
        Err(full) => {
            count("busy");
            return Err(Problem::busy(full));
        }
    };
    match admitted {
        Ok(Admitted::Decided(id)) => {
            count("known");
            answer_receipt(&api.snapshot(), &id, &headers)
        }
        Ok(Admitted::Candidate { id, candidate }) => {
            // Before it is submitted, so that no commit is missed.
            let waiter = match wait {
                true => Some(api.waiting.enter(id).ok_or_else(|| {
                    Problem::busy("too many requests wait already: submit without `wait`")
                })?),
                false => None,
            };
            if let Err(refused) = api.agreement.submit(candidate) {
                count("not-taken");
                return Err(not_taken(refused));
            }
            count("accepted");
            match waiter {
                Some(waiter) => until_certified(&api, id, waiter, &headers).await,
                None => Ok(pending(&id)),
            }
        }
        Err(Refusal::Rejection(rejection)) => {
            count(&rejection.code());
            Err(Problem::rejection(&rejection))
        }
        Err(Refusal::Fault(fault)) => Err(fault.into()),
    }
}

async fn until_certified(
    api: &Api,
    id: Hash,
    mut waiter: crate::waiting::Waiter,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    // It may have been decided between its admission and our waiting.
    if api.snapshot().event(&id)?.is_some() {
        return answer_receipt(&api.snapshot(), &id, headers);
    }
    match tokio::time::timeout(api.wait, waiter.outcome()).await {
        Err(_) => Ok(pending(&id)),
        Ok(Outcome::Committed) => answer_receipt(&api.snapshot(), &id, headers),
        // Where a variant of it came first, the event is in the log all the same.
        Ok(Outcome::Refused(rejection)) => match api.snapshot().event(&id)? {
            Some(_) => answer_receipt(&api.snapshot(), &id, headers),
            None => Err(Problem::rejection(&rejection)),
        },
    }
}

/// Why the mempool did not take an event that is in order.
fn not_taken(refused: Refused) -> Problem {
    let title = "the event cannot wait now";
    let (status, code) = match refused {
        Refused::SubjectPending => (StatusCode::CONFLICT, "subject-pending"),
        Refused::Expired => (StatusCode::UNPROCESSABLE_ENTITY, "expired"),
        Refused::PrincipalFull => (StatusCode::SERVICE_UNAVAILABLE, "principal-full"),
        Refused::Full => (StatusCode::SERVICE_UNAVAILABLE, "mempool-full"),
        Refused::Halted => (StatusCode::SERVICE_UNAVAILABLE, "halted"),
    };
    let retry_after = (refused != Refused::Expired).then_some(1);
    Problem { retry_after, ..Problem::new(status, code, title, refused) }
}

fn pending(id: &Hash) -> Response {
    let body = json!({ "id": id, "status": "pending" }).to_string();
    let location = HeaderValue::from_str(&format!("/v1/events/{id}")).expect("hexadecimal digits");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::LOCATION, location),
    ];
    (StatusCode::ACCEPTED, headers, body).into_response()
}

/// `GET /v1/events/{id}/receipt[?format=json|tlog-proof]`; as `text/plain` it is a C2SP tlog-proof.
pub(super) async fn receipt(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["format"])?;
    let id = parse(&id)?;
    let as_proof = match options.get("format").map(String::as_str) {
        Some("json") => false,
        Some("tlog-proof") => true,
        Some(_) => return Err(Problem::bad_request("`format` is `json` or `tlog-proof`")),
        None => prefers_text(&headers),
    };
    let mut response = match as_proof {
        true => answer_log_proof(&api, &id, &headers)?,
        false => answer_receipt(&api.snapshot(), &id, &headers)?,
    };
    response.headers_mut().insert(header::VARY, VARIES);
    Ok(response)
}

/// Whether plain text is what the client wants, and JSON is not.
fn prefers_text(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/plain") && !accept.contains("json"))
}

/// The event's inclusion in the newest checkpoint. The event itself is the proof's extra data, so
/// that the proof and a policy are all that a verifier needs.
fn answer_log_proof(api: &Api, id: &Hash, headers: &HeaderMap) -> Result<Response, Problem> {
    let newest = api.checkpoints.newest_with_size();
    let snapshot = api.snapshot();
    let StoredEvent { bytes, index, .. } = snapshot.event(id)?.ok_or_else(absent)?;
    let path = match &newest {
        Some((size, _)) => snapshot.inclusion(index, *size)?,
        None => None,
    };
    let (Some((_, note)), Some(path)) = (newest, path) else {
        let detail = "the event is certified, but in no cosigned checkpoint yet: ask again";
        return Err(Problem { retry_after: Some(1), ..Problem::not_found(detail) });
    };
    let proof = LogProof { extra: Some(bytes), index, path, checkpoint: note.to_string() };
    let answer = Answer::json(snapshot.height(), Keep::Shortly, proof.to_string());
    Ok(Answer { content_type: TEXT, ..answer }.to(headers))
}

fn answer_receipt(
    snapshot: &Snapshot,
    id: &Hash,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let receipt = snapshot.receipt(id)?.ok_or_else(absent)?;
    let height = receipt.certificate.height;
    Ok(Answer::value(height, Keep::Forever, &receipt).to(headers))
}

/// `GET /v1/events/{id}`
pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let snapshot = api.snapshot();
    let StoredEvent { bytes, index, height } = snapshot.event(&id)?.ok_or_else(absent)?;
    let event = snapshot.listed(index)?;
    let shown = listing::shown(&snapshot, event, &bytes, &mut BTreeMap::new())?;
    Ok(Answer::value(height, Keep::Forever, &shown).to(&headers))
}

/// The id of an event of the log.
pub(super) fn id_of(bytes: &[u8]) -> Result<Hash, Problem> {
    registry::event::id_of(bytes).map_err(|error| Problem::fault(&error))
}

fn parse(id: &str) -> Result<Hash, Problem> {
    id.parse().map_err(|error| Problem::bad_request(format!("not an event's id: {error}")))
}

fn absent() -> Problem {
    Problem::not_found("no event with this id is in the log; it may still wait for a block")
}
