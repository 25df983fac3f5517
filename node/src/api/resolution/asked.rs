//! What a request asks for, and what cannot be answered.

use axum::http::StatusCode;
use registry::did::DidUrl;
use registry::resolution::{Failure, Question};
use serde_json::json;

use crate::api::request::options;

/// A question, and whether a proof is wanted with the answer.
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) proof: bool,
}

/// Why there is no answer: the errors of DID Resolution, section 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// One that the registry itself finds.
    Failure(Failure),
    /// Not a DID URL, or a parameter stands twice.
    DidUrl,
    /// An option that is not supported here.
    Feature,
    /// A media type that there is not.
    Representation,
}

/// Reads a decoded path (a DID, or a DID URL with parameters) and the options of the query. In
/// `did?versionId=2` the query belongs to the DID URL, and in `did%3A…?versionId=2` it holds
/// options; the meaning is the same, so both are taken together.
pub(super) fn read(path: &str, query: Option<&str>) -> Result<Asked, Refused> {
    if !path.starts_with("did:") {
        return Err(Refused::Failure(Failure::InvalidDid));
    }
    let url = DidUrl::parse(path).map_err(|_| match path.find(['/', '?', '#']) {
        Some(_) => Refused::DidUrl,
        None => Refused::Failure(Failure::InvalidDid),
    })?;
    if !url.path.is_empty() || url.fragment.is_some() {
        return Err(Refused::Feature);
    }
    let mut all = options(url.query.as_deref()).ok_or(Refused::DidUrl)?;
    for (name, value) in options(query).ok_or(Refused::DidUrl)? {
        if all.insert(name, value).is_some() {
            return Err(Refused::DidUrl);
        }
    }
    let mut proof = false;
    let (mut version_id, mut version_time) = (None, None);
    for (name, value) in all {
        match (name.as_str(), value.as_str()) {
            ("versionId", _) => version_id = Some(value),
            ("versionTime", _) => version_time = Some(value),
            ("proof", "true") => proof = true,
            // Every answer is from the newest block, so no cache need be told to stand aside.
            ("proof" | "expandRelativeUrls", "false") | ("noCache", "true" | "false") => {}
            ("expandRelativeUrls", "true") => return Err(Refused::Feature),
            ("proof" | "noCache" | "expandRelativeUrls", _) => {
                return Err(Refused::Failure(Failure::InvalidOptions));
            }
            _ => return Err(Refused::Feature),
        }
    }
    let did = url.did.as_str().to_owned();
    Ok(Asked { question: Question { did, version_id, version_time }, proof })
}

impl Refused {
    fn code(self) -> &'static str {
        match self {
            Refused::Failure(failure) => failure.code(),
            Refused::DidUrl => "INVALID_DID_URL",
            Refused::Feature => "FEATURE_NOT_SUPPORTED",
            Refused::Representation => "REPRESENTATION_NOT_SUPPORTED",
        }
    }

    fn title(self) -> &'static str {
        match self {
            // The registry's own results have their titles.
            Refused::Failure(_) => "",
            Refused::DidUrl => "the identifier is not a DID URL",
            Refused::Feature => "this registry does not support that option or kind of DID URL",
            Refused::Representation => "there is no such representation of a DID document",
        }
    }

    /// DID Resolution, HTTP(S) binding.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Refused::Failure(Failure::InvalidDid | Failure::InvalidOptions) | Refused::DidUrl => {
                StatusCode::BAD_REQUEST
            }
            Refused::Failure(Failure::NotFound) => StatusCode::NOT_FOUND,
            Refused::Failure(Failure::MethodNotSupported) | Refused::Feature => {
                StatusCode::NOT_IMPLEMENTED
            }
            Refused::Failure(Failure::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
            Refused::Representation => StatusCode::NOT_ACCEPTABLE,
        }
    }

    /// The result with the error as an object (RFC 9457).
    pub(super) fn result(self) -> String {
        if let Refused::Failure(failure) = self {
            return failure.result().to_json(None);
        }
        let error = json!({
            "title": self.title(),
            "type": format!("https://www.w3.org/ns/did#{}", self.code()),
        });
        with_error(&error)
    }

    /// The result with the error as a word, as DID Core 1.0 has it.
    pub(super) fn old_result(self) -> String {
        let word = match self {
            Refused::Failure(Failure::InvalidDid) => "invalidDid",
            Refused::Failure(Failure::MethodNotSupported) => "methodNotSupported",
            Refused::Failure(Failure::InvalidOptions) => "invalidOptions",
            Refused::Failure(Failure::NotFound) => "notFound",
            Refused::Failure(Failure::Internal) => "internalError",
            Refused::DidUrl => "invalidDidUrl",
            Refused::Feature => "featureNotSupported",
            Refused::Representation => "representationNotSupported",
        };
        with_error(&json!(word))
    }
}

fn with_error(error: &serde_json::Value) -> String {
    json!({
        "didDocument": null,
        "didDocumentMetadata": {},
        "didResolutionMetadata": { "error": error },
    })
    .to_string()
}
