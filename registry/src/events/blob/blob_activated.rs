//! `BlobActivated`: more than two thirds of the voting power hold a file, so rules may read it.

use proofs::ValidatorSet;
use serde::Deserialize;

use crate::authority::{self, Power, Rule};
use crate::blob::{self, Attestation, BlobError, BlobState, Stage, attestation};
use crate::event::Envelope;
use crate::events::{EventKind, check_version};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, read};

/// The members of `BlobActivated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BlobActivated {
    /// Ascending by validator key.
    attestations: Vec<Attestation>,
    /// The blob's id.
    blob: String,
    previous_version: u64,
}

impl BlobActivated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "BlobActivated",
        sections: "s.56, s.57",
        by: &[Power::Author],
        conditions: "The author proposed the file, and validators with more than two thirds of the \
                     voting power attest that they hold, have checked and serve it.",
    };
}

impl EventKind for BlobActivated {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        if self.attestations.len() > ValidatorSet::VALIDATORS_MAX {
            let most = ValidatorSet::VALIDATORS_MAX;
            return Err(Rejection::Members(format!("`attestations` has at most {most} entries")));
        }
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        blob::key(&self.blob)
    }

    fn cost(&self) -> u64 {
        let count = u64::try_from(self.attestations.len()).unwrap_or(u64::MAX);
        count.saturating_mul(attestation::COST)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let key = blob::key(&self.blob);
        let found = read::<BlobState>(&key, view)?;
        let (record, proposed) = found.ok_or(Rejection::NotFound(key))?;
        if proposed.author != envelope.author {
            return Err(BlobError::NotAuthor(proposed.author).into());
        }
        if proposed.is_active() {
            return Err(BlobError::Active(self.blob.clone()).into());
        }
        check_version(self.previous_version, &record)?;
        attestation::check(&self.attestations, &self.blob, &proposed, context, view)?;
        let active = BlobState { activated: Some(context.time), state: Stage::Active, ..proposed };
        Ok(vec![active.change(&self.blob)])
    }
}
