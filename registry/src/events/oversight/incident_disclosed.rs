//! `IncidentDisclosed`: the Administrative Body tells the public of an incident (Act s.119).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::oversight::{Disclosure, Incident, current};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{DocumentReference, Moment, forms};

/// The members of `IncidentDisclosed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentDisclosed {
    document: DocumentReference,
    incident: String,
    previous_version: u64,
}

impl IncidentDisclosed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "IncidentDisclosed",
        sections: "s.119",
        by: &[Power::AdministrativeBody],
        conditions: "Where disclosure is in the public interest; a later document takes the place \
            of an earlier one.",
    };
}

impl EventKind for IncidentDisclosed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_sha256("incident", &self.incident)?;
        Ok(self.document.check("document")?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        Incident::key(&self.incident)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        let key = Incident::key(&self.incident);
        let mut incident: Incident = current(&key, self.previous_version, view)?;
        let at = Moment(context.time);
        incident.disclosed = Some(Disclosure { at, document: self.document.clone() });
        Ok(vec![Change::new(key, &incident)])
    }
}
