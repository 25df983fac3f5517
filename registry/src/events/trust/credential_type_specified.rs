//! `CredentialTypeSpecified`: a type of credentials, its schema and its base (Act s.48).

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Action, Breach, CredentialType, Listed, credential_type, refused, registries};

/// The members of `CredentialTypeSpecified`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CredentialTypeSpecified {
    base: Option<String>,
    #[serde(default)]
    foundational: bool,
    name: String,
    previous_version: Option<u64>,
    schema: String,
}

impl CredentialTypeSpecified {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "CredentialTypeSpecified",
        sections: "s.16 (3), s.16 (4), s.46 (3), s.47, s.48",
        by: &[
            Power::AdministrativeBody,
            Power::GoverningBody(Class::Ordinary),
            Power::Holder(Action::RunRegistry),
        ],
        conditions: "The schema is registered; the type names the type that it is based on, \
            unless the Governing Body makes it foundational; who specified a type, or \
            the Administrative Body, specifies it anew.",
    };
}

impl EventKind for CredentialTypeSpecified {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(credential_type::check_name("name", &self.name)?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        credential_type::key::<CredentialType>(&self.name)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        let registry = registries::of_author(power, author, context, view)?;
        registries::check_scope(registry.as_ref(), Action::Issue, &self.name)?;
        let id = credential_type::id(&self.name);
        let before = Listed::<CredentialType>::replaced(&id, self.previous_version, view)?;
        let was_foundational = before.as_ref().is_some_and(|before| before.listing.foundational);
        let decided = matches!(power, Power::GoverningBody(_));
        if (self.foundational || was_foundational) && !decided {
            Err(Breach::Foundational)?;
        }
        let owned = before.is_none_or(|before| before.listing.registrar == *author);
        if registry.is_some() && !owned {
            return Err(refused(&Self::RULE, author));
        }
        let specified = CredentialType {
            base: self.base.clone(),
            foundational: self.foundational,
            name: self.name.clone(),
            registrar: author.clone(),
            schema: self.schema.clone(),
        };
        specified.check_foundation(view)?;
        Ok(vec![Listed::active(specified, author, context).change(&id)])
    }
}
