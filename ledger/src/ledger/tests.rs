//! Commits, crashes, damage, history and proofs of a whole ledger.

use std::collections::BTreeMap;

use proofs::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use proofs::trust::{Freshness, verify_receipt};
use proofs::{Record, Trust, Validator, ValidatorSet, Verdict};
use proptest::prelude::*;
use registry::did_state;
use serde_json::json;

use super::*;
use crate::audit::{LogReplay, Report, audit_disk, verify_singly};
use crate::fixture::{BEGIN, Fixture, checked};
use crate::snapshot::Version;

pub(super) type StepHook = Box<dyn FnMut(Step) -> Result<(), Fault> + Send>;

impl Ledger {
    pub(super) fn reach(&self, step: Step) -> Result<(), Fault> {
        match self.on_step.lock().unwrap().as_mut() {
            Some(hook) => hook(step),
            None => Ok(()),
        }
    }
}

/// A network, and a ledger of it.
struct World {
    fixture: Fixture,
    disk: Disk,
    ledger: Option<Ledger>,
}

impl World {
    fn new(disk: Disk) -> World {
        let fixture = Fixture::new(Parameters::default());
        if let Disk::Directory(directory) = &disk {
            std::fs::create_dir_all(directory).unwrap();
        }
        let ledger = Some(Ledger::start(disk.clone(), &fixture.genesis).unwrap());
        World { fixture, disk, ledger }
    }

    fn in_memory() -> World {
        World::new(Disk::Memory(Memory::new()))
    }

    fn on_disk(directory: &Path) -> World {
        World::new(Disk::Directory(directory.to_path_buf()))
    }

    fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    fn snapshot(&self) -> Snapshot {
        self.ledger().snapshot()
    }

    fn close(&mut self) {
        self.ledger = None;
    }

    fn open(&mut self) -> Result<(), Fault> {
        self.close();
        self.ledger = Some(Ledger::start(self.disk.clone(), &self.fixture.genesis)?);
        Ok(())
    }

    fn execute(&self, events: &[Vec<u8>]) -> Arc<ExecutedBlock> {
        let events = events.iter().map(|bytes| checked(bytes)).collect();
        let proposer = self.fixture.proposer();
        let input = BlockInput { time: self.ledger().head().time + 1000, proposer, events };
        let proposal = self.ledger().propose(input).unwrap();
        assert_eq!(proposal.rejected.len(), 0, "{:?}", proposal.rejected);
        Arc::new(proposal.executed)
    }

    fn certified(&self, events: &[Vec<u8>]) -> CertifiedBlock {
        let executed = self.execute(events);
        let certificate = self.fixture.certificate(executed.header());
        CertifiedBlock::new(executed, certificate).unwrap()
    }

    fn commit(&self, events: &[Vec<u8>]) -> CertifiedBlock {
        let block = self.certified(events);
        self.ledger().commit(&block).unwrap();
        block
    }

    fn audit(&mut self) -> Report {
        self.close();
        let (disk, genesis) = (&self.disk, &self.fixture.genesis);
        audit_disk(disk, genesis, &mut verify_singly, &mut |_, _| {}).unwrap()
    }

    /// Five blocks: three DIDs, one of them updated twice, and a block without events.
    fn some_blocks(&self) -> Vec<String> {
        let new = |number| self.fixture.did_created(number, json!({}));
        let (dids, created): (Vec<_>, Vec<_>) = (0..3).map(new).unzip();
        let update = |version| self.fixture.did_updated(0, &dids[0], version, version);
        self.commit(&created[..2]);
        self.commit(&[]);
        self.commit(&[update(1)]);
        self.commit(&[created[2].clone(), update(2)]);
        self.commit(&[]);
        dids
    }

    fn some_more_blocks(&self) {
        for number in 20..26 {
            self.commit(&[self.fixture.did_created(number, json!({})).1]);
        }
    }
}

