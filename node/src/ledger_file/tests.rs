use std::io::Cursor;

use ledger::{Ledger, Memory};

use super::*;
use crate::replay::Replay;
use crate::testing::World;

/// A ledger of a few blocks, as a file.
fn exported(world: &World) -> String {
    world.decide_dids(0, 3);
    world.decide_dids(3, 2);
    let snapshot = world.ledger.snapshot();
    let mut writer = Writer::begin(Vec::new(), world.ledger.genesis()).unwrap();
    for height in 1..=snapshot.height() {
        writer.block(&snapshot.block(height).unwrap().unwrap()).unwrap();
    }
    let (text, bytes) = writer.end().unwrap();
    assert_eq!(text.len() as u64, bytes);
    String::from_utf8(text).unwrap()
}

/// Replays a file into an empty ledger; what is wrong with it otherwise.
fn replay(text: &str) -> Result<Replay, String> {
    let shown = |error: anyhow::Error| format!("{error:#}");
    let (mut reader, genesis) = Reader::begin(Cursor::new(text)).map_err(shown)?;
    let ledger = Ledger::open_in_memory(&Memory::new(), &genesis).unwrap();
    let mut replay = Replay::onto(ledger);
    while let Some(decided) = reader.block().map_err(shown)? {
        replay.block(decided).unwrap()?;
    }
    Ok(replay)
}

#[test]
fn a_ledger_that_is_replayed_elsewhere_has_the_same_state_root() {
    let world = World::new();
    let text = exported(&world);
    let replayed = replay(&text).unwrap();
    let (ours, theirs) = (world.ledger.snapshot(), replayed.ledger().snapshot());
    assert_eq!(theirs.head().id, ours.head().id);
    assert_eq!(theirs.tree().root(), ours.tree().root());
    assert_eq!(replayed.events(), 5);
    for height in 1..=ours.height() {
        assert_eq!(theirs.block(height).unwrap(), ours.block(height).unwrap());
    }
}

#[test]
fn a_ledger_that_was_changed_or_cut_off_is_refused() {
    let world = World::new();
    let text = exported(&world);
    let wrong = |text: &str| replay(text).err().expect("it is refused");
    assert!(wrong("").contains("empty"));
    assert!(wrong("{}\n").contains("no ledger"));
    assert!(wrong(&text.replacen("dzong/ledger/v1", "dzong/ledger/v2", 1)).contains("v2"));
    assert!(wrong(&text[..text.len() - 1]).contains("cut off"));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let without_first_block = [&lines[..1], &lines[2..]].concat().concat();
    assert!(wrong(&without_first_block).contains("does not follow the head"));
    let another_time = text.replacen("\"created\":\"20", "\"created\":\"19", 2);
    assert!(replay(&another_time).is_err());
    let fewer_signatures = text.replacen("\"signatures\":[{", "\"signatures\":[],\"x\":[{", 1);
    assert!(wrong(&fewer_signatures).contains("damaged"));
}
