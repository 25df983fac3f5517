//! On-boarding (Act s.13, s.44 to s.54, s.68 to s.80, s.92, s.148, s.153, s.154).

use serde_json::json;

use super::*;
use crate::trust::{Entity, EntityRole, Listed, State};

#[test]
fn s44_s49_the_administrative_body_onboards_issuers_and_verifiers_and_nobody_else_does() {
    let mut world = World::new();
    for (byte, role) in [(UNIVERSITY, "issuer"), (BANK, "verifier")] {
        let members = json!({ "entity": world.did(byte), "particulars": particulars(&[role]) });
        for author in [STRANGER, byte, 1, SECRETARY] {
            let refused = world.by(author, "EntityRegistered", members.clone());
            assert_eq!(code(refused), "not-entitled", "key {author}");
        }
        world.by(AB, "EntityRegistered", members.clone()).unwrap();
        let key = format!("entity/{}", world.did(byte));
        let listed = Listed::<Entity>::read(&world.records[&key].content).unwrap();
        assert_eq!(listed.status.state, State::Active);
        assert_eq!(listed.listing.registrar, world.did(AB));
        assert_eq!(code(world.by(AB, "EntityRegistered", members)), "exists");
    }
}

#[test]
fn s13_an_organisation_without_a_did_is_not_listed() {
    let mut world = World::new();
    let absent = world.did(AB).replace(&world.did(AB)[20..24], "abcd");
    let members = json!({ "entity": absent, "particulars": particulars(&["issuer"]) });
    assert!(world.by(AB, "EntityRegistered", members).is_err());
}

#[test]
fn s70_s73_s79_whom_the_act_wants_certified_is_listed_only_with_a_live_certification() {
    for role in EntityRole::ALL.into_iter().filter(|role| role.needs_certification()) {
        let mut world = World::new();
        let name = role.name();
        let mut asked = particulars(&[name]);
        let refused = world.register(AB, REGISTRY, asked.clone());
        assert_eq!(breach(refused), Breach::NotCertified(role));
        // Neither another's certification, nor one for another role.
        let other = world.certify(COLLEGES, name).unwrap();
        asked["certifications"] = json!({ name: other });
        assert_eq!(code(world.register(AB, REGISTRY, asked.clone())), "not-certified");
        let other = if name == "trust-registry" { "agent-provider" } else { "trust-registry" };
        let other = world.certify(REGISTRY, other).unwrap();
        asked["certifications"] = json!({ name: other });
        assert_eq!(code(world.register(AB, REGISTRY, asked.clone())), "not-certified");
        let own = world.certify(REGISTRY, name).unwrap();
        asked["certifications"] = json!({ name: own });
        let members = world.change("certification", &own, Some("curable-non-conformance"));
        world.by(AB, "CertificationSuspended", members).unwrap();
        assert_eq!(code(world.register(AB, REGISTRY, asked.clone())), "not-certified");
        let members = world.change("certification", &own, None);
        world.by(AB, "CertificationReactivated", members).unwrap();
        world.register(AB, REGISTRY, asked).unwrap();
    }
}

#[test]
fn s80_s148_providers_state_the_limits_of_use_of_their_services() {
    let mut world = World::new();
    let id = world.certify(WALLETS, "custodial-wallet-provider").unwrap();
    let mut asked = particulars(&["custodial-wallet-provider"]);
    asked["certifications"] = json!({ "custodial-wallet-provider": id });
    let mut without = asked.clone();
    without.as_object_mut().unwrap().remove("limitsOfUse");
    let role = EntityRole::CustodialWalletProvider;
    assert_eq!(breach(world.register(AB, WALLETS, without)), Breach::NoLimitsOfUse(role));
    let mut without = asked.clone();
    without.as_object_mut().unwrap().remove("website");
    assert_eq!(breach(world.register(AB, WALLETS, without)), Breach::NoWebsite(role));
    world.register(AB, WALLETS, asked).unwrap();
}

