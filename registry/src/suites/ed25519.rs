//! `eddsa-jcs-2022`: Ed25519 (RFC 8032) by the rule of ZIP 215, which says of every signature
//! whether it is valid, and says the same for one signature and for a batch.

use ed25519_zebra::{Signature, SigningKey, VerificationKey};

use super::Suite;
use crate::author::Key;
use crate::integrity::Message;
use crate::multikey::PublicKey;

/// The line of the table.
pub(super) static SUITE: Suite = Suite {
    name: "eddsa-jcs-2022",
    algorithm: "EdDSA",
    multicodec: [0xed, 0x01],
    key_bytes: 32,
    signature_bytes: 64,
    cost: 25,
    is_safe,
    is_point,
    verify,
};

impl Key for SigningKey {
    fn public(&self) -> PublicKey {
        PublicKey::new(&SUITE, self.verification_key().as_ref())
            .expect("the public key of a secret is a safe point")
    }

    fn sign(&self, message: &Message) -> Vec<u8> {
        self.sign(message).to_bytes().to_vec()
    }
}

/// The y coordinates of the eight points of small order, sign bit cleared. Anybody can sign for
/// such a key.
const SMALL_ORDER: [[u8; 32]; 5] = [
    // Order 4: y = 0.
    [0; 32],
    // Order 1: y = 1.
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    // Order 2: y = -1.
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    // Order 8.
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    // Order 8.
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// ZIP 215 verifies with non-canonical keys and with keys of small order; neither is registered.
fn is_safe(key: &[u8]) -> bool {
    let Ok(mut y) = <[u8; 32]>::try_from(key) else { return false };
    let [.., last] = &mut y;
    *last &= 0x7f;
    !is_unreduced(&y) && !SMALL_ORDER.contains(&y)
}

fn is_point(key: &[u8]) -> bool {
    VerificationKey::try_from(key).is_ok()
}

/// Whether y, sign bit cleared, is not below the prime 2^255 − 19.
fn is_unreduced(y: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = y;
    *first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && *last == 0x7f
}

fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerificationKey::try_from(key), Signature::try_from(signature))
    else {
        return false;
    };
    key.verify(&signature, message).is_ok()
}
