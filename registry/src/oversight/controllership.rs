//! Controllership of a legal person's identity (Act s.110 to s.114): on what it rests, how far it
//! goes, and how it ended. Power itself is the DID's `control`, which nobody but the DID changes;
//! the record here follows it. Guardianship of natural persons is not on the ledger.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::current;
use crate::did_state::{self, DidState};
use crate::rejection::Rejection;
use crate::state::View;
use crate::trust::{Breach, Grant, Moment, Period, forms};

/// On what a controllership rests (s.111).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The legal person consents (s.111 (1)).
    Consent,
    /// A court appoints (s.111 (2)).
    Court,
    /// A condition of the Governance Framework (s.111 (3)).
    Framework,
}

/// How a controllership ended (s.113). Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Termination {
    /// When.
    pub at: Moment,
    /// Who controls next; nobody where control went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transferred_to: Option<String>,
}

/// The content of `controllership/<id>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controllership {
    /// On what it rests.
    pub basis: Basis,
    /// Who controls.
    pub controller: String,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Termination>,
    /// For which parts of wallet and agent; all of them where none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub limits: BTreeSet<String>,
    /// When it holds.
    pub period: Period,
    /// Whose identity it is.
    pub principal: String,
    /// SHA-256 of the instrument.
    pub reference: String,
}

impl Controllership {
    /// The key of the controllership of these two.
    #[must_use]
    pub fn key(principal: &str, controller: &str) -> String {
        let (action, resource) = ("control", "identity");
        let words = Grant { action, authority: principal, entity: controller, resource };
        format!("controllership/{}", words.id())
    }

    /// The one in force, in the version that the event names.
    ///
    /// # Errors
    /// [`Breach::Missing`] where it ended, and as [`current`].
    pub(crate) fn current(
        principal: &str,
        controller: &str,
        previous_version: u64,
        view: &dyn View,
    ) -> Result<Controllership, Rejection> {
        let key = Controllership::key(principal, controller);
        let found: Controllership = current(&key, previous_version, view)?;
        match found.ended {
            None => Ok(found),
            Some(_) => Err(Breach::Missing("the controllership has ended".into()))?,
        }
    }
}

/// Checks the forms of how far and how long a controller controls.
///
/// # Errors
/// [`Breach::Form`], [`Breach::Period`].
pub(crate) fn check_terms(limits: &BTreeSet<String>, period: &Period) -> Result<(), Breach> {
    limits.iter().try_for_each(|limit| forms::check_text("limits", limit))?;
    match limits.len() <= 16 {
        true => period.check(),
        false => Err(Breach::Form("limits", "names at most 16 parts")),
    }
}

/// Whether a DID stands among the controllers of another.
///
/// # Errors
/// [`Rejection::NotFound`], [`Rejection::Unreadable`].
pub(crate) fn controls(
    controller: &str,
    principal: &str,
    view: &dyn View,
) -> Result<bool, Rejection> {
    let key = did_state::key(principal);
    let record = view.record(&key).ok_or_else(|| Rejection::NotFound(principal.to_owned()))?;
    let state = DidState::read(&record).ok_or(Rejection::Unreadable(key))?;
    Ok(state.control.controllers.iter().any(|did| did == controller))
}
