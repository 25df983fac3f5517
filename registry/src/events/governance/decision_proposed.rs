//! `DecisionProposed`: an event for the Governing Body to decide, word for word.

use proofs::Hash;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::{Body, GovernanceError, decision};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `DecisionProposed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DecisionProposed {
    /// The type and members of the event to be decided.
    decision: Box<RawValue>,
    /// The version of the membership that decides.
    membership: u64,
    /// The cancelled decision that this one repeats.
    resubmits: Option<Hash>,
}

impl DecisionProposed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DecisionProposed",
        sections: "s.10, s.12, s.14",
        by: &[Power::Members(1), Power::Secretary, Power::AdministrativeBody],
        conditions: "The event is of a kind that the Governing Body decides, and could take \
                     effect; members who sign the proposal approve it.",
    };
}

impl EventKind for DecisionProposed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, envelope: &Envelope) -> String {
        decision::key(&envelope.id)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let current = Body::read(view)?.version;
        if self.membership != current {
            return Err(GovernanceError::OldMembership { bound: self.membership, current }.into());
        }
        decision::open(self.decision.get(), self.resubmits, envelope, context, view)
    }
}
