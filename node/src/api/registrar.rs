//! DID Registration over HTTP: each call takes a job as far as it goes now, and says what is next.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use proofs::Hash;
use registry::CheckedEvent;
use registry::projections::resolution_key;
use serde_json::{Value, json};

use super::answer::{Answer, Keep};
use super::request::{known_options, read_body};
use super::schema::{any_object, object, one_of, or_null, text};
use super::table::{JSON, Table, write};
use super::{Api, table};
use crate::admission::{Admitted, Refusal};
use crate::clock::now_ms;
use crate::registrar::{
    Drafted, Failed, Job, Operation, Phase, REQUEST_BYTES_MAX, Request, Signatories, draft,
    endorsers, failed, phase,
};
use crate::waiting::Outcome;

/// How long a call is held for the certificate before the client is told to wait.
const HOLD: Duration = Duration::from_secs(3);

/// After how many milliseconds asking again makes sense.
const WAIT_MS: u64 = 1_000;

pub(super) fn routes(table: Table) -> Table {
    let create = write(create, "createDid", "Creates a DID, step by step, with the client's keys.")
        .answer(201, "The DID is created.", JSON, state());
    let update = write(update, "updateDid", "Changes a DID, step by step.");
    let deactivate = write(deactivate, "deactivateDid", "Ends a DID, step by step.");
    table
        .path("/1.0/create", [described(create)])
        .path("/1.0/update", [described(update)])
        .path("/1.0/deactivate", [described(deactivate)])
}

/// What the three operations take and answer, as DID Registration says.
fn described(operation: table::Operation) -> table::Operation {
    let request = object([
        ("did?", or_null(text())),
        ("didDocument?", json!({})),
        ("didDocumentOperation?", json!({})),
        ("jobId?", or_null(text())),
        ("options?", or_null(any_object())),
        ("secret?", or_null(any_object())),
    ]);
    operation
        .option("method", one_of(&["ndi"]), "The DID method, for clients of several.")
        .body(true, request)
        .answer(200, "What is next, or that it is finished.", JSON, state())
        .answer(400, "The operation failed; `didState` says why.", JSON, state())
        .answer(500, "This machine has a fault.", JSON, state())
}

fn state() -> Value {
    object([
        ("didDocumentMetadata?", any_object()),
        ("didRegistrationMetadata?", any_object()),
        (
            "didState",
            json!({
                "type": "object",
                "required": ["state"],
                "properties": {
                    "state": one_of(&["action", "failed", "finished", "wait"]),
                    "did": or_null(text()),
                },
            }),
        ),
        ("jobId", or_null(text())),
    ])
}

/// `POST /1.0/create[?method=ndi]`
pub(super) async fn create(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    operate(&api, Operation::Create, query.as_deref(), &headers, body).await
}

/// `POST /1.0/update`
pub(super) async fn update(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    operate(&api, Operation::Update, query.as_deref(), &headers, body).await
}

/// `POST /1.0/deactivate`
pub(super) async fn deactivate(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    operate(&api, Operation::Deactivate, query.as_deref(), &headers, body).await
}

async fn operate(
    api: &Api,
    operation: Operation,
    query: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let mut did = None;
    let state = match run(api, operation, query, body, &mut did).await {
        Ok(state) => state,
        Err(error) => {
            let status = match error.is_fault {
                true => StatusCode::INTERNAL_SERVER_ERROR,
                false => StatusCode::BAD_REQUEST,
            };
            let answer =
                Answer::value(api.snapshot().height(), Keep::Not, &failed(did.as_deref(), &error));
            return Answer { status, ..answer }.to(headers);
        }
    };
    let created = operation == Operation::Create
        && state.pointer("/didState/state").is_some_and(|state| state == "finished");
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Answer { status, ..Answer::value(api.snapshot().height(), Keep::Not, &state) }.to(headers)
}

