//! `AuditorAppointed`: the Governing Body appoints an auditor (Act s.152).

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::oversight::Auditor;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{EntityRole, Listed, Period, decide, forms, listing};

/// The members of `AuditorAppointed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuditorAppointed {
    auditor: String,
    period: Period,
    /// The version that this event replaces; absent for a first appointment.
    previous_version: Option<u64>,
}

impl AuditorAppointed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "AuditorAppointed",
        sections: "s.152",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "The auditor is listed as an entity in that role.",
    };
}

impl EventKind for AuditorAppointed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("auditor", &self.auditor)?;
        Ok(self.period.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Auditor>(&self.auditor)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        self.period.check_at(context.time)?;
        decide::require_role(&self.auditor, &[EntityRole::Auditor], context, view)?;
        Listed::<Auditor>::replaced(&self.auditor, self.previous_version, view)?;
        let appointment = Auditor {
            appointer: envelope.author.clone(),
            did: self.auditor.clone(),
            period: self.period,
        };
        let listed = Listed::active(appointment, &envelope.author, context);
        Ok(vec![listed.change(&self.auditor)])
    }
}
