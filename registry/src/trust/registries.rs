//! Trust registries that the Administrative Body directs or delegates to (Act s.90 to s.98).

use serde::{Deserialize, Serialize};

use super::decide::Inquiry;
use super::{Action, Breach, By, Cases, Ground, Listing, Period, Scope};
use crate::authority::Power;
use crate::rejection::Rejection;
use crate::state::{Context, View};

/// What `registry/<did>` lists. It is never listed again once it was discontinued, so what rested
/// on it cannot come back. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// SHA-256 of the record that the Governing Body was consulted (s.94); of a delegate's own
    /// delegation, of the conditions that it follows (s.95).
    pub consultation: String,
    /// How many levels further it may delegate.
    pub depth: u64,
    /// Who runs it.
    pub did: String,
    /// Who delegated to it.
    pub parent: String,
    /// When it holds.
    pub period: Period,
    /// How far it reaches.
    pub scope: Scope,
}

impl Registry {
    /// Act s.98: who no longer meets the requirements is discontinued.
    pub const DISCONTINUANCE: Cases = &[
        (Ground::NonConformance, &[By::Administration, By::Granter]),
        (Ground::Contravention, &[By::Administration, By::Granter]),
        (Ground::CourtOrder, &[By::Administration]),
        (Ground::NationalSecurity, &[By::Governors]),
        (Ground::OnRequest, &[By::Subject, By::Administration, By::Granter]),
    ];

    /// Checks that a registry lies within what its parent may delegate.
    ///
    /// # Errors
    /// [`Breach::OutOfScope`], [`Breach::TooDeep`], [`Breach::Period`].
    pub fn check_within(&self, parent: &Registry) -> Result<(), Breach> {
        // Act s.95: only in accordance with the conditions.
        let resources = || self.scope.resources.iter();
        if let Some(outside) = resources().find(|r| !parent.scope.covers(Action::Delegate, r)) {
            return Err(Breach::OutOfScope { action: Action::Delegate, resource: outside.clone() });
        }
        parent.scope.contain(&self.scope)?;
        if parent.depth == 0 || self.depth >= parent.depth {
            return Err(Breach::TooDeep(parent.depth.saturating_sub(1)));
        }
        match self.period.until <= parent.period.until {
            true => Ok(()),
            false => Err(Breach::Period("it ends after that of the delegating registry")),
        }
    }
}

impl Listing for Registry {
    const PREFIX: &'static str = "registry";
    const NOUN: &'static str = "trust registry";

    fn subject(&self) -> &str {
        &self.did
    }

    fn granter(&self) -> &str {
        &self.parent
    }

    fn period(&self) -> Option<&Period> {
        Some(&self.period)
    }
}

/// The registry that the author runs, where it acts as a delegate.
///
/// # Errors
/// [`Breach::NotStanding`].
pub(crate) fn of_author(
    power: Power,
    author: &str,
    context: &Context,
    view: &dyn View,
) -> Result<Option<Registry>, Rejection> {
    if power != Power::Holder(Action::RunRegistry) {
        return Ok(None);
    }
    let Ok(found) = Inquiry::of_view(view, context.time).registry(author);
    match found {
        Ok(registry) => Ok(Some(registry)),
        Err(why) => Err(Breach::NotStanding(author.to_owned(), why))?,
    }
}

/// Checks that a delegate, if the author is one, reaches so far.
///
/// # Errors
/// [`Breach::OutOfScope`].
pub(crate) fn check_scope(
    registry: Option<&Registry>,
    action: Action,
    resource: &str,
) -> Result<(), Breach> {
    match registry {
        Some(registry) if !registry.scope.covers(action, resource) => {
            Err(Breach::OutOfScope { action, resource: resource.to_owned() })
        }
        _ => Ok(()),
    }
}
