//! The one table of signature suites: what a proof's `cryptosuite` may be, which keys it takes, and
//! the one rule by which every validator and every client verifies it.
//!
//! A new suite is a file in `suites/` and a line in [`SUITES`]. Every suite signs the 64 bytes of
//! two SHA-256 hashes (W3C Data Integrity, JCS suites); one that hashed otherwise would need a
//! member for it here.

mod ed25519;
mod p256;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Every suite, in no order that matters.
pub static SUITES: [&Suite; 2] = [&ed25519::SUITE, &p256::SUITE];

/// More bytes than any multikey of the table has, prefix included.
pub const MULTIKEY_BYTES_MAX: usize = 64;

/// One suite: a cryptosuite of W3C Data Integrity with one kind of key. Equal when the kind of key
/// is, which is what makes it one line of the table.
pub struct Suite {
    /// The name in a proof's `cryptosuite`.
    pub name: &'static str,
    /// How JOSE names the algorithm (`alg`).
    pub algorithm: &'static str,
    /// The multicodec prefix of its keys, a varint of two bytes.
    pub multicodec: [u8; 2],
    /// How many bytes a public key has, without the prefix.
    pub key_bytes: usize,
    /// How many bytes a signature has.
    pub signature_bytes: usize,
    /// What a verification costs, in the unit of a block's budget: about a microsecond.
    pub cost: u64,
    /// Whether bytes of the right length are the one encoding of a key and, if it is a point of the
    /// curve at all, of one that is safe.
    is_safe: fn(&[u8]) -> bool,
    /// Whether they are a point of the curve.
    is_point: fn(&[u8]) -> bool,
    /// Whether the signature (third) is the key's (first) over the message (second).
    verify: fn(&[u8], &[u8], &[u8]) -> bool,
}

impl Suite {
    /// Whether `key` is a public key that may be registered: stricter than what [`Suite::verify`]
    /// computes with, so that no two validators differ over a strange key.
    #[must_use]
    pub fn accepts_key(&self, key: &[u8]) -> bool {
        self.accepts_signing_key(key) && (self.is_point)(key)
    }

    /// As [`Suite::accepts_key`] for a key that has signed: that it is a point, which is costly to
    /// find out, is known once the signature is verified.
    #[must_use]
    pub fn accepts_signing_key(&self, key: &[u8]) -> bool {
        key.len() == self.key_bytes && (self.is_safe)(key)
    }

    /// Whether `signature` is that of `key` over `message`.
    #[must_use]
    pub fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.signature_bytes && (self.verify)(key, message, signature)
    }
}

/// Whether a suite of the table has this name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    SUITES.iter().any(|suite| suite.name == name)
}

/// Splits a multikey's bytes into the suite and the key. `None` where no suite has the prefix.
#[must_use]
pub fn split_multikey(bytes: &[u8]) -> Option<(&'static Suite, &[u8])> {
    SUITES.iter().find_map(|suite| Some((*suite, bytes.strip_prefix(&suite.multicodec)?)))
}

impl PartialEq for Suite {
    fn eq(&self, other: &Self) -> bool {
        self.multicodec == other.multicodec
    }
}

impl Eq for Suite {}

impl PartialOrd for Suite {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Suite {
    fn cmp(&self, other: &Self) -> Ordering {
        self.multicodec.cmp(&other.multicodec)
    }
}

impl Hash for Suite {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.multicodec.hash(state);
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
