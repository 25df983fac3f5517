//! `ecdsa-jcs-2019` with P-256 and SHA-256: what the secure elements of phones sign with.
//!
//! Signatures are r and s, 32 bytes each. Both s and n − s are accepted: phones and browsers do
//! not normalise, and nothing is identified by a signature.

use p256::EncodedPoint;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};

use super::Suite;

/// The line of the table.
pub(super) static SUITE: Suite = Suite {
    name: "ecdsa-jcs-2019",
    multicodec: [0x80, 0x24],
    key_bytes: 33,
    signature_bytes: 64,
    cost: 200,
    accepts_key,
    verify,
};

/// The group has no points of small order, and a compressed point has one encoding: a coordinate
/// that is not reduced is refused with those that are not on the curve.
fn accepts_key(key: &[u8]) -> bool {
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
