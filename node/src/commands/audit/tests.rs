use super::*;
use crate::mirror::{GENESIS, export, write_into};
use crate::testing::World;

/// The log of a network with three blocks of events, exported.
fn exported() -> (std::sync::Arc<World>, tempfile::TempDir) {
    let world = World::new();
    world.decide_dids(0, 200);
    world.decide(Vec::new());
    world.decide_dids(200, 100);
    world.decide(Vec::new());
    world.decide_dids(300, 1);
    let directory = tempfile::tempdir().unwrap();
    let source = Source::Ledger(world.ledger.snapshot(), world.cosigned());
    export(&source, directory.path(), &mut |_, _| {}).unwrap();
    write_into(directory.path(), GENESIS, world.ledger.genesis().bytes()).unwrap();
    (world, directory)
}

fn audit(directory: &Path) -> Audited {
    log::audit(&Source::Directory(directory.to_owned()), None, &ProgressBar::hidden()).unwrap()
}

fn problem(directory: &Path) -> String {
    let Audited { report, .. } = audit(directory);
    report.findings.first().map(|finding| finding.problem.clone()).unwrap_or_default()
}

#[test]
fn a_log_in_files_is_audited_from_genesis_alone() {
    let (world, directory) = exported();
    let Audited { report, checkpoint } = audit(directory.path());
    assert_eq!(report.findings, []);
    let snapshot = world.ledger.snapshot();
    assert_eq!((report.events, checkpoint), (301, Some(304)));
    assert_eq!((report.height, report.state_root), (5, snapshot.tree().root()));
    assert_eq!(Some(report.log_root), snapshot.log_root(304).unwrap());
}

#[test]
fn damage_to_a_log_in_files_is_found_and_named() {
    let change = |name: &str, at: usize| {
        let (_, directory) = exported();
        let path = directory.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        problem(directory.path())
    };
    let first_event = change("tile/entries/000", 1_000);
    assert!(first_event.starts_with("an event after block 0"), "{first_event}");
    let tile = change("tile/0/000", 40);
    assert_eq!(tile, "tile/0/000 is not what the log's entries give");
    let node = change("tile/1/000.p/1", 3);
    assert_eq!(node, "tile/1/000.p/1 is not what the log's entries give");
    let (_, directory) = exported();
    std::fs::write(directory.path().join("policy"), b"quorum none\n").unwrap();
    assert_eq!(problem(directory.path()), "the policy is not that of the validators now");
    std::fs::remove_file(directory.path().join("tile/0/001.p/48")).unwrap();
    assert_eq!(problem(directory.path()), "the log has no tile/0/001.p/48");
}

#[test]
fn a_checkpoint_without_a_quorum_vouches_for_nothing() {
    let (_, directory) = exported();
    let path = directory.path().join("checkpoint");
    let note = std::fs::read_to_string(&path).unwrap();
    let last = note.trim_end().rfind('\n').unwrap();
    std::fs::write(&path, &note[..=last]).unwrap();
    let problem = problem(directory.path());
    assert_eq!(problem, "the checkpoint of 304 entries is not cosigned by a quorum");
    // A checkpoint that ends before the log's last block does.
    let Audited { checkpoint, .. } = audit(directory.path());
    assert_eq!(checkpoint, None);
}

#[test]
fn a_part_of_a_log_is_proven_without_the_rest() {
    let (world, directory) = exported();
    let whole = Source::Directory(directory.path().to_owned());
    let policy = crate::checkpoint::genesis_policy(world.ledger.genesis()).parse().unwrap();
    let part = tempfile::tempdir().unwrap();
    crate::mirror::export_range(&whole, part.path(), 260..304).unwrap();
    assert!(!part.path().join("tile/entries/000").exists());
    let part = Source::Directory(part.path().to_owned());
    assert_eq!(range::check(&part, &(260..304), &policy).unwrap(), 42, "and two blocks' own");
    assert_eq!(range::check(&whole, &(0..304), &policy).unwrap(), 301);
    for (source, wanted) in [(&part, 0..10), (&part, 300..305), (&whole, 5..5)] {
        assert!(range::check(source, &wanted, &policy).is_err(), "{wanted:?}");
    }
    let path = directory.path().join("tile/entries/000");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[5_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = range::check(&whole, &(200..300), &policy).unwrap_err().to_string();
    assert_eq!(error, "tile/entries/000 of the log is not what its checkpoint speaks of");
    assert_eq!(range::check(&whole, &(256..300), &policy).unwrap(), 44, "the rest is whole");
}
