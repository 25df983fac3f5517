//! AnonCreds v1 revocation as wallets and issuers' software know it: status lists as of any time,
//! tails files, and what an issuer has to sign for a list that its software made.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use ledger::Snapshot;
use registry::anoncreds::objects::RevocationStatusList;
use registry::resource::{self, split_uri};
use registry::status::{Defined, Status, status_list};
use serde_json::{Value, json};

use super::Api;
use super::answer::{Answer, HEIGHT, Keep};
use super::request::{aside, flag, known_options, number, read_body};
use super::schema::{self, any_object, count, list, object, text};
use super::table::{JSON, Table, read, write};
use crate::problem::Problem;
use crate::statuses::Statuses;

/// The version of the ledger's list, which a change of it names.
const VERSION: &str = "dzong-status-version";

pub(super) fn routes(table: Table) -> Table {
    let found = object([
        ("currentAccumulator", text()),
        ("issuerId", text()),
        ("revRegDefId", text()),
        ("revocationList", list(schema::range(0, 1))),
        ("timestamp", count()),
    ]);
    let show =
        read(show, "getAnonCredsStatusList", "A status list as AnonCreds libraries read it.")
            .at("definition", text(), "The definition's DID URL: `did:ndi:…/resources/z…`.")
            .option("timestamp", count(), "As it was at the end of this second since 1970.")
            .kept(JSON, found.clone())
            .problem(404, "There is no such registry, or it did not exist then.");
    let tails = read(tails, "getTails", "A tails file by its hash.")
        .at("hash", text(), "`tailsHash` of the definition: SHA-256 in base58.")
        .elsewhere(307, "The blob that it is.");
    let take = "What an issuer signs for a status list that its software made.";
    let take = write(take_list, "convertAnonCredsStatusList", take)
        .option("suspend", schema::flag(), "Whether what is new in the list is suspended only.")
        .option("version", count(), "The version that the list was made from; else the newest.")
        .body(true, any_object())
        .json(object([("members", any_object()), ("type", text())]))
        .problem(404, "There is no such registry.")
        .problem(409, "The list was made from another version than the newest.")
        .problem(422, "The list is malformed, or changes nothing.");
    table
        .path("/v1/anoncreds/status-lists", [take])
        .path("/v1/anoncreds/status-lists/{*definition}", [show])
        .path("/v1/anoncreds/tails/{hash}", [tails])
}

/// The id of the registry that a definition has.
fn registry_of(snapshot: &Snapshot, definition: &str) -> Result<String, Problem> {
    let none = || Problem::not_found("no revocation registry has this definition");
    let (did, id) = split_uri(definition).ok_or_else(none)?;
    let record = snapshot.record(&Defined::key(did, id))?.ok_or_else(none)?;
    let defined: Defined =
        serde_json::from_str(record.content.get()).map_err(|error| Problem::fault(&error))?;
    Ok(defined.registry)
}

/// The list in the form of the libraries.
fn rendered(statuses: &Statuses) -> Result<Value, Problem> {
    let Statuses { registry, accumulator, vector, since, .. } = statuses;
    let (Some(anoncreds), Some(accumulator)) = (&registry.anoncreds, accumulator) else {
        return Err(Problem::fault(&"a definition without an accumulator"));
    };
    let definition = (&*registry.issuer, &*anoncreds.definition);
    Ok(status_list(definition, accumulator, vector, since / 1000))
}

/// `GET /v1/anoncreds/status-lists/{definition}[?timestamp=T]`
async fn show(
    State(api): State<Api>,
    Path(definition): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["timestamp"])?;
    // The whole of the second.
    let time = number(&options, "timestamp")?;
    let time = time.map(|seconds| seconds.saturating_mul(1000).saturating_add(999));
    let snapshot = api.snapshot();
    let work = move || -> Result<Response, Problem> {
        let id = registry_of(&snapshot, &definition)?;
        let statuses = match time {
            Some(time) => Statuses::at(&snapshot, &id, time)?,
            None => Statuses::read(&snapshot, &id, None)?,
        };
        let body = rendered(&statuses)?;
        let answer = Answer::value(snapshot.height(), Keep::Briefly, &body);
        let mut response = answer.to(&headers);
        response.headers_mut().insert(VERSION, HeaderValue::from(statuses.version));
        Ok(response)
    };
    aside(work).await
}

