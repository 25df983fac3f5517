//! The public queries (Act s.53, s.93): TRQP 2.0, as of any time, rebuilt from the records alone.

use std::convert::Infallible;

use proofs::ProvenRecord;
use proofs::evidence::{NextVersion, PastVersion};
use serde_json::json;

use super::*;
use crate::json::tests::vectors;
use crate::projections::{Party, party_prefix, projections};
use crate::trust::query::{Answer, Query, Question};

impl World {
    /// A record as a proof shows it, with the version in force at the moment, or with its first.
    pub(super) fn proven(&self, key: &str, moment: Option<u64>) -> ProvenRecord {
        let versions = self.versions.get(key).map_or(&[][..], Vec::as_slice);
        let record = versions.last().cloned();
        let past = moment.and_then(|moment| {
            let superseded = versions.split_last()?.1;
            let current = versions.last()?;
            if current.time <= moment || superseded.is_empty() {
                return None;
            }
            let at = superseded.iter().rposition(|version| version.time <= moment).unwrap_or(0);
            let next = superseded.get(at + 1);
            let next = next.map(|next| NextVersion { entry: next.entry(), path: vec![] });
            let content = superseded[at].content.clone();
            Some(PastVersion { content, entry: superseded[at].entry(), next, path: vec![] })
        });
        ProvenRecord { key: key.to_owned(), past, path: vec![], record }
    }

    /// What a node answers, after a client came to the same from the same records, and from no
    /// fewer and no others.
    fn ask(&self, query: Query, question: &Question) -> (Answer, usize) {
        let now = self.context.time;
        let fetch = |key: &str, moment| Ok::<_, Infallible>(self.proven(key, moment));
        let Ok((answer, records)) = question.ask(query, now, fetch);
        assert_eq!(question.answer(query, now, &records).as_ref(), Some(&answer));
        for at in 0..records.len() {
            let mut fewer = records.clone();
            fewer.remove(at);
            assert_eq!(question.answer(query, now, &fewer), None, "without record {at}");
        }
        let mut more = records.clone();
        more.push(self.proven("governance/body", None));
        assert_eq!(question.answer(query, now, &more), None, "one too many");
        (answer, records.len())
    }

    fn question(&self, authority: u8, entity: u8, action: &str, resource: &str) -> Question {
        Question {
            action: action.into(),
            authority_id: self.did(authority),
            context: None,
            entity_id: self.did(entity),
            resource: resource.into(),
        }
    }

    fn authorized(&self, question: &Question) -> bool {
        self.ask(Query::Authorization, question).0.members["authorized"].as_bool().unwrap()
    }
}

fn at(question: &Question, time: u64) -> Question {
    let context = [("time".to_owned(), crate::time::format(time))].into();
    Question { context: Some(context), ..question.clone() }
}

