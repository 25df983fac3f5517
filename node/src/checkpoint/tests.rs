use super::*;
use crate::testing::{World, key};

fn signers(world: &World, directory: &std::path::Path) -> Vec<Checkpoints> {
    let signer = |(at, keys): (usize, &ValidatorKeys)| {
        let file = SignedFile::open(&directory.join(at.to_string())).unwrap();
        let signing = Some((keys.clone(), file));
        Checkpoints::new(world.ledger.clone(), signing, world.metrics.clone())
    };
    world.keys.iter().enumerate().map(signer).collect()
}

#[test]
fn a_quorum_of_statements_makes_a_checkpoint() {
    let world = World::new();
    let directory = tempfile::tempdir().unwrap();
    world.decide_events(&[world.did_created(&key(50)).1]);
    let signers = signers(&world, directory.path());
    let statements: Vec<Bytes> =
        signers.iter().map(|signer| signer.sign(1_795_299_503).unwrap().unwrap()).collect();
    assert!(signers[0].sign(1_795_299_504).unwrap().is_none(), "nothing new is due");
    signers[0].receive(&statements[1]).unwrap();
    assert_eq!(signers[0].newest(), None, "two of four");
    let mut forged = statements[2].to_vec();
    *forged.last_mut().unwrap() ^= 1;
    signers[0].receive(&forged).unwrap();
    assert_eq!(signers[0].newest(), None, "a forgery does not count");
    signers[0].receive(&statements[3]).unwrap();
    let note = signers[0].newest().unwrap();
    let head = world.ledger.head();
    let (header, _) = head.block.as_ref().unwrap();
    let head = LogHead { size: header.log_size, root: header.log_root };
    let origin = origin("bt-test", &header.genesis);
    let text = note.strip_prefix(&head.text(&origin)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("", 1 + 3 + 3));
    assert!(lines[1].starts_with(&format!("\u{2014} {origin} ")));
    assert!(lines[4].starts_with(&format!("\u{2014} {origin}/")));
    let snapshot = world.ledger.snapshot();
    let policy = policy_after(&snapshot, None).unwrap().unwrap();
    assert_eq!(policy_after(&snapshot, Some(1)).unwrap(), Some(policy.clone()));
    assert_eq!(policy_after(&snapshot, Some(2)).unwrap(), None);
    assert!(policy.ends_with("group validators 3 v0 v1 v2 v3\nquorum validators\n"), "{policy}");
}

#[test]
fn what_was_signed_for_a_size_is_never_contradicted_after_a_restart() {
    let world = World::new();
    let directory = tempfile::tempdir().unwrap();
    world.decide_events(&[world.did_created(&key(50)).1]);
    for _ in 0..2 {
        let signed = signers(&world, directory.path())[0].sign(7).unwrap();
        assert!(signed.is_some(), "the same root again is no contradiction");
    }
    let other = LogHead { size: 2, root: Hash([9; 32]) };
    let path = directory.path().join("0");
    std::fs::write(&path, format!("{} {}\n", other.size, other.root)).unwrap();
    assert_eq!(signers(&world, directory.path())[0].sign(8).unwrap(), None);
}

#[test]
fn a_checkpoint_is_due_at_once_when_idle_and_seldom_under_load() {
    let header = |time| Header { time, ..world_header() };
    assert!(is_due(&header(10_000), 5_000, true));
    assert!(is_due(&header(10_400), 10_100, false), "the last of a burst");
    assert!(!is_due(&header(10_400), 10_100, true));
    assert!(is_due(&header(10_500), 10_400, true));
}

fn world_header() -> Header {
    let world = World::new();
    world.decide(Vec::new());
    world.ledger.head().block.unwrap().0
}