/// `GET /v1/anoncreds/tails/{hash}`: where the blob is.
async fn tails(State(api): State<Api>, Path(hash): Path<String>) -> Result<Response, Problem> {
    let none = || Problem::not_found("`tailsHash` is a SHA-256 in base58");
    let bytes = registry::base58::decode(&hash, 32).and_then(|bytes| bytes.try_into().ok());
    let id = resource::id_of(&bytes.ok_or_else(none)?);
    let location = HeaderValue::from_str(&format!("/v1/blobs/{id}"));
    let location = location.map_err(|error| Problem::fault(&error))?;
    let headers =
        [(header::LOCATION, location), (HEIGHT, HeaderValue::from(api.snapshot().height()))];
    Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response())
}

/// `POST /v1/anoncreds/status-lists[?suspend=true][&version=V]`: a plain list is signed by nobody,
/// so it changes nothing. The answer is the event that does, for the issuer to sign.
async fn take_list(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["suspend", "version"])?;
    let suspend = flag(&options, "suspend")?;
    let version = number(&options, "version")?;
    let body = read_body(api.body, body, BODY_BYTES_MAX).await?;
    let snapshot = api.snapshot();
    let height = snapshot.height();
    let work = move || -> Result<Value, Problem> {
        let given = registry::json::parse(&body, BODY_BYTES_MAX);
        let given = given.map_err(|error| malformed(&error))?;
        let definition = given.get("revRegDefId").and_then(Value::as_str).unwrap_or_default();
        let id = registry_of(&snapshot, definition)?;
        let statuses = Statuses::read(&snapshot, &id, None)?;
        if version.is_some_and(|version| version != statuses.version) {
            return Err(stale(statuses.version));
        }
        let capacity = statuses.vector.capacity();
        let given = RevocationStatusList::read(&given, "", capacity);
        change(&statuses, &id, &given.map_err(|error| malformed(&error))?, suspend)
    };
    let event = aside(work).await?;
    Ok(Answer::value(height, Keep::Not, &event).to(&HeaderMap::new()))
}

/// The largest list: 32,768 positions with as many commas.
const BODY_BYTES_MAX: usize = 256 << 10;

fn malformed(why: &dyn std::fmt::Display) -> Problem {
    let title = "the status list is refused";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "status-list", title, why)
}

fn stale(current: u64) -> Problem {
    let title = "the list was made from another version";
    let detail = format!("version {current} is in force: fetch the list and change that one");
    Problem::new(StatusCode::CONFLICT, "stale-version", title, detail)
}

/// The event that leads from the ledger's list to the given one.
fn change(
    statuses: &Statuses,
    id: &str,
    given: &RevocationStatusList,
    suspend: bool,
) -> Result<Value, Problem> {
    let (mut ended, mut back) = (Vec::new(), Vec::new());
    for (slot, revoked) in (0u32..).zip(&given.revoked).skip(1) {
        match (statuses.vector.status(slot), revoked) {
            (Some(Status::Valid), true) => ended.push(slot),
            (Some(Status::Suspended), false) => back.push(slot),
            // Nobody brings this back, so the list is older than its revocation.
            (Some(Status::Revoked), false) => return Err(stale(statuses.version)),
            _ => {}
        }
    }
    if ended.is_empty() && back.is_empty() {
        return Err(malformed(&"it is the ledger's list already"));
    }
    let mut change = json!({
        "accumulator": given.accumulator.to_text(),
        "previousVersion": statuses.version,
        "registry": id,
    });
    let named = if suspend { "suspend" } else { "revoke" };
    for (name, slots) in [(named, ended), ("reactivate", back)] {
        if let (false, Some(change)) = (slots.is_empty(), change.as_object_mut()) {
            change.insert(name.to_owned(), slots.into());
        }
    }
    Ok(json!({ "members": { "changes": [change] }, "type": "StatusChanged" }))
}
