//! `PresentationTypeSpecified`: what verifiers may be authorised to ask for (Act s.54).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{CredentialType, Listed, PresentationType, credential_type};

/// The members of `PresentationTypeSpecified`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PresentationTypeSpecified {
    attributes: BTreeSet<String>,
    from: BTreeSet<String>,
    name: String,
    previous_version: Option<u64>,
    purpose: String,
}

impl PresentationTypeSpecified {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "PresentationTypeSpecified",
        sections: "s.54",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "The credential types that it asks for are specified.",
    };

    fn specified(&self, envelope: &Envelope) -> PresentationType {
        PresentationType {
            attributes: self.attributes.clone(),
            from: self.from.clone(),
            name: self.name.clone(),
            purpose: self.purpose.clone(),
            registrar: envelope.author.clone(),
        }
    }
}

impl EventKind for PresentationTypeSpecified {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(self.specified(envelope).check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        credential_type::key::<PresentationType>(&self.name)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        for name in &self.from {
            credential_type::find::<CredentialType>(name, view)?;
        }
        let id = credential_type::id(&self.name);
        Listed::<PresentationType>::replaced(&id, self.previous_version, view)?;
        let specified = self.specified(envelope);
        Ok(vec![Listed::active(specified, &envelope.author, context).change(&id)])
    }
}
