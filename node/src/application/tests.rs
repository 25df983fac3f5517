use consensus::Application as _;
use proofs::PublicKey;

use super::*;
use crate::clock::now_ms;
use crate::testing::{World, key};

fn proposed(world: &World, late_ms: u64, turn: usize) -> Source {
    let proposer = PublicKey::from(&world.keys[turn].vote);
    Source::Proposed { now_ms: now_ms() + late_ms, proposer }
}

#[test]
fn a_block_goes_from_one_node_to_another_and_both_agree() {
    let (ours, theirs) = {
        let world = World::new();
        (world.neighbour(), world)
    };
    let (_, event) = theirs.did_created(&key(50));
    let proposal = theirs.propose(theirs.candidates(&[event]));
    let valid = ours.application.validate(proposal.payload.clone(), proposed(&ours, 0, 0)).unwrap();
    assert_eq!(valid, Ok(proposal.id));
    assert_eq!(ours.application.payload(&proposal.id).unwrap(), Some(proposal.payload.clone()));
    let certificate = ours.certify(proposal.id);
    for world in [&ours, &theirs] {
        let committed = world.application.commit(&certificate).unwrap().unwrap();
        assert_eq!((committed.height, committed.events.len()), (1, 1));
        let again = world.application.commit(&certificate).unwrap().unwrap();
        assert!(again.events.is_empty(), "idempotent by height");
        let decided = world.application.decided(1).unwrap().unwrap();
        assert_eq!(decided, (proposal.payload.clone(), certificate.clone()));
        assert_eq!(world.application.payload(&proposal.id).unwrap(), Some(decided.0));
    }
    assert_eq!(ours.ledger.head(), theirs.ledger.head());
    assert_eq!(ours.application.head().block, proposal.id);
}

#[test]
fn a_decided_block_is_executed_again_where_it_was_forgotten() {
    let world = World::new();
    let (_, event) = world.did_created(&key(50));
    let proposal = world.propose(world.candidates(&[event]));
    world.application.executed().clear();
    let certificate = world.certify(proposal.id);
    assert_eq!(world.application.commit(&certificate).unwrap().unwrap().events.len(), 1);
}

#[test]
fn a_decided_block_that_was_lost_here_is_asked_for_and_then_committed() {
    let world = World::new();
    let (_, event) = world.did_created(&key(50));
    let proposal = world.propose(world.candidates(&[event]));
    let certificate = world.certify(proposal.id);
    world.application.executed().clear();
    world.ledger.pending().prune(1).unwrap();
    assert!(world.application.commit(&certificate).unwrap().is_none());
    let fetched = world.application.validate(proposal.payload, Source::Decided).unwrap();
    assert_eq!(fetched, Ok(proposal.id));
    assert!(world.ledger.pending().all().unwrap().is_empty(), "those who voted for it have it");
    assert!(world.application.commit(&certificate).unwrap().is_some());
}

#[test]
fn what_was_foreseen_of_a_block_is_not_verified_again() {
    let (ours, theirs) = {
        let world = World::new();
        (world.neighbour(), world)
    };
    let (_, event) = theirs.did_created(&key(50));
    let Proposal { payload, .. } = theirs.propose(theirs.candidates(&[event]));
    let verified = || ours.metrics.signatures.with_label_values(&["verified"]).get();
    ours.application.foresee(Bytes::from_static(b"x"));
    assert_eq!(verified(), 0);
    ours.application.foresee(payload.clone());
    assert_eq!(verified(), 1);
    assert!(ours.application.validate(payload, Source::Decided).unwrap().is_ok());
    assert_eq!(verified(), 1);
}

#[test]
fn clock_and_turn_are_looked_at_in_fresh_proposals_only() {
    let world = World::new();
    let payload = world.propose(Vec::new()).payload;
    for wrong in [proposed(&world, 40_000, 0), proposed(&world, 0, 1)] {
        assert!(world.application.validate(payload.clone(), wrong).unwrap().is_err());
    }
    for source in [Source::Again, Source::Decided] {
        assert!(world.application.validate(payload.clone(), source).unwrap().is_ok());
    }
}

#[test]
fn a_block_with_other_events_than_its_header_is_invalid() {
    let world = World::new();
    let (_, a) = world.did_created(&key(50));
    let (_, b) = world.did_created(&key(51));
    let proposal = world.propose(world.candidates(&[a]));
    let mut block = Block::decode(&proposal.payload).unwrap();
    block.events = vec![b.to_vec()];
    let validate = |payload: Bytes| world.application.validate(payload, Source::Again).unwrap();
    let swapped = validate(block.encode().into());
    assert!(swapped.is_err(), "{swapped:?}");
    block.events = vec![b"{}".to_vec()];
    assert!(validate(block.encode().into()).is_err());
    assert!(validate(Bytes::from_static(b"x")).is_err());
}

#[test]
fn a_refused_candidate_is_named_and_the_rest_goes_on() {
    let world = World::new();
    let (_, good) = world.did_created(&key(50));
    let (did, event) = world.did_created(&key(51));
    world.decide_events(&[event]);
    let ends = |created| {
        let members = serde_json::json!({ "previousVersion": 1 });
        let event = world.changed("DidDeactivated", &did, &key(51), members);
        // Two variants of the same act: their times differ.
        (created, event)
    };
    let first = world.candidates(&[ends(1).1]);
    let mut candidates = first.clone();
    candidates.extend(world.candidates(&[good]));
    world.decide(first);
    let proposal = world.propose(candidates.clone());
    assert_eq!(proposal.refused, [candidates[0].hash]);
    assert_eq!(Block::decode(&proposal.payload).unwrap().events.len(), 1);
}

#[test]
fn a_certificate_without_a_quorum_or_for_another_block_is_a_fault() {
    let world = World::new();
    let proposal = world.propose(Vec::new());
    let mut few = world.certify(proposal.id);
    few.signatures.pop();
    assert!(world.application.commit(&few).is_err());
    world.application.commit(&world.certify(proposal.id)).unwrap();
    let mut other = world.certify(Hash([9; 32]));
    other.height = 1;
    assert!(world.application.commit(&other).is_err());
}
