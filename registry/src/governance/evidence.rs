//! A document outside the ledger that an event rests on.

use proofs::Hash;
use serde::{Deserialize, Serialize};

use crate::document;
use crate::rejection::Rejection;

/// What identifies a document: its hash, and perhaps where to find it. Members stand in canonical
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Where it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

impl Evidence {
    /// Checks the form. `name` is the member that holds it.
    ///
    /// # Errors
    /// [`Rejection::Members`].
    pub fn check(&self, name: &str) -> Result<(), Rejection> {
        match self.uri.as_deref() {
            Some(uri) if !document::is_url(uri) => {
                Err(Rejection::Members(format!("`{name}`: `uri` is an absolute URL")))
            }
            _ => Ok(()),
        }
    }
}
