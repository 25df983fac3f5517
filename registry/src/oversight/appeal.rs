//! Appeals (Act s.42, s.43, s.58 to s.60).

use serde::{Deserialize, Serialize};

use crate::trust::Moment;

/// What the Administrative Body decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The decision stands.
    Dismissed,
    /// The decision was wrong.
    Upheld,
}

/// How an appeal was decided. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// When.
    pub at: Moment,
    /// Whether that was after the five working days.
    pub late: bool,
    /// What.
    pub outcome: Outcome,
    /// SHA-256 of the document.
    pub reference: String,
}

/// That the matter went on to a court (s.60). Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// When.
    pub at: Moment,
    /// SHA-256 of the document.
    pub reference: String,
}

/// The content of `appeal/<id>`; the id is that of the event that filed it. Who appeals as a person
/// is not named: the Administrative Body files for them. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Appeal {
    /// The certificate that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// How it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decision>,
    /// What is appealed against: the event that ended a certificate, or SHA-256 of the document.
    pub decision: String,
    /// By when it is to be decided.
    pub due: Moment,
    /// That it went on to a court.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<Escalation>,
    /// When it was filed.
    pub filed: Moment,
    /// Who filed it.
    pub filed_by: String,
    /// When the decision was received.
    pub received: Moment,
    /// SHA-256 of the appeal's document.
    pub reference: String,
    /// Whose decision it is.
    pub respondent: String,
}

impl Appeal {
    /// Working days to file after the decision was received (s.58), and to go to court (s.60).
    pub const DAYS_TO_APPEAL: u64 = 10;
    /// Working days to decide after it was filed (s.43, s.59).
    pub const DAYS_TO_DECIDE: u64 = 5;

    /// The key of an appeal.
    #[must_use]
    pub fn key(id: &str) -> String {
        format!("appeal/{id}")
    }

    /// Whether the time to decide is over and it is not decided.
    #[must_use]
    pub fn is_overdue(&self, time: u64) -> bool {
        self.decided.is_none() && Moment(time) >= self.due
    }
}
