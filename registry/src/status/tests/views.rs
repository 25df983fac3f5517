//! What follows from statuses: slot commitments, AnonCreds accumulators, and what those rest on.

use proofs::{ProvenRecord, Record};
use serde_json::{Value, json};

use super::{GOVERNORS, change, created, head, overridden, step, vector};
use crate::anoncreds::Point;
use crate::slots::{Commitment, Domain, Powers, Table, trial};
use crate::status::{
    Base64, Basis, Chunk, Head, Lock, Part, PowersOfTau, Question, Registry, Slots, recompute,
    status_list,
};
use crate::trust::tests::{BANK, UNIVERSITY, World};
use crate::{Change, Rejection, json as canonical_json, resource};

/// Powers and table of a secret that is known.
fn set_up(slots: u32, secret: u64) -> (Powers, Table) {
    trial::setup(Domain::of(slots).unwrap(), secret).unwrap()
}

fn put(world: &mut World, (powers, table): &(Powers, Table)) -> String {
    world.put("powersOfTau", [powers.bytes(), table.bytes()].concat())
}

fn adopt(world: &mut World, blob: &str, members: Value) -> Result<String, Rejection> {
    let mut members = members;
    members["blob"] = blob.into();
    world.locked("PowersOfTauAdopted", members)
}

fn slots_of(capacity: u32) -> Value {
    json!({ "capacity": capacity, "formats": ["slots"] })
}

/// The commitment to the slots that do not count, from nothing.
fn committed(world: &World, id: &str, table: &Table) -> Option<Commitment> {
    Commitment::of(vector(world, id).inactive().map(|slot| table.at(slot).unwrap()))
}

/// What the AnonCreds library made: the issuer's DID, all objects, and the credential definition as
/// that issuer publishes it, for a schema that is published.
fn library(world: &mut World) -> (String, Value, Value) {
    let data = include_str!("../../anoncreds/testdata/registry-10.json");
    let data: Value = serde_json::from_str(data).unwrap();
    let (issuer, schema) = (world.did(UNIVERSITY), world.schema("Degree"));
    let mut keys = data["credentialDefinition"].clone();
    (keys["issuerId"], keys["schemaId"]) = (json!(issuer), json!(schema));
    (issuer, data, keys)
}

#[test]
fn s35_s56_new_registries_rest_on_the_set_up_that_the_governing_body_adopted_last() {
    let mut world = World::new();
    let create = |world: &mut World, capacity| {
        world.by(UNIVERSITY, "RevocationRegistryCreated", slots_of(capacity))
    };
    assert_eq!(create(&mut world, 100).unwrap_err().code(), "registry-unmet", "nothing adopted");

    let (set_up_1, set_up_2) = (set_up(4_096, 5), set_up(4_096, 6));
    let (one, two) = (put(&mut world, &set_up_1), put(&mut world, &set_up_2));
    let small = put(&mut world, &set_up(1_024, 5));
    let json = world.put("resource", b"{}".to_vec());
    let members = json!({ "blob": one });
    let few = world.decided("PowersOfTauAdopted", members.clone()).unwrap_err();
    assert_eq!(few.code(), "threshold");
    let alone = world.by(UNIVERSITY, "PowersOfTauAdopted", members).unwrap_err();
    assert_eq!(alone.code(), "not-entitled");
    let unknown = crate::blob::id(b"unknown");
    for (blob, code) in [
        ("z", "blob-id"),
        (&unknown, "registry-unmet"),
        (&small, "registry-unmet"),
        (&json, "registry-unmet"),
    ] {
        assert_eq!(adopt(&mut world, blob, json!({})).unwrap_err().code(), code, "{blob}");
    }

    adopt(&mut world, &one, json!({})).unwrap();
    let adopted: PowersOfTau =
        serde_json::from_str(world.records[PowersOfTau::KEY].content.get()).unwrap();
    assert_eq!((&adopted.blob, adopted.slots), (&one, 4_096));
    assert_eq!(adopted.tau.0, set_up_1.0.tau().bytes());
    assert_eq!(create(&mut world, 4_097).unwrap_err().code(), "registry-unmet", "beyond it");
    let first = create(&mut world, 4_096).unwrap();

    assert_eq!(adopt(&mut world, &two, json!({})).unwrap_err().code(), "exists");
    adopt(&mut world, &two, json!({ "previousVersion": 1 })).unwrap();
    let second = create(&mut world, 100).unwrap();
    for (id, setup, (powers, table)) in [(&first, one, &set_up_1), (&second, two, &set_up_2)] {
        let registry = Registry::read(&world.records[&Registry::key(id)]).unwrap();
        assert!(!registry.shows_slots());
        let tau = Base64(powers.tau().bytes());
        assert_eq!(registry.slots, Some(Slots { domain: 4_096, setup, tau }));
        let fresh = Commitment::genesis(&table.at(0).unwrap());
        assert_eq!(head(&world, id).commitment(), Some(fresh));
        change(&mut world, UNIVERSITY, id, 1, json!({ "revoke": [99] })).unwrap();
        assert_eq!(head(&world, id).commitment(), committed(&world, id, table));
    }
}

