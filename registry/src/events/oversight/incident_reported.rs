//! `IncidentReported`: an entity notifies the Administrative Body of an incident,
//! sealed (Act s.118).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::oversight::Incident;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Breach, Entity, Listed, Moment, State, forms};

/// The members of `IncidentReported`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentReported {
    seal: String,
}

impl IncidentReported {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "IncidentReported",
        sections: "s.118",
        by: &[Power::AdministrativeBody, Power::Author],
        conditions: "The author is a listed entity; what is public is only that it reported, and \
            a salted hash.",
    };
}

impl EventKind for IncidentReported {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(forms::check_sha256("seal", &self.seal)?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        Incident::key(&envelope.id.to_string())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        if power == Power::Author {
            let entity = Listed::<Entity>::find(author, view)?;
            if entity.is_none_or(|(_, entity)| entity.status.state == State::Revoked) {
                let why = "it is not a listed entity".to_owned();
                Err(Breach::NotStanding(author.clone(), why))?;
            }
        }
        let key = self.subject(envelope);
        check_replaced(&key, None, view)?;
        let incident = Incident {
            disclosed: None,
            reported: Moment(context.time),
            reporter: author.clone(),
            seal: self.seal.clone(),
        };
        Ok(vec![Change::new(key, &incident)])
    }
}
