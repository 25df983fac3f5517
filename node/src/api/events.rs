//! Events: submitted, listed, shown, receipted.

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use consensus::mempool::Refused;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use ledger::{Snapshot, StoredEvent};
use proofs::tlog::LogProof;
use proofs::{Block, Hash};
use serde_json::json;
use serde_json::value::RawValue;

use super::Api;
use super::answer::{Answer, Keep};
use super::log::TEXT;
use super::request::{known_options, number};
use crate::admission::{Admitted, Refusal};
use crate::problem::Problem;
use crate::waiting::Outcome;

/// Most events of a page.
const PAGE_MAX: u64 = 200;

/// Most entries of the log that are read for a page: blocks have entries of their own.
const SCAN_MAX: u64 = 1_000;

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
    let bytes = read(&api, body).await?;
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

/// The body, within its size and its time.
async fn read(api: &Api, body: Body) -> Result<Bytes, Problem> {
    let limited = Limited::new(body, Block::EVENT_BYTES_MAX).collect();
    match tokio::time::timeout(api.body, limited).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "event-too-large",
            "the event is too large",
            "an event has at most 65535 bytes: put what is larger beside the ledger",
        )),
        Ok(Err(_)) => Err(Problem::bad_request("the body broke off")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow-body",
            "the body took too long",
            "send the body at once",
        )),
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
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
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
    let answer = Answer::json(snapshot.height(), Keep::Briefly, proof.to_string());
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
    let event = snapshot.event(&id)?.ok_or_else(absent)?;
    let height = event.height;
    Ok(Answer::value(height, Keep::Forever, &shown(&id, event)?).to(&headers))
}

/// `GET /v1/events?from=INDEX&limit=N`: events in the order of the log, from an index on.
pub(super) async fn list(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["from", "limit"])?;
    let from = number(&options, "from")?.unwrap_or(0);
    let limit = number(&options, "limit")?.unwrap_or(50).clamp(1, PAGE_MAX);
    let read = move || page(&api.snapshot(), from, limit);
    let answer = tokio::task::spawn_blocking(read).await.map_err(|error| Problem::fault(&error))?;
    Ok(answer?.to(&headers))
}

fn page(snapshot: &Snapshot, from: u64, limit: u64) -> Result<Answer, Problem> {
    let mut events = Vec::new();
    let size = snapshot.log_size();
    let end = size.min(from.saturating_add(SCAN_MAX));
    let mut next = from.min(size);
    while next < end && (events.len() as u64) < limit {
        if let Some(bytes) = snapshot.event_at(next)? {
            let id = id_of(&bytes)?;
            let event = snapshot.event(&id)?.ok_or_else(absent)?;
            events.push(shown(&id, event)?);
        }
        next += 1;
    }
    let page = json!({ "events": events, "next": next, "size": size });
    Ok(Answer::value(snapshot.height(), Keep::Briefly, &page))
}

fn shown(id: &Hash, event: StoredEvent) -> Result<serde_json::Value, Problem> {
    let StoredEvent { bytes, index, height } = event;
    let event: Box<RawValue> =
        serde_json::from_slice(&bytes).map_err(|error| Problem::fault(&error))?;
    Ok(json!({ "id": id, "index": index, "height": height, "event": event }))
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
