//! `ProcedureSet`: the Governing Body adopts its own procedure, within the limits on power.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::governance::Procedure;
use crate::governance::procedure::{self, Spans, Thresholds};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, expect};

/// The members of `ProcedureSet`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ProcedureSet {
    /// The version that this one replaces.
    previous_version: u64,
    quorum: u64,
    spans: Spans,
    thresholds: Thresholds,
}

impl ProcedureSet {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ProcedureSet",
        sections: "s.10",
        by: &[Power::GoverningBody(Class::Network)],
        conditions: "Thresholds, quorum, voting period and time-lock keep the limits that hold \
                     even against all five members; what is already proposed goes on as it began.",
    };
}

impl EventKind for ProcedureSet {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        procedure::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let (record, before) = expect::<Procedure>(procedure::KEY, view)?;
        events::check_version(self.previous_version, &record)?;
        let &ProcedureSet { quorum, spans, thresholds, .. } = self;
        let procedure = Procedure { floors: before.floors, quorum, spans, thresholds };
        procedure.check()?;
        if procedure == before {
            return Err(Rejection::Nothing);
        }
        Ok(vec![procedure.change()])
    }
}
