//! Blobs: what is kept, what rules read of it, and what it means that it is not here.

use registry::blob;

use super::*;
use crate::blobs::NotKept;

/// A tails file's frame over several pages.
fn tails() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..2 + 2001 * 128).map(|at| (at / 7) as u8).collect();
    bytes[..2].copy_from_slice(&[0, 2]);
    bytes
}

/// A world in which a DID has proposed these bytes.
fn proposed(mut world: World, bytes: &[u8]) -> (World, String, String) {
    let (did, created) = world.fixture.did_created(1, json!({}));
    world.commit(&[created]);
    let id = blob::id(bytes);
    let members = json!({ "blob": id, "kind": "anonCredsTails", "size": bytes.len() });
    world.commit(&[world.fixture.event("BlobProposed", 1, &did, members)]);
    world.open().unwrap();
    (world, did, id)
}

fn activate(world: &World, did: &str, id: &str) {
    let state = world.snapshot().blob_state(id).unwrap().unwrap();
    let attestations = world.fixture.attestations(id, &state);
    let members = json!({ "attestations": attestations, "blob": id, "previousVersion": 1 });
    world.commit(&[world.fixture.event("BlobActivated", 1, did, members)]);
}

#[test]
fn only_the_bytes_that_were_proposed_are_kept_and_a_restart_finds_them() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = tails();
    let (mut world, _, id) = proposed(World::on_disk(&directory.path().join("ledger")), &bytes);
    let keep = |id: &str, bytes: &[u8]| world.ledger().keep_blob(id, bytes).unwrap();
    let stranger = blob::id(b"stranger");
    assert_eq!(keep(&stranger, b"stranger"), Err(NotKept::Unknown(stranger.clone())));
    let (expected, found) = (bytes.len() as u64, bytes.len() as u64 - 1);
    assert_eq!(keep(&id, &bytes[1..]), Err(NotKept::Size { expected, found }));
    let other = vec![7; bytes.len()];
    assert_eq!(keep(&id, &other), Err(NotKept::Hash(blob::id(&other))));
    assert!(!world.snapshot().holds_blob(&id).unwrap());
    assert_eq!(world.snapshot().blob(&id, 0..1), Err(Fault::BlobMissing(id.clone())));

    assert_eq!(keep(&id, &bytes), Ok(true));
    assert_eq!(keep(&id, &bytes), Ok(false), "the same again");
    world.open().unwrap();
    let snapshot = world.snapshot();
    let page = 4 << 10;
    for (from, to) in [(0, 2), (page - 1, page + 1), (100, 100), (5, 3 * page), (0, bytes.len())] {
        let read = snapshot.blob(&id, from as u64..to as u64).unwrap();
        assert_eq!(read.as_deref(), Some(&bytes[from..to]), "{from}..{to}");
    }
    assert_eq!(snapshot.blob(&id, 0..expected + 1).unwrap(), None);
    assert_eq!(snapshot.blob(&stranger, 0..1).unwrap(), None);
}

#[test]
fn rules_read_active_blobs_alone_and_one_that_is_not_here_is_a_fault() {
    let bytes = tails();
    let (world, did, id) = proposed(World::in_memory(), &bytes);
    let ask = |range| world.snapshot().ask(|view| view.blob(&id, range));
    assert_eq!(ask(0..2), Ok(None), "it is proposed, whether or not it is here");
    // Three others hold it, and so it becomes active without us.
    activate(&world, &did, &id);
    assert_eq!(ask(0..2), Err(Fault::BlobMissing(id.clone())));
    assert_eq!(world.ledger().keep_blob(&id, &bytes).unwrap(), Ok(true));
    assert_eq!(ask(0..2), Ok(Some(vec![0, 2])));
    let end = bytes.len() as u64;
    assert_eq!(ask(end - 1..end).unwrap().as_deref(), bytes.get(bytes.len() - 1..));
    assert_eq!(ask(end..end + 1), Ok(None));
}

#[test]
fn an_audit_finds_active_blobs_that_are_missing_or_damaged() {
    let bytes = tails();
    let (mut world, did, id) = proposed(World::in_memory(), &bytes);
    assert_eq!(world.audit().findings, [], "nobody relies on a blob that is proposed");
    world.open().unwrap();
    activate(&world, &did, &id);
    let finding = world.audit().findings.remove(0);
    assert_eq!(finding.key, Some(blob::key(&id)));
    assert!(finding.problem.contains("not here"), "{}", finding.problem);
    world.open().unwrap();
    world.ledger().keep_blob(&id, &bytes).unwrap().unwrap();
    world.ledger().rebuild_projections(&mut |_, _| {}).unwrap();
    assert_eq!(world.audit().findings, []);

    world.open().unwrap();
    let mut batch = world.ledger().store.batch();
    batch.put(Family::Blobs, &[id.as_bytes(), &[0, 0, 0, 1]].concat(), &[7; 4 << 10]);
    batch.write_synced().unwrap();
    let finding = world.audit().findings.remove(0);
    assert!(finding.problem.contains("damaged"), "{}", finding.problem);
}
