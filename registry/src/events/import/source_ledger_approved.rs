//! `SourceLedgerApproved`: from which other ledger identifiers may be taken over, and up to where.

use proofs::Hash;
use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::governance::Evidence;
use crate::import::{SourceLedger, is_namespace};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `SourceLedgerApproved`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SourceLedgerApproved {
    /// The document by which the move was decided.
    evidence: Evidence,
    /// Whether the ledger's identifiers are known as did:sov, too.
    legacy: bool,
    /// The namespace of its did:indy identifiers.
    namespace: String,
    /// The version that this one replaces; absent for the first.
    previous_version: Option<u64>,
    /// The root of its domain ledger's Merkle tree.
    root_hash: Hash,
    /// The number of transactions under that root.
    size: u64,
}

impl SourceLedgerApproved {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "SourceLedgerApproved",
        sections: "s.25, s.128, s.130",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "The event names the other ledger's namespace, its size and the root of its \
            Merkle tree; a later one names no smaller size.",
    };
}

impl EventKind for SourceLedgerApproved {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        if !is_namespace(&self.namespace) {
            let problem = "`namespace` is one of did:indy, such as `bhutan` or `bhutan:test`";
            return Err(Rejection::Members(problem.into()));
        }
        if self.size == 0 {
            return Err(Rejection::Members("`size` is the number of transactions".into()));
        }
        self.evidence.check("evidence")
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        SourceLedger::key(&self.namespace)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let key = SourceLedger::key(&self.namespace);
        let before = events::check_replaced(&key, self.previous_version, view)?;
        let before: Option<SourceLedger> =
            before.and_then(|before| serde_json::from_str(before.content.get()).ok());
        if before.is_some_and(|before| before.size > self.size || before.legacy != self.legacy) {
            // A ledger only grows, and a DID that was resolved stays so.
            let problem = "`size` is not below the one before, and `legacy` is as it was";
            return Err(Rejection::Members(problem.into()));
        }
        let source = SourceLedger {
            evidence: self.evidence.clone(),
            legacy: self.legacy,
            root_hash: self.root_hash,
            size: self.size,
        };
        Ok(vec![Change::new(key, &source)])
    }
}
