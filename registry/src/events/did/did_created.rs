//! `DidCreated`: a new DID, whose identifier is made from this very event.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::authority::{Power, Rule};
use crate::control::Control;
use crate::did::{self, NdiDid};
use crate::did_state::{self, DidState};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::rejection::Rejection;
use crate::roles::{self, Role};
use crate::state::{Change, Context, View};

/// The members of `DidCreated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DidCreated {
    control: Control,
    document: Box<RawValue>,
}

impl DidCreated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DidCreated",
        sections: "s.32, s.34",
        by: &[Power::Author],
        conditions: "A registered endorser vouches for the new author; the identifier is made \
                     from the event.",
    };
}

impl EventKind for DidCreated {
    fn check(&self, envelope: &Envelope, unsecured: &[u8]) -> Result<(), Rejection> {
        let did = NdiDid::parse(&envelope.author)
            .map_err(|error| Rejection::Members(format!("`author`: {error}")))?;
        if did.network() != envelope.network || !did::check_scid(&did, unsecured) {
            return Err(Rejection::Scid(envelope.author.clone()));
        }
        self.control.check(&envelope.author, &envelope.signers)?;
        events::check_document(&self.document, &envelope.author)
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
        if view.record(&did_state::key(did)).is_some() {
            return Err(Rejection::Exists(did.clone()));
        }
        self.control.authorize(did, envelope, context, view)?;
        // Those of genesis are vouched for by genesis itself.
        let endorser = match context.height {
            0 => None,
            _ => Some(roles::endorsed(Role::Endorser, envelope, context, view)?),
        };
        let state = DidState {
            control: self.control.clone(),
            created: context.time,
            deactivated: false,
            document: Some(self.document.clone()),
            endorser,
        };
        Ok(vec![state.change(did)])
    }
}
