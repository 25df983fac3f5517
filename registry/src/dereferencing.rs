//! DID URL dereferencing (W3C DID Resolution, section 5): what a DID URL means in a proven version
//! of a document. A pure function, which the node runs to answer and the client to check.

use proofs::ProvenRecord;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::did::{absolute_did_url, is_relative_did_url};
use crate::document::RELATIONSHIPS;
use crate::json;
use crate::resolution::{self, Failure, Resolution, with_proof};

mod reference;
#[cfg(test)]
mod tests;

/// The media type of documents and their parts.
const DOCUMENT: &str = "application/did";

/// The media type of lists of URLs.
const URI_LIST: &str = "text/uri-list";

/// What is asked. Members stand in canonical order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Question {
    /// What is wanted in place of a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Accept>,
    /// The DID at the front of the DID URL.
    pub did: String,
    /// Whether relative DID URLs in the document are made absolute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expand_relative_urls: bool,
    /// A part of the document, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragment: Option<String>,
    /// What is meant at the service's endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_ref: Option<String>,
    /// A service by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Services by their type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// What the verification method must be allowed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_relationship: Option<String>,
    /// A version by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// A version by a moment: the one in force then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_time: Option<String>,
}

/// What is wanted in place of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accept {
    /// The URLs of the services' endpoints.
    #[serde(rename = "text/uri-list")]
    UriList,
}

/// The result of dereferencing.
#[derive(Debug, Clone)]
pub struct Dereferencing {
    /// Why there is no content, where that is an error.
    pub failure: Option<Failure>,
    /// The content; none where it failed or the DID is deactivated.
    pub content: Option<Content>,
    /// `contentMetadata`: those of the document.
    pub content_metadata: Map<String, Value>,
    /// `dereferencingMetadata`.
    pub dereferencing_metadata: Map<String, Value>,
}

/// What a DID URL means.
#[derive(Debug, Clone)]
pub enum Content {
    /// A document, or a part of one, as JSON in canonical form.
    Document(Box<RawValue>),
    /// URLs of services: at least one.
    Urls(Vec<String>),
}

type Found<T> = Result<T, (Failure, String)>;

fn fail<T>(failure: Failure, detail: impl Into<String>) -> Found<T> {
    Err((failure, detail.into()))
}

impl Question {
    /// The resolution that it begins with.
    pub fn resolution(&self) -> resolution::Question {
        resolution::Question {
            did: self.did.clone(),
            // In a part of a document nothing says what a relative URL is relative to.
            expand_relative_urls: self.expand_relative_urls || self.fragment.is_some(),
            version_id: self.version_id.clone(),
            version_time: self.version_time.clone(),
        }
    }

    fn selects_services(&self) -> bool {
        self.service.is_some() || self.service_type.is_some()
    }

