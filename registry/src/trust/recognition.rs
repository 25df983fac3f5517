//! Recognition of foreign schemes (Act s.6 (6), s.127 to s.130).

use serde::{Deserialize, Serialize};

use super::{Action, By, Cases, DocumentReference, Grant, Ground, Listing, Period};

/// What `recognition/<id>` lists; the id is made as an authorization's is. Members stand in
/// canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognition {
    /// For what the foreign authority's word counts.
    pub action: Action,
    /// Whose recognition it is: the Administrative Body, which lists it (s.129).
    pub authority: String,
    /// The consent of the ministry or agency (s.128).
    pub consent: DocumentReference,
    /// The foreign authority's DID, of whatever method.
    pub entity: String,
    /// When it holds.
    pub period: Period,
    /// The type of credentials.
    pub resource: String,
}

impl Recognition {
    /// The four words.
    pub fn grant(&self) -> Grant<'_> {
        Grant {
            action: self.action.name(),
            authority: &self.authority,
            entity: &self.entity,
            resource: &self.resource,
        }
    }

    /// The Governing Body, which granted it, suspends and withdraws it, and ends a suspension.
    pub const ENDING: Cases = &[
        (Ground::OnRequest, &[By::Governors]),
        (Ground::CurableNonConformance, &[By::Governors]),
        (Ground::NonConformance, &[By::Governors]),
        (Ground::Contravention, &[By::Governors]),
        (Ground::Reliability, &[By::Governors]),
        (Ground::CourtOrder, &[By::Governors]),
        (Ground::NationalSecurity, &[By::Governors]),
    ];
}

impl Listing for Recognition {
    const PREFIX: &'static str = "recognition";
    const NOUN: &'static str = "recognition";

    fn subject(&self) -> &str {
        &self.entity
    }

    fn granter(&self) -> &str {
        &self.authority
    }

    fn period(&self) -> Option<&Period> {
        Some(&self.period)
    }
}