#[test]
fn s40_s55_the_commitment_follows_every_change_and_comes_back_to_the_same_point() {
    let mut world = World::new();
    let set_up = set_up(4_096, 7);
    let blob = put(&mut world, &set_up);
    adopt(&mut world, &blob, json!({})).unwrap();
    let id = created(&mut world, json!({ "capacity": 3_000, "formats": ["slots", "token"] }));
    let fresh = head(&world, &id).commitment();
    let follows = |world: &World| {
        let commitment = head(world, &id).commitment();
        assert!(commitment.is_some() && commitment == committed(world, &id, &set_up.1));
        commitment
    };
    assert_eq!(follows(&world), fresh);
    let issuer = |world: &mut World, version, members| {
        change(world, UNIVERSITY, &id, version, members).unwrap();
        follows(world)
    };
    assert_ne!(issuer(&mut world, 1, json!({ "suspend": [1, 1024, 2999] })), fresh);
    let back = json!({ "reactivate": [1, 1024, 2999] });
    assert_eq!(issuer(&mut world, 2, back), fresh, "nobody else's witness is lost");
    let two = issuer(&mut world, 3, json!({ "revoke": [5], "suspend": [6] }));
    let same = issuer(&mut world, 4, json!({ "revoke": [6] }));
    assert_eq!(two, same, "a suspended slot that is revoked was inactive before");

    let above = |world: &mut World, locking, change| {
        overridden(world, &GOVERNORS, "governing-body", locking, change).unwrap();
        follows(world)
    };
    let mixed = json!({ "reactivate": [5, 6], "suspend": [7] });
    let one = above(&mut world, "lock", step(&id, 5, mixed));
    let lift = json!({ "unchanged": [7] });
    assert_eq!(above(&mut world, "unlock", step(&id, 6, lift)), one, "locks are none of it");
    assert_eq!(issuer(&mut world, 7, json!({ "reactivate": [7] })), fresh);

    let answer = |part, statuses| {
        let question = Question { part, registry: id.clone(), time: None, version: None };
        let proven = |key: String| {
            let record = world.records.get(&key).cloned();
            ProvenRecord { key, past: None, path: Vec::new(), record }
        };
        let records = [proven(Registry::key(&id)), proven(Head::key(&id))];
        question.answer(world.context.time, &records, statuses).unwrap().members
    };
    let shown = json!(head(&world, &id).commitment);
    let whole = answer(Part::Registry, None);
    assert_eq!((&whole["commitment"], &whole["anoncreds"]), (&shown, &Value::Null));
    let tau = Base64(set_up.0.tau().bytes());
    assert_eq!(whole["slots"], json!({ "domain": 4_096, "setup": blob, "tau": tau }));
    let all = answer(Part::Statuses, Some(vector(&world, &id).statuses()));
    assert_eq!((&all["commitment"], all.get("slots")), (&shown, None));
}

#[test]
fn what_does_not_follow_from_the_statuses_is_found() {
    let mut world = World::new();
    let blob = put(&mut world, &set_up(4_096, 7));
    adopt(&mut world, &blob, json!({})).unwrap();
    let id = created(&mut world, json!({ "capacity": 3_000, "formats": ["slots", "token"] }));
    change(&mut world, UNIVERSITY, &id, 1, json!({ "suspend": [1, 1024, 2999] })).unwrap();
    let lock = step(&id, 2, json!({ "unchanged": [1024] }));
    overridden(&mut world, &GOVERNORS, "governing-body", "lock", lock).unwrap();
    assert_eq!(recompute(&id, &world).unwrap(), Ok(()));

    let fresh = Chunk::fresh(2);
    let other = Commitment::genesis(&set_up(4_096, 7).1.at(9).unwrap());
    let unlocked = Lock { basis: Basis::GoverningBody, ground: "00".repeat(32), locked: false };
    let head = head(&world, &id);
    let moved = Head { commitment: Some(Base64(other.bytes())), ..head.clone() };
    let bare = Head { commitment: None, ..head.clone() };
    let cut = Head { nodes: vec![], ..head };
    for (change, problem) in [
        (Change::new(Chunk::key(&id, 2), &fresh), "a node of its tree"),
        (Change::new(Lock::key(&id, 1024), &unlocked), "its lock is not in force"),
        (moved.change(&id), "its commitment"),
        (bare.change(&id), "its commitment"),
        (cut.change(&id), "its head"),
    ] {
        let record = world.records[&change.key].clone();
        let wrong = Record { content: change.content, ..record.clone() };
        world.records.insert(change.key.clone(), wrong);
        let found = recompute(&id, &world).unwrap().unwrap_err();
        assert!(found.contains(problem), "{found}");
        world.records.insert(change.key, record);
    }
    assert_eq!(recompute(&id, &world).unwrap(), Ok(()));
}

