//! `ControllershipLimited`: how far and how long a controller controls (Act s.112).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::oversight::{Controllership, controllership};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Period, forms, refused};

/// The members of `ControllershipLimited`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ControllershipLimited {
    controller: String,
    #[serde(default)]
    limits: BTreeSet<String>,
    period: Period,
    previous_version: u64,
    principal: String,
}

impl ControllershipLimited {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ControllershipLimited",
        sections: "s.112",
        by: &[Power::AdministrativeBody, Power::Author],
        conditions: "By the legal person itself or the Administrative Body, which regulates it.",
    };
}

impl EventKind for ControllershipLimited {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("controller", &self.controller)?;
        forms::check_did("principal", &self.principal)?;
        Ok(controllership::check_terms(&self.limits, &self.period)?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        Controllership::key(&self.principal, &self.controller)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        if power == Power::Author && envelope.author != self.principal {
            return Err(refused(&Self::RULE, &envelope.author));
        }
        let (principal, controller) = (&self.principal, &self.controller);
        let mut limited =
            Controllership::current(principal, controller, self.previous_version, view)?;
        limited.limits = self.limits.clone();
        limited.period = self.period;
        Ok(vec![Change::new(Controllership::key(principal, controller), &limited)])
    }
}
