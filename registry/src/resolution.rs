//! DID resolution (W3C DID Resolution, section 4): from a question and the proven record of a DID
//! to the result. A pure function, which the node runs to answer and the client to check.

use proofs::ProvenRecord;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::did::{Did, NdiDid};
use crate::did_state::{self, DidState};
use crate::{import, json, time};

mod expand;
mod failure;
pub mod request;

#[cfg(test)]
mod tests;

use expand::expand;
pub use failure::Failure;

/// What is asked. Members stand in canonical order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Question {
    /// The DID.
    pub did: String,
    /// Whether relative DID URLs in the document are made absolute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expand_relative_urls: bool,
    /// A version by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// A version by a moment: the one in force then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_time: Option<String>,
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
    /// The result for a failure.
    pub fn failed(failure: Failure, detail: Option<&str>) -> Resolution {
        Resolution {
            failure: Some(failure),
            document: None,
            document_metadata: Map::new(),
            resolution_metadata: failure.metadata(detail),
        }
    }

    /// Whether the DID is deactivated, which HTTP answers with 410.
    pub fn is_deactivated(&self) -> bool {
        self.document_metadata.get("deactivated") == Some(&Value::Bool(true))
    }

    /// The result as JSON text; `proof` goes to `didDocumentMetadata.proof`.
    pub fn to_json(&self, proof: Option<&RawValue>) -> String {
        let document = self.document.as_ref().map_or("null", |document| document.get());
        let metadata = with_proof(&self.document_metadata, proof);
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

/// Metadata as JSON text, with the proof if there is one.
pub(crate) fn with_proof(metadata: &Map<String, Value>, proof: Option<&RawValue>) -> String {
    let mut text = Value::Object(metadata.clone()).to_string();
    if let Some(proof) = proof {
        text.pop();
        let comma = if metadata.is_empty() { "" } else { "," };
        text.push_str(&format!("{comma}\"proof\":[{}]}}", proof.get()));
    }
    text
}

impl Question {
    /// The latest version of a DID's document.
    pub fn latest(did: &str) -> Question {
        Question { did: did.to_owned(), ..Question::default() }
    }

    /// The key of the record that the answer is made from.
    ///
    /// # Errors
    /// Why no record can answer.
    pub fn key(&self, network: &str) -> Result<String, Failure> {
        let did = Did::parse(&self.did).map_err(|_| Failure::InvalidDid)?;
        if import::is_foreign(&self.did) {
            // Of other ledgers' DIDs there is the newest version alone.
            return match self.wanted()? {
                Wanted::Latest => Ok(import::key(&self.did)),
                _ => Err(Failure::FeatureNotSupported),
            };
        }
        if did.method() != "ndi" {
            return Err(Failure::MethodNotSupported);
        }
        let did = NdiDid::parse(&self.did).map_err(|_| Failure::InvalidDid)?;
        if did.network() != network {
            return Err(Failure::MethodNotSupported);
        }
        self.wanted()?;
        Ok(did_state::key(&self.did))
    }

    /// What it means that there is no record: no such DID here, or, of another method, that the
    /// DID was not imported.
    pub fn absent(&self) -> Failure {
        if import::is_foreign(&self.did) { import::MISSING } else { Failure::NotFound }
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
            Err(failure) => return Some(Resolution::failed(failure, None)),
        };
        let foreign = import::is_foreign(&self.did);
        let key = if foreign { import::key(&self.did) } else { did_state::key(&self.did) };
        if proven.key != key {
            return None;
        }
        let Some(record) = &proven.record else {
            return proven.past.is_none().then(|| Resolution::failed(self.absent(), None));
        };
        if foreign {
            let answers = wanted == Wanted::Latest && proven.past.is_none();
            return answers.then(|| import::resolve(record)).flatten().map(|it| self.show(it));
        }
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
            return asked_for.then(|| self.show(facts.resolution(&state, current.deactivated)));
        }
        match wanted {
            Wanted::Version(version) if version > record.version => {
                return Some(Resolution::failed(Failure::NotFound, None));
            }
            Wanted::Version(version) if version < record.version => return None,
            Wanted::Time(moment) if moment < current.created => {
                return Some(Resolution::failed(Failure::NotFound, None));
            }
            Wanted::Time(moment) if moment < record.time => return None,
            _ => {}
        }
        let facts = Facts { version: record.version, since: record.time, next: None };
        Some(self.show(facts.resolution(&current, current.deactivated)))
    }

    /// The result in the form that the options ask for.
    fn show(&self, mut resolution: Resolution) -> Resolution {
        if self.expand_relative_urls {
            resolution.document = resolution.document.map(|text| expanded(text, &self.did));
        }
        resolution
    }
}

/// A document with its relative DID URLs made absolute; what is no object stays as it is.
fn expanded(text: Box<RawValue>, did: &str) -> Box<RawValue> {
    let Ok(mut document) = serde_json::from_str(text.get()) else { return text };
    expand(&mut document, did);
    json::raw(&Value::Object(document)).unwrap_or(text)
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
