//! The ToIP Trust Registry Query Protocol 2.0: what it asks, and what proven records answer. Pure:
//! a node runs it to answer, and a client to check. It has members beyond the protocol, which its
//! schemas allow: `chain`, the authorities from the one asked about to the root, and `proof`.

use std::collections::BTreeMap;

use proofs::ProvenRecord;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Grant;
use super::decide::{Content, Finding, Inquiry};
use crate::{answer, time};

/// The largest body of a question.
pub const QUESTION_BYTES_MAX: usize = 16 << 10;
/// Longest of the four words, in bytes.
const WORD_BYTES_MAX: usize = 1024;
/// Most members of a context.
const CONTEXT_MAX: usize = 16;

/// Which of the protocol's two queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// May the entity do this, says the authority?
    Authorization,
    /// Does the authority recognise the entity as one, for this?
    Recognition,
}

/// A question of either kind. Members stand in canonical order, by the protocol's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is done.
    pub action: String,
    /// Who allows it.
    pub authority_id: String,
    /// `time`, and what the client likes to see again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<BTreeMap<String, String>>,
    /// Who does it.
    pub entity_id: String,
    /// On what.
    pub resource: String,
}

/// An answer before its proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status: 200, or 404 where nobody knows the authority.
    pub status: u16,
    /// The members: the protocol's response, or problem details (RFC 9457).
    pub members: Map<String, Value>,
}

/// The records do not answer the question.
struct Silent;

impl Question {
    /// Reads a request's body; unknown members are ignored, as the protocol wants.
    ///
    /// # Errors
    /// What is wrong with it, for a 400.
    pub fn read(body: &[u8]) -> Result<Question, String> {
        if body.len() > QUESTION_BYTES_MAX {
            return Err(format!("a question has at most {QUESTION_BYTES_MAX} bytes"));
        }
        let question: Question = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        question.check()?;
        Ok(question)
    }

