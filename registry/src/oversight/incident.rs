//! Incidents: sealed when they are reported, disclosed where that is in the public interest (Act
//! s.118 to s.123).

use serde::{Deserialize, Serialize};

use crate::trust::{DocumentReference, Moment};

/// What the public is told (s.119). Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// When.
    pub at: Moment,
    /// The published document.
    pub document: DocumentReference,
}

/// The content of `incident/<id>`; the id is that of the event that reported it. Members stand in
/// canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// What the public was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosed: Option<Disclosure>,
    /// When it was reported.
    pub reported: Moment,
    /// Who reported it.
    pub reporter: String,
    /// SHA-256 of a secret salt and the report, which goes to the Administrative Body.
    pub seal: String,
}

impl Incident {
    /// The key of an incident.
    #[must_use]
    pub fn key(id: &str) -> String {
        format!("incident/{id}")
    }
}
