//! The five seats of the Governing Body (Act s.5 to 9): who holds each, and until when.

use proofs::Record;
use serde::{Deserialize, Serialize};

use super::GovernanceError;
use crate::did_state::{self, DidState};
use crate::events;
use crate::rejection::Rejection;
use crate::state::{Change, View, expect};

/// The key of the Governing Body: a list of [`Seat`]s. Its version is the version of the
/// membership, to which every vote is bound.
pub const KEY: &str = "governance/body";

/// A term in milliseconds: four years (Act s.9), which are 1461 days.
pub const TERM: u64 = 1461 * 24 * 3600 * 1000;

/// How long before its end, in milliseconds, a term may be followed by another: half a year. Terms
/// that could be piled up would be no terms.
pub const REAPPOINTMENT: u64 = 183 * 24 * 3600 * 1000;

/// What a seat is for (Act s.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeatCategory {
    /// Head of the Government Technology Agency.
    Agency,
    /// One of two members from the civil service.
    CivilService,
    /// One of two independent members.
    Independent,
}

/// The categories of the seats, in order. A seat's category never changes.
pub const SEATS: [SeatCategory; 5] = [
    SeatCategory::Agency,
    SeatCategory::CivilService,
    SeatCategory::CivilService,
    SeatCategory::Independent,
    SeatCategory::Independent,
];

/// A seat and who holds it. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Seat {
    /// The seat's category.
    pub category: SeatCategory,
    /// The member's DID; none while the seat is vacant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Since when the member holds the seat without a break, in milliseconds since 1970.
    pub since: u64,
    /// When the term ends or the seat fell vacant, in milliseconds since 1970.
    pub term_ends: u64,
}

impl Seat {
    /// The member whose term runs at this time.
    #[must_use]
    pub fn sitting(&self, time: u64) -> Option<&str> {
        self.member.as_deref().filter(|_| time < self.term_ends)
    }

    /// Whether nobody could still vote for the seat: it is vacant, its term has ended, or its
    /// member's DID is deactivated, which is for good.
    #[must_use]
    pub fn is_free(&self, time: u64, view: &dyn View) -> bool {
        let Some(member) = self.sitting(time) else { return true };
        let record = view.record(&did_state::key(member));
        record.as_ref().and_then(DidState::read).is_none_or(|state| state.deactivated)
    }

    /// Lets a member take the seat, or go on in it when the term is about to end. Returns who held
    /// it before.
    ///
    /// # Errors
    /// [`GovernanceError::TermRuns`].
    pub fn take(
        &mut self,
        number: u64,
        member: &str,
        time: u64,
        view: &dyn View,
    ) -> Result<Option<String>, GovernanceError> {
        if self.sitting(time) == Some(member) && !self.is_free(time, view) {
            if self.term_ends.saturating_sub(time) > REAPPOINTMENT {
                return Err(GovernanceError::TermRuns(number));
            }
            self.term_ends = self.term_ends.saturating_add(TERM);
            return Ok(None);
        }
        if !self.is_free(time, view) {
            return Err(GovernanceError::TermRuns(number));
        }
        (self.since, self.term_ends) = (time, time.saturating_add(TERM));
        Ok(self.member.replace(member.to_owned()))
    }
}

/// The seats, and the version of the membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// In the order of [`SEATS`].
    pub seats: Vec<Seat>,
    /// Version of the record.
    pub version: u64,
}

impl Body {
    /// The body as it stands.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn read(view: &dyn View) -> Result<Body, Rejection> {
        let (Record { version, .. }, seats) = expect::<Vec<Seat>>(KEY, view)?;
        Ok(Body { seats, version })
    }

    /// The body of genesis, whose first terms begin with the network.
    #[must_use]
    pub fn first(members: &[String], time: u64) -> Body {
        let term_ends = time.saturating_add(TERM);
        let seat = |(category, member): (_, &String)| Seat {
            category,
            member: Some(member.clone()),
            since: time,
            term_ends,
        };
        Body { seats: SEATS.into_iter().zip(members).map(seat).collect(), version: 0 }
    }

    /// Compare and swap on the membership.
    ///
    /// # Errors
    /// [`Rejection::StaleVersion`].
    pub fn check_version(&self, expected: u64) -> Result<(), Rejection> {
        events::check_current(expected, self.version)
    }

    /// The change that makes these the seats.
    pub fn change(&self) -> Change {
        Change::new(KEY, &self.seats)
    }

    /// The number of the seat, from 1, that names this member, whether or not its term runs.
    #[must_use]
    pub fn seat_of(&self, did: &str) -> Option<u64> {
        (1..).zip(&self.seats).find(|(_, seat)| seat.member.as_deref() == Some(did)).map(|(n, _)| n)
    }

    /// The seat with this number, from 1.
    ///
    /// # Errors
    /// [`GovernanceError::NoSeat`].
    pub fn seat(&mut self, number: u64) -> Result<&mut Seat, GovernanceError> {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        at.and_then(|at| self.seats.get_mut(at)).ok_or(GovernanceError::NoSeat(number))
    }

    /// The number of the seat for which this DID may vote.
    ///
    /// # Errors
    /// [`GovernanceError::NotMember`], [`GovernanceError::TermEnded`].
    pub fn voter(&self, did: &str, time: u64) -> Result<u64, GovernanceError> {
        let number = self.seat_of(did).ok_or_else(|| GovernanceError::NotMember(did.to_owned()))?;
        match self.sitting(time).any(|(sitting, _)| sitting == number) {
            true => Ok(number),
            false => Err(GovernanceError::TermEnded(did.to_owned())),
        }
    }

    /// The seats whose term runs at this time, by number, with their members.
    pub fn sitting(&self, time: u64) -> impl Iterator<Item = (u64, &str)> {
        let numbered = (1..).zip(&self.seats);
        numbered.filter_map(move |(number, seat)| Some((number, seat.sitting(time)?)))
    }
}
