//! Public keys as text: Multikey (W3C Controlled Identifiers 1.0), which is `z` and base58btc of a
//! multicodec prefix and the key's bytes: `z6Mk…` is Ed25519, `zDn…` is P-256.
//!
//! **Invariant.** A [`PublicKey`] that was parsed or made by [`PublicKey::new`] is one that its
//! suite
//! accepts for registration: a point on the curve in its one encoding and, for Ed25519, not of
//! small
//! order. One key has one text, so keys may be compared and counted by text or by bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base58;
use crate::suites::{self, Suite};

#[cfg(test)]
mod tests;

/// A public key and the suite that it signs with. Ordered by suite, then by bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    suite: &'static Suite,
    bytes: Box<[u8]>,
}

/// Why a text or some bytes are not a public key that may be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `z` and base58btc.
    #[error("a multikey is z and base58btc: encode the key so")]
    Encoding,
    /// No suite has this multicodec prefix.
    #[error("no suite has a key of this kind: use one that the network lists")]
    Kind,
    /// Not as many bytes as a key of its kind has.
    #[error("the key has the wrong length for its kind: encode all of it, compressed")]
    Length,
    /// Not a point on the curve in its one encoding, or of small order.
    #[error("the key is no safe point of its curve: generate another")]
    Point,
}

impl PublicKey {
    /// A key of `suite` from its bytes, without the multicodec prefix.
    ///
    /// # Errors
    /// [`KeyError::Length`] or [`KeyError::Point`].
    pub fn new(suite: &'static Suite, bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() != suite.key_bytes {
            return Err(KeyError::Length);
        }
        if !suite.accepts_key(bytes) {
            return Err(KeyError::Point);
        }
        Ok(Self { suite, bytes: bytes.into() })
    }

    /// The key that a signature names, by its form alone: it counts only if it is among those
    /// registered, and those were found safe then. Finding out again would cost a point
    /// decompression for every signature.
    ///
    /// # Errors
    /// [`KeyError::Encoding`], [`KeyError::Kind`] or [`KeyError::Length`].
    pub fn named(text: &str) -> Result<Self, KeyError> {
        let bytes = decode(text, suites::MULTIKEY_BYTES_MAX).ok_or(KeyError::Encoding)?;
        let (suite, key) = suites::split_multikey(&bytes).ok_or(KeyError::Kind)?;
        if key.len() != suite.key_bytes {
            return Err(KeyError::Length);
        }
        Ok(Self { suite, bytes: key.into() })
    }

    /// A key to register that has signed the event that registers it: see
    /// [`Suite::accepts_signing_key`].
    ///
    /// # Errors
    /// As [`PublicKey::new`] and [`PublicKey::named`].
    pub fn signing(text: &str) -> Result<Self, KeyError> {
        let key = Self::named(text)?;
        if key.suite.accepts_signing_key(&key.bytes) { Ok(key) } else { Err(KeyError::Point) }
    }

    /// The suite that this key signs with.
    #[must_use]
    pub fn suite(&self) -> &'static Suite {
        self.suite
    }

    /// The key's bytes, without the multicodec prefix.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `signature` is this key's over `message`, by the suite's one written rule.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.suite.verify(&self.bytes, message, signature)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = Self::named(text)?;
        Self::new(key.suite, &key.bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&[&self.suite.multicodec, &*self.bytes].concat()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Multibase base58btc: `z` and the digits.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    format!("z{}", base58::encode(bytes))
}

/// Reads multibase base58btc of at most `bytes_max` bytes. Base58 has one text for each byte
/// string,
/// so what is read is written back the same. `None` where it is anything else.
#[must_use]
pub fn decode(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    base58::decode(text.strip_prefix('z')?, bytes_max)
}
