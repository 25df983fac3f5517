//! `ControllershipTerminated`: a controller gives control back, or to the next one (Act s.113).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::oversight::{Controllership, Termination, controllership};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Breach, Moment, forms, refused};

/// The members of `ControllershipTerminated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ControllershipTerminated {
    controller: String,
    previous_version: u64,
    principal: String,
    transferred_to: Option<String>,
}

impl ControllershipTerminated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ControllershipTerminated",
        sections: "s.112, s.113",
        by: &[Power::AdministrativeBody, Power::Author],
        conditions: "The controller no longer stands in the control of the DID, and the one to \
            whom control went does.",
    };
}

impl EventKind for ControllershipTerminated {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("controller", &self.controller)?;
        forms::check_did("principal", &self.principal)?;
        match &self.transferred_to {
            Some(next) => Ok(forms::check_did("transferredTo", next)?),
            None => Ok(()),
        }
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
        let (principal, controller) = (&self.principal, &self.controller);
        if power == Power::Author && ![principal, controller].contains(&&envelope.author) {
            return Err(refused(&Self::RULE, &envelope.author));
        }
        let mut ended =
            Controllership::current(principal, controller, self.previous_version, view)?;
        if controllership::controls(controller, principal, view)? {
            let why = "the controller is still in the `control` of the DID; update the DID first";
            Err(Breach::Missing(why.into()))?;
        }
        if let Some(next) = &self.transferred_to
            && !controllership::controls(next, principal, view)?
        {
            let why = "the next controller is not in the `control` of the DID; update the DID";
            Err(Breach::Missing(why.into()))?;
        }
        let transferred_to = self.transferred_to.clone();
        ended.ended = Some(Termination { at: Moment(context.time), transferred_to });
        Ok(vec![Change::new(Controllership::key(principal, controller), &ended)])
    }
}
