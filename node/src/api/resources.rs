//! DID-linked resources: by their DID URLs, and lists of schemas.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ledger::{Snapshot, Version};
use proofs::ProvenRecord;
use registry::answer::{Proof, Question as Proven};
use registry::did::NdiDid;
use registry::import;
use registry::resolution::Failure;
use registry::resource::{
    self, Asked, Dereferenced, Found, KEY_PREFIX, Question, ResourceState, Route, split_uri,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer::{Answer, Keep};
use super::negotiation::{DEREFERENCING, DEREFERENCING_OLD, Form, negotiate};
use super::records::unproven;
use super::request::{aside, flag, known_options, limit};
use super::resolution::status;
use super::schema::{named, object, or_null, range, text};
use super::table::{JSON, Table, read};
use super::{Api, schema};
use crate::problem::Problem;

/// Most resources of a page.
const PAGE_MAX: u64 = 100;

/// Most records that are read for a page, or for a search among the resources of a DID.
const SCAN_MAX: usize = 500;

/// Resources of a page, unless it is asked for otherwise.
const PAGE: u64 = 50;

/// The parameters that make a DID URL one of a resource.
pub(super) const PARAMETERS: [&str; 8] = [
    "checksum",
    "resourceCollectionId",
    "resourceId",
    "resourceMetadata",
    "resourceName",
    "resourceType",
    "resourceVersion",
    "resourceVersionTime",
];

pub(super) fn routes(table: Table) -> Table {
    let result = || named("DereferencingResult");
    let show = read(show, "getResource", "A resource by its DID URL, as a whole result.")
        .at("uri", text(), "The DID URL: `did:ndi:…/resources/z…`.")
        .option("proof", schema::flag(), "Whether the answer carries its proof.")
        .kept(JSON, result())
        .answer(404, "There is no such resource.", JSON, result())
        .answer(501, "The DID is of another network.", JSON, result())
        .problem(503, "Nothing can be proven before the first block.");
    let list = read(list, "listSchemas", "Metadata of schemas, in the order of their keys.")
        .option("did", schema::did(), "Only those that this DID published.")
        .option("resourceType", text(), "Only those of this type.")
        .option("resourceName", text(), "Only those of this name.")
        .option("after", text(), "The next page: the last one's `next`.")
        .option("limit", range(1, PAGE_MAX), "Most schemas of the page.")
        .kept(
            JSON,
            object([
                ("next", or_null(text())),
                ("schemas", schema::list(named("ResourceMetadata"))),
            ]),
        );
    table.path("/v1/schemas", [list]).path("/v1/resources/{*uri}", [show])
}

/// An answer about a resource, and its proof where one was asked for.
struct Reply {
    dereferenced: Dereferenced,
    proof: Option<Box<RawValue>>,
    /// How long the content holds: for ever where it was asked for by its hash.
    keep: Keep,
}

impl From<Dereferenced> for Reply {
    fn from(dereferenced: Dereferenced) -> Reply {
        Reply { dereferenced, proof: None, keep: Keep::Briefly }
    }
}

/// `GET /v1/resources/{uri}[?proof=true]`: the whole result about a resource, by its DID URL.
pub(super) async fn show(
    State(api): State<Api>,
    Path(uri): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["proof"])?;
    let Some((did, id)) = split_uri(&uri) else {
        return Err(Problem::bad_request(
            "a resource is named by its DID URL: /v1/resources/did:ndi:…/resources/z…",
        ));
    };
    let (did, resource_id) = (did.to_owned(), Some(id.to_owned()));
    let question = Question { did, resource_id, ..Question::default() };
    let snapshot = api.snapshot();
    let reply = reply(&snapshot, question, flag(&options, "proof")?)?;
    Ok(whole(&snapshot, &reply, JSON).to(&headers))
}

