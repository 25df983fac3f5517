//! DID resolution and DID URL dereferencing over HTTP (W3C DID Resolution, HTTP(S) binding).
//!
//! Which form the answer has is decided here; what is asked and what the answer says are for
//! `registry::resolution` and `registry::dereferencing` alone. DID URLs of resources are for
//! `resources`.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use ledger::{Snapshot, Version};
use proofs::{Evidence, ProvenRecord};
use registry::answer::{Proof, Question as Proven};
use registry::dereferencing::{Content, Dereferencing};
use registry::projections::resolution_key;
use registry::resolution::request::{Goal, Question, Refusal, Request, decode, encode};
use registry::resolution::{Failure, Resolution, Wanted};
use registry::resource::TYPES;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::answer::{Answer, Keep, VARIES};
use super::negotiation::{DEREFERENCING, DOCUMENTS, Form, RESULT, negotiate};
use super::records::unproven;
use super::request::{pairs, read_body};
use super::schema::{any_object, flag, named, text};
use super::table::{JSON, Operation, Table, read, write};
use super::{Api, resources, schema};
use crate::problem::Problem;

/// What stands before the identifier in a path.
pub(super) const PREFIX: &str = "/1.0/identifiers/";

/// The longest body with options: each is a word or a DID URL at most.
const OPTIONS_BYTES_MAX: usize = 16 << 10;

pub(super) fn routes(table: Table) -> Table {
    let get = read(resolve, "resolve", "Resolves a DID, or dereferences a DID URL.")
        .option("versionId", text(), "A version by its number, from 1.")
        .option("versionTime", schema::time(), "The version in force then.")
        .option("expandRelativeUrls", flag(), "Whether relative DID URLs are made absolute.")
        .option("noCache", flag(), "Without effect: every answer is from the newest block.")
        .option("proof", flag(), "Whether the answer carries its proof.")
        .option("service", text(), "A service by its id.")
        .option("serviceType", text(), "Services by their type.")
        .option("relativeRef", text(), "What is meant at the service's endpoint.")
        .option("verificationRelationship", text(), "What the method must be allowed for.");
    let get = resources::PARAMETERS.into_iter().fold(get, |get, name| {
        get.option(name, text(), "As DID-Linked Resources has it: which resource is meant.")
    });
    let members = [
        "expandRelativeUrls",
        "noCache",
        "proof",
        "relativeRef",
        "service",
        "serviceType",
        "verificationRelationship",
        "versionId",
        "versionTime",
    ];
    let members = members.into_iter().chain(resources::PARAMETERS);
    let member = |name: &str| {
        let form = if is_flag(name) { json!(["string", "boolean"]) } else { json!("string") };
        (name.to_owned(), json!({ "type": form }))
    };
    let options = json!({
        "type": "object",
        "properties": serde_json::Map::from_iter(members.map(member)),
        "additionalProperties": false,
    });
    let post = write(resolve_with, "resolveWith", "The same, with the options as a JSON object.")
        .any_query()
        .body(false, options);
    table.path("/1.0/identifiers/{*did}", [described(get), described(post)])
}

/// What both operations answer: results and errors of results in every form.
fn described(operation: Operation) -> Operation {
    let whole = [
        (RESULT, named("ResolutionResult")),
        (DEREFERENCING, named("DereferencingResult")),
        (JSON, any_object()),
        ("application/ld+json", any_object()),
    ];
    let mut operation = operation
        .at("did", text(), "The DID or DID URL; encoded where options follow.")
        .elsewhere(303, "`text/uri-list` is asked for: where the service's endpoint is.")
        .problem(503, "Nothing can be proven before the first block.");
    for (content_type, schema) in &whole {
        operation = operation.kept(content_type, schema.clone());
        for (status, text) in [
            (300, "Several resources fit: the content lists them."),
            (400, "The identifier or an option makes no sense."),
            (404, "There is no such DID, version or resource."),
            (406, "There is no such representation."),
            (410, "The DID is deactivated."),
            (500, "The verification method is not what is asked for, or the node failed."),
            (501, "Another method, or an option that is not known here."),
        ] {
            operation = operation.answer(status, text, content_type, schema.clone());
        }
    }
    for content_type in DOCUMENTS.into_iter().filter(|one| one.starts_with("application/did")) {
        operation = operation.kept(content_type, any_object()).answer(
            410,
            "The DID is deactivated.",
            content_type,
            any_object(),
        );
    }
    TYPES.iter().fold(operation, |operation, known| operation.kept(known.media_type, any_object()))
}

