//! What is read, and what proves it.

use super::*;

#[test]
fn what_is_committed_is_read_back_and_proven() {
    let mut world = World::in_memory();
    assert_eq!(world.snapshot().prove(&["network/parameters"]).unwrap(), None);
    let dids = world.some_blocks();
    world.open().unwrap();
    let snapshot = world.snapshot();
    assert_eq!(snapshot.height(), 5);

    let absent = key("did:ndi:bt-test:QmNobody");
    let keys = [&key(&dids[0])[..], &absent, "network/validators"];
    let evidence = snapshot.prove(&keys).unwrap().unwrap();
    let trust = Trust::from_genesis(world.fixture.genesis.bytes()).unwrap();
    let fresh = Freshness { now: BEGIN + 9000, age_max: None };
    let verdict = proofs::verify(&trust, &evidence, fresh);
    assert_eq!(verdict, Verdict::Valid { height: 5, time: BEGIN + 5000 });
    assert_eq!(evidence.records[0].record.as_ref().unwrap().version, 3);
    assert_eq!(evidence.records[1].record, None);

    let mut forged = evidence;
    forged.records[1].record = forged.records[0].record.clone();
    assert!(matches!(proofs::verify(&trust, &forged, fresh), Verdict::Invalid { .. }));
}

#[test]
fn every_past_version_is_proven_by_number_and_by_time() {
    let world = World::in_memory();
    let dids = world.some_blocks();
    let key = key(&dids[0]);
    let snapshot = world.snapshot();
    let record = snapshot.record(&key).unwrap().unwrap();
    assert_eq!(record.version, 3);
    for number in 1..3 {
        let past = snapshot.past_version(&key, Version::Number(number)).unwrap().unwrap();
        assert_eq!(past.entry.version, number);
        for time in [past.entry.time, past.until(&record) - 1] {
            let by_time = snapshot.past_version(&key, Version::At(time)).unwrap();
            assert_eq!(by_time.as_ref(), Some(&past));
        }
        let mut evidence = snapshot.prove(&[&key]).unwrap().unwrap();
        evidence.records[0].past = Some(past);
        evidence.verify_records(&evidence.header().unwrap()).unwrap();
    }
    for none in [Version::Number(0), Version::Number(3), Version::Number(9), Version::At(BEGIN)] {
        assert_eq!(snapshot.past_version(&key, none).unwrap(), None, "{none:?}");
    }
    assert_eq!(snapshot.past_version(&key, Version::At(record.time)).unwrap(), None);
    assert_eq!(snapshot.past_version("did/none", Version::Number(1)).unwrap(), None);
}

#[test]
fn receipts_and_the_log_are_proven() {
    let world = World::in_memory();
    let (_, bytes) = world.fixture.did_created(7, json!({}));
    let id = checked(&bytes).id();
    assert!(world.snapshot().receipt(&id).unwrap().is_none());
    let before = world.snapshot();
    world.commit(&[world.fixture.did_created(6, json!({})).1, bytes.clone()]);
    assert_eq!(before.event(&id).unwrap(), None, "a snapshot does not see what comes later");
    world.some_blocks();
    let snapshot = world.snapshot();
    let receipt = snapshot.receipt(&id).unwrap().unwrap();
    assert_eq!((receipt.index, receipt.event.get().as_bytes()), (1, &bytes[..]));
    let trust = Trust::from_genesis(world.fixture.genesis.bytes()).unwrap();
    assert!(verify_receipt(&trust, &receipt, BEGIN + 9000).is_valid());

    let headers = snapshot.headers(0..=99).unwrap();
    assert_eq!(headers.len(), 6);
    for (old, _) in &headers {
        for (new, _) in headers.iter().filter(|(new, _)| new.height >= old.height) {
            let path = snapshot.consistency(old.log_size, new.log_size).unwrap().unwrap();
            verify_consistency(old.log_size, &old.log_root, new.log_size, &new.log_root, &path)
                .unwrap();
        }
    }
    let head = headers.last().unwrap().0;
    for index in 0..head.log_size {
        let entry = snapshot.entry(index).unwrap().unwrap();
        let path = snapshot.inclusion(index, head.log_size).unwrap().unwrap();
        verify_inclusion(leaf_hash(&entry), index, head.log_size, &path, &head.log_root).unwrap();
        assert_eq!(snapshot.log_hashes(0, index, 1).unwrap().unwrap(), [leaf_hash(&entry)]);
    }
    assert_eq!(snapshot.entry(head.log_size).unwrap(), None);
    assert_eq!(snapshot.log_hashes(1, 0, head.log_size / 2 + 1).unwrap(), None);
    assert_eq!(snapshot.inclusion(0, head.log_size + 1).unwrap(), None);
    // The log alone gives the headers back.
    let entry = snapshot.entry(2).unwrap().unwrap();
    let first = headers[0].0;
    assert_eq!(Header::from_log_entry(&entry, first.log_size, first.log_root), Some(first));
}

#[test]
fn a_block_is_rebuilt_from_what_is_stored() {
    let world = World::in_memory();
    let block = world.commit(&[world.fixture.did_created(1, json!({})).1]);
    let snapshot = world.snapshot();
    let stored = snapshot.block(1).unwrap().unwrap();
    assert_eq!(stored.block.encode(), block.executed().block().encode());
    assert_eq!(stored.certificate, *block.certificate());
    assert_eq!(snapshot.height_of(&block.executed().id()).unwrap(), Some(1));
    assert_eq!(snapshot.block(0).unwrap(), None);
    assert_eq!(snapshot.block(2).unwrap(), None);
}

