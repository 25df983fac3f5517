//! Certifications of organisations for a role (Act s.78 to s.86, s.99 to s.106), and of the wallets
//! that certified providers offer (s.70, s.73, s.76).

use serde::{Deserialize, Serialize};

use super::{By, Cases, EntityRole, Ground, Listing, Period};

/// What `certification/<id>` lists; the id is that of the event that issued it. Members stand in
/// canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certification {
    /// Who certified: the Administrative Body or a certification service provider.
    pub certifier: String,
    /// Who is certified.
    pub entity: String,
    /// When it holds.
    pub period: Period,
    /// SHA-256 of the report that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// For what.
    pub role: EntityRole,
}

impl Certification {
    /// Act s.101: at the request of the one certified, or for what can be cured.
    pub const SUSPENSION: Cases = &[
        (Ground::OnRequest, &[By::Provider, By::Administration]),
        (Ground::CurableNonConformance, &[By::Provider, By::Administration]),
    ];
    /// Act s.102: who asked for the suspension asks for its end; else the certifier finds that
    /// conformance is restored.
    pub const REACTIVATION: Cases =
        &[(Ground::OnRequest, &[By::Subject]), (Ground::CurableNonConformance, &[By::Granter])];
    /// Act s.105: what cannot be cured.
    pub const REVOCATION: Cases = &[(Ground::NonConformance, &[By::Provider, By::Administration])];
}

impl Listing for Certification {
    const PREFIX: &'static str = "certification";
    const NOUN: &'static str = "certification";

    fn subject(&self) -> &str {
        &self.entity
    }

    fn granter(&self) -> &str {
        &self.certifier
    }

    fn period(&self) -> Option<&Period> {
        Some(&self.period)
    }

    fn revocable_as(&self) -> Option<&str> {
        Some(self.role.name())
    }
}

/// What `wallet/<sha256>` lists: one version of a wallet or agent, by the hash of its release.
/// Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wallet {
    /// Who certified it.
    pub certifier: String,
    /// What it is called.
    pub name: String,
    /// The certified provider.
    pub provider: String,
    /// As which of the provider's roles.
    pub role: EntityRole,
    /// The provider's label of the version.
    pub version: String,
}

impl Wallet {
    /// The provider may take its own version back; else it no longer conforms.
    pub const WITHDRAWAL: Cases = &[
        (Ground::OnRequest, &[By::Subject, By::Granter, By::Administration]),
        (Ground::NonConformance, &[By::Granter, By::Administration]),
        (Ground::Reliability, &[By::Subject, By::Granter, By::Administration]),
    ];
}

impl Listing for Wallet {
    const PREFIX: &'static str = "wallet";
    const NOUN: &'static str = "certified wallet";

    fn subject(&self) -> &str {
        &self.provider
    }

    fn granter(&self) -> &str {
        &self.certifier
    }
}
