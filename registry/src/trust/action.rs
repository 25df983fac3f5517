//! What somebody may be authorised to do, and how far a delegated registry reaches.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Breach, EntityRole};

/// Longest name of a resource, in bytes of UTF-8.
pub(crate) const RESOURCE_BYTES_MAX: usize = 256;
/// Most patterns of resources in a scope.
const PATTERNS_MAX: usize = 64;

/// An action of the trust registry, as TRQP's `action` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Certify others for a role, or issue DPKI certificates (s.82, s.83, s.99).
    Certify,
    /// Delegate functions of a registry further (s.95).
    Delegate,
    /// Issue credentials of a type (s.44 to s.48).
    Issue,
    /// Provide wallets or agents (s.70, s.73, s.75).
    ProvideWallet,
    /// Ask holders for a presentation of a type (s.49 to s.54).
    Request,
    /// Suspend and revoke in another's stead (s.87, s.88).
    Revoke,
    /// Run a trust registry (s.90, s.94).
    RunRegistry,
}

/// The roles of trust service providers, whom the Administrative Body itself certifies (s.78).
pub const ROLES_OF_TRUST_SERVICES: [EntityRole; 5] = [
    EntityRole::CertificationServiceProvider,
    EntityRole::DelegatedTrustRegistry,
    EntityRole::RevocationServiceProvider,
    EntityRole::TrustRegistry,
    EntityRole::TrustServiceProvider,
];

impl Action {
    /// Every action.
    pub const ALL: [Action; 7] = [
        Action::Certify,
        Action::Delegate,
        Action::Issue,
        Action::ProvideWallet,
        Action::Request,
        Action::Revoke,
        Action::RunRegistry,
    ];

    /// How records and TRQP write it.
    pub fn name(self) -> &'static str {
        match self {
            Action::Certify => "certify",
            Action::Delegate => "delegate",
            Action::Issue => "issue",
            Action::ProvideWallet => "provide-wallet",
            Action::Request => "request",
            Action::Revoke => "revoke",
            Action::RunRegistry => "run-registry",
        }
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.name() == name)
    }

    /// Who may do it, in words.
    pub fn holder(self) -> &'static str {
        match self {
            Action::Certify => "a certification service provider within its authorization",
            Action::Delegate => "a registry that may delegate further",
            Action::Issue => "an issuer within its authorization",
            Action::ProvideWallet => "a wallet or agent provider within its authorization",
            Action::Request => "a verifier within its authorization",
            Action::Revoke => "a revocation service provider within its authorization",
            Action::RunRegistry => "a delegated trust registry within its scope",
        }
    }

    /// The roles that an entity needs one of.
    pub fn roles(self) -> &'static [EntityRole] {
        match self {
            Action::Certify => &[EntityRole::CertificationServiceProvider],
            Action::Issue => &[EntityRole::Issuer],
            Action::ProvideWallet => &[
                EntityRole::AgentProvider,
                EntityRole::CustodialWalletProvider,
                EntityRole::HybridWalletProvider,
                EntityRole::NonCustodialWalletProvider,
            ],
            Action::Request => &[EntityRole::Verifier],
            Action::Revoke => &[EntityRole::RevocationServiceProvider],
            Action::Delegate | Action::RunRegistry => {
                &[EntityRole::DelegatedTrustRegistry, EntityRole::TrustRegistry]
            }
        }
    }
}

/// How far a delegated registry reaches (s.94, s.95).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What it may authorise others to do.
    pub actions: BTreeSet<Action>,
    /// On which resources: names, or beginnings of names that end in `*`.
    pub resources: BTreeSet<String>,
}

impl Scope {
    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`Breach::Form`].
    pub fn check(&self) -> Result<(), Breach> {
        let sound = |pattern: &String| {
            let name = pattern.strip_suffix('*').unwrap_or(pattern);
            pattern.len() <= RESOURCE_BYTES_MAX && !pattern.is_empty() && !name.contains('*')
        };
        if self.actions.is_empty() {
            return Err(Breach::Form("scope", "names at least one action"));
        }
        if self.resources.is_empty() || self.resources.len() > PATTERNS_MAX {
            return Err(Breach::Form("scope", "names 1 to 64 resources"));
        }
        match self.resources.iter().all(sound) {
            true => Ok(()),
            false => Err(Breach::Form("scope", "has `*` in a resource only at its end")),
        }
    }

    /// Whether the action on the resource lies within.
    pub fn covers(&self, action: Action, resource: &str) -> bool {
        self.actions.contains(&action) && self.covers_resource(resource)
    }

    /// Whether a resource, or all that a pattern means, lies within.
    pub fn covers_resource(&self, wanted: &str) -> bool {
        self.resources.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => wanted.strip_suffix('*').unwrap_or(wanted).starts_with(beginning),
            None => pattern == wanted,
        })
    }

    /// Checks that another scope lies within this one.
    ///
    /// # Errors
    /// [`Breach::OutOfScope`].
    pub fn contain(&self, other: &Scope) -> Result<(), Breach> {
        let resources = || other.resources.iter();
        for action in &other.actions {
            if let Some(outside) = resources().find(|resource| !self.covers(*action, resource)) {
                return Err(Breach::OutOfScope { action: *action, resource: outside.clone() });
            }
        }
        Ok(())
    }
}