fn key(did: &str) -> String {
    did_state::key(did)
}

/// All rows of the database but the cursor's.
fn dump(store: &Store) -> BTreeMap<(&'static str, Vec<u8>), Vec<u8>> {
    let rows = Family::ALL.into_iter().flat_map(|family| {
        store.scan(family, &[], &[]).map(move |row| {
            let (key, value) = row.unwrap();
            ((family.name(), key.to_vec()), value.to_vec())
        })
    });
    rows.collect()
}

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
fn a_commit_is_idempotent_and_a_contradiction_is_a_fault() {
    let world = World::in_memory();
    let other = world.certified(&[world.fixture.did_created(2, json!({})).1]);
    let block = world.commit(&[world.fixture.did_created(1, json!({})).1]);
    world.ledger().commit(&block).unwrap();
    assert_eq!(world.ledger().head().height, 1);
    let (expected, found) = (block.executed().id(), other.executed().id());
    assert_eq!(world.ledger().commit(&other), Err(Fault::Conflict { height: 1, expected, found }));
    world.commit(&[]);
    world.ledger().commit(&block).unwrap();
    assert_eq!(world.ledger().head().height, 2);
}

#[test]
fn only_a_certificate_that_holds_certifies() {
    let world = World::in_memory();
    let executed = world.execute(&[]);
    let good = world.fixture.certificate(executed.header());
    let few = Certificate { signatures: good.signatures[..2].to_vec(), ..good.clone() };
    assert!(CertifiedBlock::new(executed.clone(), few).is_err());
    let other = Certificate { block: Hash([1; 32]), ..good.clone() };
    assert!(CertifiedBlock::new(executed.clone(), other).is_err());
    assert!(CertifiedBlock::new(executed, good).is_ok());
}

#[test]
fn a_proposal_drops_what_is_rejected_and_stops_at_its_limits() {
    let parameters = Parameters { block_events_max: 3, ..Parameters::default() };
    let fixture = Fixture::new(parameters);
    let ledger = Ledger::open_in_memory(&Memory::new(), &fixture.genesis).unwrap();
    let new = |number| fixture.did_created(number, json!({})).1;
    let events: Vec<_> =
        [new(1), new(1), new(2), new(3), new(4)].iter().map(|bytes| checked(bytes)).collect();
    let input = BlockInput { time: 0, proposer: fixture.proposer(), events: events.clone() };
    let proposal = ledger.propose(input).unwrap();
    assert_eq!(proposal.executed.events().len(), 3);
    assert_eq!(proposal.executed.header().time, BEGIN + 1);
    assert_eq!(proposal.rejected.len(), 1);
    assert_eq!(proposal.rejected[0].1.code(), "exists");

    let header = *proposal.executed.header();
    let mut four = proposal.executed.events().to_vec();
    four.push(events[4].clone());
    let refuse = |header: &Header, events: Vec<_>| {
        ledger.validate(header, events).unwrap().unwrap_err().to_string()
    };
    assert_eq!(refuse(&header, four), "the block exceeds `blockEventsMax`");
    let twice = vec![events[0].clone(), events[1].clone()];
    assert!(refuse(&header, twice).starts_with("event 1 is refused: "));
    assert!(ledger.dry_run_on_head(&events[0]).is_ok());
}

impl Ledger {
    fn dry_run_on_head(&self, event: &CheckedEvent) -> Result<(), registry::Rejection> {
        self.snapshot().trial(0).judge(event).unwrap()
    }
}

