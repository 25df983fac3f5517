//! On which grounds a listing stops counting, and who may invoke each.

use serde::{Deserialize, Serialize};

/// Why a listing stopped counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// The Act or the Governance Framework is contravened (s.40 (1)).
    Contravention,
    /// A court so orders (s.40 (3)).
    CourtOrder,
    /// No longer in conformance, but able to cure it (s.101 (2)).
    CurableNonConformance,
    /// A threat to national security, as the Governing Body believes (s.40 (4), s.18 (2)).
    NationalSecurity,
    /// No longer in conformance, and not able to cure it (s.98, s.105).
    NonConformance,
    /// The one concerned asks for it (s.101 (1)).
    OnRequest,
    /// Reliability is breached or partly compromised (s.40 (2)).
    Reliability,
}

impl Ground {
    /// How records write it.
    pub fn name(self) -> &'static str {
        match self {
            Ground::Contravention => "contravention",
            Ground::CourtOrder => "court-order",
            Ground::CurableNonConformance => "curable-non-conformance",
            Ground::NationalSecurity => "national-security",
            Ground::NonConformance => "non-conformance",
            Ground::OnRequest => "on-request",
            Ground::Reliability => "reliability",
        }
    }
}

/// Who may take a step on a ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The Administrative Body.
    Administration,
    /// The Governing Body.
    Governors,
    /// Who made the listing, while it still may.
    Granter,
    /// A revocation service provider that is authorised for it.
    Provider,
    /// The one who is listed, where it listed itself.
    Oneself,
    /// The one who is listed.
    Subject,
}

impl By {
    pub(super) fn words(self) -> &'static str {
        match self {
            By::Administration => "the Administrative Body",
            By::Governors => "the Governing Body",
            By::Granter => "who made the listing",
            By::Provider => "an authorised revocation service provider",
            By::Oneself => "the one who is listed, where it signed for itself",
            By::Subject => "the one who is listed",
        }
    }
}

/// On which grounds a step may be taken, and by whom. For a return to active the ground is that of
/// the suspension.
pub type Cases = &'static [(Ground, &'static [By])];

/// The usual grounds of a suspension, and who may invoke each.
pub const SUSPENSION: Cases = &[
    (Ground::OnRequest, &[By::Subject, By::Granter, By::Administration]),
    (Ground::CurableNonConformance, &[By::Granter, By::Administration]),
    (Ground::Contravention, &[By::Granter, By::Administration]),
    (Ground::CourtOrder, &[By::Administration]),
    (Ground::NationalSecurity, &[By::Governors]),
];
/// Who usually may end a suspension, by its ground.
pub const RETURN: Cases = &[
    (Ground::OnRequest, &[By::Subject]),
    (Ground::CurableNonConformance, &[By::Granter, By::Administration]),
    (Ground::Contravention, &[By::Granter, By::Administration]),
    (Ground::CourtOrder, &[By::Administration]),
    (Ground::NationalSecurity, &[By::Governors]),
];
/// The usual grounds of a revocation, and who may invoke each.
pub const REVOCATION: Cases = &[
    (Ground::OnRequest, &[By::Subject, By::Granter, By::Administration]),
    (Ground::NonConformance, &[By::Granter, By::Administration]),
    (Ground::Contravention, &[By::Granter, By::Administration]),
    (Ground::CourtOrder, &[By::Administration]),
    (Ground::NationalSecurity, &[By::Governors]),
];
