//! Delegated registries (Act s.90 to s.98) and recognised foreign schemes (s.127 to s.130).

use serde_json::json;

use super::*;
use crate::trust::decide::{DEPTH_MAX, Finding, Inquiry};

impl World {
    fn recognises(&self, authority: u8, entity: &str, action: &str, resource: &str) -> Finding {
        let authority = self.did(authority);
        let question = Grant { action, authority: &authority, entity, resource };
        let Ok(finding) = Inquiry::of_view(&self.records, self.context.time).recognized(&question);
        finding
    }

    fn discontinue(&mut self, by: u8, byte: u8) -> Outcome {
        let did = self.did(byte);
        let members = self.change("registry", &did, Some("non-conformance"));
        self.by(by, "RegistryDiscontinued", members)
    }
}

#[test]
fn s94_a_delegated_registry_grants_within_its_scope_and_not_beyond() {
    let mut world = World::nation();
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    assert!(world.counts(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate"));
    assert!(!world.counts(AB, UNIVERSITY, "issue", "DegreeCertificate"), "not by the other");
    for (entity, action, resource) in [
        (UNIVERSITY, "issue", "DrivingLicence"),
        (UNIVERSITY, "issue", "FoundationalID"),
        (BANK, "request", "account-opening"),
        (REVOKER, "revoke", "DegreeCertificate"),
    ] {
        let refused = world.authorize(REGISTRY, entity, action, resource);
        assert_eq!(code(refused), "out-of-scope", "{action} {resource}");
    }
}

#[test]
fn s94_a_delegated_registry_lists_whom_its_scope_lets_it_authorise() {
    let mut world = World::nation();
    let refused = world.register(REGISTRY, STRANGER, particulars(&["verifier"]));
    assert_eq!(code(refused), "out-of-scope");
    let refused = world.register(REGISTRY, STRANGER, particulars(&["trust-registry"]));
    assert_eq!(code(refused), "not-delegable");
    let refused = world.register(REGISTRY, STRANGER, particulars(&["auditor"]));
    assert_eq!(code(refused), "not-delegable");
    world.register(REGISTRY, STRANGER, particulars(&["issuer"])).unwrap();
    // It looks after whom it listed, and after nobody else.
    let members = json!({
        "entity": world.did(STRANGER), "particulars": particulars(&["issuer", "verifier"]),
        "previousVersion": 1,
    });
    assert_eq!(code(world.by(REGISTRY, "EntityUpdated", members)), "out-of-scope");
    let did = world.did(STRANGER);
    let members = world.change("entity", &did, Some("contravention"));
    world.by(REGISTRY, "EntitySuspended", members).unwrap();
    let did = world.did(UNIVERSITY);
    let members = world.change("entity", &did, Some("contravention"));
    assert_eq!(code(world.by(REGISTRY, "EntitySuspended", members)), "ground");
}

#[test]
fn s95_a_delegate_delegates_further_only_within_scope_depth_and_period() {
    let mut world = World::nation();
    let kind = "RegistryDelegated";
    let sound = world.delegation(COLLEGES, &["issue"], &["DegreeCertificate"], 0);
    let mut refuse = |member: &str, value: Value, expected: &str| {
        let mut members = sound.clone();
        members[member] = value;
        assert_eq!(code(world.by(REGISTRY, kind, members)), expected, "{member}");
    };
    refuse("depth", json!(1), "too-deep");
    refuse("scope", json!({ "actions": ["request"], "resources": ["Degree*"] }), "out-of-scope");
    refuse("scope", json!({ "actions": ["issue"], "resources": ["Driving*"] }), "out-of-scope");
    refuse("scope", json!({ "actions": ["issue"], "resources": ["*"] }), "out-of-scope");
    refuse("scope", json!({ "actions": ["issue"], "resources": ["Deg*"] }), "out-of-scope");
    refuse("scope", json!({ "actions": ["issue"], "resources": [] }), "trust-form");
    refuse(
        "period",
        json!({ "from": "2026-11-21T00:00:00Z", "until": "2028-11-21T00:00:00Z" }),
        "period",
    );
    let members = world.delegation(STRANGER, &["issue"], &["DegreeCertificate"], 0);
    assert_eq!(code(world.by(REGISTRY, kind, members)), "not-standing");
    assert_eq!(code(world.by(COLLEGES, kind, sound.clone())), "not-entitled");
    let mut members = sound;
    members["period"] = json!({
        "from": "2026-11-21T00:00:00Z", "until": "2027-01-21T00:00:00Z",
    });
    world.by(REGISTRY, kind, members).unwrap();
    world.authorize(COLLEGES, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    assert!(world.counts(COLLEGES, UNIVERSITY, "issue", "DegreeCertificate"));
    world.create(90, true);
    world.board(90, "delegated-trust-registry");
    let deeper = world.delegation(90, &["issue"], &["DegreeCertificate"], 0);
    assert_eq!(code(world.by(COLLEGES, kind, deeper)), "out-of-scope", "no right to delegate");
    world.later(100);
    assert!(!world.counts(COLLEGES, UNIVERSITY, "issue", "DegreeCertificate"), "its time is over");
}

#[test]
fn s95_delegation_is_never_deeper_than_the_protocol_allows() {
    let mut world = World::new();
    world.types();
    world.board(UNIVERSITY, "issuer");
    let depth =
        |max: u64| json!({ "requirements": { "delegationDepthMax": max, "insuredRoles": [] } });
    assert_eq!(code(world.decided("RequirementsSet", depth(DEPTH_MAX + 1))), "trust-form");
    world.decided("RequirementsSet", depth(DEPTH_MAX)).unwrap();
    let mut above = AB;
    for (level, byte) in (0..DEPTH_MAX).zip(90..) {
        world.create(byte, true);
        world.board(byte, "trust-registry");
        let members = world.delegation(byte, &["delegate", "issue"], &["*"], DEPTH_MAX - 1 - level);
        world.by(above, "RegistryDelegated", members).unwrap();
        above = byte;
    }
    world.authorize(above, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    assert!(world.counts(above, UNIVERSITY, "issue", "DrivingLicence"), "the deepest one counts");
    world.create(99, true);
    world.board(99, "trust-registry");
    let members = world.delegation(99, &["issue"], &["*"], 0);
    assert_eq!(code(world.by(above, "RegistryDelegated", members)), "too-deep");
}

#[test]
fn s98_what_rests_on_a_discontinued_registry_stops_counting_at_once_and_for_ever() {
    let mut world = World::nation();
    let members = world.delegation(COLLEGES, &["issue"], &["DegreeCertificate"], 0);
    world.by(REGISTRY, "RegistryDelegated", members).unwrap();
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    world.authorize(COLLEGES, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    for author in [STRANGER, COLLEGES, UNIVERSITY] {
        let refused = world.discontinue(author, REGISTRY);
        assert_eq!(code(refused), "ground", "{author}");
    }
    let before = world.records.len();
    world.discontinue(AB, REGISTRY).unwrap();
    assert_eq!(world.records.len(), before, "nothing else is written");
    for authority in [REGISTRY, COLLEGES] {
        assert!(!world.counts(authority, UNIVERSITY, "issue", "DegreeCertificate"));
        let refused = world.authorize(authority, UNIVERSITY, "issue", "AcademicTranscript");
        assert_eq!(code(refused), "not-entitled");
    }
    let members = world.delegation(REGISTRY, &["issue"], &["DegreeCertificate"], 0);
    assert_eq!(code(world.by(AB, "RegistryDelegated", members)), "exists");
}

#[test]
fn s98_a_registry_whose_entity_is_suspended_counts_for_nothing_meanwhile() {
    let mut world = World::nation();
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    let did = world.did(REGISTRY);
    let members = world.change("entity", &did, Some("contravention"));
    world.by(AB, "EntitySuspended", members).unwrap();
    assert!(!world.counts(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate"));
    let members = world.change("entity", &did, None);
    world.by(AB, "EntityReactivated", members).unwrap();
    assert!(world.counts(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate"));
}

#[test]
fn s94_those_above_a_registry_recognise_it_for_what_it_covers() {
    let world = World::nation();
    let (registry, ab) = (world.did(REGISTRY), world.did(AB));
    let chain = Finding::Holds(vec![registry.clone(), ab]);
    assert_eq!(world.recognises(AB, &registry, "issue", "DegreeCertificate"), chain);
    assert_eq!(world.recognises(AB, &registry, "run-registry", "DegreeCertificate"), chain);
    assert_eq!(world.recognises(AB, &registry, "delegate", "DegreeCertificate"), chain);
    for (action, resource) in [
        ("issue", "DrivingLicence"),
        ("request", "DegreeCertificate"),
        ("fly", "DegreeCertificate"),
    ] {
        let finding = world.recognises(AB, &registry, action, resource);
        assert!(matches!(finding, Finding::Refused(_)), "{action} {resource}: {finding:?}");
    }
    let finding = world.recognises(REGISTRY, &world.did(COLLEGES), "issue", "DegreeCertificate");
    assert!(matches!(finding, Finding::Refused(_)));
    let finding = world.recognises(STRANGER, &registry, "issue", "DegreeCertificate");
    assert_eq!(finding, Finding::UnknownAuthority);
}

#[test]
fn s128_a_foreign_scheme_is_recognised_by_the_governing_body_with_the_ministrys_consent() {
    let mut world = World::nation();
    let foreign = "did:web:identity.example.sg";
    let members = json!({
        "action": "issue", "authority": world.did(AB), "entity": foreign,
        "consent": { "sha256": "b".repeat(64), "uri": "https://ministry.example.bt/consent" },
        "period": world.period(365), "resource": "FoundationalID",
    });
    let kind = "RecognitionGranted";
    assert_eq!(code(world.by(AB, kind, members.clone())), "threshold");
    assert_eq!(code(world.by(REGISTRY, kind, members.clone())), "not-entitled");
    let mut without = members.clone();
    without.as_object_mut().unwrap().remove("consent");
    assert_eq!(code(world.decided(kind, without)), "members");
    let mut other = members.clone();
    other["entity"] = "Singapore".into();
    assert_eq!(code(world.decided(kind, other)), "trust-form");
    assert!(matches!(
        world.recognises(AB, foreign, "issue", "FoundationalID"),
        Finding::Refused(_)
    ));
    world.decided(kind, members).unwrap();
    let chain = vec![foreign.to_owned(), world.did(AB)];
    assert_eq!(world.recognises(AB, foreign, "issue", "FoundationalID"), Finding::Holds(chain));
    let authority = world.did(AB);
    let id = Grant {
        action: "issue",
        authority: &authority,
        entity: foreign,
        resource: "FoundationalID",
    }
    .id();
    let members = world.change("recognition", &id, Some("reliability"));
    assert_eq!(code(world.by(AB, "RecognitionSuspended", members.clone())), "threshold");
    world.decided("RecognitionSuspended", members).unwrap();
    assert!(matches!(
        world.recognises(AB, foreign, "issue", "FoundationalID"),
        Finding::Refused(_)
    ));
    let members = world.change("recognition", &id, None);
    world.decided("RecognitionReinstated", members).unwrap();
    let members = world.change("recognition", &id, Some("national-security"));
    world.decided("RecognitionWithdrawn", members).unwrap();
    assert!(matches!(
        world.recognises(AB, foreign, "issue", "FoundationalID"),
        Finding::Refused(_)
    ));
}
