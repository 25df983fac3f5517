//! `ecdsa-jcs-2019` with P-256 and SHA-256: what the secure elements of phones sign with.
//!
//! Signatures are r and s, 32 bytes each. Both s and n − s are accepted: phones and browsers do
//! not normalise, and nothing is identified by a signature.

use p256::EncodedPoint;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};

use super::Suite;
use crate::author::Key;
use crate::integrity::Message;
use crate::multikey::PublicKey;

/// The line of the table.
pub(super) static SUITE: Suite = Suite {
    name: "ecdsa-jcs-2019",
    algorithm: "ES256",
    multicodec: [0x80, 0x24],
    key_bytes: 33,
    signature_bytes: 64,
    cost: 200,
    is_safe,
    is_point,
    verify,
};

impl Key for SigningKey {
    fn public(&self) -> PublicKey {
        let point = self.verifying_key().to_encoded_point(true);
        PublicKey::new(&SUITE, point.as_bytes())
            .expect("the public key of a secret is a point of the curve")
    }

    fn sign(&self, message: &Message) -> Vec<u8> {
        let signature: Signature = Signer::sign(self, message);
        signature.to_bytes().to_vec()
    }
}

/// The group has no points of small order, and a compressed point has one encoding: a coordinate
/// that is not reduced is refused with those that are not on the curve.
fn is_safe(key: &[u8]) -> bool {
    matches!(key, [2 | 3, ..])
}

fn is_point(key: &[u8]) -> bool {
    read_key(key).is_some()
}

fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Some(key), Ok(signature)) = (read_key(key), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify(message, &signature).is_ok()
}

fn read_key(key: &[u8]) -> Option<VerifyingKey> {
    let point = EncodedPoint::from_bytes(key).ok()?;
    // Not the identity (one zero byte), not an uncompressed point, not SEC 1's compact form.
    if !point.is_compressed() {
        return None;
    }
    VerifyingKey::from_encoded_point(&point).ok()
}
