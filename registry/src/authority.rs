//! Who may do what, under which conditions: one table, gathered from the kinds of events. What is
//! explained, documented and tested about authority is made from it.
//!
//! **Invariants.** Every signer of an event is counted by the power that the event exercises, or
//! the event is refused: nothing rides along. What is counted in the Governing Body is members,
//! never keys or proofs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::did_state::DidState;
use crate::event::Envelope;
use crate::events;
use crate::governance::GovernanceError;
use crate::governance::procedure::Procedure;
use crate::governance::voices::Voices;
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Context, View};
use crate::trust::{self, Action};

pub use crate::events::AUTHORITY;

/// A row of the table: what the rule of a kind of event rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The kind's name.
    pub kind: &'static str,
    /// The sections of the Act that the kind serves, such as `s.78, s.79`.
    pub sections: &'static str,
    /// Who may do it: any one of these.
    pub by: &'static [Power],
    /// What must hold besides, in one plain sentence.
    pub conditions: &'static str,
}

/// How a decision of the Governing Body is made (Act s.10): a threshold each, by the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Three of five at first.
    Ordinary,
    /// Four of five: who sits in the body.
    Constitutional,
    /// Four of five, then a time-lock: what the network itself is.
    Network,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 3] = [Class::Ordinary, Class::Constitutional, Class::Network];

    /// Whether what was decided waits for the time-lock, during which it may be cancelled.
    #[must_use]
    pub fn is_time_locked(self) -> bool {
        self == Class::Network
    }
}

/// In which capacity an event is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// The Governing Body: as many of its members as the class asks (Act s.5, s.10).
    GoverningBody(Class),
    /// At least so many members of the Governing Body, each for itself.
    Members(usize),
    /// The Administrative Body (Act s.11).
    AdministrativeBody,
    /// The non-voting Member Secretary (Act s.12).
    Secretary,
    /// The author, which is listed in the trust registry for an action. On which resource, the kind
    /// decides.
    Holder(Action),
    /// The author, for itself.
    Author,
}

/// The power that these signatures exercise, of those that the rule names. Called first in a kind's
/// `apply`. What was decided by votes is not signed anew: it is in `context.decided`.
///
/// # Errors
/// [`Rejection::NotEntitled`] where the author holds none of the offices, and otherwise why the
/// first power that it might exercise is not exercised here.
pub fn acting(
    rule: &Rule,
    envelope: &Envelope,
    context: &Context,
    view: &dyn View,
) -> Result<Power, Rejection> {
    let who = envelope.author.clone();
    let refused = || Rejection::NotEntitled { who, kind: rule.kind, need: rule.who() };
    if let Some(class) = context.decided {
        let decided = Power::GoverningBody(class);
        return if rule.by.contains(&decided) { Ok(decided) } else { Err(refused()) };
    }
    events::refuse_endorsement(envelope)?;
    let mut first = None;
    for power in rule.by {
        match power.exercise(envelope, context, view) {
            Ok(true) => return Ok(*power),
            Ok(false) => {}
            Err(refusal) => drop(first.get_or_insert(refusal)),
        }
    }
    Err(first.unwrap_or_else(refused))
}

impl Rule {
    /// Who may do it, in words.
    #[must_use]
    pub fn who(&self) -> String {
        self.by.iter().map(Power::to_string).collect::<Vec<_>>().join(", or ")
    }

    /// The class in which the Governing Body decides it; `None` where it does not.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        self.by.iter().find_map(|power| match power {
            Power::GoverningBody(class) => Some(*class),
            _ => None,
        })
    }
}

impl Power {
    /// Whether the event exercises this power; not where its author does not hold the office.
    fn exercise(
        self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<bool, Rejection> {
        let required = match self {
            Power::GoverningBody(class) => Procedure::read(view)?.thresholds.of(class),
            Power::Members(count) => u64::try_from(count).unwrap_or(u64::MAX),
            Power::AdministrativeBody => {
                return holds(Role::AdministrativeBody, envelope, context, view);
            }
            Power::Secretary => return holds(Role::Secretary, envelope, context, view),
            Power::Holder(action) => {
                let listed = trust::holds(&envelope.author, action, context, view);
                return Ok(listed && signs(envelope, context, view)?);
            }
            Power::Author => return signs(envelope, context, view),
        };
        let Some(voices) = Voices::of(envelope, context, view)? else { return Ok(false) };
        match voices.count() {
            0 if matches!(self, Power::Members(_)) => {
                Err(GovernanceError::NoVote(envelope.author.clone()).into())
            }
            count if count >= required => Ok(true),
            count => Err(Rejection::Threshold { count, threshold: required }),
        }
    }
}

/// Whether the author holds a role, and its keys and controllers signed, and nobody else.
fn holds(
    role: Role,
    envelope: &Envelope,
    context: &Context,
    view: &dyn View,
) -> Result<bool, Rejection> {
    Ok(Roles::of(&envelope.author, view).roles.contains(&role) && signs(envelope, context, view)?)
}

fn signs(envelope: &Envelope, context: &Context, view: &dyn View) -> Result<bool, Rejection> {
    let state = DidState::active(&envelope.author, context, view)?;
    state.control.authorize(&envelope.author, envelope, context, view)?;
    Ok(true)
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Ordinary => "ordinary",
            Class::Constitutional => "constitutional",
            Class::Network => "network",
        })
    }
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Power::GoverningBody(class) => write!(f, "the Governing Body ({class} decision)"),
            Power::Members(1) => f.write_str("a member of the Governing Body"),
            Power::Members(count) => write!(f, "{count} members of the Governing Body"),
            Power::AdministrativeBody => f.write_str("the Administrative Body"),
            Power::Secretary => f.write_str("the Member Secretary"),
            Power::Holder(action) => f.write_str(action.holder()),
            Power::Author => f.write_str("the author, for itself"),
        }
    }
}

#[cfg(test)]
mod tests;
