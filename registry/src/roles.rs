//! What genesis, and later governance, entrusts DIDs with.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::did_state::DidState;
use crate::event::{Envelope, Signer};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// A role on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Carries out the work of the Governing Body (Act s.11).
    AdministrativeBody,
    /// Vouches for new authors, so that writers are on-boarded.
    Endorser,
    /// A member of the Governing Body (Act s.5).
    Governor,
    /// Runs a validator or replica.
    Operator,
    /// The non-voting Member Secretary (Act s.12).
    Secretary,
}

/// The content of `role/<did>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// The roles, each once.
    pub roles: BTreeSet<Role>,
}

/// The key of a DID's roles.
pub fn key(did: &str) -> String {
    format!("role/{did}")
}

impl Roles {
    /// The roles of a DID.
    pub fn of(did: &str, view: &dyn View) -> Roles {
        let record = view.record(&key(did));
        record
            .and_then(|record| serde_json::from_str(record.content.get()).ok())
            .unwrap_or_default()
    }

    /// The change by which `did` has this role besides its others.
    pub fn with(role: Role, did: &str, view: &dyn View) -> Change {
        let mut roles = Roles::of(did, view);
        roles.roles.insert(role);
        roles.change(did)
    }

    /// The change by which `did` has this role no more.
    pub fn without(role: Role, did: &str, view: &dyn View) -> Change {
        let mut roles = Roles::of(did, view);
        roles.roles.remove(&role);
        roles.change(did)
    }

    /// The change that gives `did` these roles.
    pub fn change(&self, did: &str) -> Change {
        Change::new(key(did), self)
    }
}

/// The DID that endorses the event in this role: exactly one, with its threshold met.
///
/// # Errors
/// [`Rejection::NotEndorsed`], [`Rejection::NotEndorser`], [`Rejection::ProofNotCounted`],
/// [`Rejection::Threshold`].
pub fn endorsed(
    role: Role,
    envelope: &Envelope,
    context: &Context,
    view: &dyn View,
) -> Result<String, Rejection> {
    let signers: Vec<&Signer> = envelope.endorsers.iter().collect();
    let did = &signers.first().ok_or(Rejection::NotEndorsed)?.did;
    if let Some(other) = signers.iter().find(|signer| signer.did != *did) {
        return Err(Rejection::ProofNotCounted(other.did.clone()));
    }
    if !Roles::of(did, view).roles.contains(&role) {
        return Err(Rejection::NotEndorser(did.clone()));
    }
    DidState::active(did, context, view)?.control.require(&signers)?;
    Ok(did.clone())
}