/// `GET /1.0/identifiers/{did}`
pub(super) async fn resolve(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer_to(&api.snapshot(), &uri, Ok(Vec::new()), &headers)
}

/// `POST /1.0/identifiers/{did}`, with the options as a JSON object.
pub(super) async fn resolve_with(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = read_body(api.body, body, OPTIONS_BYTES_MAX).await?;
    answer_to(&api.snapshot(), &uri, read_options(&body), &headers)
}

type Options = Result<Vec<(String, String)>, Refusal>;

fn answer_to(
    snapshot: &Snapshot,
    uri: &Uri,
    options: Options,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT).map(|accept| accept.to_str().unwrap_or("?"));
    let wanted = negotiate(accept);
    let goal = wanted.map_or(Goal::Any, |wanted| wanted.goal);
    let asked = asked(uri, options, goal);
    let resource = match &asked {
        Ok((identifier, options)) => resources::dereference(snapshot, identifier, options, accept)?,
        Err(_) => None,
    };
    let answer = match resource {
        Some(answer) => answer,
        None => {
            let request =
                asked.and_then(|(identifier, options)| Request::read(&identifier, options, goal));
            let dereferencing = match &request {
                Ok(request) => matches!(request.question, Question::Dereferencing(_)),
                Err(refusal) => refusal.dereferencing,
            };
            let form = wanted.map_or(Form::Content(""), |wanted| wanted.form);
            let show = Show { snapshot, form, dereferencing };
            match request {
                _ if wanted.is_none() => show.refuse(Failure::RepresentationNotSupported, None),
                Err(refusal) => show.refuse(refusal.failure, Some(&refusal.detail)),
                Ok(request) => show.answer(request)?,
            }
        }
    };
    let mut response = answer.to(headers);
    response.headers_mut().insert(header::VARY, VARIES);
    Ok(response)
}

/// The identifier, and the options beside it. In `did:…?versionId=2` the query belongs to the DID
/// URL; behind an encoded DID it holds options.
fn asked(
    uri: &Uri,
    options: Options,
    goal: Goal,
) -> Result<(String, Vec<(String, String)>), Refusal> {
    let refuse = |failure, detail: &str| Refusal {
        failure,
        detail: detail.to_owned(),
        dereferencing: goal != Goal::Any,
    };
    let raw = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let mut identifier = decode(raw)
        .ok_or_else(|| refuse(Failure::InvalidDid, "the identifier is badly encoded"))?;
    let mut options = options?;
    let query = uri.query().filter(|query| !query.is_empty());
    if raw.starts_with("did:") && !identifier.contains(['?', '#']) {
        identifier.extend(query.into_iter().flat_map(|query| ["?", query]));
    } else {
        let pairs = pairs(query)
            .ok_or_else(|| refuse(Failure::InvalidOptions, "an option is badly encoded"))?;
        options.extend(pairs);
    }
    Ok((identifier, options))
}

/// Options that say yes or no.
const FLAGS: [&str; 4] = ["expandRelativeUrls", "noCache", "proof", "resourceMetadata"];

fn is_flag(name: &str) -> bool {
    FLAGS.contains(&name)
}

