//! `ValidatorAdmitted`: another validator certifies from a height on.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::did_state::DidState;
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::document;
use crate::network::roster::Roster;
use crate::network::{VALIDATORS, ValidatorEntry, possession, residency};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Change, Context, View};

/// The members of `ValidatorAdmitted`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorAdmitted {
    /// From which height; from the next where it is not ahead.
    height: Option<u64>,
    /// Each key's signature over the statement of possession.
    possession: Vec<String>,
    validator: ValidatorEntry,
}

impl ValidatorAdmitted {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ValidatorAdmitted",
        sections: "s.6 (2), s.35, s.115, s.116, s.117",
        by: &[Power::GoverningBody(Class::Network)],
        conditions: "The operator is registered and holds the four keys, which never served; less \
                     than a third of the voting power changes within one time-lock; the residency \
                     rule is kept.",
    };
}

impl EventKind for ValidatorAdmitted {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        let ValidatorEntry { from, jurisdiction, name, until, .. } = &self.validator;
        if from.is_some() || until.is_some() {
            let problem = "`height` says from when; `validator` has neither `from` nor `until`";
            return Err(Rejection::Members(problem.into()));
        }
        if !jurisdiction.as_deref().is_some_and(residency::is_country) {
            let problem = "`jurisdiction` is the country of the validator, such as BT";
            return Err(Rejection::Members(problem.into()));
        }
        document::check_text("name", name)
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
        let ValidatorEntry { operator, power, .. } = &self.validator;
        DidState::active(operator, context, view)?;
        let keys = self.validator.keys();
        possession::check(&context.genesis, &keys, operator, &self.possession)?;
        let from = Some(Roster::effect(self.height, context));
        let mut roster = Roster::read(context, view)?;
        roster.turn(*power, context, view)?;
        roster.add(ValidatorEntry { from, ..self.validator.clone() }, &[], view)?;
        let mut changes = roster.changes(context, view)?;
        changes.push(Roles::with(Role::Operator, operator, view));
        Ok(changes)
    }
}
