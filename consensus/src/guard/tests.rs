use std::collections::HashMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::damage::{back_up, damage};
use super::*;

/// A directory in memory where there is one: the tests sync thousands of times.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn at(height: u64, round: u32, step: Step) -> Position {
    Position { height, round, step }
}

fn fake(message: &[u8]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&digest(message).0);
    signature
}

/// A guard that has signed once.
fn used(home: &Path) -> Guard {
    let mut guard = Guard::open(home, true).unwrap();
    guard.sign(at(5, 0, Step::Prevote), b"a", fake).unwrap();
    guard
}

#[test]
fn the_same_bytes_get_the_same_signature_and_others_none() {
    let home = directory();
    let mut guard = Guard::open(home.path(), true).unwrap();
    let position = at(5, 0, Step::Prevote);
    let signature = guard.sign(position, b"a", fake).unwrap();
    assert_eq!(guard.sign(position, b"a", |_| [1; 64]), Ok(signature));
    assert_eq!(guard.sign(position, b"b", fake), Err(Refusal::Conflict(position)));
    let earlier = at(5, 0, Step::Proposal);
    assert_eq!(guard.sign(earlier, b"a", fake), Err(Refusal::Forgotten(5)));
    assert!(guard.sign(at(5, 0, Step::Precommit), b"b", fake).is_ok());
    assert_eq!(guard.floor(), 5);
}

#[test]
fn a_restart_signs_on_only_if_the_log_knows_the_last_signature() {
    let home = directory();
    let signature = used(home.path()).last().unwrap().signature;
    let next = at(5, 0, Step::Precommit);
    let mut guard = Guard::open(home.path(), false).unwrap();
    assert_eq!(guard.sign(next, b"a", fake), Err(Refusal::Forgotten(5)));
    guard.confirm(&[signature]);
    assert!(guard.sign(next, b"a", fake).is_ok());
    let mut guard = Guard::open(home.path(), false).unwrap();
    assert!(guard.sign(at(6, 0, Step::Prevote), b"a", fake).is_ok(), "another height");
}

#[test]
fn a_log_that_lost_more_than_the_last_signature_has_lost_the_lock() {
    let home = directory();
    let mut guard = Guard::open(home.path(), true).unwrap();
    let lock = guard.sign(at(5, 0, Step::Precommit), b"block", fake).unwrap();
    let nil = guard.sign(at(5, 1, Step::Prevote), b"nil", fake).unwrap();
    for (remembered, signs_on) in [(vec![], false), (vec![lock], true)] {
        let mut guard = Guard::open(home.path(), false).unwrap();
        guard.confirm(&remembered);
        assert_eq!(guard.sign(at(5, 1, Step::Prevote), b"nil", fake), Ok(nil), "the same again");
        let next = guard.sign(at(5, 2, Step::Prevote), b"other", fake);
        assert_eq!(next.is_ok(), signs_on, "{next:?}");
    }
}

#[test]
fn both_copies_gone_is_noticed_and_one_is_made_again() {
    let home = directory();
    assert!(matches!(Guard::open(home.path(), false), Err(GuardError::Lost)));
    used(home.path());
    for name in ["guard.a", "guard.b"] {
        std::fs::remove_file(home.path().join(name)).unwrap();
        let guard = Guard::open(home.path(), false).unwrap();
        assert_eq!(guard.last().unwrap().position, at(5, 0, Step::Prevote));
    }
    for name in ["guard.a", "guard.b"] {
        std::fs::write(home.path().join(name), b"").unwrap();
    }
    assert!(matches!(Guard::open(home.path(), true), Err(GuardError::Lost)));
}

#[test]
fn a_copied_home_is_noticed_and_a_moved_one_is_not() {
    let (home, parent) = (directory(), directory());
    used(home.path());
    let copy = parent.path().join("copy");
    back_up(home.path(), &copy);
    assert!(matches!(Guard::open(&copy, false), Err(GuardError::Copied)));
    assert!(matches!(Guard::open(&copy, true), Err(GuardError::Copied)));
    // Unless its operator says that it was moved, across disks.
    assert_eq!(Guard::moved(&copy).unwrap().floor(), 5);
    assert_eq!(Guard::open(&copy, false).unwrap().floor(), 5);

    let moved = home.path().join("moved");
    std::fs::create_dir(&moved).unwrap();
    for (from, to) in paths(home.path()).iter().zip(paths(&moved)) {
        std::fs::rename(from, to).unwrap();
    }
    assert_eq!(Guard::open(&moved, false).unwrap().floor(), 5, "the same files elsewhere");
}

