//! `AppealDecided`: the Administrative Body decides an appeal (Act s.43, s.59).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::oversight::{Appeal, Decision, Outcome, current};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Breach, Moment, forms};

/// The members of `AppealDecided`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AppealDecided {
    appeal: String,
    outcome: Outcome,
    previous_version: u64,
    reference: String,
}

impl AppealDecided {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "AppealDecided",
        sections: "s.43, s.59",
        by: &[Power::AdministrativeBody],
        conditions: "An appeal is decided once; after five working days the decision is marked as \
            late.",
    };
}

impl EventKind for AppealDecided {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_sha256("appeal", &self.appeal)?;
        Ok(forms::check_sha256("reference", &self.reference)?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        Appeal::key(&self.appeal)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        let key = Appeal::key(&self.appeal);
        let mut appeal: Appeal = current(&key, self.previous_version, view)?;
        if appeal.decided.is_some() {
            Err(Breach::Missing("the appeal is decided already".into()))?;
        }
        appeal.decided = Some(Decision {
            at: Moment(context.time),
            late: appeal.is_overdue(context.time),
            outcome: self.outcome,
            reference: self.reference.clone(),
        });
        Ok(vec![Change::new(key, &appeal)])
    }
}
