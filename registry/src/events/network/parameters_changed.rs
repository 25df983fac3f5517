//! `ParametersChanged`: what the network's participants may decide about it, within its floors.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::network::{NetworkError, PARAMETERS, Parameters, VALIDATORS, ValidatorEntry, roster};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, expect};

/// The members of `ParametersChanged`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ParametersChanged {
    parameters: Parameters,
    /// The version that these replace.
    previous_version: u64,
}

impl ParametersChanged {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ParametersChanged",
        sections: "s.6 (2), s.35, s.115, s.116, s.117",
        by: &[Power::GoverningBody(Class::Network)],
        conditions: "Each parameter is within what the ledger carries, and the validators keep the \
                     residency rule.",
    };
}

impl EventKind for ParametersChanged {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        if self.parameters.are_possible() { Ok(()) } else { Err(NetworkError::Impossible.into()) }
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        PARAMETERS.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let (record, before) = expect::<Parameters>(PARAMETERS, view)?;
        events::check_version(self.previous_version, &record)?;
        if self.parameters == before {
            return Err(Rejection::Nothing);
        }
        let (_, validators) = expect::<Vec<ValidatorEntry>>(VALIDATORS, view)?;
        roster::check(&validators, &self.parameters, context)?;
        Ok(vec![Change::new(PARAMETERS, &self.parameters)])
    }
}
