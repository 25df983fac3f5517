//! The rules of revocation, from signed events to records, and the answers that follow.

mod views;

use std::collections::BTreeSet;

use proofs::ProvenRecord;
use serde_json::{Value, json};

use super::{
    CHANGES_MAX, Chunk, Head, Part, Question, Registry, Status, StatusError, Vector, commitment,
};
use crate::Rejection;
use crate::trust::Moment;
use crate::trust::tests::{AB, BANK, REVOKER, STRANGER, UNIVERSITY, World};

const GOVERNORS: [u8; 3] = [1, 2, 3];

fn ground() -> String {
    commitment(&[7; 32], "on-request")
}

fn created(world: &mut World, members: Value) -> String {
    world.by(UNIVERSITY, "RevocationRegistryCreated", members).unwrap()
}

fn registry(world: &mut World, capacity: u32) -> String {
    created(world, json!({ "capacity": capacity, "formats": ["bitstring", "token"] }))
}

fn step(registry: &str, version: u64, members: Value) -> Value {
    let mut change = members;
    change["previousVersion"] = version.into();
    change["registry"] = registry.into();
    change
}

fn changed(world: &mut World, by: u8, changes: Value) -> Result<String, Rejection> {
    world.by(by, "StatusChanged", json!({ "changes": changes, "ground": ground() }))
}

