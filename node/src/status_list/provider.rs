//! A key file as the key of a status provider.

use registry::author::Key as _;
use registry::suites::Suite;

use super::Signer;
use crate::keys::KeyFile;

/// A status provider: its key, and the name of that key in its DID document.
#[derive(Debug, Clone)]
pub struct Provider {
    method: String,
    key: KeyFile,
}

impl Provider {
    /// The provider whose DID document lists this key as `method`, a DID URL, for
    /// `assertionMethod`.
    pub fn new(method: impl Into<String>, key: KeyFile) -> Provider {
        Provider { method: method.into(), key }
    }
}

impl Signer for Provider {
    fn method(&self) -> &str {
        &self.method
    }

    fn suite(&self) -> &'static Suite {
        self.key.public().suite()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign_bytes(message)
    }
}
