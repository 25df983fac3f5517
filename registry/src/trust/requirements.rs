//! What the Governance Framework prescribes to the trust registry, as a record that the Governing
//! Body sets.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::decide::DEPTH_MAX;
use super::{Breach, EntityRole};
use crate::rejection::Rejection;
use crate::state::{Change, View};

/// The content of [`Requirements::KEY`]. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Requirements {
    /// How many levels of registries there may be below the Administrative Body (s.95).
    pub delegation_depth_max: u64,
    /// Roles that need evidence of insurance (s.154).
    pub insured_roles: BTreeSet<EntityRole>,
}

impl Default for Requirements {
    /// Before the Governing Body says otherwise: registries may be delegated and delegate once
    /// further, and nobody has to be insured.
    fn default() -> Requirements {
        Requirements { delegation_depth_max: 2, insured_roles: BTreeSet::new() }
    }
}

impl Requirements {
    /// The record's key.
    pub const KEY: &'static str = "trust/requirements";

    /// Those in force.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn of(view: &dyn View) -> Result<Requirements, Rejection> {
        let Some(record) = view.record(Requirements::KEY) else {
            return Ok(Requirements::default());
        };
        let read = serde_json::from_str(record.content.get()).ok();
        read.ok_or_else(|| Rejection::Unreadable(Requirements::KEY.to_owned()))
    }

    /// Checks the floor: walks stay short.
    ///
    /// # Errors
    /// [`Breach::Form`].
    pub fn check(&self) -> Result<(), Breach> {
        match self.delegation_depth_max <= DEPTH_MAX {
            true => Ok(()),
            false => Err(Breach::Form("delegationDepthMax", "is at most 4")),
        }
    }

    /// The change that sets them.
    pub fn change(&self) -> Change {
        Change::new(Requirements::KEY, self)
    }
}