#[test]
fn a_header_that_execution_does_not_give_is_invalid() {
    let world = World::in_memory();
    world.commit(&[]);
    let executed = world.execute(&[world.fixture.did_created(1, json!({})).1]);
    let good = *executed.header();
    let validate =
        |header: &Header| world.ledger().validate(header, executed.events().to_vec()).unwrap();
    assert_eq!(validate(&good).unwrap().id(), executed.id());
    let one = Hash([1; 32]);
    let stranger = proofs::PublicKey([3; 32]);
    for (name, header) in [
        ("genesis", Header { genesis: one, ..good }),
        ("height", Header { height: 3, ..good }),
        ("parent", Header { parent: one, ..good }),
        ("not later", Header { time: world.ledger().head().time, ..good }),
        ("not later", Header { time: u64::MAX, ..good }),
        ("not a validator", Header { proposer: stranger, ..good }),
        ("log_size", Header { log_size: 3, ..good }),
        ("log_root", Header { log_root: one, ..good }),
        ("state_root", Header { state_root: one, ..good }),
        ("validators", Header { validators: one, ..good }),
        ("next_validators", Header { next_validators: one, ..good }),
        ("parameters", Header { parameters: one, ..good }),
    ] {
        let invalid = validate(&header).unwrap_err().to_string();
        assert!(invalid.contains(name), "{name}: {invalid}");
    }
}

