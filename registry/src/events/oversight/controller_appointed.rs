//! `ControllerAppointed`: a legal person appoints a controller of its identity (Act s.110, s.111).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::oversight::{Basis, Controllership, controllership};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Breach, Period, forms, refused};

/// The members of `ControllerAppointed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ControllerAppointed {
    basis: Basis,
    controller: String,
    #[serde(default)]
    limits: BTreeSet<String>,
    period: Period,
    /// The version that this event replaces, where an earlier controllership ended.
    previous_version: Option<u64>,
    principal: String,
    reference: String,
}

impl ControllerAppointed {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ControllerAppointed",
        sections: "s.110, s.111",
        by: &[Power::AdministrativeBody, Power::Author],
        conditions: "By the legal person itself on its consent, or by the Administrative Body for \
            a court or the framework; the controller stands in the control of the DID \
            already.",
    };
}

impl EventKind for ControllerAppointed {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("controller", &self.controller)?;
        forms::check_did("principal", &self.principal)?;
        forms::check_sha256("reference", &self.reference)?;
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
        // Act s.111: consent is the legal person's own; a court speaks through the regulator.
        let own = self.basis == Basis::Consent && envelope.author == self.principal;
        let regulated = self.basis != Basis::Consent && power == Power::AdministrativeBody;
        if !own && !regulated {
            return Err(refused(&Self::RULE, &envelope.author));
        }
        if !controllership::controls(&self.controller, &self.principal, view)? {
            let why = "the controller is not in the `control` of the DID; update the DID first";
            Err(Breach::Missing(why.into()))?;
        }
        self.period.check_at(context.time)?;
        let key = Controllership::key(&self.principal, &self.controller);
        let before = check_replaced(&key, self.previous_version, view)?;
        let before = before.and_then(|record| serde_json::from_str(record.content.get()).ok());
        if before.is_some_and(|before: Controllership| before.ended.is_none()) {
            return Err(Rejection::Exists(key));
        }
        let appointed = Controllership {
            basis: self.basis,
            controller: self.controller.clone(),
            ended: None,
            limits: self.limits.clone(),
            period: self.period,
            principal: self.principal.clone(),
            reference: self.reference.clone(),
        };
        Ok(vec![Change::new(key, &appointed)])
    }
}
