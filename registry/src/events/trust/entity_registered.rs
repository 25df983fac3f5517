//! `EntityRegistered`: an organisation is on-boarded, in its roles.

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{self, Action, Entity, Listed, Particulars, forms, listing, registries};

/// The members of `EntityRegistered`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EntityRegistered {
    entity: String,
    particulars: Particulars,
}

impl EntityRegistered {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "EntityRegistered",
        sections: "s.13 (3), s.44, s.49, s.68, s.70, s.73, s.79, s.80, s.87, s.92, s.154",
        by: &[Power::AdministrativeBody, Power::Holder(Action::RunRegistry)],
        conditions: "Whom the Act wants certified is so first; providers of trust services and \
            wallets state the limits of use and a website, registries are linked from \
            it, and whom the requirements name is insured; a delegated registry lists \
            within its scope.",
    };
}

impl EventKind for EntityRegistered {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("entity", &self.entity)?;
        Ok(self.particulars.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Entity>(&self.entity)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let registry = registries::of_author(power, &envelope.author, context, view)?;
        Entity::check_registrar(registry.as_ref(), &self.particulars.roles)?;
        trust::check_registered(&self.entity, view)?;
        // Never listed anew: what rested on a revoked entity must not come back.
        Listed::<Entity>::replaced(&self.entity, None, view)?;
        self.particulars.check_demands(&self.entity, context, view)?;
        let entity = Entity {
            did: self.entity.clone(),
            particulars: self.particulars.clone(),
            registrar: envelope.author.clone(),
        };
        Ok(vec![Listed::active(entity, &envelope.author, context).change(&self.entity)])
    }
}
