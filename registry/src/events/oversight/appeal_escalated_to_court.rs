//! `AppealEscalatedToCourt`: a decided appeal goes on to a court (Act s.60).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::oversight::{Appeal, Calendar, Escalation, current};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::time;
use crate::trust::{Breach, Moment, forms, refused};

/// The members of `AppealEscalatedToCourt`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AppealEscalatedToCourt {
    appeal: String,
    previous_version: u64,
    reference: String,
}

impl AppealEscalatedToCourt {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "AppealEscalatedToCourt",
        sections: "s.60",
        by: &[Power::AdministrativeBody, Power::Author],
        conditions: "Who filed the appeal, or the Administrative Body for a person, within ten \
            working days after it was decided.",
    };
}

impl EventKind for AppealEscalatedToCourt {
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
        let power = acting(&Self::RULE, envelope, context, view)?;
        let key = Appeal::key(&self.appeal);
        let mut appeal: Appeal = current(&key, self.previous_version, view)?;
        if power == Power::Author && appeal.filed_by != envelope.author {
            return Err(refused(&Self::RULE, &envelope.author));
        }
        let Some(decided) = appeal.decided.as_ref().filter(|_| appeal.escalated.is_none()) else {
            Err(Breach::Missing("the appeal is not decided, or before a court already".into()))?
        };
        let end = Calendar::of(view)?.deadline(decided.at.0, Appeal::DAYS_TO_APPEAL);
        if context.time >= end {
            Err(Breach::TooLate(time::format(end), "s.60"))?;
        }
        let at = Moment(context.time);
        appeal.escalated = Some(Escalation { at, reference: self.reference.clone() });
        Ok(vec![Change::new(key, &appeal)])
    }
}
