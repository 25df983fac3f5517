//! DID-linked resources: what a DID publishes under its own name for good. A resource is named by
//! the hash of its content, has a type, and follows the version before it of that type and name.
//!
//! # Invariants
//!
//! * The content never changes: its id is made from it. All that ever changes in a resource's
//!   record is `nextVersionId`, once.
//! * A series (a DID's resources of one type and name) has one latest version, and a new one names
//!   the one that it follows.

mod anoncreds;
mod asked;
mod json_schema;
mod kind;
mod publishing;
mod query;

#[cfg(test)]
mod tests;

use proofs::Record;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::did;
use crate::did_state::DidState;
use crate::event::Envelope;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::time;

pub use asked::Asked;
pub(crate) use kind::publication_kind;
pub use publishing::Publishing;
pub use query::{Dereferenced, Found, Question, Route};

/// Longest name of a resource, and longest label of a version, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 128;
/// How deep a content may nest; the outermost value is at depth 1. It stands eight levels deep in
/// the proof of an answer, and nothing deeper than [`crate::json::DEPTH_MAX`] is read.
pub const CONTENT_DEPTH_MAX: usize = 20;

/// A type of resource.
#[derive(Debug)]
pub struct ResourceType {
    /// How `resourceType` names it.
    pub name: &'static str,
    /// The media type of its content.
    pub media_type: &'static str,
    /// The kind of event that publishes it.
    kind: &'static str,
    /// What the check costs, in about microseconds; 0 where it is no more than reading.
    cost: u64,
    /// The member that names another resource by its DID URL, and that one's type.
    rests_on: Option<(&'static str, &'static str)>,
    check: fn(&Publication<'_>) -> Result<(), ResourceError>,
}

/// The types that may be published.
pub static TYPES: [ResourceType; 4] = [
    // The name that W3C's VC JSON Schema gives to such a `credentialSchema`.
    ResourceType {
        name: "JsonSchema",
        media_type: "application/schema+json",
        kind: "SchemaPublished",
        cost: 0,
        rests_on: None,
        check: json_schema::check,
    },
    ResourceType {
        name: "anonCredsSchema",
        media_type: "application/json",
        kind: "SchemaPublished",
        cost: 0,
        rests_on: None,
        check: anoncreds::check_schema,
    },
    ResourceType {
        name: "anonCredsCredDef",
        media_type: "application/json",
        kind: "CredentialDefinitionPublished",
        cost: 1_000,
        rests_on: Some(("schemaId", "anonCredsSchema")),
        check: anoncreds::check_credential_definition,
    },
    ResourceType {
        name: "anonCredsRevocRegDef",
        media_type: "application/json",
        kind: "RevocationRegistryCreated",
        cost: 1_000,
        rests_on: Some(("credDefId", "anonCredsCredDef")),
        check: anoncreds::check_registry_definition,
    },
];

impl ResourceType {
    /// The type of this name.
    pub fn named(name: &str) -> Option<&'static ResourceType> {
        TYPES.iter().find(|known| known.name == name)
    }
}

/// What somebody wants to publish.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The publisher.
    pub did: &'a str,
    /// `resourceName`.
    pub name: &'a str,
    /// `resourceType`.
    pub resource_type: &'a str,
    /// `resourceVersion`, the publisher's own label.
    pub version: Option<&'a str>,
    /// The content.
    pub content: &'a Value,
}

/// Why a resource is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at {place:?}: {message}")]
pub struct ResourceError {
    /// JSON pointer to the offending value within the event.
    pub place: String,
    /// What to do.
    pub message: String,
}

impl ResourceError {
    fn new(place: impl Into<String>, message: impl Into<String>) -> ResourceError {
        ResourceError { place: place.into(), message: message.into() }
    }
}

impl Publication<'_> {
    /// Checks the names and how deep the content nests, and returns the type, if this kind of event
    /// publishes it.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    fn check(&self, kind: &str) -> Result<&'static ResourceType, ResourceError> {
        check_name("/resourceName", self.name)?;
        if let Some(version) = self.version {
            check_name("/resourceVersion", version)?;
        }
        let known = ResourceType::named(self.resource_type).filter(|known| known.kind == kind);
        let Some(known) = known else {
            let names = TYPES.iter().filter(|known| known.kind == kind).map(|known| known.name);
            let names = names.collect::<Vec<_>>().join("` or `");
            return Err(ResourceError::new("/resourceType", format!("use `{names}`")));
        };
        if depth(self.content) > CONTENT_DEPTH_MAX {
            let message = format!("nest at most {CONTENT_DEPTH_MAX} levels deep");
            return Err(ResourceError::new("/content", message));
        }
        Ok(known)
    }
}

