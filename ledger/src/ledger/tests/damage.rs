//! Crashes, full and damaged disks, and how they are found out.

use super::*;

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
