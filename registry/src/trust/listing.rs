//! What all listings share: their record, their state, and when they count.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use proofs::Record;

use super::{Breach, Ground, Moment, Period};
use crate::authority::Power;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// Whether a listing counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It counts.
    Active,
    /// It does not count for now.
    Suspended,
    /// It counts no more, for ever.
    Revoked,
}

impl State {
    /// How records write it.
    pub fn name(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Suspended => "suspended",
            State::Revoked => "revoked",
        }
    }
}

/// Where a listing is now, since when, why, and who said so. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The author of the last step.
    pub by: String,
    /// Why it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
    /// SHA-256 of the document that the step rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Block time of the last step.
    pub since: Moment,
    /// Whether it counts.
    pub state: State,
}

/// A family of listings.
pub trait Listing: Serialize + DeserializeOwned {
    /// What the keys of its records begin with.
    const PREFIX: &'static str;
    /// What people call it.
    const NOUN: &'static str;

    /// Who is listed.
    fn subject(&self) -> &str;
    /// Who made the listing.
    fn granter(&self) -> &str;
    /// When it holds.
    fn period(&self) -> Option<&Period> {
        None
    }
    /// What a revocation service provider must be authorised to revoke.
    fn revocable_as(&self) -> Option<&str> {
        None
    }
    /// What must hold before it counts again.
    ///
    /// # Errors
    /// What does not.
    fn may_return(&self, _context: &Context, _view: &dyn View) -> Result<(), Rejection> {
        Ok(())
    }
}

/// The content of a listing's record. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed<T> {
    /// What is listed.
    pub listing: T,
    /// Whether it counts.
    pub status: Status,
}

/// The key of a listing's record.
pub fn key<T: Listing>(id: &str) -> String {
    format!("{}/{id}", T::PREFIX)
}

impl<T: Listing> Listed<T> {
    /// A listing that counts from now on.
    pub fn active(listing: T, author: &str, context: &Context) -> Listed<T> {
        let status = Status {
            by: author.to_owned(),
            ground: None,
            reference: None,
            since: Moment(context.time),
            state: State::Active,
        };
        Listed { listing, status }
    }

    /// Reads the content of a record.
    pub fn read(content: &RawValue) -> Option<Listed<T>> {
        serde_json::from_str(content.get()).ok()
    }

    /// The record of a listing, and what it says; `None` where there is none.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn find(id: &str, view: &dyn View) -> Result<Option<(Record, Listed<T>)>, Rejection> {
        let Some(record) = view.record(&key::<T>(id)) else { return Ok(None) };
        match Listed::read(&record.content) {
            Some(listed) => Ok(Some((record, listed))),
            None => Err(Rejection::Unreadable(key::<T>(id))),
        }
    }

    /// [`Listed::find`] where there must be one.
    ///
    /// # Errors
    /// [`Rejection::NotFound`], [`Rejection::Unreadable`].
    pub fn current(id: &str, view: &dyn View) -> Result<(Record, Listed<T>), Rejection> {
        Listed::find(id, view)?.ok_or_else(|| Rejection::NotFound(id.to_owned()))
    }

    /// What stood under `id` before an event that lists it: nothing where the event names no
    /// version, else that version.
    ///
    /// # Errors
    /// [`Rejection::Exists`], [`Rejection::StaleVersion`], [`Rejection::Unreadable`].
    pub fn replaced(
        id: &str,
        previous_version: Option<u64>,
        view: &dyn View,
    ) -> Result<Option<Listed<T>>, Rejection> {
        let key = key::<T>(id);
        let Some(record) = crate::events::check_replaced(&key, previous_version, view)? else {
            return Ok(None);
        };
        Listed::read(&record.content).map(Some).ok_or(Rejection::Unreadable(key))
    }

    /// [`Listed::replaced`] for a grant that may be given again: what is suspended is first
    /// reinstated, and what the Governing Body ended only it grants again.
    ///
    /// # Errors
    /// As that, [`Breach::Step`] and [`Breach::Ground`].
    pub fn regranted(
        id: &str,
        previous_version: Option<u64>,
        power: Power,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let Some(before) = Listed::<T>::replaced(id, previous_version, view)? else {
            return Ok(());
        };
        let Status { state: from, ground, .. } = before.status;
        if from == State::Suspended {
            Err(Breach::Step { subject: id.to_owned(), from, to: State::Active })?;
        }
        if ground == Some(Ground::NationalSecurity) && !matches!(power, Power::GoverningBody(_)) {
            let why = "what the Governing Body ended is for the Governing Body to grant again";
            Err(Breach::Ground(why.into()))?;
        }
        Ok(())
    }

    /// The change that makes this the content under `id`.
    pub fn change(&self, id: &str) -> Change {
        Change::new(key::<T>(id), self)
    }

    /// Whether it counts at a moment; else why not.
    pub fn counts(&self, time: u64) -> Result<(), String> {
        let noun = T::NOUN;
        if self.status.state != State::Active {
            let ground = self.status.ground.map_or("no ground", Ground::name);
            let (state, since) = (self.status.state.name(), self.status.since);
            return Err(format!("the {noun} is {state} since {since} ({ground})"));
        }
        match self.listing.period() {
            Some(period) if Moment(time) < period.from => {
                Err(format!("the {noun} begins at {}", period.from))
            }
            Some(period) if Moment(time) >= period.until => {
                Err(format!("the {noun} ended at {}", period.until))
            }
            _ => Ok(()),
        }
    }
}
