//! `DidMethodEndorsed`: the Governing Body specifies the use of a DID method, or ends it.

use serde::{Deserialize, Serialize};

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::governance::Evidence;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::time;

/// The members of `DidMethodEndorsed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DidMethodEndorsed {
    /// When the endorsement ends, where it does.
    ends: Option<String>,
    /// The method's name: `ndi`, `webvh`.
    method: String,
    /// The version of the endorsement that this one replaces; absent for the first.
    previous_version: Option<u64>,
    /// What the method's identifiers have to satisfy (Act s.36).
    specification: Evidence,
}

/// The content of `governance/did-method/<method>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Endorsement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<u64>,
    specification: Evidence,
}

impl DidMethodEndorsed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "DidMethodEndorsed",
        sections: "s.33, s.35, s.36, s.37",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "The method's specification is named by its hash.",
    };

    fn key(&self) -> String {
        format!("governance/did-method/{}", self.method)
    }
}

impl EventKind for DidMethodEndorsed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        // DID Core section 3.1: method-name.
        let is_method = (1..=32).contains(&self.method.len())
            && self.method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !is_method {
            return Err(Rejection::Members("`method` is the name of a DID method".into()));
        }
        if self.ends.as_deref().is_some_and(|ends| time::parse(ends).is_none()) {
            let problem = "`ends` is a time written as 2026-01-31T12:00:00Z";
            return Err(Rejection::Members(problem.into()));
        }
        self.specification.check("specification")
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
        events::check_previous(self.previous_version, view.record(&self.key()).as_ref())?;
        let ends = self.ends.as_deref().and_then(time::parse);
        let specification = self.specification.clone();
        Ok(vec![Change::new(self.key(), &Endorsement { ends, specification })])
    }
}
