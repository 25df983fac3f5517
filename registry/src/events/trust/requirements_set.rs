//! `RequirementsSet`: what the Governance Framework prescribes to the trust registry.

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::Requirements;

/// The members of `RequirementsSet`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequirementsSet {
    previous_version: Option<u64>,
    requirements: Requirements,
}

impl RequirementsSet {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "RequirementsSet",
        sections: "s.16, s.95, s.154",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "Registries are delegated at most four levels deep, whatever is prescribed.",
    };
}

impl EventKind for RequirementsSet {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(self.requirements.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        Requirements::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        check_replaced(Requirements::KEY, self.previous_version, view)?;
        Ok(vec![self.requirements.change()])
    }
}
