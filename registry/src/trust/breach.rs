//! Why the trust registry refuses an event: the rule that it breaks, with its section of the Act.

use super::{Action, EntityRole, State};

/// A rule of the trust registry that an event breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// A member has another form.
    #[error("`{0}` {1}")]
    Form(&'static str, &'static str),
    /// A period that cannot be.
    #[error("`period`: {0}")]
    Period(&'static str),
    /// A role that needs a certification came without a live one (s.70, s.73, s.78, s.79).
    #[error("the role `{}` needs a live certification for it first (s.78, s.79)", .0.name())]
    NotCertified(EntityRole),
    /// Only the Administrative Body certifies trust service providers (s.78).
    #[error("`{}` is certified by the Administrative Body alone (s.78)", .0.name())]
    NotCertifiable(EntityRole),
    /// Only the Administrative Body lists it (s.13 (3), s.79, s.152).
    #[error("`{}` is listed by the Administrative Body alone (s.13)", .0.name())]
    NotDelegable(EntityRole),
    /// A trust service provider without limits of use (s.80, s.148).
    #[error("the role `{}` needs `limitsOfUse`, the limits of its services (s.80)", .0.name())]
    NoLimitsOfUse(EntityRole),
    /// A trust service provider without website (s.92).
    #[error("the role `{}` needs a `website` (s.92)", .0.name())]
    NoWebsite(EntityRole),
    /// A trust registry whose DID is linked to no website (s.92, s.93).
    #[error("the DID document of a trust registry needs a `LinkedDomains` service (s.92)")]
    NotLinked,
    /// A role that must be insured, and is not (s.153, s.154).
    #[error("the role `{}` needs evidence of insurance that has not expired (s.154)", .0.name())]
    NotInsured(EntityRole),
    /// A member that its author may not change.
    #[error("`{0}` is not for the entity itself to change; ask its registry")]
    NotOwn(&'static str),
    /// The listing is not in a state from which this leads on.
    #[error("`{subject}` is {}, so it cannot become {}", .from.name(), .to.name())]
    Step {
        /// Whose state.
        subject: String,
        /// The state in force.
        from: State,
        /// The state that the event asks for.
        to: State,
    },
    /// The ground is missing, is none for this, or is not this author's to invoke.
    #[error("{0}")]
    Ground(String),
    /// A step that rests on a decision elsewhere came without the hash of its document.
    #[error("`reference` is missing: the SHA-256 of the document that this rests on")]
    NoReference,
    /// The author's own listing does not reach so far.
    #[error("`{who}` may not {} `{resource}`: {why}", .action.name())]
    NotAuthorized {
        /// Who.
        who: String,
        /// The action.
        action: Action,
        /// The resource.
        resource: String,
        /// What is missing.
        why: String,
    },
    /// The event acts under an authority that it does not name.
    #[error("name in `authority` who authorised the author to do this")]
    NoAuthority,
    /// The authority named is not the author's to use.
    #[error("`authority` is the author itself, or the Administrative Body's DID for its Board")]
    OtherAuthority,
    /// The entity is not listed, or not for this.
    #[error("`{0}` cannot be relied on here: {1}")]
    NotStanding(String, String),
    /// A grant beyond the scope of the registry that makes it (s.94, s.95).
    #[error("`{}` on `{resource}` is outside the scope that was delegated (s.95)", .action.name())]
    OutOfScope {
        /// The action.
        action: Action,
        /// The resource, or a pattern of resources.
        resource: String,
    },
    /// A delegation deeper than conditions allow (s.95).
    #[error("a registry there may delegate at most {0} levels further (s.95)")]
    TooDeep(u64),
    /// The resource is not of a kind for the action.
    #[error("{0}")]
    Resource(String),
    /// Only the Governing Body decides about foundational credentials (s.16, s.48).
    #[error("a foundational credential type is for the Governing Body to decide (s.16, s.48)")]
    Foundational,
    /// A type of credentials without a registered schema (s.47, s.48).
    #[error("`{0}` is not a registered schema; publish it first (s.48)")]
    NoSchema(String),
    /// A type that is based on no foundational credential (s.48).
    #[error("name in `base` the credential type that this one is based on (s.48)")]
    NoBase,
    /// A deadline of the Act has passed.
    #[error("the time for this ended at {0} ({1})")]
    TooLate(String, &'static str),
    /// A record that is a condition is missing.
    #[error("{0}")]
    Missing(String),
}

impl Breach {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Breach::Form(..) => "trust-form",
            Breach::Period(_) => "period",
            Breach::NotCertified(_) => "not-certified",
            Breach::NotCertifiable(_) => "not-certifiable",
            Breach::NotDelegable(_) => "not-delegable",
            Breach::NoLimitsOfUse(_) => "no-limits-of-use",
            Breach::NoWebsite(_) => "no-website",
            Breach::NotLinked => "not-linked",
            Breach::NotInsured(_) => "not-insured",
            Breach::NotOwn(_) => "not-own",
            Breach::Step { .. } => "status-step",
            Breach::Ground(_) => "ground",
            Breach::NoReference => "no-reference",
            Breach::NotAuthorized { .. } => "not-authorized",
            Breach::NoAuthority => "no-authority",
            Breach::OtherAuthority => "other-authority",
            Breach::NotStanding(..) => "not-standing",
            Breach::OutOfScope { .. } => "out-of-scope",
            Breach::TooDeep(_) => "too-deep",
            Breach::Resource(_) => "resource-kind",
            Breach::Foundational => "foundational",
            Breach::NoSchema(_) => "no-schema",
            Breach::NoBase => "no-base",
            Breach::TooLate(..) => "too-late",
            Breach::Missing(_) => "missing",
        }
    }
}
