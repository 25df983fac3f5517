use registry::author::Key as _;
use registry::trust::{Ground, Moment, Period};
use serde_json::json;

use super::*;
use crate::keys::{KeyFile, Suite};

const ISSUER: &str = "did:ndi:bt-test:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
const HOLDER: &str = "did:ndi:bt-test:QmZyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
const BOTH: [Suite; 2] = [Suite::Ed25519, Suite::P256];
const TIME: u64 = 1_795_219_200_000;

fn key(suite: Suite, seed: u8) -> KeyFile {
    KeyFile::from_secret(suite, &[seed; 32]).unwrap()
}

fn year() -> Period {
    Period { from: Moment(TIME), until: Moment(TIME + 365 * 86_400_000) }
}

fn certify(did: &str, subject: &KeyFile, issuer: &KeyFile) -> Vec<u8> {
    let draft = Draft {
        did,
        key: &subject.public(),
        organization: None,
        period: year(),
        serial: "4001",
        is_authority: false,
        list_url: Some("http://127.0.0.1:8080/v1/crl/x"),
    };
    Issuer { did: ISSUER, key: issuer }.certify(&draft).unwrap()
}

fn list(issuer: &KeyFile, ended: Vec<Ended>) -> Vec<u8> {
    let draft = ListDraft { number: 7, period: year(), ended };
    Issuer { did: ISSUER, key: issuer }.list(&draft).unwrap()
}

#[test]
fn a_certificate_says_what_it_was_made_of_with_every_pair_of_suites() {
    for (subject, issuer) in BOTH.into_iter().flat_map(|suite| BOTH.map(|other| (suite, other))) {
        let (subject, issuer) = (key(subject, 1), key(issuer, 2));
        let der = certify(HOLDER, &subject, &issuer);
        let read = X509::read(to_pem(Label::Certificate, &der).as_bytes()).unwrap();
        assert_eq!(read, X509::read(&der).unwrap(), "PEM and DER are one");
        assert_eq!((&*read.did, read.issuer.as_deref()), (HOLDER, Some(ISSUER)));
        assert_eq!((&read.key, read.period, &*read.serial), (&subject.public(), year(), "4001"));
        assert_eq!(read.fingerprint, fingerprint(&der));
        assert!(read.is_signed_by(&issuer.public()));
        assert!(!read.is_signed_by(&subject.public()));
    }
}

#[test]
fn a_changed_byte_makes_it_unreadable_or_unsigned() {
    for suite in BOTH {
        let issuer = key(suite, 2);
        let der = certify(HOLDER, &key(suite, 1), &issuer);
        let made = X509::read(&der).unwrap();
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 1;
            let Ok(read) = X509::read(&changed) else { continue };
            assert!(!read.is_signed_by(&issuer.public()), "byte {at}");
            assert_ne!(read.fingerprint, made.fingerprint);
        }
        assert!(X509::read(&[&der[..], &[0]].concat()).is_err(), "nothing may follow it");
    }
}

