//! `MemberRemoved`: a seat of the Governing Body falls vacant before the term ends.

use serde::{Deserialize, Serialize};

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::{Body, Evidence, GovernanceError, body};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Change, Context, View};

/// Why a member leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ground {
    /// Act s.7 (1).
    CriminalRecord,
    /// Act s.7 (2).
    UnsoundMind,
    /// Act s.7 (3).
    Bankrupt,
    /// The member's own wish.
    Resigned,
}

/// The members of `MemberRemoved`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MemberRemoved {
    /// What the ground rests on; none for a resignation, which the member's signature is.
    evidence: Option<Evidence>,
    ground: Ground,
    member: String,
    /// The version of the membership that this event changes.
    previous_version: u64,
}

impl MemberRemoved {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "MemberRemoved",
        sections: "s.7",
        by: &[Power::GoverningBody(Class::Constitutional), Power::Author],
        conditions: "The ground is one of the three of s.7, with evidence, and the member has no \
                     vote on it; or the member itself resigns.",
    };

    /// The ground belongs to who acts.
    fn check_ground(&self, power: Power, envelope: &Envelope) -> Result<(), GovernanceError> {
        let resigns = self.ground == Ground::Resigned;
        match power {
            Power::Author if resigns && envelope.author == self.member => Ok(()),
            Power::Author => Err(GovernanceError::Resignation(self.member.clone())),
            _ if resigns => Err(GovernanceError::Resignation(self.member.clone())),
            _ if envelope.signers.iter().any(|signer| signer.did == self.member) => {
                Err(GovernanceError::Recused(self.member.clone()))
            }
            _ => Ok(()),
        }
    }
}

impl EventKind for MemberRemoved {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        match (&self.evidence, self.ground) {
            (None, Ground::Resigned) => Ok(()),
            (Some(evidence), ground) if ground != Ground::Resigned => evidence.check("evidence"),
            _ => Err(Rejection::Members(
                "`evidence` belongs to each ground of s.7, and to no resignation".into(),
            )),
        }
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        body::KEY.to_owned()
    }

    fn recused(&self) -> Option<&str> {
        Some(&self.member)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = authority::acting(&Self::RULE, envelope, context, view)?;
        self.check_ground(power, envelope)?;
        let mut body = Body::read(view)?;
        body.check_version(self.previous_version)?;
        let number = body
            .seat_of(&self.member)
            .ok_or_else(|| GovernanceError::NotMember(self.member.clone()))?;
        let seat = body.seat(number)?;
        seat.member = None;
        seat.term_ends = seat.term_ends.min(context.time);
        Ok(vec![body.change(), Roles::without(Role::Governor, &self.member, view)])
    }
}
