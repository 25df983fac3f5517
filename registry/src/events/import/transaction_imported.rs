//! `TransactionImported`: a transaction of an approved ledger, with the proof that it stands there.

use std::sync::OnceLock;

use proofs::Hash;
use serde::Deserialize;

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::import::{self, Import, ImportError, Transaction};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// Most hashes of a path: no tree is higher.
const PATH_MAX: usize = 64;

/// The members of `TransactionImported`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TransactionImported {
    /// Of an ATTRIB, what the ledger hashed.
    attribute: Option<String>,
    /// The ledger's namespace.
    namespace: String,
    /// RFC 6962: from the transaction's leaf to the root that was approved.
    path: Vec<Hash>,
    /// Of a CLAIM_DEF, the DID URL of its schema.
    schema: Option<String>,
    /// The transaction's text.
    transaction: String,
    /// What the text says: it is asked for at every step of the event's way.
    #[serde(skip)]
    read: OnceLock<Result<Transaction, ImportError>>,
}

impl TransactionImported {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "TransactionImported",
        sections: "s.129, s.130",
        by: &[Power::AdministrativeBody],
        conditions: "The transaction stands in a ledger that the Governing Body approved, under \
            the root that it approved; its signatures hold as far as their keys are known; it \
            carries no personal data.",
    };

    fn read(&self) -> Result<&Transaction, ImportError> {
        let read = || Transaction::read(&self.transaction, self.attribute.as_deref());
        self.read.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

impl EventKind for TransactionImported {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        let transaction = self.read()?;
        if self.path.len() > PATH_MAX {
            return Err(Rejection::Members(format!("`path` has at most {PATH_MAX} hashes")));
        }
        let needs = |needed: bool, given: bool, name: &str| match needed == given {
            true => Ok(()),
            false if needed => Err(Rejection::Members(format!("`{name}` is missing"))),
            false => Err(Rejection::Members(format!("`{name}` is not for this transaction"))),
        };
        let kind = &transaction.kind;
        needs(
            matches!(kind, import::Kind::Endpoint { .. }),
            self.attribute.is_some(),
            "attribute",
        )?;
        needs(matches!(kind, import::Kind::ClaimDef { .. }), self.schema.is_some(), "schema")
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        // What cannot be read is refused before it has a subject.
        let transaction = self.read();
        transaction.map_or_else(|_| String::new(), |one| import::subject(&self.namespace, one))
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let transaction = self.read()?;
        let import = Import {
            namespace: &self.namespace,
            transaction,
            path: &self.path,
            schema: self.schema.as_deref(),
            view,
        };
        import.changes()
    }
}