#[test]
fn s47_a_credential_definition_that_no_event_has_room_for_is_published_from_a_blob() {
    let mut world = World::new();
    let (issuer, _, mut keys) = library(&mut world);
    // A key for each attribute is what makes it large.
    let attributes = keys["value"]["primary"]["r"].as_object_mut().unwrap();
    let one = attributes.values().next().unwrap().clone();
    attributes.extend((0..120).map(|number| (format!("attribute {number}"), one.clone())));
    let bytes = canonical_json::canonical(&keys).unwrap();
    assert!(bytes.len() > 64 << 10, "{}", bytes.len());
    let publish = |world: &mut World, mut members: Value| {
        (members["resourceName"], members["resourceType"]) =
            ("Degree".into(), "anonCredsCredDef".into());
        world.by(UNIVERSITY, "CredentialDefinitionPublished", members)
    };
    let from = |blob: &str| json!({ "contentBlob": blob });
    let code = |outcome: Result<String, Rejection>| outcome.unwrap_err().code();
    let id = resource::id(&bytes);
    for members in [json!({}), json!({ "content": {}, "contentBlob": id })] {
        assert_eq!(code(publish(&mut world, members)), "members");
    }
    assert_eq!(code(publish(&mut world, from(&id))), "resource", "it is not there yet");
    let mut spaced = b" ".to_vec();
    spaced.extend(&bytes);
    let mut foreign = keys.clone();
    foreign["issuerId"] = json!(world.did(BANK));
    let foreign = canonical_json::canonical(&foreign).unwrap();
    for bytes in [spaced, foreign, b"[]".to_vec()] {
        let blob = world.put("resource", bytes);
        assert_eq!(code(publish(&mut world, from(&blob))), "resource");
    }
    assert_eq!(world.put("resource", bytes.clone()), id, "a resource and its blob have one id");
    publish(&mut world, from(&id)).unwrap();
    let found = resource::find(&resource::uri(&issuer, &id), &world).unwrap();
    assert_eq!(found.content.get().as_bytes(), bytes);
    assert_eq!(code(publish(&mut world, from(&id))), "exists");
}

#[test]
fn s40_s55_the_accumulator_follows_the_anoncreds_library_through_signed_events() {
    let mut world = World::new();
    let (issuer, mut data, keys) = library(&mut world);
    let members = json!({
        "content": keys, "resourceName": "Degree", "resourceType": "anonCredsCredDef",
    });
    world.by(UNIVERSITY, "CredentialDefinitionPublished", members).unwrap();
    let id_of = |content: &Value| resource::id(&canonical_json::canonical(content).unwrap());
    let mut definition = data["revocationRegistryDefinition"].take();
    definition["issuerId"] = json!(issuer);
    definition["credDefId"] = json!(resource::uri(&issuer, &id_of(&keys)));
    let members = json!({ "anoncreds": definition, "capacity": 10, "formats": ["anoncreds"] });
    let early = world.by(UNIVERSITY, "RevocationRegistryCreated", members.clone()).unwrap_err();
    assert_eq!(early.code(), "registry-unmet", "its tails are not there");
    world.put("anonCredsTails", hex::decode(data["tails"].as_str().unwrap()).unwrap());
    let id = created(&mut world, members);

    let lists = data["statusLists"].as_array().unwrap();
    let text = |list: usize| lists[list]["currentAccumulator"].as_str().unwrap();
    let follows = |world: &World, list: usize| {
        let accumulator = head(world, &id).accumulator().unwrap();
        assert_eq!(accumulator, Point::parse(text(list)).unwrap(), "list {list}");
        let definition = (&*issuer, &*id_of(&definition));
        let made = status_list(definition, &accumulator, &vector(world, &id), 0);
        assert_eq!(made["revocationList"], lists[list]["revocationList"], "list {list}");
    };
    follows(&world, 0);
    for (list, mut members) in [
        (1, json!({ "suspend": [7] })),
        (2, json!({ "revoke": [9], "suspend": [1] })),
        (3, json!({ "reactivate": [7] })),
        (4, json!({ "reactivate": [1], "suspend": [2, 3, 4] })),
    ] {
        let version = u64::try_from(list).unwrap();
        members["accumulator"] = text(list - 1).into();
        let stale = change(&mut world, UNIVERSITY, &id, version, members.clone()).unwrap_err();
        assert_eq!(stale.code(), "accumulator-mismatch");
        members["accumulator"] = text(list).into();
        change(&mut world, UNIVERSITY, &id, version, members).unwrap();
        follows(&world, list);
    }
    let back = step(&id, 5, json!({ "reactivate": [2, 3, 4, 9] }));
    overridden(&mut world, &GOVERNORS, "governing-body", "keep", back).unwrap();
    follows(&world, 5);
    assert_eq!(recompute(&id, &world).unwrap(), Ok(()));
    let earlier = Point::parse(text(4)).unwrap().to_bytes();
    let wrong = Head { accumulator: Some(Base64(earlier)), ..head(&world, &id) }.change(&id);
    world.records.get_mut(&wrong.key).unwrap().content = wrong.content;
    let found = recompute(&id, &world).unwrap().unwrap_err();
    assert!(found.contains("its accumulator"), "{found}");
}
