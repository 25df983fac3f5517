//! How rules read the state and say what changes. They never write.

use std::ops::Range;

use proofs::{Hash, Record};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::authority::Class;
use crate::rejection::Rejection;

/// The state as a rule sees it: the parent's records under the changes made earlier in the same
/// block. Infallible: if the disk fails beneath it, the ledger raises a fault and never returns
/// to the rule.
pub trait View {
    /// What `key` holds now.
    fn record(&self, key: &str) -> Option<Record>;

    /// These bytes of an active blob; `None` where no such blob is active or it ends before. Where
    /// the bytes are not on this machine, that is a fault as well.
    fn blob(&self, id: &str, range: Range<u64>) -> Option<Vec<u8>>;
}

/// Where and when an event is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The network's name.
    pub network: String,
    /// The network's genesis hash.
    pub genesis: Hash,
    /// The height of the block that holds the event.
    pub height: u64,
    /// That block's time in milliseconds.
    pub time: u64,
    /// Where the Governing Body decided the event by proposal and votes: in which class. Its rule
    /// then rests on that decision, not on signatures.
    pub decided: Option<Class>,
}

/// One write that a rule asks for: the new content of a record. Version, time and history are kept
/// by [`Context::record`], so that no rule can forget them.
#[derive(Debug, Clone)]
pub struct Change {
    /// The record's key.
    pub key: String,
    /// Its new content, canonical JSON.
    pub content: Box<RawValue>,
}

impl Change {
    /// The change that makes `content` what the key holds. Its members stand in canonical order.
    pub fn new<T: Serialize + ?Sized>(key: impl Into<String>, content: &T) -> Change {
        Change { key: key.into(), content: to_raw_value(content).expect("only JSON members") }
    }
}

/// What a record holds; `None` where there is none.
///
/// # Errors
/// [`Rejection::Unreadable`].
pub(crate) fn read<T: DeserializeOwned>(
    key: &str,
    view: &dyn View,
) -> Result<Option<(Record, T)>, Rejection> {
    let Some(record) = view.record(key) else { return Ok(None) };
    match serde_json::from_str(record.content.get()) {
        Ok(content) => Ok(Some((record, content))),
        Err(_) => Err(Rejection::Unreadable(key.to_owned())),
    }
}

/// What a record holds that genesis made.
///
/// # Errors
/// [`Rejection::Unreadable`].
pub(crate) fn expect<T: DeserializeOwned>(
    key: &str,
    view: &dyn View,
) -> Result<(Record, T), Rejection> {
    read(key, view)?.ok_or_else(|| Rejection::Unreadable(key.to_owned()))
}

impl Context {
    /// What every proof names as its `domain`: the network's name and the beginning of its genesis
    /// hash; inside genesis, which cannot contain its own hash, the name alone.
    pub fn domain(&self) -> String {
        match self.height {
            0 => self.network.clone(),
            _ => format!("{}:{}", self.network, self.genesis.short()),
        }
    }

    /// The record that a change makes out of what the key held before.
    pub fn record(&self, before: Option<&Record>, change: &Change, event: Hash) -> Record {
        let content = change.content.clone();
        match before {
            Some(before) => before.next(content, event, self.height, self.time),
            None => Record::first(content, event, self.height, self.time),
        }
    }
}
