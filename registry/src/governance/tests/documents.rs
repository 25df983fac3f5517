//! What the Governing Body approves, and who accepted it.

use serde_json::{Value, json};

use super::nation::{DAY, Nation, evidence};
use crate::Rejection;

const THREE: &[&str] = &["g1", "g2", "g3"];

fn text(title: &str, byte: u8) -> Value {
    json!({
        "sha256": hex::encode([byte; 32]),
        "title": title,
        "uri": "https://example.bt/framework.pdf",
    })
}

fn approval(version: &str, previous: Option<u64>) -> Value {
    let mut approval = json!({
        "effective": "2027-01-01T00:00:00Z",
        "languages": { "dz": text("ལམ་ལུགས", 1), "en": text("Framework", 2) },
        "version": version,
    });
    if let Some(previous) = previous {
        approval["previousVersion"] = previous.into();
    }
    approval
}

fn with(mut members: Value, more: Value) -> Value {
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    members
}

#[test]
fn s6_s14_s160_the_framework_is_approved_in_both_languages_version_by_version() {
    let mut nation = Nation::new();
    let first = approval("1.0", None);
    assert_eq!(nation.refused("FrameworkApproved", &["admin"], first.clone()), "threshold");
    assert_eq!(nation.refused("FrameworkApproved", &["op1"], first.clone()), "not-entitled");
    let mut english = first.clone();
    english["languages"].as_object_mut().unwrap().remove("dz");
    assert_eq!(nation.refused("FrameworkApproved", THREE, english), "members");
    for (pointer, value) in [
        ("/effective", json!("tomorrow")),
        ("/languages/en/uri", json!("framework.pdf")),
        ("/languages/en/title", json!("")),
        ("/languages/en/sha256", json!("00")),
        ("/version", json!("1".repeat(201))),
    ] {
        let mut wrong = first.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert_eq!(nation.refused("FrameworkApproved", THREE, wrong), "members", "{pointer}");
    }
    let named = with(first.clone(), json!({ "name": "other" }));
    assert_eq!(nation.refused("FrameworkApproved", THREE, named), "members");
    // The Administrative Body submits it (s.14), the Governing Body approves.
    let event = nation.event("FrameworkApproved", &["admin", "g1", "g2", "g3"], first);
    nation.submit(&event).unwrap();
    assert!(matches!(nation.submit(&event), Err(Rejection::StaleVersion { .. })));
    nation.act("FrameworkApproved", THREE, approval("1.1", Some(1))).unwrap();
    let framework = nation.content("governance/document/framework");
    assert_eq!((&framework["version"], &framework["supersedes"]), (&json!("1.1"), &json!(1)));
    assert_eq!(nation.version("governance/document/framework"), 2);
}

#[test]
fn s18_a_requirement_is_varied_on_a_ground_of_the_act_only() {
    let mut nation = Nation::new();
    let ground = |ground: &str, previous: Option<u64>| {
        with(approval("1.1", previous), json!({ "ground": ground, "requirement": "section 4.2" }))
    };
    let early = ground("national-security", None);
    assert_eq!(nation.refused("FrameworkVaried", THREE, early), "not-found");
    nation.act("FrameworkApproved", THREE, approval("1.0", None)).unwrap();
    let none = approval("1.1", Some(1));
    assert_eq!(nation.refused("FrameworkVaried", THREE, none), "members");
    let other = ground("convenience", Some(1));
    assert_eq!(nation.refused("FrameworkVaried", THREE, other), "members");
    nation.act("FrameworkVaried", THREE, ground("infrastructure", Some(1))).unwrap();
    let framework = nation.content("governance/document/framework");
    assert_eq!(framework["ground"], "infrastructure");
}

