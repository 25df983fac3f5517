//! `StatusProviderRotated`: who signs the lists that are made of an issuer's registries (Act s.56).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::did;
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::status::{Provider, StatusError};

/// The members of `StatusProviderRotated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StatusProviderRotated {
    /// The verification method that signs from now on.
    method: String,
    /// The version of the record that this replaces; absent for the first.
    previous_version: Option<u64>,
}

impl StatusProviderRotated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "StatusProviderRotated",
        sections: "s.56",
        by: &[Power::Author],
        conditions: "By the issuer, for its own registries; the method is of a registered DID.",
    };

    fn did(&self) -> Option<&str> {
        let (did, fragment) = self.method.split_once('#')?;
        (did::NdiDid::parse(did).is_ok() && !fragment.is_empty()).then_some(did)
    }
}

impl EventKind for StatusProviderRotated {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        let is_url = self.method.len() <= 256 && did::DidUrl::parse(&self.method).is_ok();
        match is_url && self.did().is_some() {
            true => Ok(()),
            false => Err(StatusError::Form("method", "is a verification method: did:ndi:…#name"))?,
        }
    }

    fn subject(&self, envelope: &Envelope) -> String {
        Provider::key(&envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        crate::trust::check_registered(self.did().unwrap_or_default(), view)?;
        let key = self.subject(envelope);
        events::check_replaced(&key, self.previous_version, view)?;
        Ok(vec![Change::new(key, &Provider { method: self.method.clone() })])
    }
}
