//! `StatusOverridden`: statuses changed above the issuer, by the Governing Body, by order of a
//! court, or by a revocation service provider within its authorization (Act s.40, s.55, s.87,
//! s.101).

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::status::{self, Actor, Basis, Changes, Locking, Overriding, StatusError};
use crate::trust::{Action, decide};

/// The members of `StatusOverridden`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusOverridden {
    /// Who authorised the revocation service provider that acts.
    authority: Option<String>,
    basis: Basis,
    changes: Changes,
    /// Whether revoked slots may be brought back.
    #[serde(default)]
    corrects: bool,
    /// The salted commitment to the ground, and to the order where there is one.
    ground: String,
    locking: Locking,
}

impl StatusOverridden {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "StatusOverridden",
        sections: "s.40, s.42, s.43, s.55, s.87, s.88, s.101, s.102, s.103",
        by: &[
            Power::GoverningBody(Class::Ordinary),
            Power::AdministrativeBody,
            Power::Holder(Action::Revoke),
        ],
        conditions: "The Governing Body; the Administrative Body for a court; a revocation service \
            provider for the registry's credential type, which neither locks nor brings back what \
            is revoked. A lock is lifted by whoever stands as high as who set it.",
    };

    fn overriding(&self) -> Overriding<'_> {
        Overriding {
            basis: self.basis,
            corrects: self.corrects,
            ground: &self.ground,
            locking: self.locking,
        }
    }
}

impl EventKind for StatusOverridden {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        status::check_ground(&self.ground)?;
        if self.basis == Basis::Provider && (self.corrects || self.locking != Locking::Keep) {
            let why = "a revocation service provider neither locks nor corrects";
            Err(StatusError::Override(why))?;
        }
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
        let power = acting(&Self::RULE, envelope, context, view)?;
        let basis = match power {
            Power::GoverningBody(_) => Basis::GoverningBody,
            Power::AdministrativeBody => Basis::Court,
            _ => Basis::Provider,
        };
        if basis != self.basis {
            Err(StatusError::Override("`basis` is another than what the signatures stand for"))?;
        }
        let overriding = self.overriding();
        self.changes.apply(Actor::Above(&overriding), view, &|registry| {
            if basis != Basis::Provider {
                return Ok(());
            }
            let name = registry.credential_type.as_deref();
            let unnamed = "the registry names no credential type for which anyone is authorised";
            let resource = name.ok_or_else(|| StatusError::Unmet(unnamed.to_owned()))?;
            let (authority, author) = (self.authority.as_deref(), &envelope.author);
            decide::require(authority, author, Action::Revoke, resource, context, view)
        })
    }
}
