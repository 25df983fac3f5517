//! Why a change of statuses is refused.

use super::{CAPACITY_MAX, CHANGES_MAX, REGISTRIES_MAX, Status};

/// A rule of revocation that an event breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// A member has another form.
    #[error("`{0}` {1}")]
    Form(&'static str, &'static str),
    /// Fewer slots than one can be given, or more than a registry may have.
    #[error("`capacity` is 2 to {CAPACITY_MAX}, slot 0 included, which is never given")]
    Capacity,
    /// Slot 0 is reserved.
    #[error("slot 0 is reserved and can never change; number credentials from 1")]
    SlotZero,
    /// A slot that the registry does not have.
    #[error("slot {slot} does not exist: the registry has slots 1 to {last}")]
    SlotRange {
        /// The slot.
        slot: u32,
        /// The last that there is.
        last: u32,
    },
    /// Slots that are not ascending, or one that is named twice.
    #[error("slot {0} stands twice or out of order: write each once, ascending")]
    SlotOrder(u32),
    /// A change that names no slot, or a registry twice.
    #[error("name 1 to {REGISTRIES_MAX} registries, ascending, each once and with a slot")]
    Empty,
    /// More slots than one event may change.
    #[error("an event changes at most {CHANGES_MAX} slots, not {0}; make several")]
    Batch(usize),
    /// A slot whose status does not lead there.
    #[error("slot {slot} is {}, so it cannot become {} in this way", .from.name(), .to.name())]
    Step {
        /// The slot.
        slot: u32,
        /// Its status.
        from: Status,
        /// What the event asks for.
        to: Status,
    },
    /// A slot that a higher decision holds.
    #[error("slot {slot} is locked by the decision with commitment {ground}")]
    Locked {
        /// The slot.
        slot: u32,
        /// The salted commitment to its ground.
        ground: String,
    },
    /// A lock that is another's.
    #[error("the lock of slot {slot} is for {owner} to lift")]
    OtherLock {
        /// The slot.
        slot: u32,
        /// Who may.
        owner: &'static str,
    },
    /// A slot that is not locked.
    #[error("slot {0} is not locked")]
    NotLocked(u32),
    /// Who overrides may not do this.
    #[error("{0}")]
    Override(&'static str),
    /// The registry takes no changes by its issuer.
    #[error("the registry is {0}; its issuer changes nothing in it")]
    Held(&'static str),
    /// The author is not the registry's issuer.
    #[error("`{0}` is not the issuer of this registry")]
    NotIssuer(String),
    /// The issuer's own accumulator is another than the one that follows.
    #[error("the accumulator after this change is {expected}; read the list again")]
    Accumulator {
        /// The one that follows, as the AnonCreds libraries write it.
        expected: String,
    },
    /// What the registry's views need is not there.
    #[error("{0}")]
    Unmet(String),
}

impl StatusError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            StatusError::Form(..) => "status-form",
            StatusError::Capacity => "capacity",
            StatusError::SlotZero => "slot-zero",
            StatusError::SlotRange { .. } => "slot-range",
            StatusError::SlotOrder(_) => "slot-order",
            StatusError::Empty => "empty-change",
            StatusError::Batch(_) => "batch",
            StatusError::Step { .. } => "illegal-transition",
            StatusError::Locked { .. } => "locked",
            StatusError::OtherLock { .. } => "other-lock",
            StatusError::NotLocked(_) => "not-locked",
            StatusError::Override(_) => "override",
            StatusError::Held(_) => "registry-held",
            StatusError::NotIssuer(_) => "not-issuer",
            StatusError::Accumulator { .. } => "accumulator-mismatch",
            StatusError::Unmet(_) => "registry-unmet",
        }
    }
}