#[test]
fn an_older_copy_in_the_same_file_is_noticed() {
    let home = directory();
    let mut guard = used(home.path());
    let older = paths(home.path()).map(|path| std::fs::read(path).unwrap());
    guard.sign(at(6, 0, Step::Prevote), b"a", fake).unwrap();
    drop(guard);
    std::thread::sleep(Duration::from_millis(file::CHANGE_MS + 50));
    for (path, bytes) in paths(home.path()).iter().zip(older) {
        std::fs::write(path, bytes).unwrap();
    }
    assert!(matches!(Guard::open(home.path(), false), Err(GuardError::Copied)));
    assert_eq!(Guard::rejoin(home.path(), 9).unwrap().floor(), 9);
}

#[test]
fn after_a_failed_write_nothing_is_signed_and_nothing_is_tried_again() {
    let home = directory();
    let mut guard = used(home.path());
    guard.slots[1].fail();
    let position = at(6, 0, Step::Prevote);
    for _ in 0..2 {
        let refused = guard.sign(position, b"a", fake);
        assert!(matches!(refused, Err(Refusal::Disk(Fault::Disk(_)))), "{refused:?}");
    }
    // The next start knows the signature that was recorded and never seen.
    let guard = Guard::open(home.path(), false).unwrap();
    assert_eq!(guard.last().unwrap().position, position);
}

#[test]
fn a_node_that_rejoins_signs_above_what_it_watched() {
    let home = directory();
    let mut guard = Guard::rejoin(home.path(), 7).unwrap();
    assert!(guard.sign(at(7, 3, Step::Prevote), b"a", fake).is_err());
    assert!(guard.sign(at(9, 0, Step::Prevote), b"a", fake).is_ok());
    assert_eq!(Guard::rejoin(home.path(), 8).unwrap().floor(), 9);
}

#[test]
fn a_torn_write_of_one_copy_leaves_the_other() {
    let home = directory();
    let mut guard = used(home.path());
    let before = std::fs::read(home.path().join("guard.a")).unwrap();
    guard.sign(at(5, 0, Step::Precommit), b"a", fake).unwrap();
    let after = std::fs::read(home.path().join("guard.a")).unwrap();
    for cut in 1..after.len() {
        let mut torn = after[..cut].to_vec();
        torn.extend_from_slice(&before[cut..]);
        std::fs::write(home.path().join("guard.a"), &torn).unwrap();
        // Where the end is the same in both, the write was complete, in a file that was not ours.
        match Guard::open(home.path(), false) {
            Ok(guard) => assert_eq!(guard.last().unwrap().position, at(5, 0, Step::Precommit)),
            Err(error) => assert!(matches!(error, GuardError::Copied), "{error}"),
        }
    }
}

/// What came of a thousand guards.
#[derive(Debug, Default)]
struct Outcome {
    cases: u64,
    refused: u64,
    signed: u64,
    opened_after_damage: u64,
}

/// One guard's life: it signs whatever it is asked, is damaged, opens again or watches, and goes
/// on. The engine is the worst one: it asks at random and claims to remember everything.
fn live(random: &mut StdRng, outcome: &mut Outcome) {
    let (home, backup) = (directory(), directory());
    let mut out: HashMap<Position, [u8; 64]> = HashMap::new();
    let mut guard = Guard::open(home.path(), true).ok();
    let mut height = 1;
    for _ in 0..5 {
        if random.gen_bool(0.3) {
            back_up(home.path(), backup.path());
        }
        for _ in 0..random.gen_range(0..8) {
            let Some(guard) = &mut guard else { break };
            let step = [Step::Proposal, Step::Prevote, Step::Precommit][random.gen_range(0..3)];
            let position = at(height + random.gen_range(0..2), random.gen_range(0..2), step);
            let message = [random.gen_range(0..2)];
            guard.confirm(&out.values().copied().collect::<Vec<_>>());
            if let Ok(signature) = guard.sign(position, &message, fake) {
                let before = out.insert(position, signature);
                assert!(before.is_none_or(|before| before == signature), "{position:?}");
                outcome.signed += 1;
            }
        }
        drop(guard.take());
        damage(home.path(), backup.path(), random);
        outcome.cases += 1;
        guard = Guard::open(home.path(), false).ok();
        match &guard {
            Some(_) => outcome.opened_after_damage += 1,
            None => {
                outcome.refused += 1;
                // The watch: the network has decided what this key may have signed.
                let known = out.keys().map(|position| position.height).max().unwrap_or(0);
                height = known.max(height) + 1;
                guard = random.gen_bool(0.8).then(|| Guard::rejoin(home.path(), height).unwrap());
            }
        }
    }
}

#[test]
fn a_thousand_damaged_guards_never_sign_two_things_for_one_position() {
    let mut outcome = Outcome::default();
    for seed in 0..1_000 {
        live(&mut StdRng::seed_from_u64(seed), &mut outcome);
    }
    println!("{outcome:?}");
    assert!(outcome.cases >= 1_000 && outcome.signed > 1_000, "{outcome:?}");
    assert!(outcome.refused > 500 && outcome.opened_after_damage > 200, "{outcome:?}");
}