fn check_name(place: &str, name: &str) -> Result<(), ResourceError> {
    let sound = (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.chars().any(char::is_control)
        && !name.starts_with(' ')
        && !name.ends_with(' ');
    match sound {
        true => Ok(()),
        false => Err(ResourceError::new(
            place,
            format!("write 1 to {NAME_BYTES_MAX} bytes, no control characters, no outer spaces"),
        )),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

/// Decides who may publish, and is the one place of that rule: any registered DID, under its own
/// name and by its control. Pre-rotation protects the control itself; here the keys in force sign.
///
/// # Errors
/// The DID is unknown or deactivated, or too few of those in control signed.
pub fn authorize(envelope: &Envelope, context: &Context, view: &dyn View) -> Result<(), Rejection> {
    let state = DidState::active(&envelope.author, context, view)?;
    state.control.authorize(&envelope.author, envelope, context, view)
}

/// The id of a resource: `z` and the SHA-256 multihash, in base58btc, of its canonical content.
pub fn id(content: &[u8]) -> String {
    format!("z{}", did::sha256_multihash(content))
}

/// As [`id`], of what has this SHA-256.
pub fn id_of(hash: &[u8; 32]) -> String {
    format!("z{}", did::sha256_multihash_of(hash))
}

/// Whether a text has the form of an [`id`].
pub fn is_id(text: &str) -> bool {
    text.strip_prefix('z').is_some_and(did::is_sha256_multihash)
}

/// The DID URL of a resource.
pub fn uri(did: &str, id: &str) -> String {
    format!("{did}/resources/{id}")
}

/// The publisher and the id in the DID URL of a resource.
pub fn split_uri(uri: &str) -> Option<(&str, &str)> {
    let (did, id) = uri.split_once("/resources/")?;
    (did::NdiDid::parse(did).is_ok() && is_id(id)).then_some((did, id))
}

/// The resource of this DID URL.
pub(crate) fn find(uri: &str, view: &dyn View) -> Option<ResourceState> {
    let (did, id) = split_uri(uri)?;
    ResourceState::read(&view.record(&key(did, id))?)
}

/// What the keys of all resources begin with.
pub const KEY_PREFIX: &str = "resource/";

/// The key of a resource's record.
pub fn key(did: &str, id: &str) -> String {
    format!("{KEY_PREFIX}{did}/{id}")
}

/// The key of the record that says which version of a series is the latest. Names may be in any
/// script, and keys are ASCII, so type and name are hashed.
pub fn series_key(did: &str, resource_type: &str, name: &str) -> String {
    let series = json!([resource_type, name]).to_string();
    format!("resource-series/{did}/{}", id(series.as_bytes()))
}

/// The content of `resource/<did>/<id>`. Members stand in canonical order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ResourceState {
    /// The content in canonical form.
    pub content: Box<RawValue>,
    /// Block time of its publication, in milliseconds.
    pub created: u64,
    /// The version that follows it in its series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_version_id: Option<String>,
    /// The version that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_version_id: Option<String>,
    /// Its name.
    pub resource_name: String,
    /// Its type.
    pub resource_type: String,
    /// The publisher's own label of this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
}

impl ResourceState {
    /// Reads the content of a resource's record.
    pub fn read(record: &Record) -> Option<ResourceState> {
        serde_json::from_str(record.content.get()).ok()
    }

    /// The resource's id.
    pub fn id(&self) -> String {
        id(self.content.get().as_bytes())
    }

    /// The media type of its content.
    pub fn media_type(&self) -> &'static str {
        ResourceType::named(&self.resource_type).map_or("application/json", |t| t.media_type)
    }

    /// SHA-256 of the canonical content, in hexadecimal digits.
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.content.get().as_bytes()))
    }

    /// The metadata by the names of DID-Linked Resources.
    pub fn metadata(&self, did: &str) -> Map<String, Value> {
        let id = self.id();
        let mut metadata = Map::from_iter([
            ("checksum".to_owned(), self.checksum().into()),
            ("created".to_owned(), time::format(self.created).into()),
            ("mediaType".to_owned(), self.media_type().into()),
            ("nextVersionId".to_owned(), json!(self.next_version_id)),
            ("previousVersionId".to_owned(), json!(self.previous_version_id)),
            ("resourceCollectionId".to_owned(), collection(did).into()),
            ("resourceId".to_owned(), id.as_str().into()),
            ("resourceName".to_owned(), self.resource_name.as_str().into()),
            ("resourceType".to_owned(), self.resource_type.as_str().into()),
            ("resourceURI".to_owned(), uri(did, &id).into()),
        ]);
        if let Some(version) = &self.resource_version {
            metadata.insert("resourceVersion".to_owned(), version.as_str().into());
        }
        metadata
    }

    /// The change that makes this the state of the resource.
    pub fn change(&self, did: &str) -> Change {
        Change::new(key(did, &self.id()), self)
    }
}

/// The collection of a DID's resources: the identifier behind the network's name.
pub fn collection(did: &str) -> &str {
    did.rsplit(':').next().unwrap_or(did)
}

/// The content of a series' record, which has one version for each of the series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Series {
    /// Block time of the first version, in milliseconds.
    pub created: u64,
    /// The latest version.
    pub resource_id: String,
}

impl Series {
    /// Reads the content of a series' record.
    pub fn read(content: &RawValue) -> Option<Series> {
        serde_json::from_str(content.get()).ok()
    }

    /// The change that makes this the state of the series under `key`.
    pub fn change(&self, key: String) -> Change {
        Change::new(key, self)
    }
}
