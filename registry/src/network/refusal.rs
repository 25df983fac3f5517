//! Why the network's rules refuse an event.

use proofs::PublicKey;

/// Why a change of the network is refused. The codes are part of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// A node's key serves once.
    #[error("key `{0}` has served in this network; generate another")]
    KeyUsed(PublicKey),
    /// Nobody showed that the key is held.
    #[error("there is no valid signature by key `{0}` over the statement of possession")]
    Possession(PublicKey),
    /// No validator has this key, or it is leaving.
    #[error("no validator that stays votes with key `{0}`; see the list of validators")]
    NoValidator(PublicKey),
    /// No replica has this key.
    #[error("no authorised replica has the peer key `{0}`")]
    NoReplica(PublicKey),
    /// A limit on power: with fewer, no one may be faulty.
    #[error("{0} validators would be left; a network has at least 4")]
    TooFew(usize),
    /// More than a record holds.
    #[error("there is no room for another; withdraw one first")]
    TooMany,
    /// The validators would be no set.
    #[error("the validators would be no set: {0}")]
    Set(#[from] proofs::validators::ValidatorSetError),
    /// A limit on power: less than a third of the voting power changes within one time-lock.
    #[error(
        "{changed} of {total} voting power would change within one time-lock, which is not less \
         than a third; wait"
    )]
    Turnover {
        /// The power that changed, with this change.
        changed: u64,
        /// All power before it.
        total: u64,
    },
    /// The residency rule (Act s.115).
    #[error(
        "{outside} of {total} voting power would stand outside the jurisdictions of the residency \
         rule"
    )]
    Outside {
        /// Voting power outside.
        outside: u64,
        /// All voting power.
        total: u64,
    },
    /// A replica abroad without an exception (Act s.117).
    #[error(
        "a replica outside is for the Governing Body to authorise, with the exception of s.117 it \
         rests on"
    )]
    Exception,
    /// Neither the old key nor the Governing Body.
    #[error(
        "the validator's old key has not signed, or the author does not operate it; ask the \
         Governing Body"
    )]
    Consent,
    /// Own rotations are one to a time-lock.
    #[error("this validator's keys changed less than a time-lock ago; wait until {0}")]
    Rotated(String),
    /// Only who operates a validator is ready.
    #[error("`{0}` operates no validator of this network")]
    NotOperator(String),
    /// One protocol after another.
    #[error("the next protocol is {0}; schedule that")]
    ProtocolStep(u64),
    /// The height is not ahead.
    #[error("height {0} is not ahead; name a later one")]
    HeightPassed(u64),
    /// No such upgrade is scheduled.
    #[error("no upgrade to protocol {protocol} at height {height} is scheduled")]
    NoUpgrade {
        /// The protocol.
        protocol: u64,
        /// The height.
        height: u64,
    },
    /// Parameters beyond what the format carries.
    #[error("the parameters are outside what the ledger can carry; choose within")]
    Impossible,
}

impl NetworkError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            NetworkError::KeyUsed(_) => "key-used",
            NetworkError::Possession(_) => "possession",
            NetworkError::NoValidator(_) => "no-validator",
            NetworkError::NoReplica(_) => "no-replica",
            NetworkError::TooFew(_) => "too-few-validators",
            NetworkError::TooMany => "too-many",
            NetworkError::Set(_) => "validator-set",
            NetworkError::Turnover { .. } => "turnover",
            NetworkError::Outside { .. } => "residency",
            NetworkError::Exception => "residency-exception",
            NetworkError::Consent => "consent",
            NetworkError::Rotated(_) => "rotated-recently",
            NetworkError::NotOperator(_) => "not-operator",
            NetworkError::ProtocolStep(_) => "protocol-step",
            NetworkError::HeightPassed(_) => "height-passed",
            NetworkError::NoUpgrade { .. } => "no-upgrade",
            NetworkError::Impossible => "impossible-parameters",
        }
    }
}
