//! `DecisionCancelled`: two members stop what changes the network while its time-lock runs.

use proofs::Hash;
use serde::Deserialize;

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::decision::{self, CANCELLERS, Decision};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `DecisionCancelled`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionCancelled {
    /// The id of the proposal.
    decision: Hash,
}

impl DecisionCancelled {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DecisionCancelled",
        sections: "s.10",
        by: &[Power::Members(CANCELLERS)],
        conditions: "The time-lock runs, and the decision does not repeat one that was cancelled.",
    };
}

impl EventKind for DecisionCancelled {
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
        Decision::find(&self.decision, view)?.cancel(self.decision, context)
    }
}
