//! Certification (Act s.78 to s.86, s.99 to s.106) and certified wallets (s.70, s.73, s.76).

use serde_json::json;

use super::*;
use crate::trust::EntityRole;

impl World {
    fn certification(&self, entity: u8, role: &str) -> Value {
        json!({
            "authority": self.did(AB), "entity": self.did(entity), "period": self.period(30),
            "role": role,
        })
    }
}

#[test]
fn s82_s83_a_certification_service_provider_certifies_for_its_authorised_roles_only() {
    let mut world = World::nation();
    let members = world.certification(WALLETS, "custodial-wallet-provider");
    let kind = "CertificationIssued";
    assert_eq!(code(world.by(CERTIFIER, kind, members.clone())), "not-authorized");
    world.authorize(AB, CERTIFIER, "certify", "custodial-wallet-provider").unwrap();
    world.by(CERTIFIER, kind, members.clone()).unwrap();
    let other = world.certification(WALLETS, "agent-provider");
    assert_eq!(code(world.by(CERTIFIER, kind, other)), "not-authorized");
    let mut unnamed = members.clone();
    unnamed.as_object_mut().unwrap().remove("authority");
    assert_eq!(breach(world.by(CERTIFIER, kind, unnamed)), Breach::NoAuthority);
    for author in [STRANGER, UNIVERSITY, REVOKER, 1] {
        assert_eq!(code(world.by(author, kind, members.clone())), "not-entitled", "{author}");
    }
    let own = world.certification(CERTIFIER, "custodial-wallet-provider");
    assert_eq!(code(world.by(CERTIFIER, kind, own)), "trust-form");
    let mut past = members;
    past["period"] = json!({ "from": "2020-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z" });
    assert_eq!(code(world.by(CERTIFIER, kind, past)), "period");
}

#[test]
fn s78_trust_service_providers_are_certified_by_the_administrative_body_alone() {
    let mut world = World::nation();
    for role in EntityRole::ALL.into_iter().filter(|role| role.is_trust_service()) {
        let refused = world.authorize(AB, CERTIFIER, "certify", role.name());
        assert_eq!(breach(refused), Breach::NotCertifiable(role));
        let members = world.certification(STRANGER, role.name());
        let refused = world.by(CERTIFIER, "CertificationIssued", members);
        assert_eq!(breach(refused), Breach::NotCertifiable(role));
    }
}

#[test]
fn s101_s102_each_ground_of_a_suspension_has_those_who_may_end_it() {
    let mut world = World::nation();
    world.authorize(AB, CERTIFIER, "certify", "custodial-wallet-provider").unwrap();
    world.authorize(AB, REVOKER, "revoke", "custodial-wallet-provider").unwrap();
    let members = world.certification(WALLETS, "custodial-wallet-provider");
    let id = world.by(CERTIFIER, "CertificationIssued", members).unwrap();
    let suspend = |world: &mut World, by: u8, ground: &str, reference: bool| {
        let mut members = world.change("certification", &id, Some(ground));
        members["authority"] = world.did(AB).into();
        if reference {
            members["reference"] = "d".repeat(64).into();
        }
        world.by(by, "CertificationSuspended", members)
    };
    let reactivate = |world: &mut World, by: u8| {
        let members = world.change("certification", &id, None);
        world.by(by, "CertificationReactivated", members)
    };
    // The Act knows two grounds, and neither the certifier nor the one certified acts itself.
    assert_eq!(code(suspend(&mut world, REVOKER, "contravention", true)), "ground");
    assert_eq!(code(suspend(&mut world, CERTIFIER, "on-request", true)), "not-entitled");
    assert_eq!(code(suspend(&mut world, WALLETS, "on-request", true)), "not-entitled");
    assert_eq!(breach(suspend(&mut world, REVOKER, "on-request", false)), Breach::NoReference);

    suspend(&mut world, REVOKER, "on-request", true).unwrap();
    for by in [AB, CERTIFIER] {
        assert_eq!(code(reactivate(&mut world, by)), "ground", "s.102: on request, {by}");
    }
    reactivate(&mut world, WALLETS).unwrap();
    suspend(&mut world, REVOKER, "curable-non-conformance", true).unwrap();
    for by in [AB, WALLETS] {
        assert_eq!(code(reactivate(&mut world, by)), "ground", "s.102: to be verified, {by}");
    }
    reactivate(&mut world, CERTIFIER).unwrap();
}

#[test]
fn s88_a_revocation_service_provider_acts_only_on_what_it_is_authorised_for() {
    let mut world = World::nation();
    world.authorize(AB, REVOKER, "revoke", "agent-provider").unwrap();
    let id = world.certify(WALLETS, "custodial-wallet-provider").unwrap();
    let mut members = world.change("certification", &id, Some("non-conformance"));
    members["authority"] = world.did(AB).into();
    members["reference"] = "d".repeat(64).into();
    let refused = world.by(REVOKER, "CertificationRevoked", members);
    assert_eq!(code(refused), "not-authorized");
}

#[test]
fn s105_a_revoked_certification_is_final_and_what_rests_on_it_ends() {
    let mut world = World::nation();
    world.authorize(AB, CERTIFIER, "certify", "custodial-wallet-provider").unwrap();
    let certified =
        |world: &World| world.counts(AB, CERTIFIER, "certify", "custodial-wallet-provider");
    assert!(certified(&world));
    let key = format!("entity/{}", world.did(CERTIFIER));
    let entity: Value = serde_json::from_str(world.records[&key].content.get()).unwrap();
    let id = entity["listing"]["particulars"]["certifications"]["certification-service-provider"]
        .as_str()
        .unwrap()
        .to_owned();
    let members = world.change("certification", &id, Some("curable-non-conformance"));
    assert_eq!(code(world.by(AB, "CertificationRevoked", members)), "ground");
    let members = world.change("certification", &id, Some("non-conformance"));
    world.by(AB, "CertificationRevoked", members).unwrap();
    assert!(!certified(&world), "the provider's own certification is gone");
    let members = world.certification(WALLETS, "custodial-wallet-provider");
    assert_eq!(code(world.by(CERTIFIER, "CertificationIssued", members)), "not-entitled");
    let members = world.change("certification", &id, None);
    assert_eq!(code(world.by(AB, "CertificationReactivated", members)), "status-step");
}

#[test]
fn s70_s73_s76_a_wallet_is_certified_by_hash_for_a_certified_provider() {
    let mut world = World::nation();
    let hash = "f".repeat(64);
    let members = json!({
        "name": "Wallet", "provider": world.did(WALLETS), "role": "custodial-wallet-provider",
        "sha256": hash, "version": "1.0",
    });
    assert_eq!(code(world.by(AB, "WalletCertified", members.clone())), "not-standing");
    world.board(WALLETS, "custodial-wallet-provider");
    let mut other = members.clone();
    other["role"] = "hybrid-wallet-provider".into();
    assert_eq!(code(world.by(AB, "WalletCertified", other)), "not-standing");
    let mut other = members.clone();
    other["role"] = "issuer".into();
    assert_eq!(code(world.by(AB, "WalletCertified", other)), "trust-form");
    assert_eq!(code(world.by(WALLETS, "WalletCertified", members.clone())), "not-entitled");
    world.by(AB, "WalletCertified", members.clone()).unwrap();
    assert_eq!(code(world.by(AB, "WalletCertified", members)), "exists");
    let withdrawal = world.change("wallet", &hash, Some("on-request"));
    assert_eq!(code(world.by(STRANGER, "WalletWithdrawn", withdrawal.clone())), "ground");
    world.by(WALLETS, "WalletWithdrawn", withdrawal).unwrap();
}
