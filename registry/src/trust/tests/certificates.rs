//! DPKI certificates on the ledger (Act s.37 to s.43).

use serde_json::json;

use super::*;

impl World {
    fn certificate(&self, byte: u8, digit: &str) -> Value {
        json!({
            "did": self.did(byte), "fingerprint": digit.repeat(64), "period": self.period(365),
            "serial": "01ab",
        })
    }

    fn ended(&mut self, by: u8, kind: &str, digit: &str, ground: Option<&str>) -> Outcome {
        let mut members = self.change("certificate", &digit.repeat(64), ground);
        members["authority"] = self.did(AB).into();
        members["reference"] = "d".repeat(64).into();
        self.by(by, kind, members)
    }
}

#[test]
fn s37_a_certificate_is_registered_by_who_issued_it_and_once() {
    let mut world = World::nation();
    let kind = "CertificateRegistered";
    let own = world.certificate(BANK, "1");
    world.by(BANK, kind, own.clone()).unwrap();
    assert_eq!(code(world.by(BANK, kind, own.clone())), "exists");
    let mut other = world.certificate(BANK, "2");
    assert_eq!(code(world.by(STRANGER, kind, other.clone())), "no-authority");
    other["authority"] = world.did(AB).into();
    assert_eq!(code(world.by(STRANGER, kind, other.clone())), "not-authorized");
    assert_eq!(code(world.by(CERTIFIER, kind, other.clone())), "not-authorized");
    world.authorize(AB, CERTIFIER, "certify", "dpki-certificate").unwrap();
    world.by(CERTIFIER, kind, other).unwrap();
    let members = world.certificate(UNIVERSITY, "3");
    world.by(AB, kind, members).unwrap();
    for (member, value) in [("fingerprint", json!("xyz")), ("serial", json!("0G"))] {
        let mut wrong = world.certificate(BANK, "4");
        wrong[member] = value;
        assert_eq!(code(world.by(BANK, kind, wrong)), "trust-form", "{member}");
    }
}

#[test]
fn s40_each_ground_of_a_revocation_is_for_whom_the_act_names() {
    let mut world = World::nation();
    world.authorize(AB, CERTIFIER, "certify", "dpki-certificate").unwrap();
    world.authorize(AB, REVOKER, "revoke", "dpki-certificate").unwrap();
    let grounds = ["contravention", "reliability", "court-order", "national-security"];
    for (ground, digit) in grounds.into_iter().zip(["1", "2", "3", "4"]) {
        let mut members = world.certificate(BANK, digit);
        members["authority"] = world.did(AB).into();
        world.by(CERTIFIER, "CertificateRegistered", members).unwrap();
        for author in [STRANGER, BANK, CERTIFIER] {
            let refused = world.ended(author, "CertificateRevoked", digit, Some(ground));
            assert_eq!(code(refused), "ground", "{author} {ground}");
        }
        if ground == "national-security" {
            let refused = world.ended(REVOKER, "CertificateRevoked", digit, Some(ground));
            assert_eq!(code(refused), "ground");
            let members = world.change("certificate", &digit.repeat(64), Some(ground));
            world.decided("CertificateRevoked", members).unwrap();
        } else {
            let mut bare = world.change("certificate", &digit.repeat(64), Some(ground));
            bare["authority"] = world.did(AB).into();
            let refused = world.by(REVOKER, "CertificateRevoked", bare);
            assert_eq!(breach(refused), Breach::NoReference);
            world.ended(REVOKER, "CertificateRevoked", digit, Some(ground)).unwrap();
        }
        let refused = world.ended(REVOKER, "CertificateReinstated", digit, None);
        assert_eq!(code(refused), "status-step", "it is final");
    }
    let members = world.certificate(BANK, "5");
    world.by(BANK, "CertificateRegistered", members).unwrap();
    let refused = world.ended(REVOKER, "CertificateRevoked", "5", Some("on-request"));
    assert_eq!(code(refused), "ground", "the Act knows four grounds");
    world.ended(BANK, "CertificateRevoked", "5", Some("reliability")).unwrap();
}

#[test]
fn s42_s43_the_administrative_body_reinstates_on_appeal() {
    let mut world = World::nation();
    world.authorize(AB, REVOKER, "revoke", "dpki-certificate").unwrap();
    let members = world.certificate(BANK, "1");
    world.by(BANK, "CertificateRegistered", members).unwrap();
    world.ended(REVOKER, "CertificateSuspended", "1", Some("contravention")).unwrap();
    assert_eq!(code(world.ended(BANK, "CertificateReinstated", "1", None)), "ground");
    world.ended(AB, "CertificateReinstated", "1", None).unwrap();
}

#[test]
fn s41_an_issuer_publishes_its_list_and_numbers_grow() {
    let mut world = World::nation();
    let list = |number: u64, previous: Option<u64>| {
        let mut members = json!({
            "crl": "MIIB", "crlNumber": number, "nextUpdate": "2026-12-01T00:00:00Z",
            "thisUpdate": "2026-11-21T00:00:00Z",
        });
        if let Some(previous) = previous {
            members["previousVersion"] = previous.into();
        }
        members
    };
    world.by(CERTIFIER, "CrlPublished", list(1, None)).unwrap();
    assert_eq!(code(world.by(CERTIFIER, "CrlPublished", list(2, None))), "exists");
    assert_eq!(code(world.by(CERTIFIER, "CrlPublished", list(1, Some(1)))), "trust-form");
    world.by(CERTIFIER, "CrlPublished", list(2, Some(1))).unwrap();
    let key = format!("crl/{}", world.did(CERTIFIER));
    assert_eq!(world.version(&key), 2);
    let mut wrong = list(3, Some(2));
    wrong["crl"] = "not base64!".into();
    assert_eq!(code(world.by(CERTIFIER, "CrlPublished", wrong)), "trust-form");
}
