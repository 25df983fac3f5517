//! `DidUpdated`: a new document, new control, or both, in place of a named version.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::authority::{Power, Rule};
use crate::control::Control;
use crate::did_state::{self, DidState};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `DidUpdated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DidUpdated {
    control: Option<Control>,
    document: Option<Box<RawValue>>,
    /// The version that this event replaces.
    previous_version: u64,
}

impl DidUpdated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DidUpdated",
        sections: "s.32, s.33 (1), s.33 (3), s.34",
        by: &[Power::Author],
        conditions: "The event names the version that it replaces; under pre-rotation it reveals \
                     committed keys.",
    };
}

impl EventKind for DidUpdated {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        events::refuse_endorsement(envelope)?;
        if let Some(control) = &self.control {
            control.check(&envelope.author, &envelope.signers)?;
        }
        match &self.document {
            Some(document) => events::check_document(document, &envelope.author),
            None if self.control.is_none() => Err(Rejection::Nothing),
            None => Ok(()),
        }
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
        let revealed = self.control.as_ref().map(|control| control.keys.as_slice());
        state.control.deciding(revealed)?.authorize(did, envelope, context, view)?;
        if let Some(control) = &self.control {
            state.control = control.clone();
        }
        if let Some(document) = &self.document {
            state.document = Some(document.clone());
        }
        let change = state.change(did);
        if change.content.get() == record.content.get() {
            return Err(Rejection::Nothing);
        }
        Ok(vec![change])
    }
}
