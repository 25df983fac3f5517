//! `CalendarSet`: the working days by which deadlines are counted.

use serde::Deserialize;

use crate::authority::{Class, Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::oversight::Calendar;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `CalendarSet`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CalendarSet {
    calendar: Calendar,
    previous_version: Option<u64>,
}

impl CalendarSet {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "CalendarSet",
        sections: "s.43, s.58, s.59, s.60",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "There are working days in every week.",
    };
}

impl EventKind for CalendarSet {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(self.calendar.check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        Calendar::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        check_replaced(Calendar::KEY, self.previous_version, view)?;
        Ok(vec![Change::new(Calendar::KEY.to_owned(), &self.calendar)])
    }
}