/// The directory at each step of a commit, as a killed process would leave it.
#[test]
fn a_crash_at_any_step_leaves_a_whole_ledger() {
    let home = tempfile::tempdir().unwrap();
    let world = World::on_disk(&home.path().join("ledger"));
    world.some_blocks();
    let block = world.certified(&[world.fixture.did_created(9, json!({})).1]);
    let pending = world.ledger().pending();
    pending.save(6, &block.executed().id(), &block.executed().block().encode()).unwrap();

    let images = Arc::new(Mutex::new(Vec::new()));
    let (from, to, taken) = (home.path().join("ledger"), home.path().join("at"), images.clone());
    *world.ledger().on_step.lock().unwrap() = Some(Box::new(move |step| {
        let image = to.join(format!("{step:?}"));
        copy(&from, &image);
        taken.lock().unwrap().push((step, image));
        Ok(())
    }));
    world.ledger().commit(&block).unwrap();
    let images = std::mem::take(&mut *images.lock().unwrap());
    assert_eq!(images.len(), 4);
    for (step, image) in images {
        let ledger = Ledger::open(&image, &world.fixture.genesis).unwrap();
        assert_eq!(ledger.head().height, if step == Step::Begun { 5 } else { 6 }, "{step:?}");
        assert_eq!(ledger.behind(), None);
        // The payload is there as long as it is needed, and no longer.
        let kept = ledger.pending().load(&block.executed().id()).unwrap();
        assert_eq!(kept.is_some(), step == Step::Begun, "{step:?}");
        ledger.commit(&block).unwrap();
        assert_eq!(ledger.head(), world.ledger().head());
        assert_eq!(dump(&ledger.store), dump(&world.ledger().store));
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn after_a_failed_write_nothing_more_is_written() {
    let mut world = World::in_memory();
    let fault = Fault::Write("planted".into());
    let planted = fault.clone();
    *world.ledger().on_step.lock().unwrap() = Some(Box::new(move |step| match step {
        Step::Begun => Err(planted.clone()),
        _ => Ok(()),
    }));
    let block = world.certified(&[]);
    assert_eq!(world.ledger().commit(&block), Err(fault.clone()));
    world.ledger().store.fail(fault.clone());
    *world.ledger().on_step.lock().unwrap() = None;
    assert_eq!(world.ledger().commit(&block), Err(fault.clone()));
    assert_eq!(world.ledger().check_writable(), Err(fault));
    world.open().unwrap();
    world.ledger().commit(&block).unwrap();
}

#[test]
fn an_older_copy_of_the_database_is_found_out() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("ledger");
    let mut world = World::on_disk(&directory);
    world.some_blocks();
    world.close();
    copy(&directory.join("db"), &home.path().join("old"));
    world.open().unwrap();
    let lost = [world.commit(&[]), world.commit(&[])];
    let recorded = recorded(&world.ledger().current());
    world.close();
    std::fs::remove_dir_all(directory.join("db")).unwrap();
    copy(&home.path().join("old"), &directory.join("db"));

    world.open().unwrap();
    assert_eq!(world.ledger().behind(), Some(recorded));
    world.ledger().commit(&lost[0]).unwrap();
    assert_eq!(world.ledger().behind(), Some(recorded));
    // Another block at the recorded height would be a second decision.
    let other = world.certified(&[world.fixture.did_created(8, json!({})).1]);
    assert!(matches!(world.ledger().commit(&other), Err(Fault::Conflict { height: 7, .. })));
    world.ledger().commit(&lost[1]).unwrap();
    assert_eq!(world.ledger().behind(), None);

    world.close();
    std::fs::remove_file(directory.join("head")).unwrap();
    assert!(matches!(world.open(), Err(Fault::Corrupt { .. })));
}

/// Flips single bits, and cuts files short, all over what a killed process left on the disk. The
/// node then does not start, or knows that it is behind, or has everything; and what it reads is
/// right or a fault.
#[test]
fn damage_on_the_disk_is_found_out_or_harmless() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("ledger");
    let mut world = World::on_disk(&directory);
    world.some_blocks();
    // Some of it in tables, some in the write-ahead log alone.
    world.open().unwrap();
    world.some_more_blocks();
    let image = home.path().join("image");
    copy(&directory, &image);
    let (model, head) = (dump(&world.ledger().store), world.ledger().head());
    let files: Vec<PathBuf> = ["", "db"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(image.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.metadata().unwrap().len() > 0)
        .filter(|path| !path.ends_with("LOG") && !path.ends_with("IDENTITY"))
        .collect();
    let mut found_out = 0;
    for (at, file) in files.iter().cycle().take(120).enumerate() {
        let mut bytes = std::fs::read(file).unwrap();
        let whole = bytes.clone();
        // A walk over the file's length that does not keep step with its blocks.
        let place = (at * 7919 + 13) % bytes.len();
        if at % 5 == 4 {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << (at % 8);
        }
        let work = home.path().join("work");
        copy(&image, &work);
        std::fs::write(work.join(file.strip_prefix(&image).unwrap()), &bytes).unwrap();
        let name = format!("{} at {place} of {}", file.display(), whole.len());
        match Ledger::open(&work, &world.fixture.genesis) {
            Err(_) => found_out += 1,
            Ok(ledger) if ledger.head() == head => {
                for ((_, key), value) in model.iter().filter(|((name, _), _)| *name == "records") {
                    let key = String::from_utf8(key.clone()).unwrap();
                    match ledger.snapshot().record(&key) {
                        Ok(record) => assert_eq!(record.unwrap().encode(), *value, "{name}"),
                        Err(fault) => assert!(matches!(fault, Fault::Corrupt { .. }), "{fault}"),
                    }
                }
            }
            Ok(ledger) => {
                assert_eq!(ledger.behind().unwrap().block, head.id, "{name}");
                found_out += 1;
            }
        }
        std::fs::remove_dir_all(&work).unwrap();
    }
    assert!(found_out > 20, "{found_out} of 120");
}

#[test]
fn a_second_process_and_another_network_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let fixture = Fixture::new(Parameters::default());
    let directory = home.path().join("ledger");
    assert!(matches!(Ledger::open(&directory, &fixture.genesis), Err(Fault::Missing(_))));
    let ledger = Ledger::create(&directory, &fixture.genesis).unwrap();
    let second = Ledger::open(&directory, &fixture.genesis).unwrap_err();
    assert_eq!(second, Fault::Locked(directory.clone()));
    assert!(second.to_string().ends_with("stop that process first"));
    assert!(matches!(Ledger::create(&directory, &fixture.genesis), Err(Fault::Exists(_))));
    drop(ledger);
    let other = Fixture::new(Parameters { block_events_max: 9, ..Parameters::default() });
    let refused = Ledger::open(&directory, &other.genesis).unwrap_err();
    assert!(matches!(refused, Fault::OtherNetwork { .. }), "{refused}");
    Ledger::open(&directory, &fixture.genesis).unwrap();
}