/// The answer about a DID URL and the options beside it, if it asks for a resource.
pub(super) fn dereference(
    snapshot: &Snapshot,
    url: &str,
    options: &[(String, String)],
    accept: Option<&str>,
) -> Result<Option<Answer>, Problem> {
    let reply = match (Asked::read(url, options), import::Asked::read(url, options)) {
        (None, None) => return Ok(None),
        (Some(Err(failure)), _) | (None, Some(Err(failure))) => Dereferenced::from(failure).into(),
        (Some(Ok(Asked { question, proof })), _) => reply(snapshot, question, proof)?,
        (None, Some(Ok(import::Asked { question, proof }))) => imported(snapshot, question, proof)?,
    };
    Ok(Some(in_form(snapshot, &reply, accept)))
}

/// The answer about an AnonCreds object of another ledger, by its old DID URL.
fn imported(
    snapshot: &Snapshot,
    question: import::Question,
    proof: bool,
) -> Result<Reply, Problem> {
    let read = record(snapshot, question.key(), None)?;
    let dereferenced = question.answer(&read).unwrap_or_else(|| Failure::Internal.into());
    let mut reply = Reply::from(dereferenced);
    if proof {
        let evidence = snapshot.attest(vec![read]).ok_or_else(unproven)?;
        reply.proof = Some(Proof::to_json(Proven::Imported(question), evidence));
    }
    Ok(reply)
}

/// The content alone, as who follows a link to a schema expects it; the whole result where that is
/// asked for, where there is a proof to carry, and where there is no content.
fn in_form(snapshot: &Snapshot, reply: &Reply, accept: Option<&str>) -> Answer {
    let form = negotiate(accept).map(|wanted| wanted.form);
    let result_type = match form {
        Some(Form::Dereferencing { old: false } | Form::Resolution { old: false }) => {
            Some(DEREFERENCING)
        }
        Some(Form::Dereferencing { old: true } | Form::Resolution { old: true }) => {
            Some(DEREFERENCING_OLD)
        }
        _ => None,
    };
    match (result_type, &reply.dereferenced.content, &reply.proof) {
        (None, Some(content), None) => {
            let body = Bytes::copy_from_slice(content.get().as_bytes());
            let answer = Answer::json(snapshot.height(), reply.keep, body);
            let content_type = reply.dereferenced.content_type;
            Answer { content_type, status: reply.status(), ..answer }
        }
        (result_type, ..) => whole(snapshot, reply, result_type.unwrap_or(JSON)),
    }
}

fn whole(snapshot: &Snapshot, reply: &Reply, content_type: &'static str) -> Answer {
    let body = reply.dereferenced.to_json(reply.proof.as_deref());
    let answer = Answer::json(snapshot.height(), Keep::Briefly, body);
    Answer { content_type, status: reply.status(), ..answer }
}

impl Reply {
    /// Of several resources the client has to choose one.
    fn status(&self) -> StatusCode {
        match self.dereferenced.is_choice {
            true => StatusCode::MULTIPLE_CHOICES,
            false => status(self.dereferenced.failure, false),
        }
    }
}

/// The answer to a question, with everything that proves it if that is wanted, all from one
/// snapshot. A search is answered without proof, or by the one resource that it finds.
fn reply(snapshot: &Snapshot, question: Question, proof: bool) -> Result<Reply, Problem> {
    let network = snapshot.genesis().network();
    let records = match question.route(network) {
        Err(failure) => return Ok(Dereferenced::from(failure).into()),
        Ok(Route::Search) => {
            return match question.search(resources_of(snapshot, &question.did)?) {
                // Another may be found the next time.
                Found::One(question) => {
                    let keep = Keep::Briefly;
                    Ok(Reply { keep, ..reply(snapshot, question, proof)? })
                }
                Found::List(dereferenced) => Ok(dereferenced.into()),
            };
        }
        Ok(Route::Resource(key)) => vec![record(snapshot, key, None)?],
        Ok(Route::Series(key, moment)) => {
            let series = record(snapshot, key, moment.map(Version::At))?;
            let named = question.named_by(&series);
            let named = named.map(|key| record(snapshot, key, None)).transpose()?;
            std::iter::once(series).chain(named).collect()
        }
    };
    let answer = question.answer(network, &records);
    let dereferenced = answer.unwrap_or_else(|| Failure::Internal.into());
    let lasts = question.resource_id.is_some()
        && dereferenced.failure.is_none()
        && !question.resource_metadata;
    let keep = if lasts { Keep::Forever } else { Keep::Briefly };
    if !proof {
        return Ok(Reply { dereferenced, proof: None, keep });
    }
    let evidence = snapshot.attest(records).ok_or_else(unproven)?;
    let proof = Some(Proof::to_json(Proven::Resource(question), evidence));
    Ok(Reply { dereferenced, proof, keep })
}

