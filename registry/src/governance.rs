//! The Governing Body on the ledger: who sits in it, how it decides, and what it approved.

pub mod body;
pub mod chair;
pub mod decision;
pub mod document;
mod evidence;
pub mod procedure;
mod refusal;
pub mod voices;

pub use body::Body;
pub use evidence::Evidence;
pub use procedure::Procedure;
pub use refusal::GovernanceError;

use proofs::Record;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;

use crate::rejection::Rejection;
use crate::state::{Change, View};

/// What a record holds; `None` where there is none.
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
pub(crate) fn expect<T: DeserializeOwned>(
    key: &str,
    view: &dyn View,
) -> Result<(Record, T), Rejection> {
    read(key, view)?.ok_or_else(|| Rejection::Unreadable(key.to_owned()))
}

/// The change that makes `content` what the key holds. Its members stand in canonical order.
pub(crate) fn change<T: Serialize + ?Sized>(key: impl Into<String>, content: &T) -> Change {
    Change { key: key.into(), content: to_raw_value(content).expect("only JSON members") }
}

#[cfg(test)]
pub(crate) mod tests;
