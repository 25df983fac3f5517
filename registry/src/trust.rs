//! The trust registry (Act, chapters 4 to 8 and 11): which organisations take part, who certified
//! them, what they may do, who may decide that, and which foreign schemes count.
//!
//! # Invariants
//!
//! * Every listing has one life: active, suspended, revoked; revoked is for ever, and each step
//!   carries its ground and who took it ([`listing`]).
//! * Whether something counts is decided by walking from the listing to the Administrative Body,
//!   link by link ([`decide`]). So what ends, ends at once for all that rests on it, and nothing is
//!   rewritten.
//! * The same walk answers a rule, a query and the client that checks the query's answer.
//! * Organisations only: nothing here is about a natural person (Act s.61 to s.63).

mod action;
mod authorization;
mod breach;
mod certificate;
mod certification;
pub mod credential;
pub mod credential_type;
pub mod decide;
mod entity;
pub(crate) mod forms;
pub mod grounds;
pub mod listing;
pub mod query;
mod recognition;
pub(crate) mod registries;
mod requirements;
pub mod step;

#[cfg(test)]
pub(crate) mod tests;

pub use action::{Action, ROLES_OF_TRUST_SERVICES, Scope};
pub use authorization::{Authorization, Grant};
pub use breach::Breach;
pub use certificate::{Certificate, Crl, DPKI_CERTIFICATE};
pub use certification::{Certification, Wallet};
pub use credential_type::{CredentialType, PresentationType};
pub use entity::{Entity, EntityRole, Insurance, Particulars};
pub use forms::{DocumentReference, Moment, Names, Period, is_sha256};
pub use grounds::{By, Cases, Ground};
pub use listing::{Listed, Listing, State, Status};
pub use recognition::Recognition;
pub use registries::Registry;
pub use requirements::Requirements;
pub use step::StatusChange;

use crate::authority::Rule;
use crate::did_state::{self, DidState};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Context, View};

/// Whether `actor` is listed for `action` at all, on whatever resource. Rules then ask for the very
/// resource.
pub fn holds(actor: &str, action: Action, context: &Context, view: &dyn View) -> bool {
    standing(actor, action, context, view).is_ok()
}

/// [`holds`], and if not why.
///
/// # Errors
/// What is missing.
pub fn standing(
    actor: &str,
    action: Action,
    context: &Context,
    view: &dyn View,
) -> decide::Standing {
    let mut inquiry = decide::Inquiry::of_view(view, context.time);
    let Ok(standing) = match action {
        Action::RunRegistry | Action::Delegate => inquiry.is_registry(actor),
        _ => inquiry.stands(actor, action.roles()),
    };
    standing
}

/// Checks that a DID is registered and not deactivated.
///
/// # Errors
/// [`Rejection::NotFound`], [`Rejection::Deactivated`].
pub(crate) fn check_registered(did: &str, view: &dyn View) -> Result<(), Rejection> {
    let record = view.record(&did_state::key(did));
    let record = record.ok_or_else(|| Rejection::NotFound(did.to_owned()))?;
    match DidState::read(&record) {
        Some(state) if !state.deactivated => Ok(()),
        Some(_) => Err(Rejection::Deactivated(did.to_owned())),
        None => Err(Rejection::Unreadable(did_state::key(did))),
    }
}

/// Checks that a DID is the Administrative Body's: where the Governing Body grants, it does so in
/// the name of the body that keeps the list.
///
/// # Errors
/// [`Breach::OtherAuthority`].
pub(crate) fn check_root(did: &str, view: &dyn View) -> Result<(), Breach> {
    match Roles::of(did, view).roles.contains(&Role::AdministrativeBody) {
        true => Ok(()),
        false => Err(Breach::OtherAuthority),
    }
}

/// The refusal of an author who holds a power of the rule, but not over this very record.
pub(crate) fn refused(rule: &Rule, who: &str) -> Rejection {
    Rejection::NotEntitled { who: who.to_owned(), kind: rule.kind, need: rule.who() }
}
