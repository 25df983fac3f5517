//! `StatusChanged`: an issuer revokes, suspends and reactivates credentials (Act s.55 to s.57).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::status::{self, Actor, Changes, StatusError};

/// The members of `StatusChanged`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChanged {
    changes: Changes,
    /// The salted commitment to the ground (s.55).
    ground: String,
}

impl StatusChanged {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "StatusChanged",
        sections: "s.55, s.56, s.57",
        by: &[Power::Author],
        conditions: "The author is the issuer of every registry; it names the versions that it \
            replaces; what is revoked stays so, and locked slots are not touched.",
    };
}

impl EventKind for StatusChanged {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        status::check_ground(&self.ground)?;
        Ok(self.changes.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        self.changes.subject()
    }

    fn cost(&self) -> u64 {
        self.changes.cost()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        self.changes.apply(Actor::Issuer, view, &|registry| match registry.issuer {
            ref issuer if *issuer == envelope.author => Ok(()),
            _ => Err(StatusError::NotIssuer(envelope.author.clone()))?,
        })
    }
}
