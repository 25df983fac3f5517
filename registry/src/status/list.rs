//! Questions about revocation and their answers. Pure: the node runs it to answer, and the client
//! to check.

use proofs::{ProvenRecord, Shown};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{CHUNK_SLOTS, Chunk, Head, Registry, Status, Vector};
use crate::answer;
use crate::trust::{Moment, forms};

/// What of a registry is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What it is, and its head.
    Registry,
    /// One slot's status.
    Slot(u32),
    /// All statuses.
    Statuses,
}

/// What is asked. Members stand in canonical order; without `time` and `version` it is about now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What of it.
    pub part: Part,
    /// The registry's id.
    pub registry: String,
    /// As it was at the end of this second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Moment>,
    /// As it was in this version of the head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// Which version of a record answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The one in force.
    Latest,
    /// The one that was in force at this moment, in milliseconds.
    At(u64),
    /// The one of this number.
    Version(u64),
}

/// Where the answer stands: in the record of the registry, and in another, perhaps as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The registry's key.
    pub registry: String,
    /// The other record's key.
    pub other: String,
    /// Which version of that.
    pub wanted: Wanted,
}

/// An answer, and whether it is that there is nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The members, without proof.
    pub members: Map<String, Value>,
    /// Whether it says that there is no such thing.
    pub is_none: bool,
}

