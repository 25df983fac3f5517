//! `BlobProposed`: a file that is too large for an event is announced by its hash.

use serde::Deserialize;

use crate::authority::{self, Power, Rule};
use crate::blob::{self, BlobError, BlobKind, BlobState, Stage};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `BlobProposed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BlobProposed {
    /// Its id, which is made of its bytes.
    blob: String,
    /// What it is.
    kind: String,
    /// How many bytes it has.
    size: u64,
}

impl BlobProposed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "BlobProposed",
        sections: "s.56, s.57",
        by: &[Power::Author],
        conditions: "The file was never proposed before, its kind takes its size, and the author's \
                     quota of bytes is not used up.",
    };
}

impl EventKind for BlobProposed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        if !blob::is_id(&self.blob) {
            return Err(BlobError::Id(self.blob.clone()).into());
        }
        Ok(BlobKind::named(&self.kind)?.check_size(self.size)?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        blob::key(&self.blob)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let key = blob::key(&self.blob);
        if view.record(&key).is_some() {
            return Err(Rejection::Exists(key));
        }
        let counted = blob::count(&envelope.author, self.size, view)?;
        let proposed = BlobState {
            activated: None,
            author: envelope.author.clone(),
            created: context.time,
            kind: self.kind.clone(),
            size: self.size,
            state: Stage::Proposed,
        };
        Ok(vec![proposed.change(&self.blob), counted])
    }
}
