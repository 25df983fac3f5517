//! `ReplicaWithdrawn`: a replica may follow the network no more.

use proofs::PublicKey;
use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::network::roster;
use crate::network::{NetworkError, REPLICAS, ReplicaEntry};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, expect};

/// The members of `ReplicaWithdrawn`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplicaWithdrawn {
    /// Its identity in the peer-to-peer networks.
    peer_key: PublicKey,
}

impl ReplicaWithdrawn {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ReplicaWithdrawn",
        sections: "s.13 (2), s.115, s.116, s.117",
        by: &[Power::GoverningBody(Class::Ordinary), Power::AdministrativeBody],
        conditions: "The replica is authorised; its key never serves again.",
    };
}

impl EventKind for ReplicaWithdrawn {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
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
        authority::acting(&Self::RULE, envelope, context, view)?;
        let (_, mut replicas) = expect::<Vec<ReplicaEntry>>(REPLICAS, view)?;
        let at = replicas.iter().position(|replica| replica.peer_key == self.peer_key);
        let replica = replicas.remove(at.ok_or(NetworkError::NoReplica(self.peer_key))?);
        let known = roster::know(&self.peer_key, &replica.operator);
        Ok(vec![Change::new(REPLICAS, &replicas), known])
    }
}
