//! `RevocationRegistryCreated`: a vector of slots for the credentials of an issuer (Act s.55, s.57).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::status::{Format, Registry};
use crate::trust::Moment;

/// The members of `RevocationRegistryCreated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RevocationRegistryCreated {
    capacity: u32,
    credential_type: Option<String>,
    formats: BTreeSet<Format>,
}

impl RevocationRegistryCreated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "RevocationRegistryCreated",
        sections: "s.55, s.56, s.57",
        by: &[Power::Author],
        conditions: "The registry's id is that of the event; slot 0 is reserved, all others count.",
    };

    fn registry(&self, envelope: &Envelope, time: u64) -> Registry {
        Registry {
            capacity: self.capacity,
            created: Moment(time),
            credential_type: self.credential_type.clone(),
            formats: self.formats.clone(),
            hold: None,
            issuer: envelope.author.clone(),
        }
    }
}

impl EventKind for RevocationRegistryCreated {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(self.registry(envelope, 0).check()?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        Registry::key(&envelope.id.to_string())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        let key = self.subject(envelope);
        check_replaced(&key, None, view)?;
        let registry = self.registry(envelope, context.time);
        let head = registry.fresh_head().change(&envelope.id.to_string());
        Ok(vec![Change::new(key, &registry), head])
    }
}
