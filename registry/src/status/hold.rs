//! Freezing, releasing and retiring a registry: one rule for the three kinds of events.

use serde::Deserialize;

use super::{Hold, Registry, StatusError, check_ground};
use crate::authority::Power;
use crate::event::Envelope;
use crate::rejection::Rejection;
use crate::state::{Change, View};

/// The members of every kind that holds a registry, or lets it go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Holding {
    /// The salted commitment to the ground.
    ground: String,
    /// The version of the registry's record that this replaces.
    previous_version: u64,
    /// The registry's id.
    registry: String,
}

impl Holding {
    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`StatusError::Form`].
    pub fn check(&self) -> Result<(), StatusError> {
        check_ground(&self.ground)
    }

    /// The record that the event is about.
    #[must_use]
    pub fn subject(&self) -> String {
        Registry::key(&self.registry)
    }

    /// The change to `hold`, by who has this power.
    ///
    /// # Errors
    /// Why nothing changes.
    pub fn apply(
        &self,
        hold: Option<Hold>,
        power: Power,
        envelope: &Envelope,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let (record, registry) = Registry::current(&self.registry, view)?;
        crate::events::check_version(self.previous_version, &record)?;
        if power == Power::Author && registry.issuer != envelope.author {
            Err(StatusError::NotIssuer(envelope.author.clone()))?;
        }
        let leads_on = match (registry.held(), hold) {
            (Some(Hold::Retired), _) => Err(StatusError::Held(Hold::Retired.name()))?,
            (now, then) => now != then,
        };
        if !leads_on {
            return Err(Rejection::Nothing);
        }
        let hold = hold.map(|hold| (hold, self.ground.clone()));
        Ok(vec![Change::new(self.subject(), &Registry { hold, ..registry })])
    }
}

/// Declares a kind that holds a registry, or lets it go.
macro_rules! hold_kind {
    (
        $(#[$doc:meta])* $kind:ident: $hold:expr,
        sections $sections:literal, by $by:expr, conditions $conditions:literal
    ) => {
        $crate::events::family_kind! {
            $(#[$doc])* $kind($crate::status::Holding),
            rule $crate::authority::Rule {
                kind: stringify!($kind), sections: $sections, by: $by, conditions: $conditions,
            },
            check(own, envelope) Ok(own.check()?),
            subject own.subject(),
            apply(context, view) {
                let power = $crate::authority::acting(&Self::RULE, envelope, context, view)?;
                own.apply($hold, power, envelope, view)
            },
        }
    };
}

pub(crate) use hold_kind;
