//! Records: what a key holds now.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::history::{Entry, History, content_hash};
use crate::{Hash, Tag, tagged};

/// What a key of the state holds: a content, since when, by which event, and the history of what
/// it replaced. Records are never deleted; they end. The bytes are canonical JSON (RFC 8785), which
/// the order of the members and a canonical content make.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Canonical JSON whose meaning `registry` knows.
    pub content: Box<RawValue>,
    /// The event that made this version; in the first changes, the genesis hash.
    pub event: Hash,
    /// The height since which this version is in force; 0 for genesis.
    pub height: u64,
    /// The versions that this one superseded.
    pub history: History,
    /// Block time in milliseconds since which this version is in force.
    pub time: u64,
    /// From 1, one more at each change.
    pub version: u64,
}

/// Bytes that are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a record: {0}")]
pub struct RecordSyntax(String);

impl Record {
    /// The first version of a record.
    pub fn first(content: Box<RawValue>, event: Hash, height: u64, time: u64) -> Record {
        Record { content, event, height, history: History::default(), time, version: 1 }
    }

    /// The version that follows this one.
    pub fn next(&self, content: Box<RawValue>, event: Hash, height: u64, time: u64) -> Record {
        let mut history = self.history.clone();
        history.push(&self.entry());
        Record { content, event, height, history, time, version: self.version + 1 }
    }

    /// This version as a leaf of a later version's history.
    pub fn entry(&self) -> Entry {
        Entry {
            version: self.version,
            time: self.time,
            event: self.event,
            content: content_hash(self.content.get().as_bytes()),
        }
    }

    /// The bytes that the state tree commits to.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record has only JSON members")
    }

    /// The record that [`Record::encode`] wrote. Bytes that do not re-encode to themselves are
    /// refused.
    pub fn decode(bytes: &[u8]) -> Result<Record, RecordSyntax> {
        let record: Record =
            serde_json::from_slice(bytes).map_err(|error| RecordSyntax(error.to_string()))?;
        if record.encode() != bytes {
            return Err(RecordSyntax("not in canonical form".into()));
        }
        Ok(record)
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Record) -> bool {
        self.encode() == other.encode()
    }
}

impl Eq for Record {}

/// The hash by which the state tree holds a record's bytes.
pub fn record_hash(bytes: &[u8]) -> Hash {
    tagged(Tag::Record, &[bytes])
}

/// The path of a key in the state tree.
pub fn key_hash(key: &str) -> Hash {
    tagged(Tag::StateKey, &[key.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.into()).unwrap()
    }

    #[test]
    fn a_record_has_one_spelling() {
        let first = Record::first(content("{\"a\":1}"), Hash([1; 32]), 3, 9);
        let record = first.next(content("{\"a\":2}"), Hash([2; 32]), 4, 10);
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes), Ok(record.clone()));
        let spaced = String::from_utf8(bytes).unwrap().replace(",\"height", ", \"height");
        assert!(Record::decode(spaced.as_bytes()).is_err());
    }

    #[test]
    fn a_later_version_proves_an_earlier_one() {
        let first = Record::first(content("1"), Hash([1; 32]), 3, 9);
        let second = first.next(content("2"), Hash([2; 32]), 4, 10);
        assert_eq!(second.version, 2);
        assert!(second.history.contains(&first.entry(), &[]));
    }
}
