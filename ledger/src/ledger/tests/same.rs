//! Ledgers of the same blocks are the same, and how much they take.

use super::*;

#[test]
fn a_new_ledger_takes_little_of_the_disk() {
    fn used(path: &Path) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
        let of = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
            true => used(&entry.path()),
            false => entry.metadata().unwrap().blocks() * 512,
        };
        entries.map(of).sum()
    }
    let home = tempfile::tempdir().unwrap();
    let mut world = World::on_disk(home.path());
    world.commit(&[]);
    assert!(used(home.path()) < 40 << 20, "{} bytes", used(home.path()));
    world.open().unwrap();
    world.commit(&[]);
    assert!(used(home.path()) < 40 << 20, "{} bytes after a restart", used(home.path()));
}

/// What a random run does to a DID.
#[derive(Debug, Clone)]
enum Act {
    Create(u64),
    Update(u64),
    NextBlock,
    Reopen,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0u64..12).prop_map(Act::Create),
        6 => (0u64..12).prop_map(Act::Update),
        3 => Just(Act::NextBlock),
        1 => Just(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Four ledgers replay the same blocks; one of them restarts now and then. All have the same
    /// rows, the records are the model's, and the audit finds nothing.
    #[test]
    fn ledgers_that_commit_the_same_blocks_are_the_same(
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let mut world = World::in_memory();
        let others: Vec<World> = (0..3).map(|_| World::in_memory()).collect();
        let mut model: BTreeMap<u64, (String, u64)> = BTreeMap::new();
        let mut block = Vec::new();
        let mut touched = std::collections::BTreeSet::new();
        for (note, act) in (0..).zip(acts) {
            match act {
                Act::Create(number) if !model.contains_key(&number) => {
                    let (did, bytes) = world.fixture.did_created(number, json!({}));
                    model.insert(number, (did, 1));
                    touched.insert(number);
                    block.push(bytes);
                }
                // Keys that changed in the same block do not count yet.
                Act::Update(number) if !touched.contains(&number) => {
                    if let Some((did, version)) = model.get_mut(&number) {
                        block.push(world.fixture.did_updated(number, did, *version, note));
                        *version += 1;
                        touched.insert(number);
                    }
                }
                Act::NextBlock => {
                    let certified = world.commit(&std::mem::take(&mut block));
                    touched.clear();
                    for other in &others {
                        let events = certified.executed().events().to_vec();
                        let executed =
                            other.ledger().validate(certified.executed().header(), events);
                        let executed = Arc::new(executed.unwrap().unwrap());
                        let certificate = certified.certificate().clone();
                        let certified = CertifiedBlock::new(executed, certificate).unwrap();
                        other.ledger().commit(&certified).unwrap();
                    }
                }
                Act::Reopen => world.open().unwrap(),
                _ => {}
            }
        }
        world.commit(&block);
        for (did, version) in model.values() {
            let record = world.snapshot().record(&key(did)).unwrap().unwrap();
            prop_assert_eq!(record.version, *version);
            for past in 1..*version {
                let past = world.snapshot().past_version(&key(did), Version::Number(past)).unwrap();
                let mut evidence = world.snapshot().prove(&[&key(did)]).unwrap().unwrap();
                evidence.records[0].past = past;
                prop_assert!(evidence.verify_records(&evidence.header().unwrap()).is_ok());
            }
        }
        let certified = world.snapshot().block(world.ledger().head().height).unwrap().unwrap();
        for other in &others {
            let events = certified.block.events.iter().map(|bytes| checked(bytes)).collect();
            let executed = other.ledger().validate(&certified.block.header, events).unwrap();
            let certified =
                CertifiedBlock::new(Arc::new(executed.unwrap()), certified.certificate.clone());
            other.ledger().commit(&certified.unwrap()).unwrap();
            prop_assert_eq!(dump(&other.ledger().store), dump(&world.ledger().store));
        }
        prop_assert_eq!(world.audit().findings, []);
    }
}

/// The log's entries as blocks: events, and the entry that ends them.
fn log_blocks(snapshot: &Snapshot) -> Vec<(Vec<Vec<u8>>, Vec<u8>)> {
    let mut blocks = Vec::new();
    let mut events = Vec::new();
    for entry in snapshot.entries(0, snapshot.log_size()).unwrap() {
        match entry.starts_with(b"{") {
            true => events.push(entry),
            false => blocks.push((std::mem::take(&mut events), entry)),
        }
    }
    assert_eq!(events.len(), 0, "a block's own entry ends it");
    blocks
}

#[test]
fn the_log_alone_leads_to_the_same_state() {
    let world = World::in_memory();
    world.commit(&[]);
    let dids = world.some_blocks();
    world.some_more_blocks();
    world.commit(&[]);
    let snapshot = world.snapshot();
    let replayed = |blocks: &[(Vec<Vec<u8>>, Vec<u8>)]| -> Result<Snapshot, String> {
        let mut replay = LogReplay::new(&world.fixture.genesis).unwrap();
        for (events, entry) in blocks {
            let events = events.iter().map(|event| checked(event)).collect();
            replay.block(events, entry).unwrap()?;
        }
        Ok(replay.snapshot())
    };
    let blocks = log_blocks(&snapshot);
    let other = replayed(&blocks).unwrap();
    assert_eq!(other.tree().root(), snapshot.tree().root());
    assert_eq!(
        other.log_root(other.log_size()).unwrap(),
        snapshot.log_root(other.log_size()).unwrap()
    );
    assert_eq!(other.log_size(), snapshot.log_size());
    assert_eq!(other.record(&key(&dids[0])).unwrap(), snapshot.record(&key(&dids[0])).unwrap());

    let mut missing = blocks.clone();
    missing.remove(1);
    assert!(replayed(&missing).is_err(), "a block is missing");
    let mut swapped = blocks.clone();
    swapped.swap(4, 5);
    assert!(replayed(&swapped).is_err(), "two blocks are swapped");
    let mut fewer = blocks.clone();
    fewer[0].0.pop();
    assert!(replayed(&fewer).is_err(), "an event is missing");
    for byte in (0..blocks[2].1.len()).step_by(16) {
        // A proposer that is a validator as well, and a time in the gap: nobody signed those here.
        let mut changed = blocks.clone();
        changed[2].1[byte] ^= 1;
        let found = replayed(&changed);
        let root = |snapshot: &Snapshot| snapshot.log_root(snapshot.log_size()).unwrap();
        assert!(found.is_err() || root(&found.unwrap()) != root(&snapshot), "byte {byte}");
    }
}
