use std::io::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use flate2::write::{GzEncoder, ZlibEncoder};
use registry::author::Key as _;
use registry::integrity::{SignatureCheck, checks};
use registry::json::check_canonical;
use serde_json::{Value, json};

use super::bitstring::encoded_list;
use super::reading::{List, ReadError, Statuses, Token};
use super::*;
use crate::keys::{KeyFile, Suite};

const DID: &str = "did:ndi:test:QmStatusProvider";
const METHOD: &str = "did:ndi:test:QmStatusProvider#status";
const URL: &str = "https://node.example.bt/v1/status/QmRegistry/tsl";
const SUITES: [Suite; 2] = [Suite::Ed25519, Suite::P256];
const MOMENT: Moment =
    Moment { issued: 1_790_000_000, valid_until: Some(1_790_086_400), ttl: Some(300) };

fn key(suite: Suite) -> KeyFile {
    KeyFile::from_secret(suite, &[7; 32]).unwrap()
}

fn provider(suite: Suite) -> Provider {
    Provider::new(METHOD, key(suite))
}

/// The bytes of a vector with these statuses.
fn packed(statuses: &[u8]) -> Vec<u8> {
    let byte = |four: &[u8]| four.iter().rev().fold(0, |byte, status| byte << 2 | status);
    statuses.chunks(4).map(byte).collect()
}

fn vector(bytes: &[u8], slots: usize) -> Vector {
    Vector::read(u32::try_from(slots).unwrap(), bytes).unwrap()
}

/// Statuses without a pattern, of which about one in eight is set.
fn mixed(slots: usize) -> Vec<u8> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        [1, 2].get(usize::try_from(seed % 16).unwrap()).copied().unwrap_or(0)
    };
    (0..slots).map(|slot| if slot == 0 { 1 } else { next() }).collect()
}

fn listing(vector: &Vector) -> Listing<'_> {
    Listing { vector, moment: MOMENT, url: URL, ledger_proof: None }
}

fn gzip(bytes: &[u8]) -> String {
    let mut gzip = GzEncoder::new(Vec::new(), COMPRESSION);
    gzip.write_all(bytes).unwrap();
    format!("u{}", BASE64_URL.encode(gzip.finish().unwrap()))
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), COMPRESSION);
    zlib.write_all(bytes).unwrap();
    zlib.finish().unwrap()
}

/// Whether each proof of a credential verifies with this key.
fn proven(credential: &[u8], key: &KeyFile) -> Vec<bool> {
    let layout = check_canonical(credential, credential.len()).unwrap();
    let found = checks(&layout, |proof| {
        (proof.verification_method == METHOD && proof.proof_purpose == "assertionMethod")
            .then(|| key.public())
    });
    found.unwrap().iter().map(SignatureCheck::verify).collect()
}

#[test]
fn a_bitstring_counts_from_the_left_and_a_token_list_from_the_right() {
    let bytes = packed(&[1, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 1]);
    assert_eq!(bytes, [0b00_10_00_01, 0b01_00_00_00, 0b01_00_00_10]);
    let vector = vector(&bytes, 12);
    assert_eq!(bitstring::bitstring(&vector, Purpose::Revocation)[..2], [0b1000_0001, 0b0001_0000]);
    assert_eq!(bitstring::bitstring(&vector, Purpose::Suspension)[..2], [0b0010_0000, 0b1000_0000]);
    let token = Statuses::of_token_list(&token::compressed(&vector), 2, 12).unwrap();
    let statuses: Vec<u8> = (0..12).map(|slot| token.get(slot).unwrap()).collect();
    assert_eq!(statuses, [1, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 1]);
}

#[test]
fn every_slot_of_every_list_is_as_in_the_vector() {
    for slots in [1, 2, 7, 8, 9, 4_095, 131_071, 131_072, 131_073, 140_001] {
        let statuses = mixed(slots);
        let bytes = packed(&statuses);
        let vector = vector(&bytes, slots);
        let read = |purpose| Statuses::of_bitstring(&encoded_list(&vector, purpose), 1 << 20);
        let [revoked, suspended] = Purpose::ALL.map(|purpose| read(purpose).unwrap());
        let token = Statuses::of_token_list(&token::compressed(&vector), 2, 1 << 20).unwrap();
        for (slot, status) in (0..).zip(&statuses) {
            assert_eq!(revoked.get(slot), Some(u8::from(*status == 1)), "{slot} of {slots}");
            assert_eq!(suspended.get(slot), Some(u8::from(*status == 2)), "{slot} of {slots}");
            assert_eq!(token.get(slot), Some(*status), "{slot} of {slots}");
        }
        let slots = u64::try_from(slots).unwrap();
        for list in [&revoked, &suspended] {
            assert_eq!(list.entries(), slots.max(131_072).next_multiple_of(8));
            assert!((slots..list.entries()).all(|slot| list.get(slot) == Some(0)), "{slots}");
            assert_eq!(list.get(list.entries()), None);
        }
        // What is not padded says nothing of what is not there.
        assert_eq!(token.entries(), slots.next_multiple_of(4));
        assert_eq!(token.get(token.entries()), None);
        assert_eq!(token.get(u64::MAX), None);
    }
}