    /// Checks the forms.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        for (name, word) in [("action", &self.action), ("resource", &self.resource)] {
            if !is_word(word) {
                return Err(format!("`{name}` has 1 to {WORD_BYTES_MAX} bytes"));
            }
        }
        for (name, id) in [("authority_id", &self.authority_id), ("entity_id", &self.entity_id)] {
            if !is_word(id) || !is_uri(id) {
                return Err(format!("`{name}` is an identifier with a scheme (RFC 3986)"));
            }
        }
        let context = self.context.iter().flatten();
        if context.clone().count() > CONTEXT_MAX
            || !context.clone().all(|(name, value)| is_word(name) && !value.contains('\0'))
        {
            return Err(format!("`context` has at most {CONTEXT_MAX} members, all texts"));
        }
        self.requested().map(drop)
    }

    /// The moment that the question is about, in milliseconds; `None` for now.
    ///
    /// # Errors
    /// It is not a time in UTC (RFC 3339).
    pub fn requested(&self) -> Result<Option<u64>, String> {
        let Some(text) = self.context.as_ref().and_then(|context| context.get("time")) else {
            return Ok(None);
        };
        let moment = match text.split_once('.') {
            // The text means all of its second.
            None => time::parse(text).map(|moment| moment + 999),
            Some((whole, rest)) => rest.strip_suffix('Z').and_then(|fraction| {
                let digits = (1..=9).contains(&fraction.len())
                    && fraction.bytes().all(|byte| byte.is_ascii_digit());
                let milliseconds = format!("{fraction:0<3}").get(..3)?.parse::<u64>().ok()?;
                digits.then_some(time::parse(&format!("{whole}Z"))? + milliseconds)
            }),
        };
        moment.map(Some).ok_or_else(|| {
            "`context.time` is a time in UTC, such as 2026-01-31T12:00:00Z".to_owned()
        })
    }

    /// The answer at a block of the time `now`, and the records that it is made from, in order. To
    /// `fetch` go a key and the moment that is asked about, if one is: the record comes with the
    /// version in force then (`past`), or, where there was none yet, with its first version.
    ///
    /// # Errors
    /// What `fetch` fails with.
    pub fn ask<E>(
        &self,
        query: Query,
        now: u64,
        mut fetch: impl FnMut(&str, Option<u64>) -> Result<ProvenRecord, E>,
    ) -> Result<(Answer, Vec<ProvenRecord>), E> {
        let requested = self.requested().unwrap_or_default();
        let mut records: Vec<ProvenRecord> = Vec::new();
        let answer = self.decide(query, now, |key, moment| {
            let proven = fetch(key, requested)?;
            let content = in_force(&proven, moment).flatten();
            records.push(proven);
            Ok(content)
        })?;
        Ok((answer, records))
    }

    /// The answer at a block of the time `now`, from the records that [`Question::ask`] fetched.
    /// `None` if they do not answer the question.
    pub fn answer(&self, query: Query, now: u64, records: &[ProvenRecord]) -> Option<Answer> {
        self.check().ok()?;
        let mut rest = records.iter();
        let answer = self.decide(query, now, |key, moment| match rest.next() {
            Some(proven) if proven.key == key => in_force(proven, moment).ok_or(Silent),
            _ => Err(Silent),
        });
        answer.ok().filter(|_| rest.next().is_none())
    }

    /// Walks from the question to the answer. A record that the walk meets twice is read once.
    fn decide<E>(
        &self,
        query: Query,
        now: u64,
        mut read: impl FnMut(&str, u64) -> Result<Content, E>,
    ) -> Result<Answer, E> {
        let moment = self.requested().unwrap_or_default().unwrap_or(now);
        let mut known: BTreeMap<String, Content> = BTreeMap::new();
        let mut inquiry = Inquiry::new(moment, |key| {
            if let Some(content) = known.get(key) {
                return Ok(content.clone());
            }
            let content = read(key, moment)?;
            known.insert(key.to_owned(), content.clone());
            Ok(content)
        });
        let words = Grant {
            action: &self.action,
            authority: &self.authority_id,
            entity: &self.entity_id,
            resource: &self.resource,
        };
        let finding = match query {
            Query::Authorization => inquiry.authorized(&words)?,
            Query::Recognition => inquiry.recognized(&words)?,
        };
        Ok(self.response(query, now, finding))
    }

    fn response(&self, query: Query, now: u64, finding: Finding) -> Answer {
        let (holds, chain, message) = match finding {
            Finding::UnknownAuthority => return self.unknown(),
            Finding::Holds(chain) => (true, Some(chain), None),
            Finding::Refused(why) => (false, None, Some(why)),
        };
        let name = match query {
            Query::Authorization => "authorized",
            Query::Recognition => "recognized",
        };
        let mut members = Map::from_iter([
            ("action".to_owned(), self.action.as_str().into()),
            ("authority_id".to_owned(), self.authority_id.as_str().into()),
            ("entity_id".to_owned(), self.entity_id.as_str().into()),
            ("resource".to_owned(), self.resource.as_str().into()),
            ("time_evaluated".to_owned(), time::format(now).into()),
            (name.to_owned(), holds.into()),
        ]);
        if let Some(context) = &self.context {
            members.insert("context".to_owned(), json!(context));
            if let Some(requested) = context.get("time") {
                members.insert("time_requested".to_owned(), requested.as_str().into());
            }
        }
        if let Some(chain) = chain {
            members.insert("chain".to_owned(), chain.into());
        }
        if let Some(message) = message {
            members.insert("message".to_owned(), message.into());
        }
        Answer { status: 200, members }
    }

    fn unknown(&self) -> Answer {
        let detail = format!("`{}` is no authority of this registry", self.authority_id);
        let members = Map::from_iter([
            ("detail".to_owned(), detail.into()),
            ("status".to_owned(), 404.into()),
            ("title".to_owned(), "the authority is not recognized".into()),
            ("type".to_owned(), "urn:dzong:problem:unknown-authority".into()),
        ]);
        Answer { status: 404, members }
    }
}

impl Answer {
    /// The answer as JSON text; `proof` becomes its member `proof`.
    pub fn to_json(&self, proof: Option<&RawValue>) -> String {
        answer::with_proof(&self.members, proof)
    }
}

/// What a record held at a moment: nothing where it did not exist yet. `None` where what is proven
/// does not say.
fn in_force(proven: &ProvenRecord, moment: u64) -> Option<Content> {
    let Some(record) = &proven.record else { return proven.past.is_none().then_some(None) };
    let Some(past) = &proven.past else {
        return match record.time <= moment {
            true => Some(Some(record.content.clone())),
            // The first version is later, so there was none.
            false => (record.version == 1).then_some(None),
        };
    };
    let entry = past.entry;
    if moment < entry.time {
        return (entry.version == 1).then_some(None);
    }
    (moment < past.until(record)).then(|| Some(past.content.clone()))
}

fn is_word(text: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&text.len()) && !text.contains('\0')
}

/// RFC 3986: a scheme, a colon, and something without spaces or controls.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut scheme = scheme.bytes();
    scheme.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && scheme.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic())
}
