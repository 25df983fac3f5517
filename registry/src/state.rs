//! How rules read the state and say what changes. They never write.

use proofs::{Hash, Record};
use serde_json::value::RawValue;

use crate::authority::Class;

/// The state as a rule sees it: the parent's records under the changes made earlier in the same
/// block. Infallible: if the disk fails beneath it, the ledger raises a fault and never returns
/// to the rule.
pub trait View {
    /// What `key` holds now.
    fn record(&self, key: &str) -> Option<Record>;
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
