//! `DocumentAccepted`: an organisation accepts a document of governance, once for each version.

use serde::{Deserialize, Serialize};

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::governance::document;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `DocumentAccepted`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DocumentAccepted {
    /// `framework`, or as in the document's key.
    document: String,
    /// The version of the document's record: its latest.
    document_version: u64,
}

/// The content of `acceptance/<did>/<document>/<version>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    accepted: u64,
}

impl DocumentAccepted {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DocumentAccepted",
        sections: "s.3, s.46 (1), s.51 (1), s.86, s.89",
        by: &[Power::Author],
        conditions: "The version is the latest, and the author has not accepted it before.",
    };

    fn key(&self, did: &str) -> String {
        format!("acceptance/{did}/{}/{}", self.document, self.document_version)
    }
}

impl EventKind for DocumentAccepted {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        match self.document.split('/').all(document::is_name) {
            true => Ok(()),
            false => Err(Rejection::Members("`document` is as in a document's key".into())),
        }
    }

    fn subject(&self, envelope: &Envelope) -> String {
        self.key(&envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let record = view.record(&document::key(&self.document));
        let record = record.ok_or_else(|| Rejection::NotFound(self.document.clone()))?;
        events::check_version(self.document_version, &record)?;
        let key = self.key(&envelope.author);
        if view.record(&key).is_some() {
            return Err(Rejection::Exists(key));
        }
        Ok(vec![Change::new(key, &Acceptance { accepted: context.time })])
    }
}