fn change(
    world: &mut World,
    by: u8,
    registry: &str,
    version: u64,
    members: Value,
) -> Result<(), StatusError> {
    match changed(world, by, json!([step(registry, version, members)])) {
        Ok(_) => Ok(()),
        Err(Rejection::Status(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn overridden(
    world: &mut World,
    by: &[u8],
    basis: &str,
    locking: &str,
    change: Value,
) -> Result<String, Rejection> {
    let members = json!({
        "basis": basis, "changes": [change], "ground": ground(), "locking": locking,
        "corrects": basis != "provider",
    });
    world.signed(by[0], by, "StatusOverridden", members)
}

/// All statuses, made of the records of chunks.
fn vector(world: &World, id: &str) -> Vector {
    let registry = Registry::read(&world.records[&Registry::key(id)]).unwrap();
    let mut vector = Vector::fresh(registry.capacity);
    for number in 0..registry.capacity.div_ceil(super::CHUNK_SLOTS) {
        if let Some(record) = world.records.get(&Chunk::key(id, number)) {
            vector.put(number, &serde_json::from_str(record.content.get()).unwrap());
        }
    }
    vector
}

fn head(world: &World, id: &str) -> Head {
    serde_json::from_str(world.records[&Head::key(id)].content.get()).unwrap()
}

#[test]
fn s55_an_issuer_revokes_suspends_and_reactivates_and_the_head_commits_to_every_slot() {
    let mut world = World::new();
    let id = registry(&mut world, 70_000);
    assert_eq!(vector(&world, &id).status(0), Some(Status::Revoked));
    assert_eq!(head(&world, &id).nodes, vector(&world, &id).nodes());
    let slots = json!({ "revoke": [5, 1024, 69_999], "suspend": [6, 40_000] });
    change(&mut world, UNIVERSITY, &id, 1, slots).unwrap();
    let before = vector(&world, &id);
    change(&mut world, UNIVERSITY, &id, 2, json!({ "reactivate": [6], "revoke": [40_000] }))
        .unwrap();
    let after = vector(&world, &id);
    assert_eq!(after.status(5), Some(Status::Revoked));
    assert_eq!(after.status(6), Some(Status::Valid));
    assert_eq!(after.status(70_000), None);
    let since = [(6, Status::Valid), (40_000, Status::Revoked)];
    assert_eq!(after.since(&before), since);
    assert_eq!(before.after(&after.delta(&before)), Some(after.clone()));
    assert_eq!(before.after(&before.delta(&before)), Some(before.clone()));
    for bad in [&[0x80][..], &[0x00], &[0x84, 0x00], &[0x07], &[0xff; 5], &[0xff, 0xff, 0xff, 0x7f]]
    {
        assert_eq!(before.after(bad), None, "{bad:?}");
    }
    assert_eq!(head(&world, &id).nodes, after.nodes());
    assert_eq!(Vector::read(70_000, after.statuses()), Some(after));
    assert_eq!(world.records[&Head::key(&id)].version, 3);
}

#[test]
fn a_vector_is_as_long_as_its_registry_and_knows_three_statuses() {
    assert!(Vector::read(3, &[0b10_00_01]).is_some());
    assert!(Vector::read(5, &[0]).is_none());
    assert!(Vector::read(4, &[0, 0]).is_none());
    for slot in 0..4 {
        assert!(Vector::read(8, &[0, 3 << (2 * slot)]).is_none(), "{slot}");
    }
    // A revoked slot beside a suspended one is no 3.
    assert!(Vector::read(4, &[0b01_10_01_10]).is_some());
    assert!(Vector::read(3, &[0b01_00_00_00]).is_none());
}

/// Numbers that look random: xorshift.
fn numbers(mut seed: u32) -> impl FnMut() -> u32 {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    }
}

#[test]
fn a_holder_who_missed_a_thousand_changes_at_random_fetches_two_kilobytes() {
    for seed in 1..=20 {
        let mut next = numbers(seed);
        let (mut began, mut ceased) = (BTreeSet::new(), BTreeSet::new());
        let mut before = Vector::fresh(65_536);
        let mut slot = || 1 + next() % 65_535;
        // A year ago some were suspended, half of whom came back; the others ended since.
        while began.len() < 500 {
            began.insert(slot());
        }
        while ceased.len() < 500 {
            ceased.extend(Some(slot()).filter(|slot| !began.contains(slot)));
        }
        let mut after = before.clone();
        began.iter().for_each(|slot| before.set(*slot, Status::Suspended));
        ceased.iter().for_each(|slot| after.set(*slot, Status::Revoked));
        let delta = after.delta(&before);
        assert!(delta.len() <= 2_048, "{} bytes", delta.len());
        assert_eq!(before.after(&delta), Some(after.clone()));
        let (back, ended) = after.turned(&before);
        assert!(back.iter().eq(&began) && ended.iter().eq(&ceased));
        assert!(after.inactive().eq([0].into_iter().chain(ceased)));
    }
}

#[test]
fn s55_what_is_revoked_stays_so_for_its_issuer() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    change(&mut world, UNIVERSITY, &id, 1, json!({ "revoke": [5], "suspend": [6] })).unwrap();
    for (members, slot, from, to) in [
        (json!({ "revoke": [5] }), 5, Status::Revoked, Status::Revoked),
        (json!({ "suspend": [5] }), 5, Status::Revoked, Status::Suspended),
        (json!({ "reactivate": [5] }), 5, Status::Revoked, Status::Valid),
        (json!({ "reactivate": [7] }), 7, Status::Valid, Status::Valid),
        (json!({ "suspend": [6] }), 6, Status::Suspended, Status::Suspended),
    ] {
        let refused = change(&mut world, UNIVERSITY, &id, 2, members).unwrap_err();
        assert_eq!(refused, StatusError::Step { slot, from, to });
    }
}

#[test]
fn slots_that_cannot_be_are_refused_with_their_own_error() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    let many: Vec<u32> = (1..).take(CHANGES_MAX + 1).collect();
    let range = |slot| StatusError::SlotRange { slot, last: 99 };
    for (members, error) in [
        (json!({ "revoke": [0] }), StatusError::SlotZero),
        (json!({ "reactivate": [0] }), StatusError::SlotZero),
        (json!({ "revoke": [100] }), range(100)),
        (json!({ "revoke": [101] }), range(101)),
        (json!({ "suspend": [u32::MAX] }), range(u32::MAX)),
        (json!({ "revoke": [5, 4] }), StatusError::SlotOrder(4)),
        (json!({ "revoke": [5, 5] }), StatusError::SlotOrder(5)),
        (json!({ "revoke": [5], "suspend": [5] }), StatusError::SlotOrder(5)),
        (json!({ "revoke": [] }), StatusError::Empty),
        (json!({}), StatusError::Empty),
        (json!({ "revoke": many }), StatusError::Batch(CHANGES_MAX + 1)),
        (
            json!({ "unchanged": [5] }),
            StatusError::Override("locks are for those above the issuer to change"),
        ),
    ] {
        assert_eq!(change(&mut world, UNIVERSITY, &id, 1, members), Err(error));
    }
    for slot in [json!(-1), json!(1u64 << 32), json!("5"), json!(null)] {
        let refused =
            changed(&mut world, UNIVERSITY, json!([step(&id, 1, json!({ "revoke": [slot] }))]));
        assert_eq!(refused.unwrap_err().code(), "members");
    }
    assert_eq!(head(&world, &id).nodes, Vector::fresh(100).nodes(), "nothing changed");
}

#[test]
fn a_change_has_effect_once_and_names_the_version_that_it_replaces() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    let suspend = json!([step(&id, 1, json!({ "suspend": [5] }))]);
    changed(&mut world, UNIVERSITY, suspend.clone()).unwrap();
    change(&mut world, UNIVERSITY, &id, 2, json!({ "reactivate": [5] })).unwrap();
    let again = changed(&mut world, UNIVERSITY, suspend).unwrap_err();
    assert_eq!(again, Rejection::StaleVersion { expected: 1, current: 3 });
}

