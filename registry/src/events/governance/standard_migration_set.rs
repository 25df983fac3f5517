//! `StandardMigrationSet`: until when everyone moves from one standard to another.

use proofs::Record;
use serde::{Deserialize, Serialize};

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::governance::document;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::time;

/// The members of `StandardMigrationSet`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StandardMigrationSet {
    deadline: String,
    /// The version of the migration that this one replaces; absent for the first.
    previous_version: Option<u64>,
    /// The name of the standard that is left.
    standard: String,
    /// The name of the one that takes its place.
    successor: String,
}

/// The content of `governance/migration/<standard>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Migration {
    deadline: u64,
    successor: String,
}

impl StandardMigrationSet {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "StandardMigrationSet",
        sections: "s.25",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "Both standards are adopted, and the deadline lies ahead.",
    };

    fn key(&self) -> String {
        format!("governance/migration/{}", self.standard)
    }
}

impl EventKind for StandardMigrationSet {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        let wrong = |problem: &str| Err(Rejection::Members(problem.into()));
        if time::parse(&self.deadline).is_none() {
            return wrong("`deadline` is a time written as 2026-01-31T12:00:00Z");
        }
        if ![&self.standard, &self.successor].into_iter().all(|name| document::is_name(name)) {
            return wrong("`standard` and `successor` are names of adopted standards");
        }
        if self.standard == self.successor {
            return wrong("`successor` is another standard than `standard`");
        }
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        self.key()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        for name in [&self.standard, &self.successor] {
            let standard = format!("standard/{name}");
            view.record(&document::key(&standard)).ok_or(Rejection::NotFound(standard))?;
        }
        let before: Option<Record> = view.record(&self.key());
        events::check_previous(self.previous_version, before.as_ref())?;
        let deadline = time::parse(&self.deadline).unwrap_or_default();
        if deadline <= context.time {
            return Err(Rejection::Members("`deadline` lies ahead".into()));
        }
        let successor = self.successor.clone();
        Ok(vec![Change::new(self.key(), &Migration { deadline, successor })])
    }
}
