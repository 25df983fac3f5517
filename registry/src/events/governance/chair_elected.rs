//! `ChairElected`: the members elect one of them to the chair. It adds no vote.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::governance::chair::{self, Chair};
use crate::governance::{Body, GovernanceError};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `ChairElected`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChairElected {
    member: String,
    /// The election that this one follows; absent for the first.
    previous_version: Option<u64>,
}

impl ChairElected {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ChairElected",
        sections: "s.8",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "The chair is vacant, and the one elected is a member whose term runs.",
    };
}

impl EventKind for ChairElected {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        chair::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        events::check_previous(self.previous_version, view.record(chair::KEY).as_ref())?;
        let body = Body::read(view)?;
        if let Some(chair) = Chair::sitting(&body, context, view)? {
            return Err(GovernanceError::ChairHeld(chair).into());
        }
        body.voter(&self.member, context.time)?;
        Ok(vec![Chair { elected: context.time, member: self.member.clone() }.change()])
    }
}