#[test]
fn a_snapshot_shows_its_own_height_whatever_is_committed() {
    let world = World::in_memory();
    let (did, created) = world.fixture.did_created(0, json!({}));
    let projection = registry::projections::resolution_key(&did);
    world.commit(&[created]);
    let mut seen: Vec<(Snapshot, Record, Vec<u8>)> = Vec::new();
    for version in 1..6 {
        let snapshot = world.snapshot();
        let record = snapshot.record(&key(&did)).unwrap().unwrap();
        assert_eq!(record.version, version);
        let answer = snapshot.projection(&projection).unwrap().unwrap();
        seen.push((snapshot, record, answer));
        world.commit(&[world.fixture.did_updated(0, &did, version, version)]);
    }
    for (snapshot, record, answer) in seen {
        assert_eq!(snapshot.record(&key(&did)).unwrap(), Some(record));
        assert_eq!(snapshot.projection(&projection).unwrap(), Some(answer));
        let evidence = snapshot.prove(&[&key(&did)]).unwrap().unwrap();
        evidence.verify_records(&evidence.header().unwrap()).unwrap();
        let listed = snapshot.records("did/", None, 100).unwrap();
        assert_eq!(listed.len(), 7, "six of genesis and one");
    }
}

/// Readers on other threads, while blocks are committed: every answer is whole and of one height.
#[test]
fn readers_never_see_a_mixture() {
    let world = World::in_memory();
    let (did, created) = world.fixture.did_created(0, json!({}));
    world.commit(&[created]);
    let trust = Trust::from_genesis(world.fixture.genesis.bytes()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let read = || {
        let (key, projection) = (key(&did), registry::projections::resolution_key(&did));
        let mut heights = std::collections::BTreeSet::new();
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let snapshot = world.snapshot();
            let evidence = snapshot.prove(&[&key]).unwrap().unwrap();
            let fresh = Freshness { now: BEGIN + 900_000, age_max: None };
            assert!(proofs::verify(&trust, &evidence, fresh).is_valid());
            let record = evidence.records[0].record.as_ref().unwrap();
            assert_eq!(record.version, snapshot.height());
            let answer = snapshot.projection(&projection).unwrap().unwrap();
            assert_eq!(projections(&key, record)[0].1, answer);
            heights.insert(snapshot.height());
        }
        heights.len()
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(read), scope.spawn(read)];
        for version in 1..150 {
            world.commit(&[world.fixture.did_updated(0, &did, version, version)]);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
}

#[test]
fn records_are_listed_in_pages() {
    let world = World::in_memory();
    world.some_blocks();
    let snapshot = world.snapshot();
    let all = snapshot.records("did/", None, 100).unwrap();
    let mut paged = Vec::new();
    while let page @ [_, ..] =
        &snapshot.records("did/", paged.last().map(|(key, _): &(String, _)| &**key), 2).unwrap()[..]
    {
        paged.extend_from_slice(page);
    }
    assert_eq!(paged, all);
    assert_eq!(all.len(), 9);
}

#[test]
fn hand_overs_of_the_validators_are_found_without_reading_every_header() {
    let world = World::in_memory();
    let trust = Trust::from_genesis(world.fixture.genesis.bytes()).unwrap();
    assert_eq!(world.snapshot().trust_chain(0).unwrap(), None, "nothing is certified yet");
    let hand_over = |validators: ValidatorSet| {
        let time = world.ledger().head().time + 1000;
        let input = BlockInput { time, proposer: world.fixture.proposer(), events: vec![] };
        let executed = world.snapshot().propose_hand_over(&input, validators).unwrap();
        let certificate = world.fixture.certificate(executed.header());
        let block = CertifiedBlock::new(Arc::new(executed), certificate).unwrap();
        world.ledger().commit(&block).unwrap();
    };
    world.commit(&[]);
    // The fourth goes, and comes back; the others certify all along.
    let all = trust.validators.clone();
    let first_three = world.fixture.certificate(&world.snapshot().header(1).unwrap().unwrap().0);
    let stays = |validator: &&Validator| {
        first_three.signatures.iter().any(|signature| signature.validator == validator.key)
    };
    let three = all.as_slice().iter().filter(stays).copied().collect();
    let three = ValidatorSet::new(three).unwrap();
    hand_over(three.clone());
    world.commit(&[]);
    world.commit(&[]);
    let before = world.snapshot();
    hand_over(all.clone());
    world.commit(&[]);

    let heights = |snapshot: &Snapshot, from| -> Vec<u64> {
        let chain = snapshot.trust_chain(from).unwrap().unwrap();
        chain.steps.iter().map(|step| step.certificate.height).collect()
    };
    assert_eq!(heights(&world.snapshot(), 0), [2, 5, 6]);
    assert_eq!(heights(&world.snapshot(), 3), [5, 6]);
    assert_eq!(heights(&world.snapshot(), u64::MAX), [6], "the newest in any case");
    assert_eq!(heights(&before, 0), [2, 4], "a snapshot speaks of its own height");
    let chain = before.trust_chain(0).unwrap().unwrap();
    let reached = chain.follow(&trust, BEGIN + 60_000).unwrap();
    assert_eq!((reached.height, &reached.validators), (4, &three));
    let chain = world.snapshot().trust_chain(reached.height).unwrap().unwrap();
    let reached = chain.follow(&reached, BEGIN + 60_000).unwrap();
    assert_eq!((reached.height, reached.validators), (6, all));
}
