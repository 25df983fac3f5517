//! `AuthorizationGranted`: an entity may take an action on a resource, says an authority.

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{
    self, Action, Authorization, Breach, CredentialType, DPKI_CERTIFICATE, Entity, EntityRole,
    Listed, Period, PresentationType, credential_type, decide, forms, listing, registries,
};

/// The members of `AuthorizationGranted`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuthorizationGranted {
    action: Action,
    /// Who allows it: the author; where the Governing Body grants, the Administrative Body.
    authority: String,
    entity: String,
    period: Period,
    /// The version that this event replaces; absent for a first grant.
    previous_version: Option<u64>,
    resource: String,
}

impl AuthorizationGranted {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "AuthorizationGranted",
        sections: "s.44, s.46 (3), s.47, s.48, s.49, s.51, s.54, s.82, s.88",
        by: &[
            Power::AdministrativeBody,
            Power::GoverningBody(Class::Ordinary),
            Power::Holder(Action::RunRegistry),
        ],
        conditions: "The entity is listed in a role for the action; the resource is a specified \
            type with a registered schema, or a role; foundational types are for the \
            Governing Body; a delegated registry grants within its scope.",
    };

    fn listing(&self) -> Authorization {
        Authorization {
            action: self.action,
            authority: self.authority.clone(),
            entity: self.entity.clone(),
            period: self.period,
            resource: self.resource.clone(),
        }
    }

    /// What the action may be about.
    fn check_resource(&self, power: Power, view: &dyn View) -> Result<(), Rejection> {
        let resource = self.resource.as_str();
        let role = EntityRole::named(resource);
        let wrong = |words: &str| Err(Breach::Resource(format!("`{resource}` is no {words}")))?;
        match self.action {
            Action::Issue => {
                let specified: CredentialType = credential_type::find(resource, view)?;
                match (specified.foundational, power) {
                    // Act s.16 (4), s.48: a qualified issuer specified in the Framework.
                    (true, Power::GoverningBody(_)) | (false, _) => Ok(()),
                    (true, _) => Err(Breach::Foundational)?,
                }
            }
            Action::Request => credential_type::find::<PresentationType>(resource, view).map(drop),
            // Act s.78: trust service providers are certified by the Administrative Body itself.
            Action::Certify => match role {
                Some(role) if role.is_trust_service() => Err(Breach::NotCertifiable(role))?,
                None if resource != DPKI_CERTIFICATE => wrong("role or `dpki-certificate`"),
                _ => Ok(()),
            },
            Action::Revoke if role.is_some() || resource == DPKI_CERTIFICATE => Ok(()),
            Action::Revoke => credential_type::find::<CredentialType>(resource, view).map(drop),
            _ => match role.filter(|role| role.provides_wallets()) {
                Some(role) => match Listed::<Entity>::find(&self.entity, view)? {
                    Some((_, e)) if e.listing.particulars.roles.contains(&role) => Ok(()),
                    _ => wrong("role of the entity"),
                },
                None => wrong("role of a wallet or agent provider"),
            },
        }
    }
}

impl EventKind for AuthorizationGranted {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("authority", &self.authority)?;
        forms::check_did("entity", &self.entity)?;
        credential_type::check_name("resource", &self.resource)?;
        if matches!(self.action, Action::RunRegistry | Action::Delegate) {
            Err(Breach::Resource("registries are delegated to with `RegistryDelegated`".into()))?;
        }
        Ok(self.period.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Authorization>(&self.listing().grant().id())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        match power {
            Power::GoverningBody(_) => trust::check_root(&self.authority, view)?,
            _ if self.authority != *author => Err(Breach::OtherAuthority)?,
            _ => {}
        }
        let registry = registries::of_author(power, author, context, view)?;
        registries::check_scope(registry.as_ref(), self.action, &self.resource)?;
        self.check_resource(power, view)?;
        decide::require_role(&self.entity, self.action.roles(), context, view)?;
        self.period.check_at(context.time)?;
        let listing = self.listing();
        let id = listing.grant().id();
        Listed::<Authorization>::regranted(&id, self.previous_version, power, view)?;
        Ok(vec![Listed::active(listing, author, context).change(&id)])
    }
}
