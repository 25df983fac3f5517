//! Why the Governing Body's rules refuse an event.

use proofs::Hash;

use super::decision::Status;

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
    /// A member holds one seat.
    #[error("`{0}` holds another seat; appoint somebody else")]
    SecondSeat(String),
    /// The seat is held.
    #[error("the term of seat {0} runs; a member is reappointed within its last half year")]
    TermRuns(u64),
    /// The Administrative Body only records while too few can decide.
    #[error("the Governing Body can still decide; let it appoint the member")]
    BodyDecides,
    /// Only the member itself resigns.
    #[error("only `{0}` itself resigns; any other removal has a ground of s.7")]
    Resignation(String),
    /// No vote in one's own matter (Act s.7).
    #[error("`{0}` has no vote on its own removal; remove its proof")]
    Recused(String),
    /// The chair is not vacant (Act s.8).
    #[error("`{0}` is in the chair; another is elected when it is vacant")]
    ChairHeld(String),
    /// The Governing Body does not decide this.
    #[error("the Governing Body does not decide `{0}`; see who may make it")]
    NotDecidable(String),
    /// No such decision.
    #[error("there is no decision `{0}` on this network; name the id of its proposal")]
    NoDecision(Hash),
    /// The vote is on another payload.
    #[error(
        "the vote is on another text than was proposed, which has the hash `{0}`; read it again"
    )]
    Altered(Hash),
    /// The membership changed since.
    #[error("this is bound to membership {bound}, but {current} is in force; propose it anew")]
    OldMembership {
        /// What it is bound to.
        bound: u64,
        /// What is in force.
        current: u64,
    },
    /// After the deadline.
    #[error("the vote ended at {0}; propose it anew")]
    VotingOver(String),
    /// A member votes once, whatever its keys.
    #[error("seat {0} has voted; a member votes once, with whichever key")]
    AlreadyVoted(u64),
    /// The decision has come to its end, or beyond this step.
    #[error("the decision is {0}; nothing more can be done to it here")]
    Settled(Status),
    /// Not enough votes.
    #[error(
        "{count} of {threshold} have approved; silence carries it only unopposed, after {deadline}"
    )]
    NotCarried {
        /// Approvals by members whose term runs.
        count: u64,
        /// How many are required.
        threshold: u64,
        /// When the vote ends.
        deadline: String,
    },
    /// During the time-lock.
    #[error("the time-lock runs until {0}; submit again after it")]
    TimeLocked(String),
    /// After the time-lock nothing is cancelled.
    #[error("the time-lock ended at {0}; what was decided stands")]
    TimeLockOver(String),
    /// Nobody executed it in time.
    #[error("it was to be executed by {0}; propose it anew")]
    Lapsed(String),
    /// A cancellation delays once.
    #[error("this was cancelled once and decided again; it cannot be cancelled")]
    FinalResubmission,
    /// A resubmission repeats what was cancelled, word for word.
    #[error("`{0}` is no cancelled decision of this very text; propose it as new")]
    NotCancelled(Hash),
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
            GovernanceError::SecondSeat(_) => "second-seat",
            GovernanceError::TermRuns(_) => "term-runs",
            GovernanceError::BodyDecides => "body-decides",
            GovernanceError::Resignation(_) => "resignation",
            GovernanceError::Recused(_) => "recused",
            GovernanceError::ChairHeld(_) => "chair-held",
            GovernanceError::NotDecidable(_) => "not-decidable",
            GovernanceError::NoDecision(_) => "no-decision",
            GovernanceError::Altered(_) => "altered",
            GovernanceError::OldMembership { .. } => "old-membership",
            GovernanceError::VotingOver(_) => "voting-over",
            GovernanceError::AlreadyVoted(_) => "already-voted",
            GovernanceError::Settled(_) => "settled",
            GovernanceError::NotCarried { .. } => "not-carried",
            GovernanceError::TimeLocked(_) => "time-locked",
            GovernanceError::TimeLockOver(_) => "time-lock-over",
            GovernanceError::Lapsed(_) => "lapsed",
            GovernanceError::FinalResubmission => "final-resubmission",
            GovernanceError::NotCancelled(_) => "not-cancelled",
            GovernanceError::Floor { .. } => "floor",
        }
    }
}