#[test]
fn a_change_of_several_registries_is_whole_or_not_at_all() {
    let mut world = World::new();
    let mut ids = [registry(&mut world, 100), registry(&mut world, 3_000)];
    ids.sort();
    let [one, other] = ids;
    let both = |last: u32| {
        json!([
            step(&one, 1, json!({ "suspend": [5] })),
            step(&other, 1, json!({ "suspend": [last] })),
        ])
    };
    assert!(changed(&mut world, UNIVERSITY, both(3_000)).is_err());
    assert_eq!(world.records[&Head::key(&one)].version, 1);
    let twice =
        json!([step(&one, 1, json!({ "revoke": [5] })), step(&one, 1, json!({ "revoke": [6] })),]);
    let refused = changed(&mut world, UNIVERSITY, twice).unwrap_err();
    assert_eq!(refused, Rejection::Status(StatusError::Empty));
    changed(&mut world, UNIVERSITY, both(7)).unwrap();
    assert_eq!(vector(&world, &one).status(5), Some(Status::Suspended));
    assert_eq!(vector(&world, &other).status(7), Some(Status::Suspended));
}

#[test]
fn nobody_but_its_issuer_changes_a_registry_by_itself() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    for other in [BANK, STRANGER] {
        let refused = change(&mut world, other, &id, 1, json!({ "revoke": [5] })).unwrap_err();
        assert_eq!(refused, StatusError::NotIssuer(world.did(other)));
    }
    let unknown =
        changed(&mut world, UNIVERSITY, json!([step(&ground(), 1, json!({ "revoke": [5] }))]));
    assert_eq!(unknown.unwrap_err().code(), "not-found");
}

#[test]
fn s40_the_governing_body_revokes_without_the_issuer_and_locks_what_it_decided() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    let revoke = |version| step(&id, version, json!({ "suspend": [5] }));
    let few = overridden(&mut world, &GOVERNORS[..2], "governing-body", "lock", revoke(1));
    assert_eq!(few.unwrap_err().code(), "threshold");
    let issuers = overridden(&mut world, &[UNIVERSITY], "governing-body", "lock", revoke(1));
    assert_eq!(issuers.unwrap_err().code(), "not-entitled");
    let court = overridden(&mut world, &GOVERNORS, "court", "lock", revoke(1));
    assert_eq!(court.unwrap_err().code(), "override");
    overridden(&mut world, &GOVERNORS, "governing-body", "lock", revoke(1)).unwrap();
    let locked = StatusError::Locked { slot: 5, ground: ground() };
    for members in [json!({ "reactivate": [5] }), json!({ "revoke": [5] })] {
        assert_eq!(change(&mut world, UNIVERSITY, &id, 2, members), Err(locked.clone()));
    }
    // What is not locked is the issuer's as before, on top of the new version.
    change(&mut world, UNIVERSITY, &id, 2, json!({ "revoke": [6] })).unwrap();
    // A court's order does not lift it; the body does, and the issuer goes on.
    let lift = |version| step(&id, version, json!({ "unchanged": [5] }));
    let court = overridden(&mut world, &[AB], "court", "unlock", lift(3));
    assert_eq!(court.unwrap_err().code(), "other-lock");
    overridden(&mut world, &GOVERNORS, "governing-body", "unlock", lift(3)).unwrap();
    let again = overridden(&mut world, &GOVERNORS, "governing-body", "unlock", lift(4));
    assert_eq!(again.unwrap_err().code(), "not-locked");
    change(&mut world, UNIVERSITY, &id, 4, json!({ "reactivate": [5] })).unwrap();
    assert_eq!(vector(&world, &id).status(5), Some(Status::Valid));
}

#[test]
fn s43_an_error_is_corrected_by_override_alone() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    change(&mut world, UNIVERSITY, &id, 1, json!({ "revoke": [5] })).unwrap();
    let back = step(&id, 2, json!({ "reactivate": [5] }));
    overridden(&mut world, &[AB], "court", "keep", back).unwrap();
    assert_eq!(vector(&world, &id).status(5), Some(Status::Valid));
}

#[test]
fn s87_a_revocation_service_provider_acts_within_its_authorization() {
    let mut world = World::nation();
    world.authorize(AB, REVOKER, "revoke", "DegreeCertificate").unwrap();
    let of = |name: &str| json!({ "capacity": 100, "credentialType": name, "formats": ["token"] });
    let (named, other) = (of("DegreeCertificate"), of("DrivingLicence"));
    let (id, foreign) = (created(&mut world, named), created(&mut world, other));
    let authority = world.did(AB);
    let revoke = |id: &str, extra: Value| {
        let mut members = json!({
            "authority": authority, "basis": "provider", "ground": ground(), "locking": "keep",
            "changes": [step(id, 1, json!({ "suspend": [5] }))],
        });
        members.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        members
    };
    let mut act = |members| world.by(REVOKER, "StatusOverridden", members);
    assert_eq!(act(revoke(&foreign, json!({}))).unwrap_err().code(), "not-authorized");
    for extra in [json!({ "locking": "lock" }), json!({ "corrects": true })] {
        assert_eq!(act(revoke(&id, extra)).unwrap_err().code(), "override");
    }
    act(revoke(&id, json!({}))).unwrap();
    assert_eq!(vector(&world, &id).status(5), Some(Status::Suspended));
}

