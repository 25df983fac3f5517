//! `RecognitionGranted`: a foreign scheme is recognised, with consent (Act s.128).

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::did::Did;
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{
    self, Action, Breach, DocumentReference, Listed, Period, Recognition, credential_type, listing,
};

/// The members of `RecognitionGranted`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecognitionGranted {
    action: Action,
    /// In whose name: the Administrative Body, which lists it (s.129).
    authority: String,
    consent: DocumentReference,
    entity: String,
    period: Period,
    /// The version that this event replaces; absent for a first grant.
    previous_version: Option<u64>,
    resource: String,
}

impl RecognitionGranted {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "RecognitionGranted",
        sections: "s.6 (6), s.127, s.128, s.129, s.130",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "The event names the foreign authority, the type of credentials and the \
            document of the consent.",
    };

    fn listing(&self) -> Recognition {
        Recognition {
            action: self.action,
            authority: self.authority.clone(),
            consent: self.consent.clone(),
            entity: self.entity.clone(),
            period: self.period,
            resource: self.resource.clone(),
        }
    }
}

impl EventKind for RecognitionGranted {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        self.consent.check("consent")?;
        credential_type::check_name("resource", &self.resource)?;
        if Did::parse(&self.entity).is_err() {
            Err(Breach::Form("entity", "is the DID of the foreign authority"))?;
        }
        Ok(self.period.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Recognition>(&self.listing().grant().id())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        trust::check_root(&self.authority, view)?;
        self.period.check_at(context.time)?;
        let listing = self.listing();
        let id = listing.grant().id();
        Listed::<Recognition>::regranted(&id, self.previous_version, power, view)?;
        Ok(vec![Listed::active(listing, &envelope.author, context).change(&id)])
    }
}