#[test]
fn s92_a_trust_registrys_did_is_linked_to_its_website() {
    let mut world = World::new();
    for role in ["trust-registry", "delegated-trust-registry"] {
        let id = world.certify(STRANGER, role).unwrap();
        let mut asked = particulars(&[role]);
        asked["certifications"] = json!({ role: id });
        assert_eq!(breach(world.register(AB, STRANGER, asked)), Breach::NotLinked);
    }
    world.board(REGISTRY, "trust-registry");
}

#[test]
fn s153_s154_whom_the_requirements_name_is_insured_until_after_now() {
    let mut world = World::new();
    let members = json!({
        "requirements": { "delegationDepthMax": 2, "insuredRoles": ["issuer"] },
    });
    assert_eq!(code(world.by(AB, "RequirementsSet", members.clone())), "threshold");
    assert_eq!(code(world.by(UNIVERSITY, "RequirementsSet", members.clone())), "not-entitled");
    world.decided("RequirementsSet", members).unwrap();
    let mut asked = particulars(&["issuer"]);
    let role = EntityRole::Issuer;
    assert_eq!(breach(world.register(AB, UNIVERSITY, asked.clone())), Breach::NotInsured(role));
    let cover = |world: &World, days: u64| {
        let expires = &world.period(days)["until"];
        json!({ "evidence": "e".repeat(64), "expires": expires })
    };
    asked["insurance"] = json!({ "evidence": "e".repeat(64), "expires": "2026-11-20T00:00:00Z" });
    assert_eq!(breach(world.register(AB, UNIVERSITY, asked.clone())), Breach::NotInsured(role));
    asked["insurance"] = cover(&world, 30);
    world.register(AB, UNIVERSITY, asked.clone()).unwrap();
    // An entity that comes back after its cover ran out is insured anew first.
    let did = world.did(UNIVERSITY);
    let members = world.change("entity", &did, Some("on-request"));
    world.by(UNIVERSITY, "EntitySuspended", members).unwrap();
    world.later(31);
    let members = world.change("entity", &did, None);
    let refused = world.by(UNIVERSITY, "EntityReactivated", members);
    assert_eq!(breach(refused), Breach::NotInsured(role));
    asked["insurance"] = cover(&world, 365);
    let members = json!({ "entity": did, "particulars": asked, "previousVersion": 2 });
    world.by(UNIVERSITY, "EntityUpdated", members).unwrap();
    let members = world.change("entity", &did, None);
    world.by(UNIVERSITY, "EntityReactivated", members).unwrap();
}

#[test]
fn an_owner_is_asked_for_though_neither_role_nor_key_changes() {
    let mut world = World::nation();
    let did = world.did(UNIVERSITY);
    let update =
        |asked: &Value| json!({ "entity": did, "particulars": asked, "previousVersion": 1 });
    let mut website = particulars(&["issuer"]);
    website["website"] = "https://elsewhere.example/".into();
    // Not a stranger, not another entity, not a registry that did not list it, not a governor.
    for author in [STRANGER, BANK, REGISTRY, CERTIFIER, 1, SECRETARY] {
        let refused = world.by(author, "EntityUpdated", update(&website));
        assert_eq!(code(refused), "not-entitled", "key {author}");
    }
    // The very same words are nobody's update, be it the owner's.
    let same = update(&particulars(&["issuer"]));
    assert_eq!(code(world.by(STRANGER, "EntityUpdated", same.clone())), "not-entitled");
    assert_eq!(code(world.by(UNIVERSITY, "EntityUpdated", same)), "nothing-changes");
    // Each member has its owner.
    for (member, value) in [
        ("name", json!({ "en": "Another" })),
        ("jurisdiction", json!("SG")),
        ("roles", json!(["issuer", "verifier"])),
    ] {
        let mut changed = particulars(&["issuer"]);
        changed[member] = value;
        let refused = world.by(UNIVERSITY, "EntityUpdated", update(&changed));
        assert_eq!(code(refused), "not-own", "{member}");
    }
    world.by(UNIVERSITY, "EntityUpdated", update(&website)).unwrap();
    let mut roles = website;
    roles["roles"] = json!(["issuer", "verifier"]);
    let mut members = update(&roles);
    assert_eq!(code(world.by(AB, "EntityUpdated", members.clone())), "stale-version");
    members["previousVersion"] = 2.into();
    world.by(AB, "EntityUpdated", members).unwrap();
}