#[test]
fn s6_s20_s21_s27_s158_regulations_policies_and_interoperability_have_records_of_their_own() {
    let mut nation = Nation::new();
    let named = with(approval("1", None), json!({ "name": "on-boarding" }));
    assert_eq!(nation.refused("RegulationApproved", THREE, approval("1", None)), "members");
    let odd = with(approval("1", None), json!({ "name": "On boarding" }));
    assert_eq!(nation.refused("RegulationApproved", THREE, odd), "members");
    nation.act("RegulationApproved", THREE, named.clone()).unwrap();
    nation.act("PolicyApproved", THREE, named).unwrap();
    nation.act("InteroperabilityRequirementsSet", THREE, approval("1", None)).unwrap();
    for key in ["regulation/on-boarding", "policy/on-boarding", "interoperability"] {
        assert_eq!(nation.version(&format!("governance/document/{key}")), 1, "{key}");
    }
}

#[test]
fn s19_s23_s24_s25_standards_are_adopted_and_left_by_a_deadline() {
    let mut nation = Nation::new();
    let standard = |name: &str, origin: &str| {
        let languages = json!({ "en": text(name, 3) });
        with(
            approval("2.0", None),
            json!({ "languages": languages, "name": name, "origin": origin }),
        )
    };
    let migration = |standard: &str, deadline: &str| {
        let successor = "vc-data-model";
        json!({ "deadline": deadline, "standard": standard, "successor": successor })
    };
    let unknown = standard("own-status-list", "hearsay");
    assert_eq!(nation.refused("StandardAdopted", THREE, unknown), "members");
    nation.act("StandardAdopted", THREE, standard("own-status-list", "own")).unwrap();
    let deadline = "2028-01-01T00:00:00Z";
    let early = migration("own-status-list", deadline);
    assert_eq!(nation.refused("StandardMigrationSet", THREE, early.clone()), "not-found");
    nation.act("StandardAdopted", THREE, standard("vc-data-model", "open")).unwrap();
    let late = migration("own-status-list", "2026-01-01T00:00:00Z");
    assert_eq!(nation.refused("StandardMigrationSet", THREE, late), "members");
    let itself = migration("vc-data-model", deadline);
    assert_eq!(nation.refused("StandardMigrationSet", THREE, itself), "members");
    nation.act("StandardMigrationSet", THREE, early.clone()).unwrap();
    assert_eq!(nation.refused("StandardMigrationSet", THREE, early), "stale-version");
    let migration = nation.content("governance/migration/own-status-list");
    assert_eq!(migration["successor"], "vc-data-model");
}

#[test]
fn s33_s35_s36_did_methods_are_specified_and_ended() {
    let mut nation = Nation::new();
    let method = |method: &str, more: Value| {
        with(json!({ "method": method, "specification": evidence() }), more)
    };
    let odd = method("NDI", json!({}));
    assert_eq!(nation.refused("DidMethodEndorsed", THREE, odd), "members");
    nation.act("DidMethodEndorsed", THREE, method("webvh", json!({}))).unwrap();
    let again = method("webvh", json!({}));
    assert_eq!(nation.refused("DidMethodEndorsed", THREE, again), "stale-version");
    let ends = json!({ "ends": "2028-01-01T00:00:00Z", "previousVersion": 1 });
    nation.act("DidMethodEndorsed", THREE, method("webvh", ends)).unwrap();
    assert!(nation.content("governance/did-method/webvh")["ends"].is_u64());
}

#[test]
fn s46_s51_an_organisation_accepts_each_version_of_a_document_once() {
    let mut nation = Nation::new();
    let accept = |version: u64| json!({ "document": "framework", "documentVersion": version });
    assert_eq!(nation.refused("DocumentAccepted", &["op1"], accept(1)), "not-found");
    nation.act("FrameworkApproved", THREE, approval("1.0", None)).unwrap();
    nation.act("DocumentAccepted", &["op1"], accept(1)).unwrap();
    assert_eq!(nation.refused("DocumentAccepted", &["op1"], accept(1)), "exists");
    nation.pass(DAY);
    nation.act("FrameworkApproved", THREE, approval("1.1", Some(1))).unwrap();
    assert_eq!(nation.refused("DocumentAccepted", &["op1"], accept(1)), "stale-version");
    nation.act("DocumentAccepted", &["op1"], accept(2)).unwrap();
    // Nobody accepts for another.
    assert_eq!(nation.refused("DocumentAccepted", &["op2", "op1"], accept(2)), "proof-not-counted");
}
