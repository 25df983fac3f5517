//! Questions about resources, by the parameters of DID-Linked Resources, and their answers. Pure:
//! the node runs it to answer, and the client to check.

use std::collections::BTreeMap;

use proofs::ProvenRecord;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::{ResourceState, Series, collection, is_id, key, series_key};
use crate::dereferencing::{Content, Dereferencing};
use crate::resolution::{self, Failure};
use crate::time;

/// What is asked. Members stand in canonical order; those that are absent exclude nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Question {
    /// The SHA-256 that the content must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// The DID.
    pub did: String,
    /// The collection: the DID's own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_collection_id: Option<String>,
    /// A resource by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Whether the metadata are wanted instead of the content.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resource_metadata: bool,
    /// By its name; together with the type, the latest of a series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// By its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// By the publisher's label of the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// As it was at a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version_time: Option<String>,
}

/// Where the answer to a question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// In the record under this key.
    Resource(String),
    /// In the resource that the series under this key names, now or at a moment in milliseconds.
    Series(String, Option<u64>),
    /// Among all resources of the DID: no record proves such an answer.
    Search,
}

/// What a search finds.
#[derive(Debug, Clone)]
pub enum Found {
    /// One resource, which this question asks for by its id.
    One(Question),
    /// Several, or none, or the metadata of all were asked for: the answer lists them.
    List(Dereferenced),
}

/// What a DID URL dereferences to.
#[derive(Debug, Clone)]
pub struct Dereferenced {
    /// Why there is no content.
    pub failure: Option<Failure>,
    /// The content in canonical form.
    pub content: Option<Box<RawValue>>,
    /// The media type of the content.
    pub content_type: &'static str,
    /// `contentMetadata`.
    pub metadata: Map<String, Value>,
    /// Whether the content lists several resources to choose from, where one was asked for.
    pub is_choice: bool,
}

