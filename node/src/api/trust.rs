//! The trust registry to the world: the two queries of ToIP's Trust Registry Query Protocol 2.0,
//! lists of what stands behind their answers, and who may do what.

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::{Snapshot, Version};
use proofs::ProvenRecord;
use registry::answer::{Proof, Question as Proven};
use registry::authority::AUTHORITY;
use registry::projections::Party;
use registry::trust::query::{Query, Question};
use registry::{Context, explain};
use serde_json::json;

use super::Api;
use super::answer::{Answer, Keep};
use super::front::Posted;
use super::records::unproven;
use super::request::{self, known_options};
use super::schema::{any_object, did, flag, list, named, object, text, time};
use super::series::{self, Filter, Series};
use super::table::{JSON, Operation, Table, read, write};
use crate::problem::Problem;

/// The paths of the protocol, at which questions are posted.
pub(super) const QUERIES: [&str; 2] = ["/authorization", "/recognition"];

/// Listings are found by whom they concern, and by whether they count.
const FILTERS: [Filter; 3] = [
    Filter::Did { name: "authority", party: Party::Granter },
    Filter::Did { name: "entity", party: Party::Subject },
    Filter::Word {
        name: "state",
        place: "/status/state",
        words: &["active", "suspended", "revoked"],
    },
];

/// What stands behind the answers.
const LISTINGS: [Series; 8] = [
    Series::new("/v1/entities", "listEntities", "Organisations on board.", "entities", "entity/"),
    Series::new(
        "/v1/certifications",
        "listCertifications",
        "Who was certified for which roles.",
        "certifications",
        "certification/",
    ),
    Series::new(
        "/v1/authorizations",
        "listAuthorizations",
        "Who may do what, says whom.",
        "authorizations",
        "authorization/",
    ),
    Series::new(
        "/v1/recognitions",
        "listRecognitions",
        "Foreign schemes that are recognised.",
        "recognitions",
        "recognition/",
    ),
    Series::new(
        "/v1/registries",
        "listRegistries",
        "Delegated registries.",
        "registries",
        "registry/",
    ),
    Series::new(
        "/v1/credential-types",
        "listCredentialTypes",
        "Types of credentials.",
        "credentialTypes",
        "credential-type/",
    ),
    Series::new(
        "/v1/presentation-types",
        "listPresentationTypes",
        "What verifiers may ask for.",
        "presentationTypes",
        "presentation-type/",
    ),
    Series::new(
        "/v1/certificates",
        "listCertificates",
        "Certificates.",
        "certificates",
        "certificate/",
    ),
];

const OVERSIGHT: [Series; 3] = [
    Series::new("/v1/appeals", "listAppeals", "Appeals.", "appeals", "appeal/"),
    Series::new("/v1/incidents", "listIncidents", "Reported incidents.", "incidents", "incident/"),
    Series::new("/v1/audits", "listAudits", "Recorded audits.", "audits", "audit/"),
];

pub(super) fn routes(table: Table) -> Table {
    let authorization = write(
        authorization,
        "authorization",
        "TRQP 2.0: does the authority authorise the entity to take the action on the resource?",
    );
    let recognition = write(
        recognition,
        "recognition",
        "TRQP 2.0: does the authority recognise the entity as one, for the action on the resource?",
    );
    let kinds: Vec<&str> = AUTHORITY.iter().map(|rule| rule.kind).collect();
    let explanation = object([
        ("actor?", any_object()),
        ("by", list(text())),
        ("conditions", text()),
        ("kind", text()),
        ("sections", text()),
    ]);
    let explain = read(explain_kind, "explain", "Who may make a kind of event, and why not.")
        .option("kind", super::schema::one_of(&kinds), "The kind; without it, every kind.")
        .option("actor", did(), "Who would make it: whether it may, and if not why.")
        .kept(JSON, object([("rules", list(explanation))]));
    let listings = LISTINGS.map(|series| series.by(&FILTERS));
    series::routes(table, listings.into_iter().chain(OVERSIGHT))
        .path(QUERIES[0], [described(authorization, "authorized")])
        .path(QUERIES[1], [described(recognition, "recognized")])
        .path("/v1/explain", [explain])
}

