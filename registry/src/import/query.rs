//! Answers about old identifiers, from the records that they lead to. Pure: the node runs it to
//! answer, and the client to check.

use proofs::{ProvenRecord, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::record::{ImportedDid, ImportedResource, Origin};
use super::{is_id, is_namespace, resource_key};
use crate::resolution::request::decode;
use crate::resolution::{Failure, Resolution};
use crate::resource::Dereferenced;
use crate::time;

/// What stands between a DID and the words of its AnonCreds objects.
pub(super) const FAMILY: &str = "/anoncreds/v0/";

/// Why there is no answer about an old DID that was not imported: as for any other method.
pub(crate) const MISSING: Failure = Failure::MethodNotSupported;

/// Whether a text is a DID that may have been imported: did:indy, or did:sov of old.
pub(crate) fn is_foreign(did: &str) -> bool {
    let indy = did.strip_prefix("did:indy:").and_then(|rest| rest.rsplit_once(':'));
    match (indy, did.strip_prefix("did:sov:")) {
        (Some((namespace, id)), _) => is_namespace(namespace) && is_id(id),
        (None, Some(id)) => is_id(id),
        (None, None) => false,
    }
}

/// Where a record comes from, as answers show it.
fn imported(origin: &Origin, record: &Record) -> Value {
    let mut value = json!(origin);
    if let Some(members) = value.as_object_mut() {
        members.remove("time");
        members.insert("event".into(), json!(record.event));
        members.insert("ledger".into(), "indy".into());
    }
    value
}

fn moment(name: &str, time: Option<u64>) -> Option<(String, Value)> {
    time.map(|time| (name.to_owned(), time::format(time).into()))
}

/// The result about an imported DID; `None` if the record holds none.
pub(crate) fn resolve(record: &Record) -> Option<Resolution> {
    let did = ImportedDid::read(record)?;
    let mut metadata = Map::new();
    metadata.extend(moment("created", did.created));
    if did.document.is_none() {
        metadata.insert("deactivated".into(), true.into());
    }
    if let Some(other) = &did.equivalent_id {
        metadata.insert("equivalentId".into(), json!([other]));
    }
    metadata.insert("imported".into(), imported(&did.origin, record));
    if record.version > 1 {
        metadata.extend(moment("updated", did.origin.time));
    }
    // did:indy method, "DID Versions": the sequence number.
    metadata.insert("versionId".into(), did.origin.seq_no.to_string().into());
    let mut resolution_metadata = Map::new();
    if did.document.is_some() {
        resolution_metadata.insert("contentType".into(), "application/did".into());
    }
    Some(Resolution {
        failure: None,
        document: did.document,
        document_metadata: metadata,
        resolution_metadata,
    })
}

/// An AnonCreds object by its old DID URL. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Question {
    /// Its issuer's DID.
    pub did: String,
    /// What follows `/anoncreds/v0/`, decoded: `SCHEMA`, name, version; or `CLAIM_DEF`, the
    /// schema's sequence number, tag.
    pub words: Vec<String>,
}

/// What somebody asks of a resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// Whether a proof is wanted with the answer.
    pub proof: bool,
}

impl Asked {
    /// Reads a DID URL and the options beside it. `None` where it does not ask for an AnonCreds
    /// object of a ledger that may have been imported.
    #[must_use]
    pub fn read(url: &str, options: &[(String, String)]) -> Option<Result<Asked, Failure>> {
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let question = Question::read(url)?;
        let in_url = query.split('&').filter(|part| !part.is_empty());
        let in_url = in_url.map(|part| part.split_once('=').unwrap_or((part, "")));
        let options = options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut proof = false;
        for (name, value) in in_url.chain(options) {
            match (name, value.parse()) {
                ("proof", Ok(wanted)) => proof = wanted,
                // Every answer is from the newest block.
                ("noCache", Ok(_)) => {}
                _ => return Some(Err(Failure::InvalidOptions)),
            }
        }
        Some(Ok(Asked { question, proof }))
    }
}

impl Question {
    /// Reads a DID URL without parameters.
    #[must_use]
    pub fn read(url: &str) -> Option<Question> {
        let (did, path) = url.split_once(FAMILY)?;
        // A client may encode a name or not.
        let word = |word: &str| decode(word).unwrap_or_else(|| word.to_owned());
        let words: Vec<String> = path.split('/').map(word).collect();
        let is_indy = did.starts_with("did:indy:") && is_foreign(did);
        (is_indy && words.len() == 3).then(|| Question { did: did.to_owned(), words })
    }

    /// The key of the record that answers.
    #[must_use]
    pub fn key(&self) -> String {
        resource_key(&self.did, &self.words)
    }

    /// The answer, from the record under [`Question::key`]. `None` if it does not answer.
    #[must_use]
    pub fn answer(&self, proven: &ProvenRecord) -> Option<Dereferenced> {
        if proven.key != self.key() || proven.past.is_some() {
            return None;
        }
        let Some(record) = &proven.record else { return Some(Failure::NotFound.into()) };
        let ImportedResource { content, origin, resource_type } = ImportedResource::read(record)?;
        let mut metadata = Map::from_iter(moment("created", origin.time));
        metadata.insert("imported".into(), imported(&origin, record));
        metadata.insert("resourceType".into(), resource_type.into());
        Some(Dereferenced {
            failure: None,
            content: Some(content),
            content_type: "application/json",
            metadata,
            is_choice: false,
        })
    }
}
