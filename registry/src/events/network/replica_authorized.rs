//! `ReplicaAuthorized`: a full node without a vote may follow the network.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::did_state::DidState;
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::{Evidence, document};
use crate::network::{
    NetworkError, PARAMETERS, Parameters, REPLICAS, REPLICAS_MAX, ReplicaEntry, possession,
    residency, roster,
};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Change, Context, View, expect};

/// The members of `ReplicaAuthorized`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaAuthorized {
    /// For one that stands outside: the provision of the framework that allows it (Act s.116).
    exception: Option<Evidence>,
    /// The peer key's signature over the statement of possession.
    possession: Vec<String>,
    replica: ReplicaEntry,
}

impl ReplicaAuthorized {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ReplicaAuthorized",
        sections: "s.13 (2), s.115, s.116, s.117",
        by: &[Power::GoverningBody(Class::Ordinary), Power::AdministrativeBody],
        conditions: "The operator is registered and holds the key, which never served; one outside \
                     the residency rule's jurisdictions takes the Governing Body and the exception \
                     it rests on.",
    };
}

impl EventKind for ReplicaAuthorized {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        if !self.replica.jurisdiction.as_deref().is_some_and(residency::is_country) {
            let problem = "`jurisdiction` is the country of the replica, such as BT";
            return Err(Rejection::Members(problem.into()));
        }
        self.exception.iter().try_for_each(|exception| exception.check("exception"))?;
        document::check_text("name", &self.replica.name)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        REPLICAS.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = authority::acting(&Self::RULE, envelope, context, view)?;
        let ReplicaEntry { jurisdiction, operator, peer_key, .. } = &self.replica;
        let rule = expect::<Parameters>(PARAMETERS, view)?.1.residency;
        let outside = rule.is_some_and(|rule| !rule.is_inside(jurisdiction.as_deref()));
        if outside && (power == Power::AdministrativeBody || self.exception.is_none()) {
            return Err(NetworkError::Exception.into());
        }
        DidState::active(operator, context, view)?;
        possession::check(&context.genesis, &[*peer_key], operator, &self.possession)?;
        roster::check_fresh(&[*peer_key], view)?;
        let (_, mut replicas) = expect::<Vec<ReplicaEntry>>(REPLICAS, view)?;
        if replicas.len() >= REPLICAS_MAX {
            return Err(NetworkError::TooMany.into());
        }
        replicas.push(self.replica.clone());
        let known = roster::know(peer_key, operator);
        let role = Roles::with(Role::Operator, operator, view);
        Ok(vec![Change::new(REPLICAS, &replicas), known, role])
    }
}
