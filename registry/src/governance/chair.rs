//! The chair of the Governing Body (Act s.8). It is vacant when its member's seat is.

use serde::{Deserialize, Serialize};

use super::Body;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, read};

/// The key of the latest election of a chair; no record before the first.
pub const KEY: &str = "governance/chair";

/// The content of the record [`KEY`]. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chair {
    /// Block time of the election, in milliseconds.
    pub elected: u64,
    /// The member's DID.
    pub member: String,
}

impl Chair {
    /// The member in the chair now; `None` while it is vacant. One who left the body and came back
    /// was elected for the seat before, so a change of the membership since then is looked at.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn sitting(
        body: &Body,
        context: &Context,
        view: &dyn View,
    ) -> Result<Option<String>, Rejection> {
        let Some((_, chair)) = read::<Chair>(KEY, view)? else { return Ok(None) };
        let seat = body.seats.iter().find(|seat| seat.sitting(context.time) == Some(&chair.member));
        Ok(seat.filter(|seat| seat.since <= chair.elected).map(|_| chair.member))
    }

    /// The change that records this election.
    pub fn change(&self) -> Change {
        Change::new(KEY, self)
    }
}
