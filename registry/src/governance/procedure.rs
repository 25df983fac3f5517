//! The Governing Body's own procedure (Act s.10), within limits that are constants: they hold even
//! against all five members.

use serde::{Deserialize, Serialize};

use super::GovernanceError;
use crate::authority::Class;
use crate::rejection::Rejection;
use crate::state::{Change, View, expect};

/// The key of the procedure in force.
pub const KEY: &str = "governance/procedure";

/// How many members must agree where nobody is against. Fewer would let a minority decide; more
/// would let two absent members block.
pub const QUORUM: u64 = 3;

/// The longest voting period and time-lock, in seconds: a quarter of a year.
const SPAN_MAX: u64 = 92 * DAY;
/// The shortest voting period that a procedure may set, unless genesis began with a shorter one.
const VOTING_PERIOD_MIN: u64 = 3 * DAY;
/// The shortest time-lock that a procedure may set, unless genesis began with a shorter one.
const TIME_LOCK_MIN: u64 = DAY;
const DAY: u64 = 24 * 3600;

/// How many of the five seats must agree, by class of decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// For [`Class::Constitutional`].
    pub constitutional: u64,
    /// For [`Class::Network`].
    pub network: u64,
    /// For [`Class::Ordinary`].
    pub ordinary: u64,
}

impl Thresholds {
    /// The threshold of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> u64 {
        match class {
            Class::Ordinary => self.ordinary,
            Class::Constitutional => self.constitutional,
            Class::Network => self.network,
        }
    }
}

/// How long decisions take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Spans {
    /// How long what changes the network waits after it was decided.
    pub time_lock_seconds: u64,
    /// How long members may vote.
    pub voting_period_seconds: u64,
}

/// The content of the record [`KEY`]. Members stand in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// The least spans that any later procedure may set: fixed by genesis.
    pub floors: Spans,
    /// How many must agree where nobody is against when the voting period ends.
    pub quorum: u64,
    /// The spans in force.
    pub spans: Spans,
    /// The thresholds in force.
    pub thresholds: Thresholds,
}

/// The procedure of a genesis that sets no spans: two weeks to vote, three days of time-lock.
impl Default for Procedure {
    fn default() -> Procedure {
        Procedure::first(Spans { time_lock_seconds: 3 * DAY, voting_period_seconds: 14 * DAY })
    }
}

impl Procedure {
    /// The procedure with which a network begins. A network for a demonstration may begin with
    /// short spans: its genesis then shows, for ever, that it did.
    #[must_use]
    pub fn first(spans: Spans) -> Procedure {
        let floors = Spans {
            time_lock_seconds: spans.time_lock_seconds.min(TIME_LOCK_MIN),
            voting_period_seconds: spans.voting_period_seconds.min(VOTING_PERIOD_MIN),
        };
        let thresholds = Thresholds { constitutional: 4, network: 4, ordinary: 3 };
        Procedure { floors, quorum: QUORUM, spans, thresholds }
    }

    /// The procedure in force.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn read(view: &dyn View) -> Result<Procedure, Rejection> {
        Ok(expect(KEY, view)?.1)
    }

    /// The change that makes this the procedure in force.
    pub fn change(&self) -> Change {
        Change::new(KEY, self)
    }

    /// Checks the limits on power.
    ///
    /// # Errors
    /// [`GovernanceError::Floor`].
    pub fn check(&self) -> Result<(), GovernanceError> {
        let Procedure { floors, quorum, spans, thresholds } = self;
        let lock_min = floors.time_lock_seconds.max(1);
        let voting_min = floors.voting_period_seconds.max(1);
        for (what, value, least, most) in [
            ("quorum", *quorum, QUORUM, QUORUM),
            ("ordinary", thresholds.ordinary, 3, 4),
            // With five, one member alone could block; with three, two could be outvoted in what
            // decides who may vote.
            ("constitutional", thresholds.constitutional, 4, 4),
            ("network", thresholds.network, 4, 4),
            ("timeLockSeconds", spans.time_lock_seconds, lock_min, SPAN_MAX),
            ("votingPeriodSeconds", spans.voting_period_seconds, voting_min, SPAN_MAX),
        ] {
            if !(least..=most).contains(&value) {
                return Err(GovernanceError::Floor { what, value, least, most });
            }
        }
        Ok(())
    }
}
