//! DID resolution (W3C DID Resolution, section 4): from a question and the proven record of a DID
//! to the result. A pure function, which the node runs to answer and the client to check.

use proofs::ProvenRecord;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::did::{Did, NdiDid};
use crate::did_state::{self, DidState};
use crate::time;

/// What is asked. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Question {
    /// The DID.
    pub did: String,
    /// A version by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// A version by a moment: the one in force then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_time: Option<String>,
}

/// What a resolution fails with (DID Resolution, section 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Not a DID.
    InvalidDid,
    /// Another method, or another network of this one.
    MethodNotSupported,
    /// An option's value makes no sense.
    InvalidOptions,
    /// No such DID or version.
    NotFound,
    /// The node failed.
    Internal,
}

impl Failure {
    /// The code, which ends the error's type.
    pub fn code(self) -> &'static str {
        match self {
            Failure::InvalidDid => "INVALID_DID",
            Failure::MethodNotSupported => "METHOD_NOT_SUPPORTED",
            Failure::InvalidOptions => "INVALID_OPTIONS",
            Failure::NotFound => "NOT_FOUND",
            Failure::Internal => "INTERNAL_ERROR",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Failure::InvalidDid => "the identifier is not a DID",
            Failure::MethodNotSupported => "this registry does not hold DIDs of that kind",
            Failure::InvalidOptions => "an option has a value that makes no sense",
            Failure::NotFound => "there is no such DID or version",
            Failure::Internal => "the node could not answer",
        }
    }

    /// The whole result for a failure.
    pub fn result(self) -> Resolution {
        let error = json!({
            "title": self.title(),
            "type": format!("https://www.w3.org/ns/did#{}", self.code()),
        });
        Resolution {
            failure: Some(self),
            document: None,
            document_metadata: Map::new(),
            resolution_metadata: Map::from_iter([("error".to_owned(), error)]),
        }
    }
}

/// A resolution result.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// Why there is no document, where that is an error.
    pub failure: Option<Failure>,
    /// The document in canonical form; none where it failed or the DID is deactivated.
    pub document: Option<Box<RawValue>>,
    /// `didDocumentMetadata`.
    pub document_metadata: Map<String, Value>,
    /// `didResolutionMetadata`.
    pub resolution_metadata: Map<String, Value>,
}

impl Resolution {
    /// Whether the DID is deactivated, which HTTP answers with 410.
    pub fn is_deactivated(&self) -> bool {
        self.document_metadata.get("deactivated") == Some(&Value::Bool(true))
    }

    /// The result as JSON text; `proof` goes to `didDocumentMetadata.proof`.
    pub fn to_json(&self, proof: Option<&RawValue>) -> String {
        let document = self.document.as_ref().map_or("null", |document| document.get());
        let mut metadata = Value::Object(self.document_metadata.clone()).to_string();
        if let Some(proof) = proof {
            metadata.pop();
            let comma = if self.document_metadata.is_empty() { "" } else { "," };
            metadata.push_str(&format!("{comma}\"proof\":[{}]}}", proof.get()));
        }
        let resolution = Value::Object(self.resolution_metadata.clone());
        [
            r#"{"didDocument":"#,
            document,
            r#","didDocumentMetadata":"#,
            &metadata,
            r#","didResolutionMetadata":"#,
            &resolution.to_string(),
            "}",
        ]
        .concat()
    }
}

impl Question {
    /// The key of the record that the answer is made from.
    ///
    /// # Errors
    /// Why no record can answer.
    pub fn key(&self, network: &str) -> Result<String, Failure> {
        Did::parse(&self.did).map_err(|_| Failure::InvalidDid)?;
        let did = NdiDid::parse(&self.did).map_err(|_| Failure::MethodNotSupported)?;
        if did.network() != network {
            return Err(Failure::MethodNotSupported);
        }
        self.wanted()?;
        Ok(did_state::key(&self.did))
    }

    /// Which version is asked for.
    ///
    /// # Errors
    /// [`Failure::InvalidOptions`].
    pub fn wanted(&self) -> Result<Wanted, Failure> {
        match (&self.version_id, &self.version_time) {
            (None, None) => Ok(Wanted::Latest),
            (Some(id), None) => {
                let number = id.parse().ok().filter(|n: &u64| n.to_string() == *id && *n > 0);
                number.map(Wanted::Version).ok_or(Failure::InvalidOptions)
            }
            (None, Some(text)) => {
                // The text means all of its second.
                let moment = time::parse(text).ok_or(Failure::InvalidOptions)?;
                Ok(Wanted::Time(moment + 999))
            }
            (Some(_), Some(_)) => Err(Failure::InvalidOptions),
        }
    }

    /// The result, from the record under [`Question::key`] and, where a superseded version is asked
    /// for, that version. `None` if the record does not answer the question.
    pub fn answer(&self, proven: &ProvenRecord) -> Option<Resolution> {
        let wanted = match self.wanted() {
            Ok(wanted) => wanted,
            Err(failure) => return Some(failure.result()),
        };
        if proven.key != did_state::key(&self.did) {
            return None;
        }
        let Some(record) = &proven.record else {
            return proven.past.is_none().then(|| Failure::NotFound.result());
        };
        let current = DidState::read(record)?;
        if let Some(past) = &proven.past {
            let until = past.until(record);
            let entry = past.entry;
            let asked_for = match wanted {
                Wanted::Latest => false,
                Wanted::Version(version) => entry.version == version,
                Wanted::Time(moment) => entry.time <= moment && moment < until,
            };
            let state: DidState = serde_json::from_str(past.content.get()).ok()?;
            let next = Some((until, entry.version + 1));
            let facts = Facts { version: entry.version, since: entry.time, next };
            return asked_for.then(|| facts.resolution(&state, current.deactivated));
        }
        match wanted {
            Wanted::Version(version) if version > record.version => {
                return Some(Failure::NotFound.result());
            }
            Wanted::Version(version) if version < record.version => return None,
            Wanted::Time(moment) if moment < current.created => {
                return Some(Failure::NotFound.result());
            }
            Wanted::Time(moment) if moment < record.time => return None,
            _ => {}
        }
        let facts = Facts { version: record.version, since: record.time, next: None };
        Some(facts.resolution(&current, current.deactivated))
    }
}

/// Which version of a record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The one in force.
    Latest,
    /// By number, from 1.
    Version(u64),
    /// The one in force at a moment in milliseconds since 1970.
    Time(u64),
}

/// What the metadata say of a version.
struct Facts {
    version: u64,
    since: u64,
    next: Option<(u64, u64)>,
}

impl Facts {
    fn resolution(&self, state: &DidState, deactivated: bool) -> Resolution {
        let mut metadata = Map::new();
        metadata.insert("created".into(), time::format(state.created).into());
        if deactivated {
            metadata.insert("deactivated".into(), true.into());
        }
        if let Some((time, version)) = self.next {
            metadata.insert("nextUpdate".into(), time::format(time).into());
            metadata.insert("nextVersionId".into(), version.to_string().into());
        }
        if self.version > 1 {
            metadata.insert("updated".into(), time::format(self.since).into());
        }
        metadata.insert("versionId".into(), self.version.to_string().into());
        let mut resolution_metadata = Map::new();
        if state.document.is_some() {
            resolution_metadata.insert("contentType".into(), "application/did".into());
        }
        Resolution {
            failure: None,
            document: state.document.clone(),
            document_metadata: metadata,
            resolution_metadata,
        }
    }
}
