//! Working days, by which the Act counts its deadlines (s.43, s.58 to s.60).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::rejection::Rejection;
use crate::state::View;
use crate::time;
use crate::trust::Breach;

const DAY: u64 = 24 * 3600 * 1000;
const MINUTE: u64 = 60 * 1000;
/// 1970-01-01 was a Thursday, the fourth day of the week (ISO 8601).
const FIRST_WEEKDAY: u64 = 4;
/// Most days of a week without work: so that a deadline comes.
const WEEKEND_MAX: usize = 3;
/// Most holidays in the list.
const HOLIDAYS_MAX: usize = 366;

/// Which days are worked, where. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Calendar {
    /// Days off besides the weekend, as `2026-12-17`.
    pub holidays: BTreeSet<String>,
    /// How far the country's clocks are ahead of UTC, in minutes.
    pub utc_offset_minutes: u64,
    /// Days of the week without work: 1 is Monday, 7 is Sunday.
    pub weekend: BTreeSet<u64>,
}

impl Default for Calendar {
    /// Before the Governing Body says otherwise: Bhutan's time, Saturdays and Sundays off.
    fn default() -> Calendar {
        let weekend = [6, 7].into();
        Calendar { holidays: BTreeSet::new(), utc_offset_minutes: 360, weekend }
    }
}

impl Calendar {
    /// The record's key.
    pub const KEY: &'static str = "oversight/calendar";

    /// The one in force.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn of(view: &dyn View) -> Result<Calendar, Rejection> {
        let Some(record) = view.record(Calendar::KEY) else { return Ok(Calendar::default()) };
        let read = serde_json::from_str(record.content.get()).ok();
        read.ok_or_else(|| Rejection::Unreadable(Calendar::KEY.to_owned()))
    }

    /// Checks that working days exist.
    ///
    /// # Errors
    /// [`Breach::Form`].
    pub fn check(&self) -> Result<(), Breach> {
        let is_day = |day: &String| time::parse(&format!("{day}T00:00:00Z")).is_some();
        if self.weekend.len() > WEEKEND_MAX || !self.weekend.iter().all(|d| (1..=7).contains(d)) {
            return Err(Breach::Form("weekend", "has at most three days, from 1 to 7"));
        }
        if self.holidays.len() > HOLIDAYS_MAX || !self.holidays.iter().all(is_day) {
            return Err(Breach::Form("holidays", "are at most 366 days such as 2026-12-17"));
        }
        match self.utc_offset_minutes <= 14 * 60 {
            true => Ok(()),
            false => Err(Breach::Form("utcOffsetMinutes", "is at most 840")),
        }
    }

    /// When the last of so many working days after a moment is over, in milliseconds since 1970.
    /// The day of the moment itself does not count.
    #[must_use]
    pub fn deadline(&self, from: u64, working_days: u64) -> u64 {
        let offset = self.utc_offset_minutes * MINUTE;
        let mut day = from.saturating_add(offset) / DAY;
        let mut left = working_days;
        while left > 0 {
            day += 1;
            left -= u64::from(self.is_worked(day));
        }
        ((day + 1) * DAY).saturating_sub(offset)
    }

    /// Whether work is done on a day, counted from 1970-01-01.
    fn is_worked(&self, day: u64) -> bool {
        let weekday = (day + FIRST_WEEKDAY - 1) % 7 + 1;
        let text = time::format(day * DAY);
        let date = text.split_once('T').map_or("", |(date, _)| date);
        !self.weekend.contains(&weekday) && !self.holidays.contains(date)
    }
}