#[test]
fn a_frozen_registry_changes_by_override_only_and_a_retired_one_not_at_all() {
    let mut world = World::new();
    let id = registry(&mut world, 100);
    let hold =
        |version: u64| json!({ "ground": ground(), "previousVersion": version, "registry": id });
    let own = world.by(UNIVERSITY, "RevocationRegistryFrozen", hold(1)).unwrap_err();
    assert_eq!(own.code(), "not-entitled");
    world.by(AB, "RevocationRegistryFrozen", hold(1)).unwrap();
    let refused = change(&mut world, UNIVERSITY, &id, 1, json!({ "revoke": [5] }));
    assert_eq!(refused, Err(StatusError::Held("frozen")));
    let revoke = |version| step(&id, version, json!({ "revoke": [5] }));
    overridden(&mut world, &GOVERNORS, "governing-body", "keep", revoke(1)).unwrap();
    world.by(AB, "RevocationRegistryReleased", hold(2)).unwrap();
    change(&mut world, UNIVERSITY, &id, 2, json!({ "revoke": [6] })).unwrap();
    world.by(UNIVERSITY, "RevocationRegistryRetired", hold(3)).unwrap();
    for by in ["RevocationRegistryFrozen", "RevocationRegistryReleased"] {
        assert_eq!(world.by(AB, by, hold(4)).unwrap_err().code(), "registry-held");
    }
    let after = overridden(&mut world, &GOVERNORS, "governing-body", "keep", revoke(3));
    assert_eq!(after.unwrap_err().code(), "registry-held");
}

#[test]
fn a_registry_that_cannot_be_is_refused() {
    let mut world = World::new();
    for (capacity, code) in [(0, "capacity"), (1, "capacity"), ((1 << 20) + 1, "capacity")] {
        let members = json!({ "capacity": capacity, "formats": ["token"] });
        let refused = world.by(UNIVERSITY, "RevocationRegistryCreated", members).unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let members = json!({ "capacity": 10, "formats": [] });
    let refused = world.by(UNIVERSITY, "RevocationRegistryCreated", members).unwrap_err();
    assert_eq!(refused.code(), "status-form");
}

#[test]
fn the_statuses_as_of_any_time_follow_from_the_records_and_nothing_else_does() {
    let mut world = World::new();
    let id = registry(&mut world, 2_000);
    let fresh = vector(&world, &id);
    change(&mut world, UNIVERSITY, &id, 1, json!({ "revoke": [5] })).unwrap();
    let record = world.records[&Head::key(&id)].clone();
    let now = world.context.time;
    let proven = |key: String| {
        let record = world.records.get(&key).cloned();
        ProvenRecord { key, past: None, path: Vec::new(), record }
    };
    let records = [proven(Registry::key(&id)), proven(Head::key(&id))];
    let ask = |part| Question { part, registry: id.clone(), time: None, version: None };
    let statuses = vector(&world, &id);
    let question = ask(Part::Statuses);
    let answer = question.answer(now, &records, Some(statuses.statuses())).unwrap();
    assert_eq!(answer.members["version"], 2);
    assert_eq!(answer.members["timestamp"], record.time / 1000);
    assert_eq!(question.answer(now, &records, Some(fresh.statuses())), None, "another list");
    assert_eq!(question.answer(now, &records, None), None);
    assert_eq!(question.answer(now, &records[1..], None), None);
    // The head in force answers for every moment since it is, and for none of the future.
    let at = |time| Question { time: Some(Moment(time)), ..question.clone() };
    assert!(at(record.time).answer(now, &records, Some(statuses.statuses())).is_some());
    assert!(at(record.time - 1_000).answer(now, &records, Some(statuses.statuses())).is_none());
    assert!(at(now + 1_000).answer(now, &records, Some(statuses.statuses())).is_none());
    let slot = ask(Part::Slot(5));
    let chunk = [proven(Registry::key(&id)), proven(Chunk::key(&id, 0))];
    assert_eq!(slot.answer(now, &chunk, None).unwrap().members["status"], "revoked");
    assert_eq!(slot.answer(now, &records, None), None, "another record");
    let none = ask(Part::Slot(2_000)).answer(now, &chunk[..1], None).unwrap();
    assert!(none.is_none);
}
