//! DID resolution over HTTP (W3C DID Resolution, HTTP(S) binding).
//!
//! What is asked for is read here, in every spelling that clients use, and which form the answer
//! has; what the answer says is made by `registry::resolution` alone.

mod asked;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use ledger::{Snapshot, Version};
use proofs::{Evidence, ProvenRecord};
use registry::answer::{Proof, Question as Asked};
use registry::projections::resolution_key;
use registry::resolution::{Failure, Question, Resolution, Wanted};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Api;
use super::answer::{Answer, Keep};
use super::negotiation::{Form, negotiate};
use super::records::unproven;
use super::request::options;
use crate::problem::Problem;
use asked::Refused;

/// `GET /1.0/identifiers/{did}`
pub(super) async fn resolve(
    State(api): State<Api>,
    Path(did): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT).map(|accept| accept.to_str().unwrap_or("?"));
    let snapshot = api.snapshot();
    let beside: Option<Vec<_>> = options(query.as_deref()).map(|all| all.into_iter().collect());
    if let Some(beside) = beside
        && let Some(answer) = super::resources::dereference(&snapshot, &did, &beside, accept)?
    {
        return Ok(answer.for_client(&headers));
    }
    let Some(form) = negotiate(accept) else {
        let form = Form::Result(super::negotiation::RESULT);
        return Ok(refuse(&snapshot, form, Refused::Representation).for_client(&headers));
    };
    let answer = match asked::read(&did, query.as_deref()) {
        Err(refused) => refuse(&snapshot, form, refused),
        Ok(asked) if asked.proof && is_bare(form) => {
            refuse(&snapshot, form, Refused::Failure(Failure::InvalidOptions))
        }
        Ok(asked) => match asked.question.key(snapshot.genesis().network()) {
            Err(failure) => refuse(&snapshot, form, Refused::Failure(failure)),
            Ok(key) if asked.proof => proven(&snapshot, form, asked.question, &key)?,
            Ok(key) => plain(&snapshot, form, &asked.question, key)?,
        },
    };
    Ok(answer.for_client(&headers))
}

/// The document alone has no place for a proof. Where plain JSON is asked for together with a
/// proof, the result is meant.
fn is_bare(form: Form) -> bool {
    matches!(form, Form::Document(content_type) if content_type != "application/json")
}

