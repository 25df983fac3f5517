//! Auditors, their findings, and results of interoperability test suites (Act s.28, s.29, s.152).

use serde::{Deserialize, Serialize};

use crate::rejection::Rejection;
use crate::state::{Context, View};
use crate::trust::{Breach, By, Cases, Ground, Listed, Listing, Period};

/// What `auditor/<did>` lists: an appointment by the Governing Body. Members stand in canonical
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auditor {
    /// Who appointed: the member or office that proposed it.
    pub appointer: String,
    /// The auditor.
    pub did: String,
    /// For how long.
    pub period: Period,
}

impl Auditor {
    /// The Governing Body, which appointed, dismisses.
    pub const DISMISSAL: Cases = &[
        (Ground::OnRequest, &[By::Governors]),
        (Ground::NonConformance, &[By::Governors]),
        (Ground::Contravention, &[By::Governors]),
        (Ground::NationalSecurity, &[By::Governors]),
    ];

    /// Checks that an appointment counts now.
    ///
    /// # Errors
    /// [`Breach::NotStanding`].
    pub fn require(did: &str, context: &Context, view: &dyn View) -> Result<(), Rejection> {
        let found = Listed::<Auditor>::find(did, view)?;
        let none = || Err("it is not appointed as an auditor (s.152)".to_owned());
        match found.map_or_else(none, |(_, listed)| listed.counts(context.time)) {
            Ok(()) => Ok(()),
            Err(why) => Err(Breach::NotStanding(did.to_owned(), why))?,
        }
    }
}

impl Listing for Auditor {
    const PREFIX: &'static str = "auditor";
    const NOUN: &'static str = "appointment as auditor";

    fn subject(&self) -> &str {
        &self.did
    }

    fn granter(&self) -> &str {
        &self.appointer
    }

    fn period(&self) -> Option<&Period> {
        Some(&self.period)
    }
}

/// The content of `audit/<id>`; the id is that of the event. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Who audited.
    pub auditor: String,
    /// Whether the entity was found to conform.
    pub conforms: bool,
    /// Who was audited.
    pub entity: String,
    /// Which time the audit is about.
    pub period: Period,
    /// SHA-256 of the report.
    pub report: String,
}

/// The content of `conformance/<id>`; the id is that of the event. Members stand in canonical
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conformance {
    /// Whose implementation was tested.
    pub entity: String,
    /// Whether it passed.
    pub passed: bool,
    /// Who tested.
    pub recorder: String,
    /// SHA-256 of the report.
    pub report: String,
    /// The test suite.
    pub suite: String,
    /// The suite's version.
    pub version: String,
}
