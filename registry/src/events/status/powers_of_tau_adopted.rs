//! `PowersOfTauAdopted`: the set-up on which the slot commitments of new registries rest (s.56).

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::blob::{self, BlobError};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::status::PowersOfTau;

/// The members of `PowersOfTauAdopted`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PowersOfTauAdopted {
    /// The blob's id.
    blob: String,
    /// The version of the record that this replaces; absent for the first.
    previous_version: Option<u64>,
}

impl PowersOfTauAdopted {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "PowersOfTauAdopted",
        sections: "s.6 (2), s.35, s.56",
        by: &[Power::GoverningBody(Class::Network)],
        conditions: "The set-up is an active blob and has 4096 or 65536 slots; existing \
            registries keep theirs.",
    };
}

impl EventKind for PowersOfTauAdopted {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        match blob::is_id(&self.blob) {
            true => Ok(()),
            false => Err(BlobError::Id(self.blob.clone()).into()),
        }
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        PowersOfTau::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        check_replaced(PowersOfTau::KEY, self.previous_version, view)?;
        let adopted = PowersOfTau::of(self.blob.clone(), view)?;
        Ok(vec![Change::new(PowersOfTau::KEY, &adopted)])
    }
}
