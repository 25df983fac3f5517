//! What the record of a DID holds.

use proofs::Record;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::control::Control;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The content of `did/<did>`. Members stand in canonical order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DidState {
    /// Who may change it.
    pub control: Control,
    /// Block time of its creation, in milliseconds.
    pub created: u64,
    /// Whether it is deactivated, which is for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deactivated: bool,
    /// The DID document in canonical form; none once deactivated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<RawValue>>,
    /// Who vouched for the author at creation; none for those of genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorser: Option<String>,
}

/// The key of a DID's record.
pub fn key(did: &str) -> String {
    format!("did/{did}")
}

impl DidState {
    /// Reads the content of a DID's record.
    pub fn read(record: &Record) -> Option<DidState> {
        serde_json::from_str(record.content.get()).ok()
    }

    /// The change that makes this the state of `did`.
    pub fn change(&self, did: &str) -> Change {
        Change::new(key(did), self)
    }

    /// The record and state of a registered DID that is not deactivated, for a change of it.
    ///
    /// # Errors
    /// [`Rejection::NotFound`], [`Rejection::Deactivated`], [`Rejection::KeysJustChanged`].
    pub fn current(
        did: &str,
        context: &Context,
        view: &dyn View,
    ) -> Result<(Record, DidState), Rejection> {
        let record = view.record(&key(did)).ok_or_else(|| Rejection::NotFound(did.to_owned()))?;
        let state = DidState::read(&record).ok_or_else(|| Rejection::Unreadable(key(did)))?;
        if state.deactivated {
            return Err(Rejection::Deactivated(did.to_owned()));
        }
        // Keys are those of the parent height, so that signatures can be judged before execution.
        if record.height == context.height && context.height > 0 {
            return Err(Rejection::KeysJustChanged(did.to_owned()));
        }
        Ok((record, state))
    }

    /// [`DidState::current`] without the record.
    ///
    /// # Errors
    /// As that.
    pub fn active(did: &str, context: &Context, view: &dyn View) -> Result<DidState, Rejection> {
        DidState::current(did, context, view).map(|(_, state)| state)
    }
}
