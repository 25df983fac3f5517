//! Revocation: registries, and their statuses as they are and as they were. Whole lists, the same
//! for everybody, so that nobody learns whose credential is looked at; a single slot only where the
//! list's format shows it to every verifier anyway.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use registry::answer::{Proof, Question as Proven};
use registry::projections::Party;
use registry::status::{Part, Question, Registry};
use registry::trust::Moment;
use serde_json::json;

use super::answer::{Answer, Keep};
use super::records::unproven;
use super::request::{aside, flag, known_options, moment, number};
use super::schema::{base64, count, did, hash, list, named, object, one_of, or_null, range, text};
use super::series::{Filter, Series};
use super::table::{JSON, OCTETS, Operation, Table, read};
use super::{Api, schema, series};
use crate::problem::Problem;
use crate::statuses::{self, Statuses};

/// The versions that a delta leads from and to.
const VERSION_FROM: HeaderName = HeaderName::from_static("dzong-version-from");
const VERSION_TO: HeaderName = HeaderName::from_static("dzong-version-to");

const FILTERS: [Filter; 1] = [Filter::Did { name: "issuer", party: Party::Granter }];

const REGISTRIES: Series = Series::new(
    "/v1/revocation/registries",
    "listRevocationRegistries",
    "Revocation registries.",
    "registries",
    Registry::KEY_PREFIX,
);

pub(super) fn routes(table: Table) -> Table {
    let anoncreds = object([("definition", text()), ("tails", text())]);
    let slots = object([("domain", count()), ("setup", text()), ("tau", base64())]);
    let registry = object([
        ("accumulator?", base64()),
        ("anoncreds", or_null(anoncreds)),
        ("capacity", range(2, 1 << 20)),
        ("commitment?", base64()),
        ("created", schema::time()),
        ("credentialType", or_null(text())),
        ("formats", list(text())),
        ("hold", or_null(text())),
        ("issuer", did()),
        ("nodes", list(hash())),
        ("proof?", named("Proof")),
        ("registry", hash()),
        ("slots", or_null(slots)),
        ("timestamp", count()),
        ("version", count()),
    ]);
    let all = object([
        ("accumulator?", base64()),
        ("capacity", range(2, 1 << 20)),
        ("commitment?", base64()),
        ("issuer", did()),
        ("proof?", named("Proof")),
        ("registry", hash()),
        ("statuses", base64()),
        ("timestamp", count()),
        ("version", count()),
    ]);
    let slot = object([
        ("locked", schema::flag()),
        ("proof?", named("Proof")),
        ("registry", hash()),
        ("slot", count()),
        ("status", one_of(&["valid", "revoked", "suspended"])),
    ]);
    let show = read(show, "getRevocationRegistry", "A registry and the head of its statuses.");
    let statuses = read(all_of, "getStatuses", "All statuses, as they are or as they were.");
    let at = read(slot_of, "getStatus", "One slot's status, where the list's format shows it.").at(
        "slot",
        count(),
        "The slot.",
    );
    let delta = read(delta, "getStatusDelta", "What changed since a version, in few bytes.")
        .at("id", hash(), "The registry's id.")
        .option("from", count(), "The version that the asker has.")
        .option("to", count(), "The version that is wanted; otherwise the newest.")
        .kept(OCTETS, json!({ "type": "string", "contentMediaType": OCTETS }))
        .says("Dzong-Version-From", count(), "The version that it applies to.")
        .says("Dzong-Version-To", count(), "The version that it leads to.")
        .problem(404, "There is no such registry, or no such version.");
    let version =
        |operation: Operation| operation.option("version", count(), "As it was in this version.");
    series::routes(table, [REGISTRIES.by(&FILTERS)])
        .path("/v1/revocation/registries/{id}", [version(described(show, registry))])
        .path("/v1/revocation/registries/{id}/statuses", [version(described(statuses, all))])
        .path("/v1/revocation/registries/{id}/slots/{slot}", [described(at, slot)])
        .path("/v1/revocation/registries/{id}/delta", [delta])
}

