//! `EntityUpdated`: what is said of an entity changes.

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_version};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{
    Action, Breach, Entity, Listed, Particulars, State, forms, listing, refused, registries,
};

/// The members of `EntityUpdated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EntityUpdated {
    entity: String,
    particulars: Particulars,
    /// The version that this event replaces.
    previous_version: u64,
}

impl EntityUpdated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "EntityUpdated",
        sections: "s.13 (3), s.80, s.92, s.153, s.154",
        by: &[Power::AdministrativeBody, Power::Holder(Action::RunRegistry), Power::Author],
        conditions: "Only who listed the entity, or the Administrative Body, changes its name, \
            roles, jurisdiction and certifications; the entity itself keeps its website, \
            limits of use and insurance up to date.",
    };

    /// Every member has its owner, whether or not roles change (CVE-2020-11093 was an update that
    /// touched neither role nor key, and so was nobody's to forbid).
    fn check_author(
        &self,
        power: Power,
        listed: &Entity,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let author = &envelope.author;
        if power == Power::AdministrativeBody {
            return Ok(());
        }
        if power == Power::Holder(Action::RunRegistry) && listed.registrar == *author {
            let registry = registries::of_author(power, author, context, view)?;
            return Ok(Entity::check_registrar(registry.as_ref(), &self.particulars.roles)?);
        }
        if listed.did != *author {
            return Err(refused(&Self::RULE, author));
        }
        match listed.particulars.not_own(&self.particulars) {
            None => Ok(()),
            Some(member) => Err(Breach::NotOwn(member))?,
        }
    }
}

impl EventKind for EntityUpdated {
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
        let (record, mut listed) = Listed::<Entity>::current(&self.entity, view)?;
        check_version(self.previous_version, &record)?;
        self.check_author(power, &listed.listing, envelope, context, view)?;
        if listed.status.state == State::Revoked {
            let (from, to) = (State::Revoked, State::Active);
            Err(Breach::Step { subject: self.entity.clone(), from, to })?;
        }
        if listed.listing.particulars == self.particulars {
            return Err(Rejection::Nothing);
        }
        self.particulars.check_demands(&self.entity, context, view)?;
        listed.listing.particulars = self.particulars.clone();
        Ok(vec![listed.change(&self.entity)])
    }
}