/// Flips a bit of every value in the database, one after another: the start or the audit notices,
/// and no read returns it.
#[test]
fn a_changed_value_is_found_by_the_audit() {
    let mut world = World::in_memory();
    let dids = world.some_blocks();
    let rows = dump(&world.ledger().store);
    let records = world.snapshot().tree().len() as u64;
    let report = world.audit();
    assert_eq!((report.findings.len(), report.height, report.events), (0, 5, 5));
    assert_eq!(report.records, records);
    for ((name, row_key), value) in rows {
        let family = Family::ALL.into_iter().find(|family| family.name() == name).unwrap();
        // The cursor is no part of the ledger; the validators of genesis are in genesis itself.
        if family == Family::Meta && row_key != HEAD && !row_key.starts_with(b"block/") {
            continue;
        }
        // A posting is nothing but its key.
        if value.is_empty() {
            continue;
        }
        let put = |value: &[u8]| {
            let store = Store::open(&world.disk).unwrap();
            let mut batch = store.batch();
            batch.put(family, &row_key, value);
            batch.write_synced().unwrap();
        };
        let mut changed = value.clone();
        let at = changed.len() / 2;
        changed[at] ^= 1;
        put(&changed);
        let (disk, genesis) = (&world.disk, &world.fixture.genesis);
        let report = audit_disk(disk, genesis, &mut verify_singly, &mut |_, _| {}).unwrap();
        assert_ne!(report.findings, [], "{name} {}", String::from_utf8_lossy(&row_key));
        put(&value);
    }
    world.open().unwrap();

    let damaged = key(&dids[1]);
    let mut bytes = world.snapshot().record(&damaged).unwrap().unwrap().encode();
    bytes[20] ^= 1;
    let mut batch = world.ledger().store.batch();
    batch.put(Family::Records, damaged.as_bytes(), &bytes);
    batch.write_synced().unwrap();
    let fault = world.snapshot().record(&damaged).unwrap_err();
    assert!(fault.to_string().starts_with(&format!("the record `{damaged}` is damaged")));
    // A rule that needs it decides nothing.
    let update = world.fixture.did_updated(1, &dids[1], 1, 1);
    assert!(world.snapshot().trial(0).judge(&checked(&update)).is_err());
    let report = world.audit();
    assert_eq!(report.findings[0].key, Some(damaged));
}

#[test]
fn read_models_are_made_again_as_they_were() {
    let mut world = World::in_memory();
    world.some_blocks();
    let before = dump(&world.ledger().store);
    let mut steps = Vec::new();
    world.ledger().rebuild_projections(&mut |done, all| steps.push((done, all))).unwrap();
    let all = world.snapshot().log_size() + world.snapshot().tree().len() as u64;
    assert_eq!(steps, [(all, all)]);
    assert_eq!(dump(&world.ledger().store), before);
    // An interrupted rebuild is made good at the next start.
    world.ledger().store.clear(Family::Projections).unwrap();
    world.ledger().store.clear(Family::Events).unwrap();
    let mut batch = world.ledger().store.batch();
    batch.put(Family::Meta, CURSOR, &[]);
    batch.write_synced().unwrap();
    world.open().unwrap();
    assert_eq!(dump(&world.ledger().store), before);
}

#[test]
fn a_copy_can_be_opened() {
    let home = tempfile::tempdir().unwrap();
    let world = World::on_disk(&home.path().join("ledger"));
    world.some_blocks();
    let to = home.path().join("copy");
    world.ledger().copy_to(&to).unwrap();
    world.commit(&[]);
    let copy = Ledger::open(&to, &world.fixture.genesis).unwrap();
    assert_eq!(copy.head().height, 5);
    assert!(matches!(world.ledger().copy_to(&to), Err(Fault::Exists(_))));
}

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
