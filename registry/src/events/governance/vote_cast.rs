//! `VoteCast`: members answer a proposal. The last vote that it needs carries it.

use proofs::Hash;
use serde::Deserialize;

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::Body;
use crate::governance::decision::{self, Ballot, Decision};
use crate::governance::voices::Voices;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `VoteCast`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoteCast {
    approve: bool,
    /// The id of the proposal.
    decision: Hash,
    /// The hash of the text that the members saw.
    payload: Hash,
}

impl VoteCast {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "VoteCast",
        sections: "s.9, s.10, s.12",
        by: &[Power::Members(1)],
        conditions: "The proposal is open, its text is the one that was seen, the membership is \
                     the one to which it is bound, and the member has not voted on it, whatever \
                     its keys.",
    };
}

impl EventKind for VoteCast {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    /// One for each member, so that members may vote at the same time.
    fn subject(&self, envelope: &Envelope) -> String {
        format!("{}/{}", decision::key(&self.decision), envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let voices = Voices::of(envelope, context, view)?.unwrap_or_default();
        Body::read(view)?.voter(&envelope.author, context.time)?;
        let ballot = Ballot { approve: self.approve, payload: self.payload, voices };
        Decision::find(&self.decision, view)?.vote(self.decision, &ballot, context, view)
    }
}
