//! What resolution and dereferencing fail with, in both shapes that clients read.

use serde_json::{Map, Value, json};

/// Where the terms of DID Resolution are defined.
const DID: &str = "https://www.w3.org/ns/did#";

/// Where those of Controlled Identifiers are, which dereferencing takes over.
const SECURITY: &str = "https://w3id.org/security#";

/// An error of DID Resolution, section 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Not a DID.
    InvalidDid,
    /// Not a DID URL, or a parameter stands twice or leads elsewhere than it may.
    InvalidDidUrl,
    /// Another method, or another network of this one.
    MethodNotSupported,
    /// An option that is not known here.
    FeatureNotSupported,
    /// An option's value makes no sense.
    InvalidOptions,
    /// No such DID, version or resource.
    NotFound,
    /// No such representation.
    RepresentationNotSupported,
    /// What stands there is no verification method.
    InvalidVerificationMethod,
    /// The document does not allow the verification method that use.
    InvalidRelationship,
    /// The node failed.
    Internal,
}

impl Failure {
    /// Every one of them.
    pub const ALL: [Failure; 10] = [
        Failure::InvalidDid,
        Failure::InvalidDidUrl,
        Failure::MethodNotSupported,
        Failure::FeatureNotSupported,
        Failure::InvalidOptions,
        Failure::NotFound,
        Failure::RepresentationNotSupported,
        Failure::InvalidVerificationMethod,
        Failure::InvalidRelationship,
        Failure::Internal,
    ];

    /// The code, which ends the error's type.
    pub fn code(self) -> &'static str {
        match self {
            Failure::InvalidDid => "INVALID_DID",
            Failure::InvalidDidUrl => "INVALID_DID_URL",
            Failure::MethodNotSupported => "METHOD_NOT_SUPPORTED",
            Failure::FeatureNotSupported => "FEATURE_NOT_SUPPORTED",
            Failure::InvalidOptions => "INVALID_OPTIONS",
            Failure::NotFound => "NOT_FOUND",
            Failure::RepresentationNotSupported => "REPRESENTATION_NOT_SUPPORTED",
            Failure::InvalidVerificationMethod => "INVALID_VERIFICATION_METHOD",
            Failure::InvalidRelationship => "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD",
            Failure::Internal => "INTERNAL_ERROR",
        }
    }

    /// The word of DID Core 1.0, which had words for errors: the code in camel case.
    pub fn word(self) -> String {
        let mut words = self.code().split('_').map(str::to_ascii_lowercase);
        let first = words.next().unwrap_or_default();
        words.fold(first, |text, word| {
            let (initial, rest) = word.split_at(1);
            text + &initial.to_ascii_uppercase() + rest
        })
    }

    fn namespace(self) -> &'static str {
        match self {
            Failure::InvalidVerificationMethod | Failure::InvalidRelationship => SECURITY,
            _ => DID,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Failure::InvalidDid => "the identifier is not a DID",
            Failure::InvalidDidUrl => "the identifier is not a DID URL",
            Failure::MethodNotSupported => "this registry does not hold DIDs of that kind",
            Failure::FeatureNotSupported => "this registry does not support that option",
            Failure::InvalidOptions => "an option has a value that makes no sense",
            Failure::NotFound => "there is no such DID or version",
            Failure::RepresentationNotSupported => "there is no such representation",
            Failure::InvalidVerificationMethod => "there is no such verification method",
            Failure::InvalidRelationship => "the verification method is not for that use",
            Failure::Internal => "the node could not answer",
        }
    }

    /// The error as an object (RFC 9457); `detail` says more of this occurrence.
    pub fn error(self, detail: Option<&str>) -> Value {
        let mut error = self.entitled(self.title());
        if let (Some(members), Some(detail)) = (error.as_object_mut(), detail) {
            members.insert("detail".into(), detail.into());
        }
        error
    }

    /// The error under another title, for what is said of more than documents.
    pub(crate) fn entitled(self, title: &str) -> Value {
        json!({ "title": title, "type": format!("{}{}", self.namespace(), self.code()) })
    }

    /// Metadata that hold nothing but the error.
    pub(crate) fn metadata(self, detail: Option<&str>) -> Map<String, Value> {
        Map::from_iter([("error".to_owned(), self.error(detail))])
    }
}
