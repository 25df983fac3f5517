#![allow(clippy::unwrap_used, reason = "tests may panic")]

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn check(text: &str, expect: Expect) {
    expect.assert_eq(&match text.parse::<PublicKey>() {
        Ok(key) => format!("{:?} {}", key.suite(), hex::encode(key.as_bytes())),
        Err(error) => error.to_string(),
    });
}

#[test]
fn reads_keys() {
    check(
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        expect!["eddsa-jcs-2022 b00d8d938e7f773d51565aad36a623f5344f7f5d1960f9cf3e8e12620ea2810f"],
    );
    check(
        "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP",
        expect![
            "ecdsa-jcs-2019 0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        ],
    );
}

#[test]
fn refuses_what_is_no_key() {
    for text in ["", "z", "6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "z6Mk rJ", "z0OIl"] {
        assert!(text.parse::<PublicKey>().is_err(), "{text}");
    }
    // A digit that is none, the Ed25519 secret key's prefix, one byte less, one more, too long.
    check(
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ0",
        expect!["a multikey is z and base58btc: encode the key so"],
    );
    check(
        &encode(&[&[0x80, 0x26], &[1_u8; 32][..]].concat()),
        expect!["no suite has a key of this kind: use one that the network lists"],
    );
    check(
        &encode(&[&[0xed, 0x01], &[1_u8; 31][..]].concat()),
        expect!["the key has the wrong length for its kind: encode all of it, compressed"],
    );
    check(
        &encode(&[&[0xed, 0x01], &[1_u8; 33][..]].concat()),
        expect!["the key has the wrong length for its kind: encode all of it, compressed"],
    );
    check(
        &format!("z{}", "1".repeat(10_000)),
        expect!["a multikey is z and base58btc: encode the key so"],
    );
    // Not on the curve: Ed25519 (y = 2) and P-256 (x = 0 has a point, x = 1 has none).
    check(
        &encode(&[&[0xed, 0x01, 2], &[0_u8; 31][..]].concat()),
        expect!["the key is no safe point of its curve: generate another"],
    );
    check(
        &encode(&[&[0x80, 0x24, 2], &[0_u8; 31][..], &[1]].concat()),
        expect!["the key is no safe point of its curve: generate another"],
    );
    // P-256 in SEC 1's compact form, and the identity.
    check(
        &encode(&[&[0x80, 0x24, 5], &[0_u8; 32][..]].concat()),
        expect!["the key is no safe point of its curve: generate another"],
    );
    check(
        &encode(&[0x80, 0x24, 0]),
        expect!["the key has the wrong length for its kind: encode all of it, compressed"],
    );
}

#[test]
fn serialises_as_text() {
    let text = "\"z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2\"";
    let key: PublicKey = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&key).unwrap(), text);
    assert!(serde_json::from_str::<PublicKey>("\"z6Mk\"").is_err());
}

proptest! {
    #[test]
    fn a_key_has_one_text(secret: [u8; 32]) {
        let signer = ed25519_zebra::SigningKey::from(secret);
        let key = PublicKey::new(suites::SUITES[0], signer.verification_key().as_ref()).unwrap();
        let text = key.to_string();
        prop_assert!(text.starts_with("z6Mk"));
        prop_assert_eq!(text.parse::<PublicKey>().unwrap(), key);
    }

    #[test]
    fn base58_has_one_text(text in "z[1-9A-HJ-NP-Za-km-z]{0,60}", zeros in 0_usize..4) {
        let text = text.replacen('z', &format!("z{}", "1".repeat(zeros)), 1);
        if let Some(bytes) = decode(&text, 64) {
            prop_assert_eq!(encode(&bytes), text);
        }
    }

    #[test]
    fn base58_reads_up_to_its_limit(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let fits = (bytes.len() <= 64).then(|| bytes.clone());
        prop_assert_eq!(decode(&encode(&bytes), 64), fits);
    }
}