impl Question {
    /// Where the answer stands.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn route(&self, network: &str) -> Result<Route, Failure> {
        resolution::Question::latest(&self.did).key(network)?;
        let moment = self.moment()?;
        let collection_is_ours =
            self.resource_collection_id.as_ref().is_none_or(|id| id == collection(&self.did));
        if !collection_is_ours {
            return Err(Failure::NotFound);
        }
        match (&self.resource_id, &self.resource_type, &self.resource_name) {
            (Some(id), _, _) if is_id(id) => Ok(Route::Resource(key(&self.did, id))),
            (Some(_), _, _) => Err(Failure::NotFound),
            (None, Some(resource_type), Some(name)) if self.resource_version.is_none() => {
                Ok(Route::Series(series_key(&self.did, resource_type, name), moment))
            }
            _ => Ok(Route::Search),
        }
    }

    /// The latest moment at which a version may have been published, in milliseconds.
    fn moment(&self) -> Result<Option<u64>, Failure> {
        let Some(text) = &self.resource_version_time else { return Ok(None) };
        // The text means all of its second.
        let moment = time::parse(text).ok_or(Failure::InvalidOptions)?;
        Ok(Some(moment + 999))
    }

    /// The key of the resource that the series names, for [`Route::Series`]. `None` where it names
    /// none that was asked for.
    pub fn named_by(&self, series: &ProvenRecord) -> Option<String> {
        let record = series.record.as_ref()?;
        in_series(series, self.moment().ok()?).filter(|has| *has)?;
        let content = series.past.as_ref().map_or(&record.content, |past| &past.content);
        Some(key(&self.did, &Series::read(content)?.resource_id))
    }

    /// The answer, from the records to which [`Question::route`] leads: the resource, or the series
    /// and then the resource. `None` if they do not answer the question.
    pub fn answer(&self, network: &str, records: &[ProvenRecord]) -> Option<Dereferenced> {
        match (self.route(network), records) {
            // What is wrong in itself needs no record, and so none proves it.
            (Err(_), _) => None,
            (Ok(Route::Resource(key)), [resource]) if resource.key == key => self.show(resource),
            (Ok(Route::Series(key, moment)), [series, rest @ ..]) if series.key == key => {
                match (in_series(series, moment)?, rest) {
                    (false, []) => Some(Failure::NotFound.into()),
                    (true, [resource]) if Some(&resource.key) == self.named_by(series).as_ref() => {
                        self.show(resource)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The answer from the record of a resource, or from its absence.
    fn show(&self, resource: &ProvenRecord) -> Option<Dereferenced> {
        if resource.past.is_some() {
            return None;
        }
        let Some(record) = &resource.record else { return Some(Failure::NotFound.into()) };
        let state = ResourceState::read(record)?;
        if !self.matches(&state) {
            return Some(Failure::NotFound.into());
        }
        let metadata = state.metadata(&self.did);
        if self.resource_metadata {
            return Some(list(vec![metadata.into()]));
        }
        Some(Dereferenced {
            failure: None,
            content_type: state.media_type(),
            content: Some(state.content),
            metadata,
            is_choice: false,
        })
    }

    /// Whether a resource of the DID is one that the question does not exclude.
    fn matches(&self, state: &ResourceState) -> bool {
        let same = |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|a| a == own);
        same(&self.resource_name, &state.resource_name)
            && same(&self.resource_type, &state.resource_type)
            && same(&self.resource_version, state.resource_version.as_deref().unwrap_or(""))
            && same(&self.checksum, &state.checksum())
            && self.resource_id.as_ref().is_none_or(|id| *id == state.id())
            && self.moment().is_ok_and(|moment| moment.is_none_or(|t| state.created <= t))
    }

    /// The answer to a question of [`Route::Search`], from all resources of the DID.
    pub fn search(&self, resources: Vec<ResourceState>) -> Found {
        let matching: Vec<_> = resources.into_iter().filter(|state| self.matches(state)).collect();
        if self.resource_metadata {
            let all = matching.iter().map(|state| state.metadata(&self.did).into()).collect();
            return Found::List(list(all));
        }
        // Of each series the latest that matches.
        let mut latest: BTreeMap<(&str, &str), &ResourceState> = BTreeMap::new();
        for state in &matching {
            let series = (state.resource_type.as_str(), state.resource_name.as_str());
            let newest = latest.entry(series).or_insert(state);
            // Of two in one block the one that nothing follows.
            let age = |s: &ResourceState| (s.created, s.next_version_id.is_none());
            if age(newest) < age(state) {
                *newest = state;
            }
        }
        let mut found = latest.into_values();
        match (found.next(), found.next()) {
            (None, _) => Found::List(Failure::NotFound.into()),
            (Some(one), None) => Found::One(Question {
                did: self.did.clone(),
                resource_id: Some(one.id()),
                ..Question::default()
            }),
            (Some(one), Some(other)) => {
                let all = [one, other].into_iter().chain(found);
                let all = list(all.map(|state| state.metadata(&self.did).into()).collect());
                Found::List(Dereferenced { is_choice: true, ..all })
            }
        }
    }
}

/// Whether a series has a version for the moment; `None` where the record does not say so.
fn in_series(series: &ProvenRecord, moment: Option<u64>) -> Option<bool> {
    let Some(record) = &series.record else {
        return series.past.is_none().then_some(false);
    };
    if let Some(past) = &series.past {
        let moment = moment?;
        return (past.entry.time <= moment && moment < past.until(record)).then_some(true);
    }
    match moment {
        None => Some(true),
        Some(moment) if moment < Series::read(&record.content)?.created => Some(false),
        Some(moment) => (record.time <= moment).then_some(true),
    }
}

fn list(resources: Vec<Value>) -> Dereferenced {
    let content = json!({ "linkedResourceMetadata": resources });
    Dereferenced {
        failure: None,
        content: Some(to_raw_value(&content).expect("only JSON members")),
        content_type: "application/json",
        metadata: Map::new(),
        is_choice: false,
    }
}

impl From<Failure> for Dereferenced {
    fn from(failure: Failure) -> Dereferenced {
        Dereferenced {
            failure: Some(failure),
            content: None,
            content_type: "application/json",
            metadata: Map::new(),
            is_choice: false,
        }
    }
}

impl Dereferenced {
    /// The whole result as JSON text; `proof` goes to `contentMetadata.proof`.
    pub fn to_json(&self, proof: Option<&RawValue>) -> String {
        let (name, outcome) = match self.failure {
            None => ("contentType", self.content_type.into()),
            Some(failure) => ("error", failure.entitled(title(failure))),
        };
        let result = Dereferencing {
            failure: self.failure,
            content: self.content.clone().map(Content::Document),
            content_metadata: self.metadata.clone(),
            dereferencing_metadata: Map::from_iter([(name.to_owned(), outcome)]),
        };
        result.to_json(proof)
    }
}

fn title(failure: Failure) -> &'static str {
    match failure {
        Failure::InvalidDid => "the identifier is not a DID URL",
        Failure::MethodNotSupported => "this registry does not hold resources of such DIDs",
        Failure::InvalidOptions => "a parameter is none of DID-Linked Resources, or makes no sense",
        Failure::NotFound => "there is no such resource",
        _ => "the node could not answer",
    }
}