/// A query of the protocol, whose answer says `name` or not.
fn described(operation: Operation, name: &'static str) -> Operation {
    let word = || json!({ "type": "string", "minLength": 1 });
    let mut question = object([
        ("action", word()),
        ("authority_id", word()),
        ("context?", any_object()),
        ("entity_id", word()),
        ("resource", word()),
    ]);
    // Members that the protocol does not know are ignored, as it wants.
    question["additionalProperties"] = true.into();
    let answer = object([
        ("action", text()),
        ("authority_id", text()),
        ("chain?", list(text())),
        ("context?", any_object()),
        ("entity_id", text()),
        ("message?", text()),
        ("proof?", named("Proof")),
        ("resource", text()),
        ("time_evaluated", time()),
        ("time_requested?", text()),
        (name, flag()),
    ]);
    let unknown = object([
        ("detail", text()),
        ("proof?", named("Proof")),
        ("status", json!({ "const": 404 })),
        ("title", text()),
        ("type", text()),
    ]);
    operation
        .option("proof", flag(), "Whether the proof is wanted, as the member `proof`.")
        .header("X-Request-ID", text(), "The answer repeats it.")
        .body(true, question)
        .json(answer)
        .answer(404, "Nobody here knows the authority.", "application/problem+json", unknown)
        .problem(503, "Nothing can be proven before the first block.")
}

/// `POST /authorization[?proof=true]`
async fn authorization(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Extension(posted): Extension<Posted>,
) -> Result<Response, Problem> {
    answer(&api, Query::Authorization, query.as_deref(), &headers, posted)
}

/// `POST /recognition[?proof=true]`
async fn recognition(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Extension(posted): Extension<Posted>,
) -> Result<Response, Problem> {
    answer(&api, Query::Recognition, query.as_deref(), &headers, posted)
}

fn answer(
    api: &Api,
    query: Query,
    options: Option<&str>,
    headers: &HeaderMap,
    Posted(body): Posted,
) -> Result<Response, Problem> {
    let options = known_options(options, &["proof"])?;
    let proof = request::flag(&options, "proof")?;
    let question = Question::read(&body?).map_err(Problem::bad_request)?;
    Ok(reply(&api.snapshot(), query, question, proof)?.to(headers))
}

fn reply(
    snapshot: &Snapshot,
    query: Query,
    question: Question,
    proof: bool,
) -> Result<Answer, Problem> {
    let now = snapshot.head().time;
    let fetch = |key: &str, moment: Option<u64>| record(snapshot, key, moment);
    let (answer, records) = question.ask(query, now, fetch)?;
    let proof = match proof {
        false => None,
        true => {
            let evidence = snapshot.attest(records).ok_or_else(unproven)?;
            let question = match query {
                Query::Authorization => Proven::Authorization(question),
                Query::Recognition => Proven::Recognition(question),
            };
            Some(Proof::to_json(question, evidence))
        }
    };
    let status = StatusCode::from_u16(answer.status).map_err(|error| Problem::fault(&error))?;
    let content_type = match status {
        StatusCode::OK => JSON,
        _ => "application/problem+json",
    };
    let text = answer.to_json(proof.as_deref());
    let answer = Answer::json(snapshot.height(), Keep::Here, text);
    Ok(Answer { status, content_type, ..answer })
}

/// A record without its path; where a moment is asked about and the record is younger than that,
/// with the version of that moment, or else its first.
fn record(snapshot: &Snapshot, key: &str, moment: Option<u64>) -> Result<ProvenRecord, Problem> {
    let record = snapshot.record(key)?;
    let past = match (moment, &record) {
        (Some(moment), Some(record)) if record.time > moment && record.version > 1 => {
            match snapshot.past_version(key, Version::At(moment))? {
                Some(past) => Some(past),
                None => snapshot.past_version(key, Version::Number(1))?,
            }
        }
        _ => None,
    };
    Ok(ProvenRecord { key: key.to_owned(), past, path: Vec::new(), record })
}

/// `GET /v1/explain[?kind=K][&actor=DID]`
async fn explain_kind(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["actor", "kind"])?;
    let snapshot = api.snapshot();
    let head = snapshot.head();
    let context: Context = snapshot.genesis().context(head.height, head.time);
    let kinds = match options.get("kind") {
        Some(kind) => vec![kind.as_str()],
        None => AUTHORITY.iter().map(|rule| rule.kind).collect(),
    };
    let actor = options.get("actor").map(String::as_str);
    let rules = snapshot.ask(|view| {
        let explained = |kind: &&str| explain::explain(kind, actor, &context, view);
        kinds.iter().map(explained).collect::<Option<Vec<_>>>()
    })?;
    let rules = rules.ok_or_else(|| Problem::bad_request("`kind` is no kind of event"))?;
    let answer = Answer::value(snapshot.height(), Keep::Briefly, &json!({ "rules": rules }));
    Ok(answer.to(&headers))
}