impl Answer {
    fn for_client(self, headers: &HeaderMap) -> Response {
        let mut response = self.to(headers);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

/// The answer with everything that proves it, all from one snapshot.
fn proven(
    snapshot: &Snapshot,
    form: Form,
    question: Question,
    key: &str,
) -> Result<Answer, Problem> {
    let mut evidence: Evidence = snapshot.prove(&[key])?.ok_or_else(unproven)?;
    if let Some(record) = evidence.records.first_mut() {
        record.past = past(snapshot, &question, key)?;
    }
    let resolution = evidence.records.first().and_then(|record| question.answer(record));
    let Some(resolution) = resolution else {
        return Ok(refuse(snapshot, form, Refused::Failure(Failure::Internal)));
    };
    let proof = Proof::to_json(Asked::Resolution(question), evidence);
    Ok(show(snapshot, form, &resolution, Some(&proof)))
}

/// The answer without proof: for the latest version, bytes that were prepared when it came.
fn plain(
    snapshot: &Snapshot,
    form: Form,
    question: &Question,
    key: String,
) -> Result<Answer, Problem> {
    if question.wanted() == Ok(Wanted::Latest) {
        return Ok(match snapshot.projection(&resolution_key(&question.did))? {
            Some(bytes) => prepared(snapshot, form, bytes),
            None => refuse(snapshot, form, Refused::Failure(Failure::NotFound)),
        });
    }
    let past = past(snapshot, question, &key)?;
    let record = ProvenRecord { past, path: Vec::new(), record: snapshot.record(&key)?, key };
    Ok(match question.answer(&record) {
        Some(resolution) => show(snapshot, form, &resolution, None),
        None => refuse(snapshot, form, Refused::Failure(Failure::Internal)),
    })
}

fn past(
    snapshot: &Snapshot,
    question: &Question,
    key: &str,
) -> Result<Option<proofs::evidence::PastVersion>, Problem> {
    let version = match question.wanted() {
        Ok(Wanted::Version(number)) => Version::Number(number),
        Ok(Wanted::Time(moment)) => Version::At(moment),
        _ => return Ok(None),
    };
    Ok(snapshot.past_version(key, version)?)
}

/// The members of a prepared answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prepared<'a> {
    #[serde(borrow)]
    did_document: &'a RawValue,
}

/// An answer from prepared bytes, which are a whole result.
fn prepared(snapshot: &Snapshot, form: Form, bytes: Vec<u8>) -> Answer {
    // A result without an error has no document where the DID is deactivated, and only there.
    let deactivated = bytes.starts_with(br#"{"didDocument":null"#);
    let body = match form {
        Form::Result(_) => bytes.into(),
        Form::OldResult => old_words(bytes),
        Form::Document(_) if deactivated => bytes.into(),
        Form::Document(content_type) => {
            let prepared: Result<Prepared<'_>, _> = serde_json::from_slice(&bytes);
            return match prepared {
                Ok(Prepared { did_document }) => {
                    let body = Bytes::copy_from_slice(did_document.get().as_bytes());
                    answer(snapshot, StatusCode::OK, content_type, body)
                }
                Err(_) => refuse(snapshot, form, Refused::Failure(Failure::Internal)),
            };
        }
    };
    let status = if deactivated { StatusCode::GONE } else { StatusCode::OK };
    answer(snapshot, status, form.result_type(), body)
}

/// An answer from a result.
fn show(
    snapshot: &Snapshot,
    form: Form,
    resolution: &Resolution,
    proof: Option<&RawValue>,
) -> Answer {
    let status = match resolution.failure {
        Some(failure) => Refused::Failure(failure).status(),
        None if resolution.is_deactivated() => StatusCode::GONE,
        None => StatusCode::OK,
    };
    if let (Form::Document(content_type), Some(document), None) =
        (form, &resolution.document, proof)
    {
        let body = Bytes::copy_from_slice(document.get().as_bytes());
        return answer(snapshot, status, content_type, body);
    }
    let result = resolution.to_json(proof).into_bytes();
    let body = match (form, resolution.failure) {
        (Form::OldResult, Some(failure)) => Refused::Failure(failure).old_result().into(),
        (Form::OldResult, None) => old_words(result),
        _ => result.into(),
    };
    answer(snapshot, status, form.result_type(), body)
}

/// The answer to what cannot be resolved.
fn refuse(snapshot: &Snapshot, form: Form, refused: Refused) -> Answer {
    let body = match form {
        Form::OldResult => refused.old_result(),
        _ => refused.result(),
    };
    answer(snapshot, refused.status(), form.result_type(), body.into())
}

fn answer(
    snapshot: &Snapshot,
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
) -> Answer {
    Answer { status, content_type, height: snapshot.height(), keep: Keep::Briefly, body }
}

/// A result for clients of DID Resolution 0.3, which know the media types of DID Core 1.0.
fn old_words(result: Vec<u8>) -> Bytes {
    // The metadata are behind the document, which may hold the same words: the last ones count.
    let (new, old) = (br#""contentType":"application/did""#, "\"application/did+ld+json\"");
    let Some(at) = result.windows(new.len()).rposition(|window| window == new) else {
        return result.into();
    };
    let value = at + r#""contentType":"#.len();
    let end = at + new.len();
    let parts = [result.get(..value), Some(old.as_bytes()), result.get(end..)];
    parts.into_iter().flatten().collect::<Vec<_>>().concat().into()
}
