//! `DidDeactivated`: the end of a DID. Its history stays.

use serde::Deserialize;

use crate::authority::{Power, Rule};
use crate::did_state::{self, DidState};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `DidDeactivated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DidDeactivated {
    /// The version that this event ends.
    previous_version: u64,
    /// Under pre-rotation, the committed keys that sign.
    revealed_keys: Option<Vec<String>>,
}

impl DidDeactivated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DidDeactivated",
        sections: "s.32, s.34",
        by: &[Power::Author],
        conditions: "The event names the version that it ends.",
    };
}

impl EventKind for DidDeactivated {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        events::refuse_endorsement(envelope)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        did_state::key(&envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let did = &envelope.author;
        let (record, mut state) = DidState::current(did, context, view)?;
        events::check_version(self.previous_version, &record)?;
        let deciding = state.control.deciding(self.revealed_keys.as_deref())?;
        deciding.authorize(did, envelope, context, view)?;
        state.deactivated = true;
        state.document = None;
        Ok(vec![state.change(did)])
    }
}
