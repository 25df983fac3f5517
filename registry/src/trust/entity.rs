//! Entities: the organisations that take part, by role, and what a role demands.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Action, Breach, Certification, DocumentReference, Listed, Listing, Moment, Names,
    ROLES_OF_TRUST_SERVICES, Registry, Requirements, forms,
};
use crate::did_state::DidState;
use crate::rejection::Rejection;
use crate::state::{Context, View};

/// What an organisation is listed as. In the order of their names, which records follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityRole {
    /// Provides digital agents (s.68, s.70, s.73).
    AgentProvider,
    /// Carries out conformance audits (s.152).
    Auditor,
    /// Certifies others (s.81 to s.86).
    CertificationServiceProvider,
    /// Provides custodial wallets (s.70).
    CustodialWalletProvider,
    /// Runs a delegated trust registry (s.94).
    DelegatedTrustRegistry,
    /// Provides hybrid wallets (s.75).
    HybridWalletProvider,
    /// Issues credentials (s.44).
    Issuer,
    /// Provides non-custodial wallets (s.73).
    NonCustodialWalletProvider,
    /// Suspends and revokes in another's stead (s.87).
    RevocationServiceProvider,
    /// Runs a trust registry (s.90).
    TrustRegistry,
    /// Another trust service provider that the Governance Framework names (s.78).
    TrustServiceProvider,
    /// Asks holders for presentations (s.49).
    Verifier,
}

impl EntityRole {
    /// Every role.
    pub const ALL: [EntityRole; 12] = [
        EntityRole::AgentProvider,
        EntityRole::Auditor,
        EntityRole::CertificationServiceProvider,
        EntityRole::CustodialWalletProvider,
        EntityRole::DelegatedTrustRegistry,
        EntityRole::HybridWalletProvider,
        EntityRole::Issuer,
        EntityRole::NonCustodialWalletProvider,
        EntityRole::RevocationServiceProvider,
        EntityRole::TrustRegistry,
        EntityRole::TrustServiceProvider,
        EntityRole::Verifier,
    ];

    /// How records write it.
    pub fn name(self) -> &'static str {
        match self {
            EntityRole::AgentProvider => "agent-provider",
            EntityRole::Auditor => "auditor",
            EntityRole::CertificationServiceProvider => "certification-service-provider",
            EntityRole::CustodialWalletProvider => "custodial-wallet-provider",
            EntityRole::DelegatedTrustRegistry => "delegated-trust-registry",
            EntityRole::HybridWalletProvider => "hybrid-wallet-provider",
            EntityRole::Issuer => "issuer",
            EntityRole::NonCustodialWalletProvider => "non-custodial-wallet-provider",
            EntityRole::RevocationServiceProvider => "revocation-service-provider",
            EntityRole::TrustRegistry => "trust-registry",
            EntityRole::TrustServiceProvider => "trust-service-provider",
            EntityRole::Verifier => "verifier",
        }
    }

    /// The role of this name.
    pub fn named(name: &str) -> Option<EntityRole> {
        EntityRole::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether the Act calls it a trust service provider (s.78).
    pub fn is_trust_service(self) -> bool {
        ROLES_OF_TRUST_SERVICES.contains(&self)
    }

    /// Whether it provides wallets or agents.
    pub fn provides_wallets(self) -> bool {
        Action::ProvideWallet.roles().contains(&self)
    }

    /// Whether it is certified before it is listed (s.70, s.73, s.75, s.79).
    pub fn needs_certification(self) -> bool {
        self.is_trust_service() || self.provides_wallets()
    }

    fn is_registry(self) -> bool {
        Action::RunRegistry.roles().contains(&self)
    }

    /// What an entity of this role may be authorised to do. A delegated registry may list it only
    /// if that is within its scope; where there is no action, the Administrative Body alone may.
    pub fn action(self) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.roles().contains(&self))
    }
}

/// Evidence of insurance (s.153, s.154).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Insurance {
    /// SHA-256 of the policy's document.
    pub evidence: String,
    /// When the cover ends.
    pub expires: Moment,
}

/// What is said of an entity. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Particulars {
    /// For each role that needs one, the id of the certification.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub certifications: BTreeMap<EntityRole, String>,
    /// Evidence of insurance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<Insurance>,
    /// The country, as ISO 3166-1 alpha-2.
    pub jurisdiction: String,
    /// Beyond what the services must not be relied on (s.80, s.148).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits_of_use: Option<DocumentReference>,
    /// The organisation's name.
    pub name: Names,
    /// What it is listed as.
    pub roles: BTreeSet<EntityRole>,
    /// Its website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// What `entity/<did>` lists. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its DID.
    pub did: String,
    /// What is said of it.
    pub particulars: Particulars,
    /// Who listed it: the Administrative Body or a delegated registry.
    pub registrar: String,
}

impl Listing for Entity {
    const PREFIX: &'static str = "entity";
    const NOUN: &'static str = "entity";

    fn subject(&self) -> &str {
        &self.did
    }

    fn granter(&self) -> &str {
        &self.registrar
    }

