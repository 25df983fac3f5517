//! `DecisionExecuted`: what was decided comes into force, after its time-lock or, unopposed, after
//! its voting period.

use proofs::Hash;
use serde::Deserialize;

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::decision::{self, Decision};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `DecisionExecuted`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionExecuted {
    /// The id of the proposal.
    decision: Hash,
}

impl DecisionExecuted {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DecisionExecuted",
        sections: "s.10",
        by: &[Power::Author],
        conditions: "The decision is carried and its time-lock is over; or the voting period is \
                     over, a quorum approved, and nobody was against.",
    };
}

impl EventKind for DecisionExecuted {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        decision::key(&self.decision)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        Decision::find(&self.decision, view)?.execute(self.decision, context, view)
    }
}