#[test]
fn what_is_no_certificate_of_a_did_is_refused_by_name() {
    let issuer = key(Suite::P256, 2);
    let ended = to_pem(Label::List, &list(&issuer, Vec::new()));
    let der = certify("https://example.bt/", &key(Suite::P256, 1), &issuer);
    let twice = to_pem(Label::Certificate, &der).repeat(2);
    for (bytes, said) in [
        (&b""[..], "not one `CERTIFICATE`"),
        (b"-----BEGIN", "not one `CERTIFICATE`"),
        (ended.as_bytes(), "not one `CERTIFICATE`"),
        (twice.as_bytes(), "not one `CERTIFICATE`"),
        (&[0x30, 0x03, 1, 1, 0], "no X.509"),
        (&der, "one DID"),
        (&[b' '; 200_000], "too large"),
    ] {
        let why = X509::read(bytes).unwrap_err().to_string();
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn a_list_says_who_ended_since_when_and_carries_its_issuers_signature() {
    for suite in BOTH {
        let issuer = key(suite, 2);
        let entry = |serial: &str, revoked| Ended {
            serial: serial.to_owned(),
            since: Moment(TIME - 5_000),
            revoked,
        };
        let ended = vec![
            entry("4001", Some(Ground::Reliability)),
            entry("ff02", Some(Ground::CourtOrder)),
            entry("1", None),
        ];
        let der = list(&issuer, ended);
        let read = List::read(to_pem(Label::List, &der).as_bytes()).unwrap();
        assert_eq!((read.number, read.period), (7, year()));
        let since = Moment(TIME - 5_000);
        let expected = [("01", since), ("4001", since), ("ff02", since)];
        let expected = expected.map(|(serial, since)| (serial.to_owned(), since));
        assert_eq!(read.ended, expected.into());
        assert!(read.is_signed_by(&issuer.public()));
        assert!(!read.is_signed_by(&key(suite, 3).public()));
        assert!(List::read(&list(&issuer, Vec::new())).unwrap().ended.is_empty());
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 1;
            let signed = List::read(&changed).is_ok_and(|list| list.is_signed_by(&issuer.public()));
            assert!(!signed, "byte {at}");
        }
    }
    let draft = ListDraft { number: 1, period: year(), ended: Vec::new() };
    let ended = vec![Ended { serial: "xy".into(), since: Moment(TIME), revoked: None }];
    let issuer = key(Suite::Ed25519, 2);
    let refused = Issuer { did: ISSUER, key: &issuer }.list(&ListDraft { ended, ..draft });
    assert!(matches!(refused, Err(IssueError::Serial)));
}

#[test]
fn serial_numbers_are_positive_of_one_length_and_differ() {
    let serials: std::collections::BTreeSet<String> = (0..1000).map(|_| new_serial()).collect();
    assert_eq!(serials.len(), 1000);
    assert!(serials.iter().all(|serial| serial.len() == 32 && serial.as_bytes()[0] < b'8'));
}

#[test]
fn the_keys_of_a_document_count_by_controller_time_and_purpose() {
    let multikey = |id: &str, key: &KeyFile| {
        json!({
            "id": id, "type": "Multikey", "controller": HOLDER, "publicKeyMultibase": key.public(),
        })
    };
    let with = |id: &str, name: &str, value: &str| {
        let mut method = multikey(id, &key(Suite::Ed25519, 9));
        method[name] = value.into();
        method
    };
    // RFC 8037, appendix A.2; RFC 7515, appendix A.3.1.
    let ed25519 = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let p256 = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let jwk = |id: &str, key: &serde_json::Value| {
        let mut method = json!({ "id": id, "type": "JsonWebKey", "controller": HOLDER });
        method["publicKeyJwk"] = key.clone();
        method
    };
    let mut off_the_curve = p256.clone();
    off_the_curve["y"] = p256["x"].clone();
    let document = json!({
        "id": HOLDER,
        "verificationMethod": [
            multikey("#own", &key(Suite::Ed25519, 1)),
            multikey(&format!("{HOLDER}#phone"), &key(Suite::P256, 2)),
            jwk("#okp", &ed25519),
            jwk("#ec", &p256),
            jwk("#off", &off_the_curve),
            with("#other", "controller", ISSUER),
            with("#old", "expires", "2026-11-21T00:00:00Z"),
            with("#gone", "revoked", "2026-11-20T00:00:00Z"),
            with("#later", "expires", "2026-11-21T00:00:01Z"),
        ],
        "authentication": ["#own"],
        "assertionMethod": [
            format!("{HOLDER}#phone"), "#gone", multikey("#embedded", &key(Suite::Ed25519, 3)),
        ],
    });
    let found = methods(&document, TIME);
    let found: Vec<(&str, bool)> =
        found.iter().map(|method| (&method.id[HOLDER.len()..], method.asserts)).collect();
    let expected = [
        ("#own", false),
        ("#phone", true),
        ("#okp", false),
        ("#ec", false),
        ("#later", false),
        ("#embedded", true),
    ];
    assert_eq!(found, expected);
    assert!(methods(&json!(null), TIME).is_empty());
}
