use super::*;
use crate::testing::World;

/// A stopped node's log with a checkpoint of now.
fn source(world: &World) -> Source {
    Source::Ledger(world.ledger.snapshot(), world.cosigned())
}

fn quiet() -> impl FnMut(u64, u64) {
    |_, _| {}
}

/// All files below a directory with their bytes.
fn files(directory: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

#[test]
fn a_copy_holds_what_the_node_would_serve() {
    let world = World::new();
    world.decide_dids(0, 300);
    let directory = tempfile::tempdir().unwrap();
    let source = source(&world);
    let exported = export(&source, directory.path(), &mut quiet()).unwrap();
    assert_eq!((exported.head.size, exported.before), (301, 0));
    let copy = Source::at(&directory.path().to_string_lossy());
    assert_eq!(copy.checkpoint().unwrap(), source.checkpoint().unwrap());
    let mut count = 0;
    for tile in tiles(301) {
        count += 1;
        let served = world.ledger.snapshot().tile(&tile).unwrap().unwrap();
        assert_eq!(copy.tile(tile).unwrap(), served, "{tile}");
    }
    assert_eq!((count, files(directory.path()).len()), (5, 6), "and the checkpoint");
}

#[test]
fn an_export_goes_on_where_it_ended() {
    let world = World::new();
    world.decide_dids(0, 10);
    let (grown, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    export(&source(&world), grown.path(), &mut quiet()).unwrap();
    world.decide_dids(10, 300);
    export(&source(&world), grown.path(), &mut quiet()).unwrap();
    world.decide_dids(400, 250);
    let exported = export(&source(&world), grown.path(), &mut quiet()).unwrap();
    assert_eq!((exported.before, exported.head.size), (256, 10 + 300 + 250 + 3));
    export(&source(&world), whole.path(), &mut quiet()).unwrap();
    // All but the checkpoints, whose cosignatures have other times.
    let tiles = |directory: &Path| -> Vec<(PathBuf, Vec<u8>)> {
        let below = |(path, bytes): (PathBuf, Vec<u8>)| {
            (path.strip_prefix(directory).unwrap().to_owned(), bytes)
        };
        files(&directory.join("tile")).into_iter().map(below).collect()
    };
    let (grown, whole) = (tiles(grown.path()), tiles(whole.path()));
    for file in &whole {
        assert!(grown.contains(file), "{}", file.0.display());
    }
}

#[test]
fn an_interrupted_export_leaves_no_checkpoint_and_is_finished_later() {
    let world = World::new();
    world.decide_dids(0, 300);
    let directory = tempfile::tempdir().unwrap();
    let source = source(&world);
    export(&source, directory.path(), &mut quiet()).unwrap();
    // As if it had ended between an entry bundle and the tile of its hashes.
    fs::remove_file(directory.path().join(CHECKPOINT)).unwrap();
    fs::remove_file(directory.path().join("tile/0/000")).unwrap();
    fs::remove_dir_all(directory.path().join("tile/1")).unwrap();
    let exported = export(&source, directory.path(), &mut quiet()).unwrap();
    assert_eq!(exported.before, 0);
    assert!(directory.path().join("tile/1/000.p/1").is_file());
}

#[test]
fn a_copy_is_never_mixed_of_two_logs_nor_made_shorter() {
    let (world, other) = (World::new(), World::new());
    world.decide_dids(0, 300);
    let shorter = source(&world);
    other.decide_dids(500, 400);
    let directory = tempfile::tempdir().unwrap();
    export(&shorter, directory.path(), &mut quiet()).unwrap();
    let before = files(directory.path())[&directory.path().join(CHECKPOINT)].clone();
    let error = export(&source(&other), directory.path(), &mut quiet()).unwrap_err().to_string();
    assert!(error.contains("of another log"), "{error}");
    assert_eq!(files(directory.path())[&directory.path().join(CHECKPOINT)], before);
    world.decide_dids(300, 300);
    let directory = tempfile::tempdir().unwrap();
    export(&source(&world), directory.path(), &mut quiet()).unwrap();
    let error = export(&shorter, directory.path(), &mut quiet()).unwrap_err().to_string();
    assert!(error.contains("602 entries already"), "{error}");
}
