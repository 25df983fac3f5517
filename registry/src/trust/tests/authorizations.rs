//! Authorizations and the types that they are about (Act s.44 to s.54, s.82, s.88).

use serde_json::json;

use super::*;

#[test]
fn s46_s51_an_authorization_needs_an_entity_that_is_listed_in_the_role() {
    let mut world = World::nation();
    for (entity, action, resource) in [
        (STRANGER, "issue", "DrivingLicence"),
        (BANK, "issue", "DrivingLicence"),
        (UNIVERSITY, "request", "account-opening"),
        (UNIVERSITY, "certify", "agent-provider"),
        (UNIVERSITY, "revoke", "DrivingLicence"),
    ] {
        let refused = world.authorize(AB, entity, action, resource);
        assert_eq!(code(refused), "not-standing", "{entity} {action}");
    }
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    assert!(world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"));
    assert!(!world.counts(AB, UNIVERSITY, "issue", "DegreeCertificate"));
    assert!(!world.counts(AB, BANK, "issue", "DrivingLicence"));
    world.authorize(AB, BANK, "request", "account-opening").unwrap();
    assert!(world.counts(AB, BANK, "request", "account-opening"));
}

#[test]
fn s47_s48_an_authorization_to_issue_needs_a_type_with_a_registered_schema() {
    let mut world = World::nation();
    let refused = world.authorize(AB, UNIVERSITY, "issue", "Unspecified");
    assert_eq!(code(refused), "missing");
    let schema = format!("{}/resources/{}", world.did(AB), crate::resource::id(b"{}"));
    let members = json!({ "base": "FoundationalID", "name": "Unspecified", "schema": schema });
    let refused = world.by(AB, "CredentialTypeSpecified", members);
    assert_eq!(breach(refused), Breach::NoSchema(schema));
}

#[test]
fn s48_a_type_is_based_on_another_and_foundational_ones_are_the_governing_bodys() {
    let mut world = World::nation();
    let schema = world.schema("Licence");
    let kind = "CredentialTypeSpecified";
    let mut members = json!({ "name": "Licence", "schema": schema });
    assert_eq!(breach(world.by(AB, kind, members.clone())), Breach::NoBase);
    members["base"] = "Licence".into();
    assert_eq!(breach(world.by(AB, kind, members.clone())), Breach::NoBase);
    members["base"] = "Nowhere".into();
    assert_eq!(code(world.by(AB, kind, members.clone())), "missing");
    let mut foundational = json!({ "foundational": true, "name": "Licence", "schema": schema });
    assert_eq!(breach(world.by(AB, kind, foundational.clone())), Breach::Foundational);
    foundational["base"] = "FoundationalID".into();
    assert_eq!(code(world.decided(kind, foundational)), "trust-form");
    members["base"] = "FoundationalID".into();
    world.by(AB, kind, members.clone()).unwrap();
    assert_eq!(code(world.by(AB, kind, members.clone())), "exists");
    // What is foundational does not become another's by being specified anew.
    members["name"] = "FoundationalID".into();
    members["base"] = "DrivingLicence".into();
    members["previousVersion"] = 1.into();
    assert_eq!(breach(world.by(AB, kind, members)), Breach::Foundational);
}

#[test]
fn s48_only_the_governing_body_authorises_an_issuer_of_a_foundational_credential() {
    let mut world = World::nation();
    let members = world.grant(AB, UNIVERSITY, "issue", "FoundationalID");
    let kind = "AuthorizationGranted";
    assert_eq!(breach(world.by(AB, kind, members.clone())), Breach::Foundational);
    let two = world.signed(1, &[1, 2], kind, members.clone());
    assert_eq!(two.unwrap_err(), Rejection::Threshold { count: 2, threshold: 3 });
    world.decided(kind, members).unwrap();
    assert!(world.counts(AB, UNIVERSITY, "issue", "FoundationalID"));
    let foreign = world.grant(STRANGER, UNIVERSITY, "issue", "FoundationalID");
    assert_eq!(breach(world.decided(kind, foreign)), Breach::OtherAuthority);
}

#[test]
fn s54_requests_are_of_types_that_the_governing_body_specified() {
    let mut world = World::nation();
    let refused = world.authorize(AB, BANK, "request", "everything");
    assert_eq!(code(refused), "missing");
    let mut members = json!({
        "attributes": ["fullName"], "from": ["FoundationalID"], "name": "sim-registration",
        "purpose": "registration of a SIM card",
    });
    let kind = "PresentationTypeSpecified";
    assert_eq!(code(world.by(AB, kind, members.clone())), "threshold");
    assert_eq!(code(world.by(BANK, kind, members.clone())), "not-entitled");
    members["from"] = json!(["Nothing"]);
    assert_eq!(code(world.decided(kind, members.clone())), "missing");
    members["from"] = json!(["FoundationalID"]);
    members["purpose"] = "".into();
    assert_eq!(code(world.decided(kind, members)), "trust-form");
}

#[test]
fn s13_nobody_grants_in_anothers_name_and_nobody_without_a_registry() {
    let mut world = World::nation();
    let members = world.grant(AB, UNIVERSITY, "issue", "DrivingLicence");
    for author in [STRANGER, BANK, UNIVERSITY, CERTIFIER] {
        let refused = world.by(author, "AuthorizationGranted", members.clone());
        assert_eq!(code(refused), "not-entitled", "{author}");
    }
    let refused = world.by(REGISTRY, "AuthorizationGranted", members.clone());
    assert_eq!(breach(refused), Breach::OtherAuthority);
    // A signature that counts for nothing is refused, whoever's it is.
    let refused = world.signed(AB, &[AB, STRANGER], "AuthorizationGranted", members);
    assert_eq!(code(refused), "proof-not-counted");
}

#[test]
fn s46_an_authorization_counts_from_its_first_moment_to_before_its_last() {
    let mut world = World::nation();
    let mut members = world.grant(AB, UNIVERSITY, "issue", "DrivingLicence");
    members["period"] = json!({ "from": "2026-12-01T00:00:00Z", "until": "2026-12-02T00:00:00Z" });
    world.by(AB, "AuthorizationGranted", members).unwrap();
    let begins = crate::time::parse("2026-12-01T00:00:00Z").unwrap();
    for (time, counts) in
        [(begins - 1, false), (begins, true), (begins + DAY - 1, true), (begins + DAY, false)]
    {
        world.context.time = time;
        assert_eq!(world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"), counts, "{time}");
    }
    // After its end it is given again, over the version that ended.
    let mut members = world.grant(AB, UNIVERSITY, "issue", "DrivingLicence");
    assert_eq!(code(world.by(AB, "AuthorizationGranted", members.clone())), "exists");
    members["previousVersion"] = 1.into();
    world.by(AB, "AuthorizationGranted", members.clone()).unwrap();
    assert!(world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"));
    assert_eq!(code(world.by(AB, "AuthorizationGranted", members)), "stale-version");
}

#[test]
fn s46_a_suspended_authorization_is_reinstated_and_not_granted_around() {
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    let id = world.grant_id(AB, UNIVERSITY, "issue", "DrivingLicence");
    let members = world.change("authorization", &id, Some("national-security"));
    assert_eq!(code(world.by(AB, "AuthorizationSuspended", members.clone())), "ground");
    world.decided("AuthorizationSuspended", members).unwrap();
    assert!(!world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"));
    let mut around = world.grant(AB, UNIVERSITY, "issue", "DrivingLicence");
    around["previousVersion"] = 2.into();
    assert_eq!(code(world.by(AB, "AuthorizationGranted", around.clone())), "status-step");
    let members = world.change("authorization", &id, None);
    assert_eq!(code(world.by(AB, "AuthorizationReinstated", members.clone())), "ground");
    world.decided("AuthorizationReinstated", members).unwrap();
    assert!(world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"));
    let members = world.change("authorization", &id, Some("national-security"));
    world.decided("AuthorizationRevoked", members).unwrap();
    around["previousVersion"] = 4.into();
    assert_eq!(code(world.by(AB, "AuthorizationGranted", around.clone())), "ground");
    world.decided("AuthorizationGranted", around).unwrap();
}

#[test]
fn s55_an_authorization_ends_with_the_entity_that_holds_it() {
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    let did = world.did(UNIVERSITY);
    let members = world.change("entity", &did, Some("contravention"));
    world.by(AB, "EntitySuspended", members).unwrap();
    assert!(!world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"));
    let members = world.change("entity", &did, None);
    world.by(AB, "EntityReactivated", members).unwrap();
    assert!(world.counts(AB, UNIVERSITY, "issue", "DrivingLicence"));
}

#[test]
fn s82_s88_resources_are_of_the_kind_that_the_action_is_about() {
    let mut world = World::nation();
    world.board(WALLETS, "custodial-wallet-provider");
    for (entity, action, resource, expected) in [
        (CERTIFIER, "certify", "anything", "resource-kind"),
        (REVOKER, "revoke", "anything", "missing"),
        (WALLETS, "provide-wallet", "agent-provider", "resource-kind"),
        (WALLETS, "provide-wallet", "issuer", "resource-kind"),
        (REGISTRY, "run-registry", "DegreeCertificate", "resource-kind"),
        (REGISTRY, "delegate", "DegreeCertificate", "resource-kind"),
        (UNIVERSITY, "issue", "Degree*", "trust-form"),
        (UNIVERSITY, "fly", "DrivingLicence", "members"),
    ] {
        let refused = world.authorize(AB, entity, action, resource);
        assert_eq!(code(refused), expected, "{action} {resource}");
    }
    for (entity, action, resource) in [
        (CERTIFIER, "certify", "agent-provider"),
        (CERTIFIER, "certify", "dpki-certificate"),
        (REVOKER, "revoke", "dpki-certificate"),
        (REVOKER, "revoke", "trust-registry"),
        (REVOKER, "revoke", "DegreeCertificate"),
        (WALLETS, "provide-wallet", "custodial-wallet-provider"),
    ] {
        world.authorize(AB, entity, action, resource).unwrap();
    }
}