/// An operation that answers a question about a registry.
fn described(operation: Operation, answer: serde_json::Value) -> Operation {
    let none = object([("error", text()), ("proof?", named("Proof")), ("registry", text())]);
    operation
        .at("id", hash(), "The registry's id.")
        .option("proof", schema::flag(), "Whether the proof is wanted.")
        .option("time", schema::time(), "As it was at the end of this second.")
        .kept(JSON, answer)
        .answer(404, "There is no such registry, version or slot.", JSON, none)
        .problem(503, "Nothing can be proven before the first block.")
}

/// `GET /v1/revocation/registries/{id}[?time=T|version=V][&proof=true]`
async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ask(&api, id, Part::Registry, query.as_deref(), headers).await
}

/// `GET /v1/revocation/registries/{id}/statuses[?time=T|version=V][&proof=true]`
async fn all_of(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ask(&api, id, Part::Statuses, query.as_deref(), headers).await
}

/// `GET /v1/revocation/registries/{id}/slots/{slot}[?time=T][&proof=true]`
async fn slot_of(
    State(api): State<Api>,
    Path((id, slot)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wrong = || Problem::bad_request("a slot is a number, without leading zeros");
    let plain = slot.bytes().all(|byte| byte.is_ascii_digit()) && !slot.starts_with('0');
    let slot = slot.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    ask(&api, id, Part::Slot(slot), query.as_deref(), headers).await
}

async fn ask(
    api: &Api,
    registry: String,
    part: Part,
    query: Option<&str>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known: &[&str] = match part {
        Part::Slot(_) => &["proof", "time"],
        Part::Registry | Part::Statuses => &["proof", "time", "version"],
    };
    let options = known_options(query, known)?;
    let time = moment(&options, "time")?.map(Moment);
    let version = number(&options, "version")?;
    let question = Question { part, registry, time, version };
    let proof = flag(&options, "proof")?;
    let snapshot = api.snapshot();
    let work = move || -> Result<Response, Problem> {
        let found = statuses::answer(&snapshot, &question)?;
        let proof = match proof {
            true => {
                let evidence = snapshot.attest(found.records).ok_or_else(unproven)?;
                Some(Proof::to_json(Proven::Status(question), evidence))
            }
            false => None,
        };
        let keep = if found.lasts && proof.is_none() { Keep::Forever } else { Keep::Briefly };
        let status = if found.answer.is_none { StatusCode::NOT_FOUND } else { StatusCode::OK };
        let body = found.answer.to_json(proof.as_deref());
        Ok(Answer { status, ..Answer::json(snapshot.height(), keep, body) }.to(&headers))
    };
    aside(work).await
}

/// `GET /v1/revocation/registries/{id}/delta?from=V[&to=W]`: from that version to the newest, or to
/// a named one, which is a file for ever. Whoever has the list of that version applies it, and
/// compares the hashes with those of the registry's head.
async fn delta(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["from", "to"])?;
    let (from, to) = (number(&options, "from")?, number(&options, "to")?);
    let from = from.ok_or_else(|| Problem::bad_request("`from` names the version you have"))?;
    if to.is_some_and(|to| to < from) {
        return Err(Problem::bad_request("`to` is no earlier version than `from`"));
    }
    let snapshot = api.snapshot();
    let work = move || -> Result<(Answer, u64), Problem> {
        let list = |version| Statuses::read(&snapshot, &id, version);
        let (before, after) = (list(Some(from))?, list(to)?);
        let keep = if to.is_some() { Keep::Forever } else { Keep::Briefly };
        let bytes = after.vector.delta(&before.vector);
        Ok((Answer::dense(snapshot.height(), keep, OCTETS, bytes), after.version))
    };
    let (answer, reached) = aside(work).await?;
    let mut response = answer.to(&headers);
    response.headers_mut().insert(VERSION_FROM, from.into());
    response.headers_mut().insert(VERSION_TO, reached.into());
    Ok(response)
}