/// Takes the job as far as it goes. `did` is for the message where that fails.
async fn run(
    api: &Api,
    operation: Operation,
    query: Option<&str>,
    body: Body,
    did: &mut Option<String>,
) -> Result<Value, Failed> {
    let method =
        known_options(query, &["method"]).map_err(|problem| Failed::options(problem.detail))?;
    if let Some(other) = method.get("method").filter(|method| *method != "ndi") {
        let reason = format!("this registrar is for the method `ndi`, not `{other}`");
        return Err(Failed::new("METHOD_NOT_SUPPORTED", reason));
    }
    let bytes = read_body(api.body, body, REQUEST_BYTES_MAX).await;
    let bytes = bytes.map_err(|problem| Failed::new("INVALID_REQUEST", problem.detail))?;
    let mut request = Request::read(&bytes)?;
    did.clone_from(&request.did);
    let snapshot = api.snapshot();
    request.check(snapshot.genesis().network())?;
    let mut job = request.job(operation)?;
    if job.event.is_none() {
        match draft(&snapshot, operation, &request, now_ms())? {
            Drafted::NeedsKeys => return Ok(job.needs_keys()),
            Drafted::Event(of, event) => (job.did, job.event) = (Some(of), Some(event)),
        }
    }
    did.clone_from(&job.did);
    let mut event = job.event.take().unwrap_or_default();
    let signatories = Signatories::of(&snapshot, &job, &event)?;
    let mut responses = request.take_responses();
    signatories.accept(false, &mut event, &mut responses)?;
    let mut now = phase(&snapshot, &event, now_ms())?;
    if matches!(now, Phase::Endorser) {
        signatories.accept(true, &mut event, &mut responses)?;
        now = phase(&snapshot, &event, now_ms())?;
    }
    let left = responses.keys().next().filter(|_| !matches!(now, Phase::Decided(_)));
    if let Some(name) = left {
        let reason = format!("`secret.signingResponse.{name}` was not asked for");
        return Err(Failed::new("INVALID_SIGNATURE", reason));
    }
    job.event = Some(event);
    let event = job.event.as_ref().unwrap_or(&Value::Null);
    match now {
        Phase::Author => Ok(job.needs_signatures(signatories.requests(false, event)?)),
        Phase::Endorser if job.endorser.is_none() => Ok(job.needs_endorser(&endorsers(&snapshot)?)),
        Phase::Endorser => Ok(job.needs_signatures(signatories.requests(true, event)?)),
        Phase::Ready(event) => submit(api, &job, &event).await,
        Phase::Decided(id) => finished(api, &job, &id),
    }
}

/// Submits the finished event, or finds that it is decided.
async fn submit(api: &Api, job: &Job, event: &CheckedEvent) -> Result<Value, Failed> {
    let busy = |why: &dyn ToString| Ok(job.waits(&why.to_string(), WAIT_MS));
    if let Some(problem) = api.space.problem() {
        return busy(&problem);
    }
    let admitted = match api.intake.judge(event.bytes().to_vec().into()).await {
        Ok(admitted) => admitted,
        Err(full) => return busy(&full),
    };
    match admitted {
        Ok(Admitted::Decided(id)) => finished(api, job, &id),
        Ok(Admitted::Candidate { id, candidate }) => {
            // Before it is submitted, so that no commit is missed.
            let Some(mut waiter) = api.waiting.enter(id) else {
                return busy(&"too many requests wait already: ask again");
            };
            if let Err(refused) = api.agreement.submit(candidate) {
                return busy(&refused);
            }
            match tokio::time::timeout(HOLD, waiter.outcome()).await {
                Err(_) => busy(&"the event waits for its certificate: ask again with this jobId"),
                Ok(Outcome::Committed) => finished(api, job, &id),
                // Where a variant of it came first, the event is in the log all the same.
                Ok(Outcome::Refused(rejection)) => match api.snapshot().event(&id)? {
                    Some(_) => finished(api, job, &id),
                    None => Err(rejection.into()),
                },
            }
        }
        Err(Refusal::Rejection(rejection)) => Err(rejection.into()),
        Err(Refusal::Fault(fault)) => Err(fault.into()),
    }
}

/// The DID as it stands once its event is certified.
fn finished(api: &Api, job: &Job, id: &Hash) -> Result<Value, Failed> {
    let snapshot = api.snapshot();
    let event = snapshot.event(id)?.ok_or_else(Failed::fault)?;
    let did = job.did.as_deref().unwrap_or_default();
    let prepared = snapshot.projection(&resolution_key(did))?.ok_or_else(Failed::fault)?;
    let prepared: Value = serde_json::from_slice(&prepared).map_err(|_| Failed::fault())?;
    Ok(json!({
        "jobId": null,
        "didState": {
            "state": "finished",
            "did": did,
            "didDocument": prepared["didDocument"],
        },
        "didRegistrationMetadata": {
            "event": id,
            "height": event.height,
            "receipt": format!("/v1/events/{id}/receipt"),
        },
        "didDocumentMetadata": prepared["didDocumentMetadata"],
    }))
}
