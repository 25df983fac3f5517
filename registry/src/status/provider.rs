//! Who signs the lists that are made of an issuer's registries.

use serde::{Deserialize, Serialize};

/// The content of `status-provider/<issuer>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The verification method that signs: a DID URL, listed under `assertionMethod` of its DID.
    pub method: String,
}

impl Provider {
    /// The key of an issuer's provider.
    #[must_use]
    pub fn key(issuer: &str) -> String {
        format!("status-provider/{issuer}")
    }
}
