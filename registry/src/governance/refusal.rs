//! Why the Governing Body's rules refuse an event.

/// Why an event of governance is refused. The codes are part of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GovernanceError {
    /// The signer has no seat.
    #[error("`{0}` holds no seat of the Governing Body; remove its proof")]
    NotMember(String),
    /// The signer's term is over (Act s.9).
    #[error("the term of `{0}` has ended; a reappointment lets it vote again")]
    TermEnded(String),
    /// The Secretary and the Administrative Body propose only (Act s.12).
    #[error("`{0}` may propose and has no vote (Act s.12); remove its proof")]
    NoVote(String),
    /// One key under two members.
    #[error("key `{0}` stands for two members; each signs with keys of its own")]
    SharedKey(String),
    /// No such seat.
    #[error("there is no seat {0}; the Governing Body has seats 1 to 5 (Act s.5)")]
    NoSeat(u64),
    /// A limit on power that no majority moves.
    #[error("`{what}` is {value}, but from {least} to {most} on every network; choose within")]
    Floor {
        /// The member.
        what: &'static str,
        /// What the event says.
        value: u64,
        /// The least that is possible.
        least: u64,
        /// The most.
        most: u64,
    },
}

impl GovernanceError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            GovernanceError::NotMember(_) => "not-member",
            GovernanceError::TermEnded(_) => "term-ended",
            GovernanceError::NoVote(_) => "no-vote",
            GovernanceError::SharedKey(_) => "shared-key",
            GovernanceError::NoSeat(_) => "no-seat",
            GovernanceError::Floor { .. } => "floor",
        }
    }
}