#[test]
fn s13_an_entity_is_suspended_returns_and_is_revoked_on_grounds_and_by_whom_each_names() {
    let mut world = World::nation();
    let did = world.did(UNIVERSITY);
    let step = |world: &World, ground| world.change("entity", &did, ground);
    let kind = "EntitySuspended";
    let none = step(&world, None);
    assert_eq!(code(world.by(AB, kind, none)), "ground");
    for (author, ground) in [
        (UNIVERSITY, "contravention"),
        (BANK, "on-request"),
        (REGISTRY, "contravention"),
        (AB, "national-security"),
        (AB, "reliability"),
        (AB, "non-conformance"),
    ] {
        let members = step(&world, Some(ground));
        assert_eq!(code(world.by(author, kind, members)), "ground", "{author} {ground}");
    }
    let members = step(&world, Some("national-security"));
    world.decided(kind, members).unwrap();
    let members = step(&world, None);
    assert_eq!(code(world.by(AB, "EntityReactivated", members.clone())), "ground");
    world.decided("EntityReactivated", members.clone()).unwrap();
    assert_eq!(code(world.decided("EntityReactivated", members)), "stale-version");
    let members = step(&world, None);
    assert_eq!(code(world.decided("EntityReactivated", members)), "status-step");
    let members = step(&world, Some("contravention"));
    world.by(AB, kind, members).unwrap();
    let members = step(&world, Some("contravention"));
    assert_eq!(code(world.by(AB, kind, members)), "status-step");
    let members = step(&world, Some("on-request"));
    world.by(UNIVERSITY, "EntityRevoked", members).unwrap();
    for kind in ["EntitySuspended", "EntityRevoked", "EntityReactivated"] {
        let ground = (kind != "EntityReactivated").then_some("on-request");
        let members = step(&world, ground);
        assert_eq!(code(world.by(UNIVERSITY, kind, members)), "status-step");
    }
    let again = particulars(&["issuer"]);
    assert_eq!(code(world.register(AB, UNIVERSITY, again.clone())), "exists");
    let members = json!({ "entity": did, "particulars": again, "previousVersion": 5 });
    assert_eq!(code(world.by(AB, "EntityUpdated", members)), "status-step");
}

#[test]
fn s63_particulars_are_short_and_of_the_forms_that_they_should_have() {
    let mut world = World::new();
    for (member, value) in [
        ("jurisdiction", json!("Bhutan")),
        ("name", json!({})),
        ("name", json!({ "EN-us": "x" })),
        ("name", json!({ "en": "a".repeat(161) })),
        ("name", json!({ "en": "a\nb" })),
        ("roles", json!([])),
        ("website", json!("http://example.bt/")),
        ("limitsOfUse", json!({ "sha256": "A".repeat(64), "uri": "https://example.bt" })),
        ("insurance", json!({ "evidence": "x", "expires": "2027-01-01T00:00:00Z" })),
        ("certifications", json!({ "verifier": "a".repeat(64) })),
    ] {
        let mut asked = particulars(&["issuer"]);
        asked[member] = value;
        assert_eq!(code(world.register(AB, UNIVERSITY, asked)), "trust-form", "{member}");
    }
    let mut asked = particulars(&["issuer"]);
    asked["remark"] = "about a person".into();
    assert_eq!(code(world.register(AB, UNIVERSITY, asked)), "members");
}
