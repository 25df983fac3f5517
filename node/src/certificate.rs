//! DPKI certificates (Act s.37 to s.43): X.509 (RFC 5280) that binds a key of a DID document to its
//! DID, and lists of those certificates that ended.
//!
//! # Invariants
//!
//! * Every name in a certificate or a list follows from a DID alone. So what an issuer signs fits
//!   together without any file but its key.
//! * Whether a key is a DID's is for the DID document to say, never for a certificate.
//! * Nothing here asks a node or believes one. Secrets stay in key files.

mod issue;
mod methods;
mod read;

#[cfg(test)]
mod tests;

use p256::EncodedPoint;
use p256::ecdsa::VerifyingKey;
use pem::{EncodeConfig, LineEnding, Pem};
use registry::multikey::PublicKey;
use registry::suites::{SUITES, Suite};
use sha2::{Digest as _, Sha256};

pub use issue::{Draft, Ended, IssueError, Issuer, ListDraft, new_serial};
pub use methods::{Method, jwk, methods, signature_algorithm};
pub use read::{List, Malformed, X509, der};

/// `userid` (RFC 4519, 2.39), the attribute of a name that holds the DID. A common name would have
/// 64 characters at most (RFC 5280, appendix A.1), which a DID may exceed.
const USER_ID: [u64; 7] = [0, 9, 2342, 19_200_300, 100, 1, 1];

/// The one suite of Ed25519 and that of P-256, by the names that proofs give them.
const ED25519: &str = "eddsa-jcs-2022";
const P256: &str = "ecdsa-jcs-2019";

/// Whom a name means beside its DID, for software that knows no DIDs. Nothing here relies on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// Its country, as the two letters of ISO 3166-1.
    pub country: String,
}

/// What PEM says that it holds (RFC 7468).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// A certificate.
    Certificate,
    /// A list of revoked ones.
    List,
}

impl Label {
    fn text(self) -> &'static str {
        match self {
            Label::Certificate => "CERTIFICATE",
            Label::List => "X509 CRL",
        }
    }
}

/// DER bytes as text (RFC 7468).
pub fn to_pem(label: Label, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label.text(), der), config)
}

/// What a certificate is registered under: the SHA-256 of its DER bytes.
pub fn fingerprint(der: &[u8]) -> String {
    hex::encode(Sha256::digest(der))
}

/// The P-256 key of a point, compressed or not, that lies on the curve.
fn p256_key(point: &[u8]) -> Option<PublicKey> {
    let key = VerifyingKey::from_sec1_bytes(point).ok()?;
    PublicKey::new(suite(P256)?, key.to_encoded_point(true).as_bytes()).ok()
}

/// The point of a P-256 key, with both coordinates.
fn p256_point(key: &PublicKey) -> EncodedPoint {
    let point = VerifyingKey::from_sec1_bytes(key.as_bytes());
    point.expect("a registered key is a point of its curve").to_encoded_point(false)
}

fn ed25519_key(bytes: &[u8]) -> Option<PublicKey> {
    PublicKey::new(suite(ED25519)?, bytes).ok()
}

fn suite(name: &str) -> Option<&'static Suite> {
    SUITES.into_iter().find(|suite| suite.name == name)
}
