//! What came from another ledger: the ledgers that the Governing Body approved as sources, and the
//! records that were made of their transactions. Hyperledger Indy is the first kind of ledger.
//!
//! # Invariants
//!
//! * A transaction counts only where it is proven to stand in the source's ledger, under the root
//!   that the Governing Body approved.
//! * What is imported gives nobody a right here: its keys sign no event, and it is no listing.
//! * Old identifiers lead to records of their own, never to those of did:ndi.

mod document;
mod encoding;
mod indy;
mod query;
mod record;
mod rules;
mod source;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

pub use encoding::{canonical, leaf};
pub use indy::{Kind, NotIndy, Transaction};
pub use query::{Asked, Question};
pub use record::{Endpoint, ImportedDid, ImportedResource, KeySince, Origin};
pub use rules::url;
pub use source::{SourceLedger, is_namespace};
pub use tree::SourceTree;

pub(crate) use query::{MISSING, is_foreign, resolve};
pub(crate) use rules::{Import, subject};

use crate::base58;
use crate::did;

/// What the keys of records with old identifiers begin with.
pub const KEY_PREFIX: &str = "imported/";

/// Why a transaction of another ledger is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The text is no transaction of that ledger, or not in the one form that is taken.
    #[error("the transaction is refused: {0}")]
    Transaction(#[from] NotIndy),
    /// Nobody approved that ledger.
    #[error("`{0}` is no ledger that the Governing Body approved; it approves by its namespace")]
    Source(String),
    /// It does not stand where it says.
    #[error("the path does not lead from transaction {0} to the root that was approved")]
    NotIncluded(u64),
    /// A signature that the ledger would not have taken.
    #[error("the signature of `{0}` does not verify over the transaction")]
    Signature(String),
    /// Free text that may name a person.
    #[error("{0}: what may be personal data stays behind")]
    Personal(&'static str),
    /// It came before what is here already.
    #[error("transaction {found} is not newer than {known}, which `{did}` has; import in order")]
    Order {
        /// The DID.
        did: String,
        /// The sequence number of its newest transaction here.
        known: u64,
        /// That of the transaction.
        found: u64,
    },
    /// What it builds on was not imported.
    #[error("`{0}` was not imported; import it first")]
    Missing(String),
    /// Another ledger has the old identifier.
    #[error("`{0}` was imported from another ledger")]
    Taken(String),
}

impl ImportError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ImportError::Transaction(_) => "import-transaction",
            ImportError::Source(_) => "import-source",
            ImportError::NotIncluded(_) => "import-not-included",
            ImportError::Signature(_) => "import-signature",
            ImportError::Personal(_) => "import-personal",
            ImportError::Order { .. } => "import-order",
            ImportError::Missing(_) => "import-missing",
            ImportError::Taken(_) => "import-taken",
        }
    }
}

/// The DID of an identifier in a namespace (did:indy method, "Indy DID Method Identifiers").
#[must_use]
pub fn did_indy(namespace: &str, id: &str) -> String {
    format!("did:indy:{namespace}:{id}")
}

/// The same identifier as it was written before did:indy.
#[must_use]
pub fn did_sov(id: &str) -> String {
    format!("did:sov:{id}")
}

/// Whether a text is the identifier of an Indy DID: 16 bytes, or of old 32, in base58btc.
#[must_use]
pub fn is_id(text: &str) -> bool {
    base58::decode(text, 32).is_some_and(|bytes| matches!(bytes.len(), 16 | 32))
}

/// The key of the record of an old DID.
#[must_use]
pub fn key(did: &str) -> String {
    format!("{KEY_PREFIX}{did}")
}

/// The key of the record of an AnonCreds object by its old DID URL: `words` follow
/// `/anoncreds/v0/` in it. They may be in any script, and keys are ASCII.
#[must_use]
pub fn resource_key(did: &str, words: &[String]) -> String {
    let text = serde_json::Value::from(words.to_vec()).to_string();
    format!("{KEY_PREFIX}{did}/{}", did::sha256_multihash(text.as_bytes()))
}