#[test]
fn s53_an_authorization_is_answered_with_its_chain_and_no_with_an_absence() {
    let mut world = World::nation();
    let question = world.question(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate");
    let (answer, records) = world.ask(Query::Authorization, &question);
    assert_eq!(answer.members["authorized"], false);
    assert_eq!(answer.members["message"], "there is no such authorization");
    assert_eq!(records, 3, "no role of its own, its registry, and no authorization");
    let direct = world.question(AB, UNIVERSITY, "issue", "DegreeCertificate");
    let (_, records) = world.ask(Query::Authorization, &direct);
    assert_eq!(records, 2, "its role and the absence");

    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    let (answer, _) = world.ask(Query::Authorization, &question);
    assert_eq!(answer.members["authorized"], true);
    assert_eq!(answer.members["chain"], json!([world.did(REGISTRY), world.did(AB)]));
    assert_eq!(answer.members["time_evaluated"], crate::time::format(world.context.time));
    let did = world.did(REGISTRY);
    let members = world.change("registry", &did, Some("non-conformance"));
    world.by(AB, "RegistryDiscontinued", members).unwrap();
    let (answer, _) = world.ask(Query::Authorization, &question);
    assert_eq!(answer.members["authorized"], false);
    let message = answer.members["message"].as_str().unwrap();
    assert!(message.starts_with("the trust registry is revoked since"), "{message}");
}

#[test]
fn s93_an_unknown_authority_is_not_found_and_a_known_one_says_no() {
    let world = World::nation();
    for query in [Query::Authorization, Query::Recognition] {
        for mut unknown in [
            world.question(STRANGER, UNIVERSITY, "issue", "DrivingLicence"),
            world.question(UNIVERSITY, UNIVERSITY, "issue", "DrivingLicence"),
        ] {
            assert_eq!(world.ask(query, &unknown).0.status, 404);
            unknown.authority_id = "https://elsewhere.example/authority".into();
            let (answer, records) = world.ask(query, &unknown);
            assert_eq!((answer.status, records), (404, 0));
            assert_eq!(answer.members["type"], "urn:dzong:problem:unknown-authority");
        }
        let known = world.question(AB, STRANGER, "issue", "Nothing");
        assert_eq!(world.ask(query, &known).0.status, 200);
        let strange = world.question(AB, STRANGER, "fly", "Nothing");
        assert_eq!(world.ask(query, &strange).0.status, 200);
    }
}

#[test]
fn s53_the_answer_is_as_of_any_time_before_within_and_after_a_grant() {
    let mut world = World::nation();
    let before = world.context.time;
    world.later(1);
    let granted = world.context.time;
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    let id = world.grant_id(AB, UNIVERSITY, "issue", "DrivingLicence");
    world.later(1);
    let suspended = world.context.time;
    let members = world.change("authorization", &id, Some("contravention"));
    world.by(AB, "AuthorizationSuspended", members).unwrap();
    world.later(1);
    let reinstated = world.context.time;
    let members = world.change("authorization", &id, None);
    world.by(AB, "AuthorizationReinstated", members).unwrap();
    world.later(1);
    let gone = world.context.time;
    let did = world.did(UNIVERSITY);
    let members = world.change("entity", &did, Some("on-request"));
    world.by(UNIVERSITY, "EntityRevoked", members).unwrap();
    world.later(1);
    let question = world.question(AB, UNIVERSITY, "issue", "DrivingLicence");
    assert!(!world.authorized(&question), "now");
    for (time, expected) in [
        (before, false),
        (granted - 1000, false),
        (granted, true),
        (suspended - 1000, true),
        (suspended, false),
        (reinstated - 1000, false),
        (reinstated, true),
        (gone - 1000, true),
        (gone, false),
        (world.context.time + DAY, false),
    ] {
        let question = at(&question, time);
        assert_eq!(world.authorized(&question), expected, "{}", crate::time::format(time));
        let (answer, _) = world.ask(Query::Authorization, &question);
        assert_eq!(answer.members["time_requested"], crate::time::format(time));
    }
    let (answer, _) = world.ask(Query::Authorization, &at(&question, TIME - DAY));
    assert_eq!(answer.status, 404, "before genesis there was no authority");
}

#[test]
fn an_answer_for_one_moment_is_none_for_another() {
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    let id = world.grant_id(AB, UNIVERSITY, "issue", "DrivingLicence");
    world.later(1);
    let members = world.change("authorization", &id, Some("contravention"));
    world.by(AB, "AuthorizationSuspended", members).unwrap();
    let question = world.question(AB, UNIVERSITY, "issue", "DrivingLicence");
    let past = at(&question, world.context.time - DAY);
    let fetch = |key: &str, moment| Ok::<_, Infallible>(world.proven(key, moment));
    let Ok((answer, records)) = past.ask(Query::Authorization, world.context.time, fetch);
    assert_eq!(answer.members["authorized"], true);
    // Yesterday's records do not answer for today, nor the other query.
    assert_eq!(question.answer(Query::Authorization, world.context.time, &records), None);
    assert_eq!(past.answer(Query::Recognition, world.context.time, &records), None);
    // A version that was not in force then is refused.
    let mut other = records.clone();
    let suspended = other.iter_mut().find(|record| record.past.is_some()).unwrap();
    suspended.past = None;
    assert_eq!(past.answer(Query::Authorization, world.context.time, &other), None);
}

#[test]
fn a_question_that_the_protocol_does_not_know_is_refused() {
    let world = World::new();
    let sound = json!({
        "entity_id": world.did(BANK), "authority_id": world.did(AB), "action": "request",
        "resource": "account-opening",
        "context": { "time": "2026-11-21T00:00:00.5Z", "locator": "here" }, "extra": [1.5],
    });
    let read = |question: &Value| Question::read(question.to_string().as_bytes());
    let question = read(&sound).unwrap();
    assert_eq!(question.requested(), Ok(Some(TIME + 500)));
    for (member, value) in [
        ("entity_id", json!("")),
        ("entity_id", json!("nothing")),
        ("authority_id", json!("did:ndi:with space")),
        ("action", json!("")),
        ("resource", json!(7)),
        ("resource", json!("x".repeat(1025))),
        ("context", json!({ "time": "2026-11-21T00:00:00+06:00" })),
        ("context", json!({ "time": "yesterday" })),
        ("context", json!({ "time": "2026-11-21T00:00:00.Z" })),
        ("context", json!({ "other": 7 })),
        ("context", json!("now")),
    ] {
        let mut wrong = sound.clone();
        wrong[member] = value.clone();
        assert!(read(&wrong).is_err(), "{member}: {value}");
    }
    for member in ["entity_id", "authority_id", "action", "resource"] {
        let mut without = sound.clone();
        without.as_object_mut().unwrap().remove(member);
        assert!(read(&without).is_err(), "{member}");
    }
}

/// Whether a value fits what TRQP's schemas are made of.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let is_type = match schema.get("type").and_then(Value::as_str) {
        Some("object") => value.is_object(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some(other) => return Err(format!("the schema has another type: {other}")),
        None => true,
    };
    if !is_type {
        return Err(format!("{value} is not of the type of {schema}"));
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        value.get(name).ok_or_else(|| format!("`{name}` is missing"))?;
    }
    if schema.get("format") == Some(&json!("date-time")) {
        let text = value.as_str().unwrap_or_default();
        crate::time::parse(text).ok_or_else(|| format!("`{text}` is no time"))?;
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let named = schema.get("properties").and_then(|properties| properties.get(name));
        if let Some(inner) = named.or_else(|| schema.get("additionalProperties")) {
            fits(inner, member)?;
        }
    }
    Ok(())
}

