//! `CrlPublished`: the list of revoked certificates that an issuer signed (Act s.41).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Breach, Crl, Moment};

/// The members of `CrlPublished`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CrlPublished {
    crl: String,
    crl_number: u64,
    next_update: Moment,
    previous_version: Option<u64>,
    this_update: Moment,
}

impl CrlPublished {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "CrlPublished",
        sections: "s.41",
        by: &[Power::Author],
        conditions: "The author is the issuer that signed the list; numbers grow.",
    };

    fn list(&self) -> Crl {
        Crl {
            crl: self.crl.clone(),
            crl_number: self.crl_number,
            next_update: self.next_update,
            this_update: self.this_update,
        }
    }
}

impl EventKind for CrlPublished {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(self.list().check()?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        Crl::key(&envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        let key = Crl::key(&envelope.author);
        let before = check_replaced(&key, self.previous_version, view)?;
        let before = before.and_then(|record| serde_json::from_str(record.content.get()).ok());
        if before.is_some_and(|before: Crl| before.crl_number >= self.crl_number) {
            Err(Breach::Form("crlNumber", "is greater than that of the list before"))?;
        }
        Ok(vec![Change::new(key, &self.list())])
    }
}