    /// Checks what needs no document.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn check(&self) -> Result<(), (Failure, String)> {
        if let Some(name) = &self.verification_relationship
            && (name.is_empty() || !name.is_ascii())
        {
            return fail(Failure::InvalidOptions, "`verificationRelationship` is an ASCII word");
        }
        if let Some(reference) = &self.relative_ref {
            if !self.selects_services() {
                let detail = "`relativeRef` needs `service` or `serviceType`";
                return fail(Failure::NotFound, detail);
            }
            reference::check(reference)
                .map_err(|detail| (Failure::InvalidDidUrl, detail.to_owned()))?;
        }
        if self.accept == Some(Accept::UriList) && !self.selects_services() {
            let detail = "only services have URLs: name one by `service` or `serviceType`";
            return fail(Failure::RepresentationNotSupported, detail);
        }
        Ok(())
    }

    /// The result, from the record under [`resolution::Question::key`] and, where a superseded
    /// version is asked for, that version. `None` if the record does not answer the question.
    pub fn answer(&self, proven: &ProvenRecord) -> Option<Dereferencing> {
        let resolution = self.resolution().answer(proven)?;
        if let Some(failure) = resolution.failure {
            return Some(Dereferencing::failed(failure, None));
        }
        let found = self.check().and_then(|()| self.find(&resolution));
        Some(match found {
            Err((failure, detail)) => Dereferencing::failed(failure, Some(&detail)),
            Ok(content) => {
                let content_type = content.as_ref().map(Content::media_type);
                let entry = content_type.map(|text| ("contentType".to_owned(), text.into()));
                Dereferencing {
                    failure: None,
                    content,
                    content_metadata: resolution.document_metadata,
                    dereferencing_metadata: entry.into_iter().collect(),
                }
            }
        })
    }

    fn find(&self, resolution: &Resolution) -> Found<Option<Content>> {
        let Some(text) = &resolution.document else { return Ok(None) };
        let Ok(Value::Object(mut document)) = serde_json::from_str(text.get()) else {
            return fail(Failure::Internal, "the document cannot be read");
        };
        if self.selects_services() {
            let selected = self.select(&document)?;
            if self.accept == Some(Accept::UriList) {
                return self.urls(&selected).map(|urls| Some(Content::Urls(urls)));
            }
            document.insert("service".into(), selected.into());
        }
        if self.verification_relationship.is_some() || self.fragment.is_some() {
            let part = match &self.verification_relationship {
                Some(relationship) => self.authorized(&document, relationship)?,
                None => self.part(&document)?,
            };
            document = in_context(part, &document);
        } else if !self.selects_services() {
            return Ok(Some(Content::Document(text.clone())));
        }
        match json::raw(&Value::Object(document)) {
            Ok(text) => Ok(Some(Content::Document(text))),
            Err(error) => fail(Failure::Internal, error.to_string()),
        }
    }

    /// The services that the parameters select; at least one.
    fn select(&self, document: &Map<String, Value>) -> Found<Vec<Value>> {
        let services = document.get("service").map(items).unwrap_or_default();
        let names = self.service.as_deref().map(|name| self.ids(name));
        let is_selected = |service: &&Value| {
            let id = service.get("id").and_then(Value::as_str).unwrap_or_default();
            let by_id = names
                .as_ref()
                .is_none_or(|names| names.contains(&Some(absolute_did_url(&self.did, id))));
            let by_type = self.service_type.as_ref().is_none_or(|name| {
                let types = service.get("type").map(items).unwrap_or_default();
                types.iter().any(|one| one.as_str() == Some(name))
            });
            by_id && by_type
        };
        let selected: Vec<Value> = services.iter().filter(is_selected).cloned().collect();
        match selected.is_empty() {
            false => Ok(selected),
            true => fail(Failure::NotFound, "the document has no such service"),
        }
    }

    /// The ids that the parameter `service` may mean: the id itself, relative or absolute, or as is
    /// usual its fragment alone.
    fn ids(&self, name: &str) -> [Option<String>; 2] {
        let absolute = |reference: &str| absolute_did_url(&self.did, reference);
        let fragment = format!("#{name}");
        let by_fragment = is_relative_did_url(&fragment).then(|| absolute(&fragment));
        [Some(absolute(name)), by_fragment]
    }

    /// The URLs of services' endpoints, each with what was asked for below it.
    fn urls(&self, services: &[Value]) -> Found<Vec<String>> {
        let mut urls = Vec::new();
        for service in services {
            let endpoints = service.get("serviceEndpoint").map(items).unwrap_or_default();
            for endpoint in endpoints.iter().filter_map(Value::as_str) {
                let reference = self.relative_ref.as_deref();
                let fragment = self.fragment.as_deref();
                let url = reference::below(endpoint, reference, fragment);
                urls.push(url.map_err(|detail| (Failure::InvalidDidUrl, detail.to_owned()))?);
            }
        }
        match urls.is_empty() {
            false => Ok(urls),
            true => fail(Failure::NotFound, "no endpoint of the service is a URL"),
        }
    }

    /// The part of the document that the fragment names.
    fn part<'a>(&self, document: &'a Map<String, Value>) -> Found<&'a Map<String, Value>> {
        let id = self.part_id();
        let first = ["verificationMethod"].into_iter().chain(RELATIONSHIPS).chain(["service"]);
        let rest = document.keys().map(String::as_str);
        let places = first.chain(rest).filter_map(|name| document.get(name));
        let mut parts = places.flat_map(items).filter_map(Value::as_object);
        match parts.find(|part| part.get("id").and_then(Value::as_str) == Some(&id)) {
            Some(part) => Ok(part),
            None => fail(Failure::NotFound, "the document has no such part"),
        }
    }

    fn part_id(&self) -> String {
        format!("{}#{}", self.did, self.fragment.as_deref().unwrap_or_default())
    }

    /// The verification method that the fragment names, if the document allows it that use.
    fn authorized<'a>(
        &self,
        document: &'a Map<String, Value>,
        relationship: &str,
    ) -> Found<&'a Map<String, Value>> {
        let id = self.part_id();
        let in_place = |name: &str| document.get(name).map(items).unwrap_or_default();
        let has_id = |item: &&Value| item.get("id").and_then(Value::as_str) == Some(&id);
        let methods = ["verificationMethod"].into_iter().chain(RELATIONSHIPS);
        let method = methods.flat_map(in_place).find(has_id).and_then(Value::as_object);
        let Some(method) = method else {
            let detail = "the fragment names no verification method of the document";
            return fail(Failure::InvalidVerificationMethod, detail);
        };
        let allowed = RELATIONSHIPS.contains(&relationship)
            && in_place(relationship)
                .iter()
                .any(|item| item.as_str() == Some(&id) || has_id(&item));
        match allowed {
            true => Ok(method),
            false => fail(
                Failure::InvalidRelationship,
                "the document does not list the verification method under that relationship",
            ),
        }
    }
}

