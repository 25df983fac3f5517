//! `MemberAppointed`: a member takes a seat of the Governing Body, or goes on in it.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::did_state::{self, DidState};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::body;
use crate::governance::procedure::QUORUM;
use crate::governance::{Body, Evidence, GovernanceError};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Change, Context, View};

/// The members of `MemberAppointed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MemberAppointed {
    member: String,
    /// The document by which those whom s.5 names nominated the member.
    nomination: Evidence,
    /// The version of the membership that this event changes.
    previous_version: u64,
    /// From 1, in the order of s.5.
    seat: u64,
}

impl MemberAppointed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "MemberAppointed",
        sections: "s.5, s.9",
        by: &[Power::GoverningBody(Class::Constitutional), Power::AdministrativeBody],
        conditions: "The seat is free, or its member goes on at the end of the term; the member \
                     holds no other seat or office and shares no key with another member; the \
                     Administrative Body only records nominations while too few members are left \
                     to decide anything.",
    };

    /// The member must be able to sign for itself alone, and hold nothing else.
    fn check_member(
        &self,
        body: &Body,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let roles = Roles::of(&self.member, view).roles;
        if [Role::AdministrativeBody, Role::Secretary].iter().any(|office| roles.contains(office)) {
            return Err(GovernanceError::NoVote(self.member.clone()).into());
        }
        let keys = DidState::active(&self.member, context, view)?.control.keys;
        for (number, other) in body.sitting(context.time) {
            if number == self.seat {
                continue;
            }
            if other == self.member {
                return Err(GovernanceError::SecondSeat(self.member.clone()).into());
            }
            let record = view.record(&did_state::key(other));
            let Some(others) = record.as_ref().and_then(DidState::read) else { continue };
            if let Some(key) = keys.iter().find(|key| others.control.keys.contains(key)) {
                return Err(GovernanceError::SharedKey(key.clone()).into());
            }
        }
        Ok(())
    }
}

impl EventKind for MemberAppointed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        self.nomination.check("nomination")
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        body::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = authority::acting(&Self::RULE, envelope, context, view)?;
        let mut body = Body::read(view)?;
        body.check_version(self.previous_version)?;
        let sitting = u64::try_from(body.sitting(context.time).count()).unwrap_or(u64::MAX);
        if power == Power::AdministrativeBody && sitting >= QUORUM {
            return Err(GovernanceError::BodyDecides.into());
        }
        self.check_member(&body, context, view)?;
        let left = body.seat(self.seat)?.take(self.seat, &self.member, context.time, view)?;
        // One whose term ended in another seat leaves that one for good.
        for (number, other) in (1..).zip(&mut body.seats) {
            if number != self.seat && other.member.as_deref() == Some(&self.member) {
                other.member = None;
            }
        }
        let left = left.filter(|left| *left != self.member);
        let left = left.map(|left| Roles::without(Role::Governor, &left, view));
        let roles = Roles::with(Role::Governor, &self.member, view);
        Ok([body.change(), roles].into_iter().chain(left).collect())
    }
}
