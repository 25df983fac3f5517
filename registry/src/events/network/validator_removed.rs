//! `ValidatorRemoved`: a validator certifies no more from a height on.

use proofs::PublicKey;
use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::network::VALIDATORS;
use crate::network::roster::Roster;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `ValidatorRemoved`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValidatorRemoved {
    /// From which height; from the next where it is not ahead.
    height: Option<u64>,
    /// The key with which it votes.
    validator_key: PublicKey,
}

impl ValidatorRemoved {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ValidatorRemoved",
        sections: "s.6 (2), s.35, s.115, s.116, s.117",
        by: &[Power::GoverningBody(Class::Network)],
        conditions: "At least four validators are left; less than a third of the voting power \
                     changes within one time-lock; the residency rule is kept.",
    };
}

impl EventKind for ValidatorRemoved {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        VALIDATORS.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let mut roster = Roster::read(context, view)?;
        let left = roster.end(&self.validator_key, Roster::effect(self.height, context))?;
        roster.turn(left.power, context, view)?;
        let retired = roster.retire(&left.operator, view)?;
        Ok(roster.changes(context, view)?.into_iter().chain(retired).collect())
    }
}