/// The items of a set, or the one value.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// A part of a document with the document's context, in which its terms have their meaning.
fn in_context(part: &Map<String, Value>, document: &Map<String, Value>) -> Map<String, Value> {
    let mut part = part.clone();
    if let Some(context) = document.get("@context") {
        part.entry("@context").or_insert_with(|| context.clone());
    }
    part
}

impl Content {
    /// Its media type.
    pub fn media_type(&self) -> &'static str {
        match self {
            Content::Document(_) => DOCUMENT,
            Content::Urls(_) => URI_LIST,
        }
    }
}

impl Dereferencing {
    /// The result for a failure.
    pub fn failed(failure: Failure, detail: Option<&str>) -> Dereferencing {
        Dereferencing {
            failure: Some(failure),
            content: None,
            content_metadata: Map::new(),
            dereferencing_metadata: failure.metadata(detail),
        }
    }

    /// Whether the DID is deactivated, which HTTP answers with 410.
    pub fn is_deactivated(&self) -> bool {
        self.content_metadata.get("deactivated") == Some(&Value::Bool(true))
    }

    /// The result as JSON text; `proof` goes to `contentMetadata.proof`. The text of the standard
    /// calls the content `contentStream` and its examples `content`: it stands under both names.
    pub fn to_json(&self, proof: Option<&RawValue>) -> String {
        let content = match &self.content {
            None => "null".to_owned(),
            Some(Content::Document(text)) => text.get().to_owned(),
            Some(Content::Urls(urls)) => Value::from(urls.clone()).to_string(),
        };
        let metadata = with_proof(&self.content_metadata, proof);
        let dereferencing = Value::Object(self.dereferencing_metadata.clone());
        format!(r#"{{"content":{content},"contentMetadata":{metadata},"contentStream":{content},"#)
            + &format!(r#""dereferencingMetadata":{dereferencing}}}"#)
    }
}
