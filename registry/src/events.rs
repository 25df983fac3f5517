//! The kinds of events. A kind is one file here and one line in the list, in its family.

use crate::authority::Rule;
use crate::event::Envelope;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// What a kind of event must say about itself.
pub trait EventKind {
    /// Checks that need no state: forms, lengths, internal consistency. `unsecured` are the event's
    /// canonical bytes without `proof`.
    ///
    /// # Errors
    /// What is wrong.
    fn check(&self, envelope: &Envelope, unsecured: &[u8]) -> Result<(), Rejection>;

    /// The key of the record that the event is about; one event may be pending for each.
    fn subject(&self, envelope: &Envelope) -> String;

    /// The DID whose member has no vote on it, because it is about that member.
    fn recused(&self) -> Option<&str> {
        None
    }

    /// What deciding it costs beyond its proofs and bytes, in the unit of a block's budget.
    fn cost(&self) -> u64 {
        0
    }

    /// Decides against `view` and returns what changes. Writes nothing.
    ///
    /// # Errors
    /// Why nothing changes.
    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection>;
}

/// Declares a kind whose members are those of a family: a struct around them, its rule, and what
/// the family makes of both. `own` are the members, beside the arguments of [`EventKind`].
macro_rules! family_kind {
    (
        $(#[$doc:meta])* $kind:ident($members:ty), rule $rule:expr,
        check($own:ident, $envelope:ident) $check:expr,
        subject $subject:expr,
        $(cost $cost:expr,)?
        apply($context:ident, $view:ident) $apply:expr $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $kind($members);

        impl $kind {
            /// Who may do it.
            pub const RULE: $crate::authority::Rule = $rule;
        }

        #[allow(unused_variables, reason = "a family may not look at all of an event")]
        impl $crate::events::EventKind for $kind {
            fn check(
                &self,
                $envelope: &$crate::event::Envelope,
                _unsecured: &[u8],
            ) -> Result<(), $crate::Rejection> {
                let $own = &self.0;
                $check
            }

            fn subject(&self, $envelope: &$crate::event::Envelope) -> String {
                let $own = &self.0;
                $subject
            }

            $(fn cost(&self) -> u64 {
                let $own = &self.0;
                $cost
            })?

            fn apply(
                &self,
                $envelope: &$crate::event::Envelope,
                $context: &$crate::Context,
                $view: &dyn $crate::View,
            ) -> Result<Vec<$crate::Change>, $crate::Rejection> {
                let $own = &self.0;
                $apply
            }
        }
    };
}

pub(crate) use family_kind;

macro_rules! events {
    ($($family:ident { $($module:ident::$kind:ident,)* })*) => {
        $(mod $family { $(mod $module; pub use $module::$kind;)* } pub use $family::*;)*

        /// An event's own members, by kind.
        #[derive(Debug, Clone)]
        pub enum Body {
            $($(#[doc = concat!("`", stringify!($kind), "`")] $kind($kind),)*)*
        }

        /// Who may do what: the rule of every kind, in the order of the list.
        pub const AUTHORITY: &[Rule] = &[$($($kind::RULE,)*)*];

        impl Body {
            /// Every kind's name.
            pub const KINDS: &[&str] = &[$($(stringify!($kind),)*)*];

            /// Reads the members of a kind from canonical JSON without the envelope's.
            ///
            /// # Errors
            /// [`Rejection::Kind`], [`Rejection::Members`].
            pub fn read(kind: &str, text: &[u8]) -> Result<Body, Rejection> {
                match kind {
                    $($(stringify!($kind) => serde_json::from_slice(text)
                        .map(Body::$kind)
                        .map_err(|error| Rejection::Members(error.to_string())),)*)*
                    _ => Err(Rejection::Kind(kind.to_owned())),
                }
            }

            /// The members of a kind, each with a word for what it holds; `None` where there is no
            /// such kind.
            #[must_use]
            pub fn template(kind: &str) -> Option<serde_json::Value> {
                match kind {
                    $($(stringify!($kind) => Some(crate::template::of::<$kind>()),)*)*
                    _ => None,
                }
            }

            /// The kind's name.
            pub fn name(&self) -> &'static str {
                self.rule().kind
            }

            /// What the kind's authority rests on.
            pub fn rule(&self) -> &'static Rule {
                match self { $($(Body::$kind(_) => const { &$kind::RULE },)*)* }
            }

            /// The kind's rules.
            pub fn kind(&self) -> &dyn EventKind {
                match self { $($(Body::$kind(body) => body,)*)* }
            }
        }
    };
}

events! {
    did {
        did_created::DidCreated,
        did_deactivated::DidDeactivated,
        did_updated::DidUpdated,
    }
    governance {
        member_appointed::MemberAppointed,
        member_removed::MemberRemoved,
        chair_elected::ChairElected,
        procedure_set::ProcedureSet,
        decision_proposed::DecisionProposed,
        vote_cast::VoteCast,
        decision_cancelled::DecisionCancelled,
        decision_executed::DecisionExecuted,
        framework_approved::FrameworkApproved,
        framework_varied::FrameworkVaried,
        regulation_approved::RegulationApproved,
        policy_approved::PolicyApproved,
        interoperability_requirements_set::InteroperabilityRequirementsSet,
        standard_adopted::StandardAdopted,
        standard_migration_set::StandardMigrationSet,
        did_method_endorsed::DidMethodEndorsed,
        document_accepted::DocumentAccepted,
    }
    network {
        validator_admitted::ValidatorAdmitted,
        validator_removed::ValidatorRemoved,
        validator_key_rotated::ValidatorKeyRotated,
        replica_authorized::ReplicaAuthorized,
        replica_withdrawn::ReplicaWithdrawn,
        parameters_changed::ParametersChanged,
        upgrade_scheduled::UpgradeScheduled,
        upgrade_readied::UpgradeReadied,
    }
    status {
        powers_of_tau_adopted::PowersOfTauAdopted,
        revocation_registry_created::RevocationRegistryCreated,
        revocation_registry_frozen::RevocationRegistryFrozen,
        revocation_registry_released::RevocationRegistryReleased,
        revocation_registry_retired::RevocationRegistryRetired,
        status_changed::StatusChanged,
        status_overridden::StatusOverridden,
        status_provider_rotated::StatusProviderRotated,
    }
    blob {
        blob_proposed::BlobProposed,
        blob_activated::BlobActivated,
    }
    resource {
        credential_definition_published::CredentialDefinitionPublished,
        schema_published::SchemaPublished,
    }
    oversight {
        appeal_decided::AppealDecided,
        appeal_escalated_to_court::AppealEscalatedToCourt,
        appeal_filed::AppealFiled,
        audit_recorded::AuditRecorded,
        auditor_appointed::AuditorAppointed,
        auditor_dismissed::AuditorDismissed,
        calendar_set::CalendarSet,
        conformance_recorded::ConformanceRecorded,
        controller_appointed::ControllerAppointed,
        controllership_limited::ControllershipLimited,
        controllership_terminated::ControllershipTerminated,
        incident_disclosed::IncidentDisclosed,
        incident_reported::IncidentReported,
    }
    trust {
        authorization_granted::AuthorizationGranted,
        authorization_reinstated::AuthorizationReinstated,
        authorization_revoked::AuthorizationRevoked,
        authorization_suspended::AuthorizationSuspended,
        certificate_registered::CertificateRegistered,
        certificate_reinstated::CertificateReinstated,
        certificate_revoked::CertificateRevoked,
        certificate_suspended::CertificateSuspended,
        certification_issued::CertificationIssued,
        certification_reactivated::CertificationReactivated,
        certification_revoked::CertificationRevoked,
        certification_suspended::CertificationSuspended,
        credential_type_specified::CredentialTypeSpecified,
        crl_published::CrlPublished,
        entity_reactivated::EntityReactivated,
        entity_registered::EntityRegistered,
        entity_revoked::EntityRevoked,
        entity_suspended::EntitySuspended,
        entity_updated::EntityUpdated,
        presentation_type_specified::PresentationTypeSpecified,
        recognition_granted::RecognitionGranted,
        recognition_reinstated::RecognitionReinstated,
        recognition_suspended::RecognitionSuspended,
        recognition_withdrawn::RecognitionWithdrawn,
        registry_delegated::RegistryDelegated,
        registry_discontinued::RegistryDiscontinued,
        requirements_set::RequirementsSet,
        wallet_certified::WalletCertified,
        wallet_withdrawn::WalletWithdrawn,
    }
    import {
        source_ledger_approved::SourceLedgerApproved,
        transaction_imported::TransactionImported,
    }
}

/// Checks a DID document in canonical form.
fn check_document(document: &serde_json::value::RawValue, did: &str) -> Result<(), Rejection> {
    let value = serde_json::from_str(document.get())
        .map_err(|error| Rejection::Members(format!("`document`: {error}")))?;
    Ok(crate::document::check(&value, did)?)
}

/// Compare and swap: the event names the version that it replaces.
pub(crate) fn check_version(expected: u64, record: &proofs::Record) -> Result<(), Rejection> {
    check_current(expected, record.version)
}

/// As [`check_version`], by the version itself.
pub(crate) fn check_current(expected: u64, current: u64) -> Result<(), Rejection> {
    match expected == current {
        true => Ok(()),
        false => Err(Rejection::StaleVersion { expected, current }),
    }
}

/// As [`check_version`], of a record that need not be there yet: its first event names none.
pub(crate) fn check_previous(
    expected: Option<u64>,
    record: Option<&proofs::Record>,
) -> Result<(), Rejection> {
    check_current(expected.unwrap_or(0), record.map_or(0, |record| record.version))
}

/// As [`check_previous`], of the record under `key`, which is returned. Who names no version means
/// that there is none.
pub(crate) fn check_replaced(
    key: &str,
    previous_version: Option<u64>,
    view: &dyn View,
) -> Result<Option<proofs::Record>, Rejection> {
    let record = view.record(key);
    if previous_version.is_none() && record.is_some() {
        return Err(Rejection::Exists(key.to_owned()));
    }
    check_previous(previous_version, record.as_ref())?;
    Ok(record)
}

/// For kinds whose author needs nobody to vouch for it: nothing rides along.
pub(crate) fn refuse_endorsement(envelope: &Envelope) -> Result<(), Rejection> {
    match envelope.endorsers.first() {
        None => Ok(()),
        Some(endorser) => Err(Rejection::EndorsementNotTaken(endorser.did.clone())),
    }
}
