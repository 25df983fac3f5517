//! `RegistryDelegated`: functions of a trust registry are delegated (Act s.94, s.95).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{
    Action, Breach, Listed, Period, Registry, Requirements, Scope, decide, forms, listing,
    registries,
};

/// The members of `RegistryDelegated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RegistryDelegated {
    /// SHA-256 of the record of the consultation (s.94), or of the conditions followed (s.95).
    consultation: String,
    depth: u64,
    period: Period,
    registry: String,
    scope: Scope,
}

impl RegistryDelegated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "RegistryDelegated",
        sections: "s.13 (5), s.90, s.94, s.95",
        by: &[Power::AdministrativeBody, Power::Holder(Action::RunRegistry)],
        conditions: "The registry is a live, certified entity; a delegate delegates further only \
            within its own scope, period and depth; a discontinued registry is never \
            delegated to again.",
    };
}

impl EventKind for RegistryDelegated {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("registry", &self.registry)?;
        forms::check_sha256("consultation", &self.consultation)?;
        self.period.check()?;
        Ok(self.scope.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Registry>(&self.registry)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        let registry = Registry {
            consultation: self.consultation.clone(),
            depth: self.depth,
            did: self.registry.clone(),
            parent: author.clone(),
            period: self.period,
            scope: self.scope.clone(),
        };
        match registries::of_author(power, author, context, view)? {
            Some(parent) => registry.check_within(&parent)?,
            None => {
                let most = Requirements::of(view)?.delegation_depth_max;
                if registry.depth >= most {
                    Err(Breach::TooDeep(most.saturating_sub(1)))?;
                }
            }
        }
        self.period.check_at(context.time)?;
        decide::require_role(&self.registry, Action::RunRegistry.roles(), context, view)?;
        Listed::<Registry>::replaced(&self.registry, None, view)?;
        Ok(vec![Listed::active(registry, author, context).change(&self.registry)])
    }
}