/// The draft's byte arrays (4.1), in JSON (4.2).
#[test]
fn the_examples_of_the_draft_are_read() {
    let read = |lst: &str, bits| {
        let list = Statuses::of_token_list(&BASE64_URL.decode(lst).unwrap(), bits, 16).unwrap();
        (0..list.entries()).map(|index| list.get(index).unwrap()).collect::<Vec<u8>>()
    };
    assert_eq!(read("eNrbuRgAAhcBXQ", 1), [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(read("eNo76fITAAPfAgc", 2), [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

/// The draft's test vectors (appendix C), which the project does not hold: they lie beside it, or
/// where `DZONG_SHARED` says.
#[test]
fn the_vectors_of_the_draft_are_read() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("DZONG_SHARED").map_or_else(beside, PathBuf::from);
    let path = shared.join("vectors/token-status-list/vectors.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {} (set DZONG_SHARED to the folder with vectors)", path.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(vectors.as_array().unwrap().len(), 4);
    for vector in vectors.as_array().unwrap() {
        let packed = BASE64_URL.decode(vector["lst"].as_str().unwrap()).unwrap();
        let bits = vector["bits"].as_u64().unwrap();
        let list = Statuses::of_token_list(&packed, bits, 1 << 20).unwrap();
        assert_eq!(list.entries(), vector["entries"].as_u64().unwrap());
        for index in 0..list.entries() {
            let expected =
                vector["status"].get(index.to_string()).map_or(0, |one| one.as_u64().unwrap());
            assert_eq!(list.get(index).map(u64::from), Some(expected), "{bits} bits, {index}");
        }
    }
}

/// The CWT of the draft's example (5.2): its claims, and its protected header but for the `kid`.
#[test]
fn claims_in_cbor_are_those_of_the_draft_to_the_byte() {
    let expected = "a502782168747470733a2f2f6578616d706c652e636f6d2f7374617475736c697374732f3106\
                    1a648c5bea041a8898dfea19fffe19a8c019fffda2646269747301636c73744a78dadbb91800\
                    0217015d";
    let moment =
        Moment { issued: 1_686_920_170, valid_until: Some(2_291_720_170), ttl: Some(43_200) };
    let list = hex::decode("78dadbb918000217015d").unwrap();
    let claims = token::claims("https://example.com/statuslists/1", &moment, 1, &list);
    assert_eq!(hex::encode(claims), expected);
    let typ = hex::encode([&[0x10, 0x78, 0x1a], TOKEN_CWT_TYPE.as_bytes()].concat());
    let header = hex::encode(token::header(-7, "12"));
    assert_eq!(header, format!("a3012604423132{typ}"));
}

/// RFC 8949, appendix A.
#[test]
fn integers_in_cbor_are_as_short_as_can_be() {
    let integer = |value| hex::encode(cbor::Writer::new().integer(value).into_bytes());
    let expected = [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65_535, "19ffff"),
        (1_000_000, "1a000f4240"),
        (1_000_000_000_000, "1b000000e8d4a51000"),
        (-1, "20"),
        (-100, "3863"),
        (-1000, "3903e7"),
        (i64::MIN, "3b7fffffffffffffff"),
    ];
    for (value, text) in expected {
        assert_eq!(integer(value), text);
    }
}

#[test]
fn a_credential_says_what_the_standard_asks_for_and_is_proven() {
    let bytes = packed(&mixed(4_096));
    for suite in SUITES {
        let signed = |listing: &Listing| {
            bitstring_credential(listing, Purpose::Suspension, &provider(suite)).unwrap()
        };
        let vector = vector(&bytes, 4_096);
        let made = signed(&listing(&vector));
        assert_eq!(made, signed(&listing(&vector)), "one input, one output");
        let credential: Value = serde_json::from_slice(&made).unwrap();
        assert_eq!(credential["@context"], json!(["https://www.w3.org/ns/credentials/v2"]));
        assert_eq!(credential["id"], URL);
        assert_eq!(credential["issuer"], DID);
        assert_eq!(credential["validFrom"], "2026-09-21T14:13:20Z");
        assert_eq!(credential["validUntil"], "2026-09-22T14:13:20Z");
        assert_eq!(credential["credentialSubject"]["id"], format!("{URL}#list"));
        assert_eq!(credential["credentialSubject"]["ttl"], 300_000, "in milliseconds");
        assert_eq!(credential["proof"][0]["created"], credential["validFrom"]);
        let list = List::of_credential(&credential, 131_072).unwrap();
        assert_eq!((list.moment, list.purposes), (MOMENT, vec!["suspension".to_owned()]));
        assert_eq!(proven(&made, &key(suite)), [true]);
        let text = String::from_utf8(made).unwrap();
        let forged = text.replace("suspension", "revocation");
        assert_eq!(proven(forged.as_bytes(), &key(suite)), [false]);
    }
}

#[test]
fn a_credential_with_a_proof_of_the_ledger_says_what_that_term_is() {
    let bytes = packed(&[1, 0, 2]);
    let proof = json!({ "type": "LedgerProof", "height": "71" });
    let vector = vector(&bytes, 3);
    let listing = Listing { ledger_proof: Some(&proof), ..listing(&vector) };
    let signer = provider(Suite::Ed25519);
    let made = bitstring_credential(&listing, Purpose::Revocation, &signer).unwrap();
    let credential: Value = serde_json::from_slice(&made).unwrap();
    assert_eq!(credential["@context"][1], "https://www.w3.org/ns/credentials/undefined-terms/v2");
    assert_eq!(credential["ledgerProof"], proof);
    assert_eq!(proven(&made, &key(Suite::Ed25519)), [true]);
    let token = token_list_jwt(&listing, &signer).unwrap();
    assert_eq!(Token::read(&token, "statuslist+jwt").unwrap().payload["ledgerProof"], proof);

    let float = json!({ "height": 0.5 });
    let listing = Listing { ledger_proof: Some(&float), ..listing };
    assert!(bitstring_credential(&listing, Purpose::Revocation, &signer).is_err());
    assert!(bitstring_jwt(&listing, Purpose::Revocation, &signer).is_err());
    assert!(token_list_jwt(&listing, &signer).is_err());
}

#[test]
fn tokens_are_signed_typed_and_no_one_elses() {
    let bytes = packed(&mixed(4_096));
    let vector = vector(&bytes, 4_096);
    let listing = listing(&vector);
    for (suite, other) in [SUITES, [Suite::P256, Suite::Ed25519]].map(Into::into) {
        let (key, other): (KeyFile, KeyFile) = (key(suite), key(other));
        let list = token_list_jwt(&listing, &provider(suite)).unwrap();
        let read = Token::read(&list, "statuslist+jwt").unwrap();
        assert_eq!(read.method(), Some(METHOD));
        assert!(read.is_signed_by(&key.public()) && !read.is_signed_by(&other.public()));
        let content = List::of_claims(&read.payload, 4_096).unwrap();
        assert_eq!((content.moment, content.url.as_deref()), (MOMENT, Some(URL)));
        assert_eq!(content.statuses.get(0), Some(1));

        let jwt = bitstring_jwt(&listing, Purpose::Revocation, &provider(suite)).unwrap();
        let credential = Token::read(&jwt, "vc+jwt").unwrap();
        assert!(credential.is_signed_by(&key.public()));
        let content = List::of_credential(&credential.payload, 131_072).unwrap();
        assert_eq!(content.issuer.as_deref(), Some(DID));
        assert_eq!(content.statuses.get(0), Some(1));
        // One key signs both, and neither passes for the other.
        assert_eq!(Token::read(&jwt, "statuslist+jwt"), Err(ReadError::Member("typ")));

        let (head, rest) = list.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let forged =
            BASE64_URL.encode(read.payload.to_string().replace("1790000000", "1790000001"));
        assert_ne!(forged, claims);
        let forged = format!("{head}.{forged}.{signature}");
        assert!(!Token::read(&forged, "statuslist+jwt").unwrap().is_signed_by(&key.public()));
        let none = BASE64_URL.encode(json!({ "alg": "none", "typ": "statuslist+jwt" }).to_string());
        let none = format!("{none}.{claims}.");
        assert!(!Token::read(&none, "statuslist+jwt").unwrap().is_signed_by(&key.public()));
    }
}

#[test]
fn a_cwt_is_a_tagged_message_of_one_signature() {
    let bytes = packed(&mixed(4_096));
    let vector = vector(&bytes, 4_096);
    let listing = listing(&vector);
    for (suite, algorithm) in [(Suite::Ed25519, -8), (Suite::P256, -7)] {
        let cwt = token_list_cwt(&listing, &provider(suite));
        let header = token::header(algorithm, METHOD);
        let claims = token::claims(URL, &MOMENT, 2, &token::compressed(listing.vector));
        let start = cbor::Writer::new().tag(18).array(4).bytes(&header).map(0).bytes(&claims);
        let signature = cwt.strip_prefix(&start.into_bytes()[..]).unwrap();
        let signature = signature.strip_prefix(&[0x58, 0x40]).unwrap();
        assert!(key(suite).public().verify(&token::signed(&header, &claims), signature));
    }
}

#[test]
fn times_that_are_absent_are_not_written() {
    let bytes = packed(&[1]);
    let moment = Moment { issued: 5, valid_until: None, ttl: Some(0) };
    let vector = vector(&bytes, 1);
    let listing = Listing { moment, ..listing(&vector) };
    let token = token_list_jwt(&listing, &provider(Suite::Ed25519)).unwrap();
    let claims = Token::read(&token, "statuslist+jwt").unwrap().payload;
    assert_eq!(
        claims.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["iat", "status_list", "sub"]
    );
    let list = List::of_claims(&claims, 4).unwrap();
    assert!(list.covers(5) && list.covers(u64::MAX) && !list.covers(4));
    let until = List { moment: Moment { valid_until: Some(7), ..moment }, ..list };
    assert!(until.covers(6) && !until.covers(7));
}

#[test]
fn a_list_that_inflates_without_end_is_refused() {
    let bomb = vec![0; 64 << 20];
    let limit = ReadError::TooManyEntries(1 << 20);
    assert_eq!(Statuses::of_bitstring(&gzip(&bomb), 1 << 20), Err(limit));
    for bits in [1, 2, 4, 8] {
        assert_eq!(Statuses::of_token_list(&zlib(&bomb), bits, 1 << 20), Err(limit), "{bits}");
    }
    // As many as are allowed, and one byte more.
    let entries = |length| Statuses::of_token_list(&zlib(&vec![0; length]), 2, 4_096);
    assert_eq!(entries(1_024).map(|list| list.entries()), Ok(4_096));
    assert_eq!(entries(1_025), Err(ReadError::TooManyEntries(4_096)));
}

#[test]
fn lists_that_are_none_are_refused() {
    let bits = |encoded: &str| Statuses::of_bitstring(encoded, 1 << 20).unwrap_err();
    assert_eq!(bits(&gzip(&[0; 16_383])), ReadError::TooFewEntries);
    let good = gzip(&[0; 16_384]);
    assert!(Statuses::of_bitstring(&good, 131_072).is_ok());
    assert_eq!(bits(&good[1..]), ReadError::Encoding);
    assert_eq!(bits(&good.replace('A', "=")), ReadError::Encoding);
    assert_eq!(
        bits(&format!("u{}", BASE64_URL.encode(zlib(&[0; 16_384])))),
        ReadError::Compression
    );
    let bytes = BASE64_URL.decode(&good[1..]).unwrap();
    let cut = BASE64_URL.encode(&bytes[..bytes.len() - 3]);
    assert_eq!(bits(&format!("u{cut}")), ReadError::Compression);
    // A second member, which this reader would not see.
    let twice = BASE64_URL.encode([&bytes[..], &bytes].concat());
    assert_eq!(bits(&format!("u{twice}")), ReadError::Compression);

    let token = |packed: &[u8], bits| Statuses::of_token_list(packed, bits, 64).unwrap_err();
    assert_eq!(token(&zlib(&[0; 4]), 3), ReadError::Bits(3));
    assert_eq!(token(&zlib(&[0; 4]), 0), ReadError::Bits(0));
    assert_eq!(token(&bytes, 2), ReadError::Compression);
    assert_eq!(token(&[zlib(&[0; 4]), vec![0]].concat(), 2), ReadError::Compression);
    let claims = json!({ "iat": -1, "sub": URL, "status_list": { "bits": 2, "lst": "" } });
    assert_eq!(List::of_claims(&claims, 4), Err(ReadError::Member("iat")));
    assert_eq!(List::of_claims(&json!([]), 4), Err(ReadError::Member("bits")));
    assert_eq!(List::of_credential(&json!(7), 4), Err(ReadError::Member("type")));
}
