//! How a listing moves from one state to another: one rule for all families, which say on which
//! grounds and by whom.

use serde::Deserialize;

use super::{Action, Breach, By, Cases, Ground, Listed, Listing, Moment, State, Status};
use super::{decide, forms, listing};
use crate::authority::Power;
use crate::event::Envelope;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// An event at the moment of its decision: by which power, on what.
#[derive(Clone, Copy)]
pub struct Acting<'a> {
    /// The power that its signatures exercise.
    pub power: Power,
    /// The event's own.
    pub envelope: &'a Envelope,
    /// Where and when.
    pub context: &'a Context,
    /// The state.
    pub view: &'a dyn View,
}

/// The members of every kind that moves a listing from one state to another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StatusChange {
    /// Who authorised the revocation service provider that acts.
    authority: Option<String>,
    /// Why; absent for a return to active, where the ground of the suspension decides.
    ground: Option<Ground>,
    /// The version of the record that this replaces.
    previous_version: u64,
    /// SHA-256 of the document that this rests on.
    reference: Option<String>,
    /// The id of the listing within its family.
    subject: String,
}

impl StatusChange {
    /// Checks that need no state.
    ///
    /// # Errors
    /// [`Breach::Form`], [`Breach::Ground`].
    pub fn check(&self, to: State) -> Result<(), Rejection> {
        if let Some(reference) = &self.reference {
            forms::check_sha256("reference", reference)?;
        }
        if let Some(authority) = &self.authority {
            forms::check_did("authority", authority)?;
        }
        match (to, self.ground) {
            (State::Active, Some(_)) => {
                Err(Breach::Ground("leave out `ground`: that of the suspension decides".into()))?
            }
            (State::Suspended | State::Revoked, None) => {
                Err(Breach::Ground("name the ground in `ground`".into()))?
            }
            _ => Ok(()),
        }
    }

    /// The record that the event is about.
    pub fn subject_key<T: Listing>(&self) -> String {
        listing::key::<T>(&self.subject)
    }

    /// The change that the step makes, where `power` may take it on this ground.
    ///
    /// # Errors
    /// Why it may not.
    pub fn apply<T: Listing>(
        &self,
        (to, cases): (State, Cases),
        acting: &Acting<'_>,
    ) -> Result<Vec<Change>, Rejection> {
        let Acting { envelope, context, view, .. } = *acting;
        let (record, mut listed) = Listed::<T>::current(&self.subject, view)?;
        crate::events::check_version(self.previous_version, &record)?;
        let from = listed.status.state;
        let leads_on = match to {
            State::Active => from == State::Suspended,
            State::Suspended => from == State::Active,
            State::Revoked => from != State::Revoked,
        };
        if !leads_on {
            Err(Breach::Step { subject: self.subject.clone(), from, to })?;
        }
        let ground = self.ground.or(listed.status.ground);
        self.check_ground(ground, cases, &listed.listing, acting)?;
        if to == State::Active {
            listed.listing.may_return(context, view)?;
        }
        listed.status = Status {
            by: envelope.author.clone(),
            ground: self.ground,
            reference: self.reference.clone(),
            since: Moment(context.time),
            state: to,
        };
        Ok(vec![listed.change(&self.subject)])
    }

    fn check_ground<T: Listing>(
        &self,
        ground: Option<Ground>,
        cases: Cases,
        listing: &T,
        acting: &Acting<'_>,
    ) -> Result<(), Rejection> {
        let Acting { power, envelope, context, view } = *acting;
        let case = cases.iter().find(|(known, _)| Some(*known) == ground);
        let Some((ground, allowed)) = case else {
            let known: Vec<&str> = cases.iter().map(|(ground, _)| ground.name()).collect();
            return Err(Breach::Ground(format!("the grounds for this are {}", known.join(", "))))?;
        };
        let author = envelope.author.as_str();
        // A decision of the Governing Body is nobody's own, whoever proposed it.
        let decided = matches!(power, Power::GoverningBody(_));
        let granted = !decided && listing.granter() == author;
        let concerned = !decided && listing.subject() == author;
        let may = |by: &By| match by {
            By::Governors => decided,
            By::Administration => power == Power::AdministrativeBody,
            // To have granted is not enough: one must still be in the position to.
            By::Granter => granted && power != Power::Author,
            By::Oneself => granted && concerned,
            By::Subject => concerned,
            By::Provider => false,
        };
        if allowed.iter().any(may) {
            return Ok(());
        }
        if allowed.contains(&By::Provider) && power == Power::Holder(Action::Revoke) {
            let resource = listing.revocable_as().unwrap_or(T::NOUN);
            let authority = self.authority.as_deref();
            decide::require(authority, author, Action::Revoke, resource, context, view)?;
            // The request, order or finding behind the step is somebody else's.
            return match self.reference {
                Some(_) => Ok(()),
                None => Err(Breach::NoReference)?,
            };
        }
        let who: Vec<&str> = allowed.iter().map(|by| by.words()).collect();
        let (ground, who) = (ground.name(), who.join(", or "));
        Err(Breach::Ground(format!("on the ground `{ground}` this is for {who}")))?
    }
}

/// Declares a kind that moves listings of a family to another state.
macro_rules! status_kind {
    (
        $(#[$doc:meta])* $kind:ident: $family:ty, to $state:ident, on $cases:expr,
        sections $sections:literal, by $by:expr, conditions $conditions:literal
    ) => {
        $crate::events::family_kind! {
            $(#[$doc])* $kind($crate::trust::StatusChange),
            rule $crate::authority::Rule {
                kind: stringify!($kind), sections: $sections, by: $by, conditions: $conditions,
            },
            check(own, envelope) own.check($crate::trust::State::$state),
            subject own.subject_key::<$family>(),
            apply(context, view) {
                let power = $crate::authority::acting(&Self::RULE, envelope, context, view)?;
                let acting = $crate::trust::step::Acting { power, envelope, context, view };
                own.apply::<$family>(($crate::trust::State::$state, $cases), &acting)
            },
        }
    };
}

pub(crate) use status_kind;