    fn may_return(&self, context: &Context, view: &dyn View) -> Result<(), Rejection> {
        self.particulars.check_demands(&self.did, context, view)
    }
}

impl Particulars {
    /// The roles among `wanted`, each with its certification.
    pub fn roles_among<'a>(
        &'a self,
        wanted: &'a [EntityRole],
    ) -> impl Iterator<Item = (EntityRole, Option<&'a String>)> {
        let held = self.roles.iter().copied().filter(|role| wanted.contains(role));
        held.map(|role| (role, self.certifications.get(&role)))
    }

    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`Breach::Form`].
    pub fn check(&self) -> Result<(), Breach> {
        let country = self.jurisdiction.as_bytes();
        if country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase) {
            return Err(Breach::Form("jurisdiction", "is a country's two letters (ISO 3166-1)"));
        }
        if self.roles.is_empty() {
            return Err(Breach::Form("roles", "names at least one role"));
        }
        forms::check_names("name", &self.name)?;
        if let Some(website) = &self.website {
            forms::check_address("website", website)?;
        }
        if let Some(document) = &self.limits_of_use {
            document.check("limitsOfUse")?;
        }
        if let Some(insurance) = &self.insurance {
            forms::check_sha256("insurance", &insurance.evidence)?;
        }
        if !self.certifications.keys().all(|role| self.roles.contains(role)) {
            return Err(Breach::Form("certifications", "names a role that is not in `roles`"));
        }
        self.certifications.values().try_for_each(|id| forms::check_sha256("certifications", id))
    }

    /// Checks what the roles demand of the entity with this DID.
    ///
    /// # Errors
    /// The first demand that is not met.
    pub fn check_demands(
        &self,
        did: &str,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let insured = Requirements::of(view)?.insured_roles;
        for role in self.roles.iter().copied() {
            self.check_certification(did, role, context, view)?;
            // Act s.80: clients are told the limits of a service before it is provided.
            if role.needs_certification() && self.limits_of_use.is_none() {
                Err(Breach::NoLimitsOfUse(role))?;
            }
            if role.needs_certification() && self.website.is_none() {
                Err(Breach::NoWebsite(role))?;
            }
            if role.is_registry() && !is_linked(did, view) {
                Err(Breach::NotLinked)?;
            }
            let covered = self.insurance.as_ref().is_some_and(|i| i.expires.0 > context.time);
            if insured.contains(&role) && !covered {
                Err(Breach::NotInsured(role))?;
            }
        }
        Ok(())
    }

    /// Act s.70, s.73, s.79: certified first, then on-boarded.
    fn check_certification(
        &self,
        did: &str,
        role: EntityRole,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let Some(id) = self.certifications.get(&role) else {
            return match role.needs_certification() {
                true => Err(Breach::NotCertified(role))?,
                false => Ok(()),
            };
        };
        let found = Listed::<Certification>::find(id, view)?;
        let sound = found.is_some_and(|(_, listed)| {
            let Certification { entity, role: certified, .. } = &listed.listing;
            entity == did && *certified == role && listed.counts(context.time).is_ok()
        });
        match sound {
            true => Ok(()),
            false => Err(Breach::NotCertified(role))?,
        }
    }

    /// The first member other than those that an entity may change itself.
    pub fn not_own(&self, other: &Particulars) -> Option<&'static str> {
        let differs = [
            ("certifications", self.certifications != other.certifications),
            ("jurisdiction", self.jurisdiction != other.jurisdiction),
            ("name", self.name != other.name),
            ("roles", self.roles != other.roles),
        ];
        differs.into_iter().find(|(_, differs)| *differs).map(|(member, _)| member)
    }
}

/// Act s.92, s.93 (3): whether the DID's document has a `LinkedDomains` service.
fn is_linked(did: &str, view: &dyn View) -> bool {
    let record = view.record(&crate::did_state::key(did));
    let document = record.and_then(|record| DidState::read(&record)?.document);
    let document: Option<Value> = document.and_then(|text| serde_json::from_str(text.get()).ok());
    let services = document.as_ref().and_then(|document| document.get("service")?.as_array());
    services.into_iter().flatten().any(|service| match service.get("type") {
        Some(Value::String(name)) => name == "LinkedDomains",
        Some(Value::Array(names)) => names.iter().any(|name| name == "LinkedDomains"),
        _ => false,
    })
}

impl Entity {
    /// Checks that a delegated registry, if the author is one, may list such an entity. Trust
    /// service providers are registered by the Administrative Body (s.13 (3), s.79).
    ///
    /// # Errors
    /// [`Breach::OutOfScope`], [`Breach::NotDelegable`].
    pub(crate) fn check_registrar(
        registry: Option<&Registry>,
        roles: &BTreeSet<EntityRole>,
    ) -> Result<(), Breach> {
        let Some(registry) = registry else { return Ok(()) };
        for role in roles.iter().copied() {
            match role.action().filter(|_| !role.is_trust_service()) {
                None => return Err(Breach::NotDelegable(role)),
                Some(action) if !registry.scope.actions.contains(&action) => {
                    return Err(Breach::OutOfScope { action, resource: role.name().to_owned() });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