impl Question {
    /// Where the answer stands.
    ///
    /// # Errors
    /// Why there can be none, in words for who asks.
    pub fn route(&self) -> Result<Route, &'static str> {
        if !forms::is_sha256(&self.registry) {
            return Err("a revocation registry's id has 64 lower-case hexadecimal digits");
        }
        let wanted = match (self.time, self.version) {
            (None, None) => Wanted::Latest,
            // The text means all of its second.
            (Some(time), None) => Wanted::At(time.0.saturating_add(999)),
            (None, Some(version)) => Wanted::Version(version),
            (Some(_), Some(_)) => return Err("ask by `time` or by `version`, not by both"),
        };
        let other = match self.part {
            Part::Slot(_) if self.version.is_some() => {
                return Err("a slot's status is asked for by `time`, not by `version`");
            }
            Part::Slot(slot) => Chunk::key(&self.registry, slot / CHUNK_SLOTS),
            Part::Registry | Part::Statuses => Head::key(&self.registry),
        };
        Ok(Route { registry: Registry::key(&self.registry), other, wanted })
    }

    /// The answer, from the records to which [`Question::route`] leads (of a registry that is none,
    /// the absence alone), for the block time `now`; for [`Part::Statuses`] with the statuses that
    /// the head commits to. `None` if they do not answer the question.
    #[must_use]
    pub fn answer(
        &self,
        now: u64,
        records: &[ProvenRecord],
        statuses: Option<&[u8]>,
    ) -> Option<Answer> {
        let route = self.route().ok()?;
        if self.time.is_some_and(|time| time.0 > now) {
            return None;
        }
        let (registry, others) = records.split_first()?;
        if registry.key != route.registry || registry.past.is_some() {
            return None;
        }
        let Some(record) = &registry.record else {
            return others.is_empty().then(|| self.nothing("there is no such registry"));
        };
        let registry = Registry::read(record)?;
        let beyond = |slot: u32| slot == 0 || slot >= registry.capacity;
        match (self.part, others) {
            (Part::Slot(slot), []) if beyond(slot) => {
                Some(self.nothing("the registry has no such slot"))
            }
            _ if self.time.is_some_and(|time| time.0 + 999 < registry.created.0) => {
                others.is_empty().then(|| self.nothing("the registry did not exist yet"))
            }
            (Part::Slot(slot), [chunk]) if chunk.key == route.other && !beyond(slot) => {
                self.slot(slot, in_force(chunk, route.wanted)?)
            }
            (Part::Registry | Part::Statuses, [head]) if head.key == route.other => {
                match (in_force::<Head>(head, route.wanted)?, head.record.as_ref()) {
                    (Found::Content(content), Some(_)) => self.head(&registry, &content, statuses),
                    (Found::NotYet, Some(_)) if self.version.is_some() => {
                        Some(self.nothing("the registry has no such version"))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn nothing(&self, why: &'static str) -> Answer {
        Answer::of(json!({ "error": why, "registry": self.registry }), true)
    }

    fn slot(&self, slot: u32, chunk: Found<Chunk>) -> Option<Answer> {
        let (status, locked) = match chunk {
            Found::Content(Held { content, .. }) => (content.status(slot), content.is_locked(slot)),
            Found::NotYet => (Status::Valid, false),
        };
        let members = json!({
            "locked": locked, "registry": self.registry, "slot": slot, "status": status,
        });
        Some(Answer::of(members, false))
    }

    fn head(
        &self,
        registry: &Registry,
        head: &Held<Head>,
        statuses: Option<&[u8]>,
    ) -> Option<Answer> {
        let mut answer = Answer::of(
            json!({
                "capacity": registry.capacity,
                "issuer": registry.issuer,
                "registry": self.registry,
                "timestamp": head.since / 1000,
                "version": head.version,
            }),
            false,
        );
        let members = &mut answer.members;
        if let Some(accumulator) = &head.content.accumulator {
            members.insert("accumulator".to_owned(), json!(accumulator));
        }
        if let Some(commitment) = &head.content.commitment {
            members.insert("commitment".to_owned(), json!(commitment));
        }
        match (self.part, statuses) {
            (Part::Statuses, Some(statuses)) => {
                let vector = Vector::read(registry.capacity, statuses)?;
                if vector.nodes() != head.content.nodes {
                    return None;
                }
                members.insert("statuses".to_owned(), vector.to_base64().into());
            }
            (Part::Registry, None) => {
                members.insert("anoncreds".to_owned(), json!(registry.anoncreds));
                members.insert("created".to_owned(), json!(registry.created));
                members.insert("credentialType".to_owned(), json!(registry.credential_type));
                members.insert("formats".to_owned(), json!(registry.formats));
                members.insert("hold".to_owned(), json!(registry.held()));
                members.insert("nodes".to_owned(), json!(head.content.nodes));
                members.insert("slots".to_owned(), json!(registry.slots));
            }
            _ => return None,
        }
        Some(answer)
    }
}

impl Answer {
    fn of(members: Value, is_none: bool) -> Answer {
        let members = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Answer { members, is_none }
    }

    /// The answer as JSON text; `proof` becomes its member `proof`.
    #[must_use]
    pub fn to_json(&self, proof: Option<&RawValue>) -> String {
        answer::with_proof(&self.members, proof)
    }
}

/// A content, since when it was in force in milliseconds, and its version.
struct Held<T> {
    content: T,
    since: u64,
    version: u64,
}

enum Found<T> {
    Content(Held<T>),
    /// The record is proven not to have existed then.
    NotYet,
}

/// What a record held in the version that was wanted; `None` where what is proven does not say it.
fn in_force<T: DeserializeOwned>(proven: &ProvenRecord, wanted: Wanted) -> Option<Found<T>> {
    let Some(Shown { content, since, until, version }) = proven.shown() else {
        return proven.past.is_none().then_some(Found::NotYet);
    };
    let answers = match wanted {
        Wanted::Latest => proven.past.is_none(),
        // Of what came later the first version says that there was none.
        Wanted::At(moment) if version == 1 && moment < since => return Some(Found::NotYet),
        Wanted::At(moment) => since <= moment && until.is_none_or(|until| moment < until),
        Wanted::Version(wanted) if proven.past.is_none() && version < wanted => {
            return Some(Found::NotYet);
        }
        Wanted::Version(wanted) => version == wanted,
    };
    if !answers {
        return None;
    }
    let content = serde_json::from_str(content.get()).ok()?;
    Some(Found::Content(Held { content, since, version }))
}