#[test]
fn s93_questions_and_answers_fit_the_protocols_schemas() {
    let kinds = ["authorization", "recognition"].map(|query| {
        ["request", "response"].map(|part| {
            let text = vectors(&format!("trqp/trqp_{query}_{part}.schema.json"))?;
            Some((format!("{query}_{part}"), serde_json::from_str(&text).unwrap()))
        })
    });
    let schemas: Option<BTreeMap<String, Value>> = kinds.into_iter().flatten().collect();
    let Some(schemas) = schemas else { return };
    let schema = |name: &str| &schemas[name];
    let mut world = World::nation();
    world.authorize(AB, UNIVERSITY, "issue", "DrivingLicence").unwrap();
    let plain = world.question(AB, UNIVERSITY, "issue", "DrivingLicence");
    let no = world.question(AB, REGISTRY, "issue", "DegreeCertificate");
    for (query, name) in
        [(Query::Authorization, "authorization"), (Query::Recognition, "recognition")]
    {
        for question in [plain.clone(), at(&plain, world.context.time), no.clone()] {
            fits(schema(&format!("{name}_request")), &json!(question)).unwrap();
            let answer = world.ask(query, &question).0.to_json(None);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            fits(schema(&format!("{name}_response")), &answer).unwrap();
        }
    }
    let wrong = json!({ "entity_id": 7 });
    assert!(fits(schema("authorization_request"), &wrong).is_err(), "the check checks");
}

#[test]
fn listings_are_found_by_who_made_them_and_by_whom_they_concern() {
    let mut world = World::nation();
    world.authorize(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate").unwrap();
    let id = world.grant_id(REGISTRY, UNIVERSITY, "issue", "DegreeCertificate");
    let key = format!("authorization/{id}");
    let made = projections(&key, &world.records[&key]);
    for (party, byte) in [(Party::Granter, REGISTRY), (Party::Subject, UNIVERSITY)] {
        let name = [party_prefix(party, &world.did(byte)), key.as_bytes().to_vec()].concat();
        assert!(made.contains(&(name, Vec::new())), "{party:?}");
    }
    let others = world.records.iter().filter(|(key, _)| !key.starts_with("did/"));
    let found = others.filter(|(key, record)| projections(key, record).len() == 2).count();
    let wanted = 6 + 4 + 1 + 1 + 5;
    assert_eq!(found, wanted, "entities, certifications, the registry, the grant, and types");
}
