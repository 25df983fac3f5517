//! Why an event has no effect: the author's fault, with a stable code and what to do about it.

use crate::blob::BlobError;
use crate::document::DocumentError;
use crate::governance::GovernanceError;
use crate::import::{ImportError, NotIndy};
use crate::integrity::IntegrityError;
use crate::json::JsonError;
use crate::network::NetworkError;
use crate::resource::ResourceError;
use crate::status::StatusError;
use crate::trust::Breach;

/// Why an event is refused. The set is closed and its codes are part of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The bytes are not canonical JSON of the profile.
    #[error("the event is not canonical JSON: {0}")]
    Json(#[from] JsonError),
    /// A proof is malformed or does not verify.
    #[error("the event's proofs do not hold: {0}")]
    Proof(#[from] IntegrityError),
    /// A signature does not verify.
    #[error("the signature by `{method}` does not verify over this event")]
    Signature {
        /// The verification method.
        method: String,
    },
    /// A proof with a purpose, domain or member that the profile does not have there.
    #[error("the proof by `{method}` {problem}")]
    ProofProfile {
        /// The verification method.
        method: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A member is missing, unknown, or of the wrong form.
    #[error("the event's members are wrong: {0}")]
    Members(String),
    /// No such kind of event.
    #[error("`{0}` is not a kind of event that this ledger knows")]
    Kind(String),
    /// Signed for another network.
    #[error("the event is for network `{found}`; this is `{expected}`")]
    Network {
        /// What the event or its proofs say.
        found: String,
        /// This network.
        expected: String,
    },
    /// Past its `validUntil`.
    #[error("the event was valid until {0}; sign it again with a later `validUntil`")]
    Expired(String),
    /// `validUntil` is too far ahead.
    #[error("`validUntil` is more than seven days ahead; sign it again with an earlier one")]
    ValidTooLong,
    /// The identifier is not made from this event.
    #[error("`{0}` is not the identifier that this event makes; derive it from the event")]
    Scid(String),
    /// The DID document breaks a rule.
    #[error("the DID document is refused: {0}")]
    Document(#[from] DocumentError),
    /// The resource breaks a rule.
    #[error("the resource is refused {0}")]
    Resource(#[from] ResourceError),
    /// The rules about blobs.
    #[error("the rules about blobs refuse it: {0}")]
    Blob(#[from] BlobError),
    /// A rule of the trust registry or of oversight is broken.
    #[error("a rule of the Act refuses it: {0}")]
    Trust(#[from] Breach),
    /// Another version of the resource is the latest than the event follows.
    #[error("the event follows version `{found}`, but the latest is `{latest}`; read it again")]
    PreviousVersion {
        /// The version that the event names.
        found: String,
        /// The latest version.
        latest: String,
    },
    /// Keys, threshold or controllers are impossible.
    #[error("`control` is refused: {0}")]
    Control(String),
    /// The DID exists already.
    #[error("`{0}` exists already")]
    Exists(String),
    /// The DID is not registered.
    #[error("`{0}` is not registered; create it first")]
    NotFound(String),
    /// The DID is deactivated for good.
    #[error("`{0}` is deactivated, which cannot be undone")]
    Deactivated(String),
    /// Another version is in force than the event replaces.
    #[error(
        "the event replaces version {expected}, but version {current} is in force; read it again"
    )]
    StaleVersion {
        /// The version that the event names.
        expected: u64,
        /// The version in force.
        current: u64,
    },
    /// A proof by a key or controller that has no say here.
    #[error("the proof by `{0}` counts for nothing here; remove it")]
    ProofNotCounted(String),
    /// Too few of those who must agree have signed.
    #[error("{count} of the {threshold} required have signed")]
    Threshold {
        /// Distinct keys and controllers that count.
        count: u64,
        /// How many are required.
        threshold: u64,
    },
    /// No registered endorser vouches for a new author.
    #[error("a new DID needs the proof of a registered endorser over the author's proofs")]
    NotEndorsed,
    /// The one who endorses is not an endorser.
    #[error("`{0}` is not a registered endorser")]
    NotEndorser(String),
    /// The author holds none of the offices for which the kind is.
    #[error("`{who}` may not make `{kind}`, which is for {need}")]
    NotEntitled {
        /// The author.
        who: String,
        /// The kind of event.
        kind: &'static str,
        /// Who may.
        need: String,
    },
    /// The author's own proof is missing.
    #[error("the author `{0}` has not signed; every event bears its author's proof")]
    NotSigned(String),
    /// The rules of the Governing Body.
    #[error("the Governing Body's rules refuse it: {0}")]
    Governance(#[from] GovernanceError),
    /// The rules of the network.
    #[error("the network's rules refuse it: {0}")]
    Infrastructure(#[from] NetworkError),
    /// The rules about what comes from other ledgers.
    #[error("it cannot be imported: {0}")]
    Import(#[from] ImportError),
    /// The rules of revocation.
    #[error("the rules of revocation refuse it: {0}")]
    Status(#[from] StatusError),
    /// An endorsement where none belongs.
    #[error("this kind of event takes no endorsement; remove the proof by `{0}`")]
    EndorsementNotTaken(String),
    /// Keys come from a record that changed in the same block.
    #[error("the keys of `{0}` changed in this very block; submit again in the next")]
    KeysJustChanged(String),
    /// Pre-rotation: the new keys were not committed to.
    #[error("key `{0}` was not committed to in `nextKeyHashes`")]
    KeyNotCommitted(String),
    /// Pre-rotation is in force and no keys are revealed.
    #[error("pre-rotation is in force: reveal the committed keys")]
    KeysNotRevealed,
    /// An update that changes nothing.
    #[error("the event changes nothing; give a new `document` or `control`")]
    Nothing,
    /// A genesis record is damaged: cannot happen on an honest ledger.
    #[error("the record `{0}` cannot be read")]
    Unreadable(String),
}

impl Rejection {
    /// The stable code, as it ends the `type` of a problem detail.
    pub fn code(&self) -> String {
        let code = match self {
            Rejection::Json(error) => return format!("json-{}", error.code.as_str()),
            Rejection::Proof(error) => return format!("proof-{}", error.code.as_str()),
            Rejection::Governance(error) => error.code(),
            Rejection::Infrastructure(error) => error.code(),
            Rejection::Blob(error) => error.code(),
            Rejection::Trust(breach) => breach.code(),
            Rejection::Import(error) => error.code(),
            Rejection::Status(error) => error.code(),
            Rejection::NotEntitled { .. } => "not-entitled",
            Rejection::NotSigned(_) => "not-signed",
            Rejection::Signature { .. } => "signature",
            Rejection::ProofProfile { .. } => "proof-profile",
            Rejection::Members(_) => "members",
            Rejection::Kind(_) => "unknown-kind",
            Rejection::Network { .. } => "other-network",
            Rejection::Expired(_) => "expired",
            Rejection::ValidTooLong => "valid-too-long",
            Rejection::Scid(_) => "scid",
            Rejection::Document(_) => "document",
            Rejection::Resource(_) => "resource",
            Rejection::PreviousVersion { .. } => "previous-version",
            Rejection::Control(_) => "control",
            Rejection::Exists(_) => "exists",
            Rejection::NotFound(_) => "not-found",
            Rejection::Deactivated(_) => "deactivated",
            Rejection::StaleVersion { .. } => "stale-version",
            Rejection::ProofNotCounted(_) => "proof-not-counted",
            Rejection::Threshold { .. } => "threshold",
            Rejection::NotEndorsed => "not-endorsed",
            Rejection::NotEndorser(_) => "not-endorser",
            Rejection::EndorsementNotTaken(_) => "endorsement-not-taken",
            Rejection::KeysJustChanged(_) => "keys-just-changed",
            Rejection::KeyNotCommitted(_) => "key-not-committed",
            Rejection::KeysNotRevealed => "keys-not-revealed",
            Rejection::Nothing => "nothing-changes",
            Rejection::Unreadable(_) => "unreadable-record",
        };
        code.to_owned()
    }

    /// Whether the same bytes may be accepted later, so that a caller may try again.
    pub fn is_passing(&self) -> bool {
        matches!(self, Rejection::KeysJustChanged(_))
    }
}

impl From<NotIndy> for Rejection {
    fn from(problem: NotIndy) -> Rejection {
        ImportError::from(problem).into()
    }
}