/// The options of a body: a JSON object of texts, or of yes and no.
fn read_options(body: &[u8]) -> Options {
    let refuse =
        |detail: String| Refusal { failure: Failure::InvalidOptions, detail, dereferencing: false };
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let options = match registry::json::parse(body, OPTIONS_BYTES_MAX) {
        Ok(serde_json::Value::Object(options)) => options,
        Ok(_) => return Err(refuse("options are a JSON object".into())),
        Err(error) => return Err(refuse(error.to_string())),
    };
    let text = |(name, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) => Ok((name, text)),
        serde_json::Value::Bool(flag) if is_flag(&name) => Ok((name, flag.to_string())),
        _ => {
            let flags = FLAGS.join("`, `");
            Err(refuse(format!("options are texts; `{flags}` may be `true` or `false`")))
        }
    };
    options.into_iter().map(text).collect()
}

/// How an answer is shown.
#[derive(Clone, Copy)]
struct Show<'a> {
    snapshot: &'a Snapshot,
    form: Form,
    /// Whether the request is for dereferencing.
    dereferencing: bool,
}

/// The members of a prepared answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prepared<'a> {
    #[serde(borrow)]
    did_document: &'a RawValue,
}

impl Show<'_> {
    fn answer(self, request: Request) -> Result<Answer, Problem> {
        let Request { question, proof } = request;
        // What has no place for a proof cannot be had with one. Where plain JSON is asked for
        // together with a proof, the result is meant.
        let bare = matches!(self.form, Form::Content(_) | Form::UriList);
        if proof && bare && self.form != Form::Content("application/json") {
            let detail = "a proof stands in a whole result only: ask for one by `Accept`";
            return Ok(self.refuse(Failure::InvalidOptions, Some(detail)));
        }
        if self.dereferencing && !self.form.dereferences(true) {
            let detail = "ask for `application/did-url-dereferencing`";
            return Ok(self.refuse(Failure::RepresentationNotSupported, Some(detail)));
        }
        let resolution = match &question {
            Question::Resolution(question) => question.clone(),
            Question::Dereferencing(question) => question.resolution(),
        };
        let key = match resolution.key(self.snapshot.genesis().network()) {
            Ok(key) => key,
            Err(failure) => return Ok(self.refuse(failure, None)),
        };
        if let Question::Resolution(question) = &question
            && !proof
            && !question.expand_relative_urls
            && question.wanted() == Ok(Wanted::Latest)
        {
            // Bytes that were prepared when the version came.
            return Ok(match self.snapshot.projection(&resolution_key(&question.did))? {
                Some(bytes) => self.prepared(bytes),
                None => self.refuse(question.absent(), None),
            });
        }
        let past = self.past(resolution.wanted(), &key)?;
        let record = self.snapshot.record(&key)?;
        let record = ProvenRecord { past, path: Vec::new(), record, key };
        let evidence = match proof {
            true => Some(self.snapshot.attest(vec![record.clone()]).ok_or_else(unproven)?),
            false => None,
        };
        Ok(self.of_record(question, &record, evidence))
    }

    fn past(
        self,
        wanted: Result<Wanted, Failure>,
        key: &str,
    ) -> Result<Option<proofs::evidence::PastVersion>, Problem> {
        let version = match wanted {
            Ok(Wanted::Version(number)) => Version::Number(number),
            Ok(Wanted::Time(moment)) => Version::At(moment),
            _ => return Ok(None),
        };
        Ok(self.snapshot.past_version(key, version)?)
    }

    /// The answer that a record gives, with what proves it.
    fn of_record(
        self,
        question: Question,
        record: &ProvenRecord,
        evidence: Option<Evidence>,
    ) -> Answer {
        let proof = |question| evidence.map(|evidence| Proof::to_json(question, evidence));
        let shown = match question {
            Question::Resolution(question) => question.answer(record).map(|resolution| {
                let proof = proof(Proven::Resolution(question));
                self.resolution(resolution, proof.as_deref())
            }),
            Question::Dereferencing(question) => question.answer(record).map(|dereferencing| {
                let proof = proof(Proven::Dereferencing(question));
                self.dereferencing(dereferencing, proof.as_deref())
            }),
        };
        shown.unwrap_or_else(|| self.refuse(Failure::Internal, None))
    }

    /// An answer from prepared bytes, which are a whole result.
    fn prepared(self, bytes: Vec<u8>) -> Answer {
        // A result without an error has no document where the DID is deactivated, and only there.
        if bytes.starts_with(br#"{"didDocument":null"#) {
            return self.whole(StatusCode::GONE, bytes);
        }
        let Form::Content(content_type) = self.form else {
            return self.whole(StatusCode::OK, bytes);
        };
        match serde_json::from_slice::<Prepared<'_>>(&bytes) {
            Ok(Prepared { did_document }) => {
                let body = Bytes::copy_from_slice(did_document.get().as_bytes());
                self.bytes(StatusCode::OK, content_type, body)
            }
            Err(_) => self.refuse(Failure::Internal, None),
        }
    }

    fn resolution(self, mut resolution: Resolution, proof: Option<&RawValue>) -> Answer {
        let status = status(resolution.failure, resolution.is_deactivated());
        if let (Form::Content(content_type), Some(document), None) =
            (self.form, &resolution.document, proof)
        {
            let body = Bytes::copy_from_slice(document.get().as_bytes());
            return self.bytes(status, content_type, body);
        }
        if let (true, Some(failure)) = (self.form.is_old(), resolution.failure) {
            resolution.resolution_metadata.insert("error".into(), failure.word().into());
        }
        self.whole(status, resolution.to_json(proof).into_bytes())
    }

    fn dereferencing(self, mut result: Dereferencing, proof: Option<&RawValue>) -> Answer {
        let status = status(result.failure, result.is_deactivated());
        match (self.form, &result.content) {
            (Form::Content(content_type), Some(Content::Document(document))) if proof.is_none() => {
                let body = Bytes::copy_from_slice(document.get().as_bytes());
                return self.bytes(status, content_type, body);
            }
            // A body would have to be empty, so only with a proof there is one.
            (_, Some(Content::Urls(urls))) if proof.is_none() => {
                let location = urls.first().and_then(|url| location(url));
                let answer = self.bytes(StatusCode::SEE_OTHER, "", Bytes::new());
                return Answer { location, ..answer };
            }
            _ => {}
        }
        if let (true, Some(failure)) = (self.form.is_old(), result.failure) {
            result.dereferencing_metadata.insert("error".into(), failure.word().into());
        }
        self.whole(status, result.to_json(proof).into_bytes())
    }

    /// The answer to what cannot be resolved.
    fn refuse(self, failure: Failure, detail: Option<&str>) -> Answer {
        match self.form.dereferences(self.dereferencing) {
            false => self.resolution(Resolution::failed(failure, detail), None),
            true => self.dereferencing(Dereferencing::failed(failure, detail), None),
        }
    }

    fn whole(self, status: StatusCode, bytes: Vec<u8>) -> Answer {
        let content_type = self.form.result_type(self.form.dereferences(self.dereferencing));
        let body = if self.form.is_old() { old_words(bytes) } else { bytes.into() };
        self.bytes(status, content_type, body)
    }

    fn bytes(self, status: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
        let height = self.snapshot.height();
        Answer { status, content_type, ..Answer::json(height, Keep::Briefly, body) }
    }
}

/// DID Resolution, HTTP(S) binding.
pub(super) fn status(failure: Option<Failure>, deactivated: bool) -> StatusCode {
    match failure {
        None if deactivated => StatusCode::GONE,
        None => StatusCode::OK,
        Some(Failure::InvalidDid | Failure::InvalidDidUrl | Failure::InvalidOptions) => {
            StatusCode::BAD_REQUEST
        }
        Some(Failure::NotFound) => StatusCode::NOT_FOUND,
        Some(Failure::RepresentationNotSupported) => StatusCode::NOT_ACCEPTABLE,
        Some(Failure::MethodNotSupported | Failure::FeatureNotSupported) => {
            StatusCode::NOT_IMPLEMENTED
        }
        // Its table says 500 of every error that it does not list.
        Some(
            Failure::InvalidVerificationMethod | Failure::InvalidRelationship | Failure::Internal,
        ) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A URL as a header: what is not ASCII is encoded.
fn location(url: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&encode(url, |byte| byte.is_ascii_graphic())).ok()
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
