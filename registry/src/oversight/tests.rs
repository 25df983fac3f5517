//! Appeals, incidents, audits, conformance and controllership, each test named after its section.

use serde_json::{Value, json};

use super::{Appeal, Calendar, Incident};
use crate::trust::tests::*;
use crate::{Control, time};

fn moment(text: &str) -> u64 {
    time::parse(text).unwrap()
}

#[test]
fn s43_s59_deadlines_are_counted_in_working_days_of_the_country() {
    let mut calendar = Calendar::default();
    calendar.holidays.insert("2026-12-17".into());
    for (from, days, end) in [
        // A Wednesday noon: Thursday, Friday, Monday, Tuesday, Wednesday.
        ("2026-11-25T06:00:00Z", 5, "2026-12-02T18:00:00Z"),
        // A Friday, and one that has begun in Thimphu while it is Thursday in Greenwich.
        ("2026-11-27T06:00:00Z", 1, "2026-11-30T18:00:00Z"),
        ("2026-11-26T18:00:00Z", 1, "2026-11-30T18:00:00Z"),
        ("2026-11-26T17:59:59Z", 1, "2026-11-27T18:00:00Z"),
        // A Saturday, and over the National Day.
        ("2026-11-28T06:00:00Z", 1, "2026-11-30T18:00:00Z"),
        ("2026-12-16T06:00:00Z", 1, "2026-12-18T18:00:00Z"),
        ("2026-12-16T06:00:00Z", 10, "2026-12-31T18:00:00Z"),
        ("2026-11-25T06:00:00Z", 0, "2026-11-25T18:00:00Z"),
    ] {
        assert_eq!(time::format(calendar.deadline(moment(from), days)), end, "{from} + {days}");
    }
    assert_eq!(calendar.check(), Ok(()));
    for wrong in [
        Calendar { weekend: (1..=7).collect(), ..Calendar::default() },
        Calendar { weekend: [0].into(), ..Calendar::default() },
        Calendar { holidays: ["2026-02-30".to_owned()].into(), ..Calendar::default() },
        Calendar { utc_offset_minutes: 841, ..Calendar::default() },
    ] {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
}

#[test]
fn s58_the_calendar_is_the_governing_bodys() {
    let mut world = World::new();
    let calendar = |holidays: &[&str]| {
        json!({
            "calendar": { "holidays": holidays, "utcOffsetMinutes": 360, "weekend": [7] },
        })
    };
    assert_eq!(code(world.by(AB, "CalendarSet", calendar(&[]))), "threshold");
    assert_eq!(code(world.by(STRANGER, "CalendarSet", calendar(&[]))), "not-entitled");
    world.decided("CalendarSet", calendar(&["2026-12-17"])).unwrap();
    assert_eq!(code(world.decided("CalendarSet", calendar(&[]))), "exists");
}

fn appeal(world: &World, received: u64) -> Value {
    json!({
        "decision": "1".repeat(64), "received": time::format(received),
        "reference": "2".repeat(64), "respondent": world.did(UNIVERSITY),
    })
}

#[test]
fn s58_an_appeal_is_filed_within_ten_working_days_after_the_decision_was_received() {
    let mut world = World::nation();
    let received = world.context.time;
    let end = Calendar::default().deadline(received, 10);
    let members = appeal(&world, received);
    world.context.time = end - 1;
    world.by(AB, "AppealFiled", members.clone()).unwrap();
    world.context.time = end;
    assert_eq!(code(world.by(AB, "AppealFiled", members)), "too-late");
    let members = appeal(&world, world.context.time + 60_000);
    assert_eq!(code(world.by(BANK, "AppealFiled", members)), "trust-form");
}

#[test]
fn s59_the_administrative_body_decides_in_five_working_days_or_visibly_late() {
    let mut world = World::nation();
    for late in [false, true] {
        let members = appeal(&world, world.context.time);
        let id = world.by(BANK, "AppealFiled", members).unwrap();
        let key = Appeal::key(&id);
        let read = |world: &World| -> Appeal {
            serde_json::from_str(world.records[&key].content.get()).unwrap()
        };
        let due = read(&world).due.0;
        assert_eq!(due, Calendar::default().deadline(world.context.time - 1_000, 5));
        assert!(!read(&world).is_overdue(due - 1) && read(&world).is_overdue(due));
        world.context.time = if late { due } else { due - 1 };
        let decision = |version: u64| {
            json!({
                "appeal": id, "outcome": "upheld", "previousVersion": version,
                "reference": "3".repeat(64),
            })
        };
        for author in [BANK, UNIVERSITY, 1] {
            let refused = world.by(author, "AppealDecided", decision(1));
            assert_eq!(code(refused), "not-entitled", "{author}");
        }
        world.by(AB, "AppealDecided", decision(1)).unwrap();
        let decided = read(&world);
        assert_eq!(decided.decided.as_ref().unwrap().late, late);
        assert!(!decided.is_overdue(u64::MAX));
        assert_eq!(code(world.by(AB, "AppealDecided", decision(2))), "missing");
    }
}

#[test]
fn s60_who_appealed_goes_to_court_within_ten_working_days_after_the_decision() {
    let mut world = World::nation();
    let file = |world: &mut World, decided: bool| {
        let members = appeal(world, world.context.time);
        let id = world.by(BANK, "AppealFiled", members).unwrap();
        if decided {
            let members = json!({
                "appeal": id, "outcome": "dismissed", "previousVersion": 1,
                "reference": "3".repeat(64),
            });
            world.by(AB, "AppealDecided", members).unwrap();
        }
        id
    };
    let kind = "AppealEscalatedToCourt";
    let onward = |id: &str, version: u64| json!({ "appeal": id, "previousVersion": version, "reference": "4".repeat(64) });
    let id = file(&mut world, false);
    assert_eq!(code(world.by(BANK, kind, onward(&id, 1))), "missing");
    let id = file(&mut world, true);
    assert_eq!(code(world.by(UNIVERSITY, kind, onward(&id, 2))), "not-entitled");
    world.by(BANK, kind, onward(&id, 2)).unwrap();
    assert_eq!(code(world.by(BANK, kind, onward(&id, 3))), "missing");
    let id = file(&mut world, true);
    world.context.time = Calendar::default().deadline(world.context.time - 1_000, 10);
    assert_eq!(code(world.by(BANK, kind, onward(&id, 2))), "too-late");
}

#[test]
fn s42_an_appeal_about_a_certificate_names_the_event_that_ended_it() {
    let mut world = World::nation();
    world.authorize(AB, REVOKER, "revoke", "dpki-certificate").unwrap();
    let fingerprint = "9".repeat(64);
    let members = json!({
        "did": world.did(BANK), "fingerprint": fingerprint, "period": world.period(30),
        "serial": "01",
    });
    world.by(BANK, "CertificateRegistered", members).unwrap();
    let mut asked = appeal(&world, world.context.time);
    asked["certificate"] = fingerprint.clone().into();
    asked["respondent"] = world.did(REVOKER).into();
    assert_eq!(code(world.by(BANK, "AppealFiled", asked.clone())), "missing", "it counts");
    let mut members = world.change("certificate", &fingerprint, Some("contravention"));
    members["authority"] = world.did(AB).into();
    members["reference"] = "d".repeat(64).into();
    let revoked = world.by(REVOKER, "CertificateRevoked", members).unwrap();
    asked["received"] = time::format(world.context.time).into();
    assert_eq!(code(world.by(BANK, "AppealFiled", asked.clone())), "missing");
    asked["decision"] = revoked.into();
    assert_eq!(code(world.by(UNIVERSITY, "AppealFiled", asked.clone())), "not-entitled");
    let mut early = asked.clone();
    early["received"] = time::format(world.context.time - DAY).into();
    assert_eq!(code(world.by(BANK, "AppealFiled", early)), "missing");
    world.by(BANK, "AppealFiled", asked).unwrap();
}

#[test]
fn s118_s119_an_incident_is_sealed_and_the_administrative_body_discloses_it() {
    let mut world = World::nation();
    let seal = json!({ "seal": "5".repeat(64) });
    assert_eq!(code(world.by(STRANGER, "IncidentReported", seal.clone())), "not-standing");
    let id = world.by(BANK, "IncidentReported", seal).unwrap();
    let open = json!({ "seal": "5".repeat(64), "text": "what happened" });
    assert_eq!(code(world.by(BANK, "IncidentReported", open)), "members");
    let members = json!({
        "document": { "sha256": "6".repeat(64), "uri": "https://example.bt/incident" },
        "incident": id, "previousVersion": 1,
    });
    assert_eq!(code(world.by(BANK, "IncidentDisclosed", members.clone())), "not-entitled");
    world.by(AB, "IncidentDisclosed", members).unwrap();
    let content = world.records[&Incident::key(&id)].content.clone();
    let incident: Incident = serde_json::from_str(content.get()).unwrap();
    assert!(incident.disclosed.is_some());
}

const AUDITOR: u8 = STRANGER;

fn appointment(world: &World) -> Value {
    json!({ "auditor": world.did(AUDITOR), "period": world.period(100) })
}

#[test]
fn s152_the_governing_body_appoints_auditors_and_nobody_else_records_audits() {
    let mut world = World::nation();
    let members = appointment(&world);
    assert_eq!(code(world.decided("AuditorAppointed", members)), "not-standing");
    world.board(AUDITOR, "auditor");
    let members = appointment(&world);
    assert_eq!(code(world.by(AB, "AuditorAppointed", members.clone())), "threshold");
    let audit = json!({
        "conforms": true, "entity": world.did(BANK), "period": world.period(365),
        "report": "7".repeat(64),
    });
    assert_eq!(code(world.by(AUDITOR, "AuditRecorded", audit.clone())), "not-standing");
    world.decided("AuditorAppointed", members).unwrap();
    world.by(AUDITOR, "AuditRecorded", audit.clone()).unwrap();
    for author in [AB, BANK, CERTIFIER] {
        let refused = world.by(author, "AuditRecorded", audit.clone());
        assert_eq!(code(refused), "not-standing", "{author}");
    }
    let mut own = audit.clone();
    own["entity"] = world.did(AUDITOR).into();
    assert_eq!(code(world.by(AUDITOR, "AuditRecorded", own)), "trust-form");
    let did = world.did(AUDITOR);
    let members = world.change("auditor", &did, Some("non-conformance"));
    assert_eq!(code(world.by(AUDITOR, "AuditorDismissed", members.clone())), "not-entitled");
    world.decided("AuditorDismissed", members).unwrap();
    assert_eq!(code(world.by(AUDITOR, "AuditRecorded", audit)), "not-standing");
}

#[test]
fn s28_s29_conformance_is_recorded_by_those_who_test() {
    let mut world = World::nation();
    let result = json!({
        "entity": world.did(BANK), "passed": true, "report": "8".repeat(64),
        "suite": "OpenID4VP conformance", "version": "1.0",
    });
    world.by(AB, "ConformanceRecorded", result.clone()).unwrap();
    world.by(CERTIFIER, "ConformanceRecorded", result.clone()).unwrap();
    for author in [BANK, STRANGER, UNIVERSITY] {
        let refused = world.by(author, "ConformanceRecorded", result.clone());
        assert_eq!(code(refused), "not-standing", "{author}");
    }
}

fn controlled_by(world: &mut World, controllers: &[u8]) {
    let did = world.did(BANK);
    let keys = Control::of([&proofs_key(BANK)], 1);
    let controllers = controllers.iter().map(|byte| world.did(*byte)).collect();
    let version = world.version(&format!("did/{did}"));
    let control = Control { controllers, ..keys };
    let members = json!({ "control": control, "previousVersion": version });
    world.by(BANK, "DidUpdated", members).unwrap();
}

fn proofs_key(byte: u8) -> crate::multikey::PublicKey {
    use crate::author::Key as _;
    ed25519_zebra::SigningKey::from([byte; 32]).public()
}

#[test]
fn s110_s111_a_controller_is_appointed_by_consent_or_by_a_court_and_controls() {
    let mut world = World::nation();
    let kind = "ControllerAppointed";
    let mut members = json!({
        "basis": "consent", "controller": world.did(UNIVERSITY), "limits": ["presentations"],
        "period": world.period(100), "principal": world.did(BANK), "reference": "9".repeat(64),
    });
    assert_eq!(code(world.by(BANK, kind, members.clone())), "missing", "it has no control");
    controlled_by(&mut world, &[UNIVERSITY]);
    for author in [UNIVERSITY, STRANGER, AB] {
        assert_eq!(code(world.by(author, kind, members.clone())), "not-entitled", "{author}");
    }
    world.by(BANK, kind, members.clone()).unwrap();
    members["previousVersion"] = 1.into();
    assert_eq!(code(world.by(BANK, kind, members.clone())), "exists");
    members["basis"] = "court".into();
    assert_eq!(code(world.by(BANK, kind, members.clone())), "not-entitled");
}

#[test]
fn s112_s113_a_controllership_is_limited_and_ends_with_control_returned_or_handed_on() {
    let mut world = World::nation();
    controlled_by(&mut world, &[UNIVERSITY]);
    let (principal, controller) = (world.did(BANK), world.did(UNIVERSITY));
    let members = json!({
        "basis": "court", "controller": controller, "period": world.period(100),
        "principal": principal, "reference": "9".repeat(64),
    });
    world.by(AB, "ControllerAppointed", members).unwrap();
    let limited = json!({
        "controller": controller, "limits": ["issuing"], "period": world.period(50),
        "previousVersion": 1, "principal": principal,
    });
    let kind = "ControllershipLimited";
    assert_eq!(code(world.by(UNIVERSITY, kind, limited.clone())), "not-entitled");
    world.by(AB, kind, limited).unwrap();
    let kind = "ControllershipTerminated";
    let mut ended =
        json!({ "controller": controller, "previousVersion": 2, "principal": principal });
    assert_eq!(code(world.by(UNIVERSITY, kind, ended.clone())), "missing", "still in control");
    controlled_by(&mut world, &[]);
    assert_eq!(code(world.by(STRANGER, kind, ended.clone())), "not-entitled");
    ended["transferredTo"] = world.did(CERTIFIER).into();
    assert_eq!(code(world.by(UNIVERSITY, kind, ended.clone())), "missing", "not handed on");
    controlled_by(&mut world, &[CERTIFIER]);
    world.by(UNIVERSITY, kind, ended.clone()).unwrap();
    ended["previousVersion"] = 3.into();
    assert_eq!(code(world.by(BANK, kind, ended)), "missing", "it has ended");
}