/// A record as a proof would show it, without its path.
fn record(
    snapshot: &Snapshot,
    key: String,
    version: Option<Version>,
) -> Result<ProvenRecord, Problem> {
    let past = version.map(|version| snapshot.past_version(&key, version)).transpose()?.flatten();
    Ok(ProvenRecord { record: snapshot.record(&key)?, key, past, path: Vec::new() })
}

fn resources_of(snapshot: &Snapshot, did: &str) -> Result<Vec<ResourceState>, Problem> {
    let records = snapshot.records(&resource::key(did, ""), None, SCAN_MAX + 1)?;
    if records.len() > SCAN_MAX {
        return Err(Problem::bad_request(
            "the DID has too many resources to search: name both `resourceType` and `resourceName`",
        ));
    }
    Ok(records.iter().filter_map(|(_, record)| ResourceState::read(record)).collect())
}

/// `GET /v1/schemas?did=D&resourceType=T&resourceName=N&after=URI&limit=N`: metadata of schemas, a
/// page at a time. `next` is where the next page begins; it is null at the end.
pub(super) async fn list(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = ["did", "resourceType", "resourceName", "after", "limit"];
    let mut options = known_options(query.as_deref(), &known)?;
    let limit = limit(&options, PAGE, PAGE_MAX)?;
    let did = options.remove("did");
    if let Some(did) = &did
        && NdiDid::parse(did).is_err()
    {
        return Err(Problem::bad_request("`did` is a did:ndi identifier"));
    }
    let after = match options.remove("after").as_deref().map(split_uri) {
        None => None,
        Some(Some((did, id))) => Some(resource::key(did, id)),
        Some(None) => return Err(Problem::bad_request("`after` is what `next` was")),
    };
    let page = Page {
        prefix: did.map_or_else(|| KEY_PREFIX.to_owned(), |did| resource::key(&did, "")),
        after,
        limit,
        resource_type: options.remove("resourceType"),
        name: options.remove("resourceName"),
    };
    aside(move || Ok::<_, Problem>(page.read(&api.snapshot())?.to(&headers))).await
}

/// What a page of a list is made of.
struct Page {
    prefix: String,
    after: Option<String>,
    limit: usize,
    resource_type: Option<String>,
    name: Option<String>,
}

impl Page {
    fn read(&self, snapshot: &Snapshot) -> Result<Answer, Problem> {
        let same = |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|a| a == own);
        let mut schemas: Vec<Value> = Vec::new();
        let mut after = self.after.clone();
        // One at a time: contents are large, and a page may need few of them.
        for _ in 0..SCAN_MAX {
            let found = snapshot.records(&self.prefix, after.as_deref(), 1)?;
            let Some((key, record)) = found.into_iter().next() else {
                after = None;
                break;
            };
            let owner = key.strip_prefix(KEY_PREFIX).and_then(|key| key.split_once('/'));
            if let (Some((did, _)), Some(state)) = (owner, ResourceState::read(&record))
                && same(&self.resource_type, &state.resource_type)
                && same(&self.name, &state.resource_name)
            {
                schemas.push(state.metadata(did).into());
            }
            after = Some(key);
            if schemas.len() == self.limit {
                break;
            }
        }
        let next = after.as_deref().and_then(|key| key.strip_prefix(KEY_PREFIX)?.split_once('/'));
        let next = next.map(|(did, id)| resource::uri(did, id));
        let page = json!({ "next": next, "schemas": schemas });
        Ok(Answer::value(snapshot.height(), Keep::Briefly, &page))
    }
}
