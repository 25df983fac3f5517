use consensus::Application as _;
use proofs::PublicKey;

use super::*;
use crate::clock::now_ms;
use crate::testing::{World, key};

fn fresh(world: &World) -> Option<Fresh> {
    Some(Fresh { now_ms: now_ms(), proposer: PublicKey::from(&world.keys[0].vote) })
}

#[test]
fn a_block_goes_from_one_node_to_another_and_both_agree() {
    let (ours, theirs) = {
        let world = World::new();
        (world.neighbour(), world)
    };
    let (_, event) = theirs.did_created(&key(50));
    let proposal = theirs.propose(theirs.candidates(&[event]));
    let valid = ours.application.validate(proposal.payload.clone(), fresh(&ours)).unwrap();
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
    assert_eq!(world.application.validate(proposal.payload, None).unwrap(), Ok(proposal.id));
    assert!(world.application.commit(&certificate).unwrap().is_some());
}

#[test]
fn clock_and_turn_are_looked_at_in_fresh_proposals_only() {
    let world = World::new();
    let payload = world.propose(Vec::new()).payload;
    let late = Fresh { now_ms: now_ms() + 40_000, ..fresh(&world).unwrap() };
    let turn = Fresh { proposer: PublicKey::from(&world.keys[1].vote), ..fresh(&world).unwrap() };
    for wrong in [late, turn] {
        assert!(world.application.validate(payload.clone(), Some(wrong)).unwrap().is_err());
    }
    assert!(world.application.validate(payload, None).unwrap().is_ok());
}

#[test]
fn a_block_with_other_events_than_its_header_is_invalid() {
    let world = World::new();
    let (_, a) = world.did_created(&key(50));
    let (_, b) = world.did_created(&key(51));
    let proposal = world.propose(world.candidates(&[a]));
    let mut block = Block::decode(&proposal.payload).unwrap();
    block.events = vec![b.to_vec()];
    let swapped = world.application.validate(block.encode().into(), None).unwrap();
    assert!(swapped.is_err(), "{swapped:?}");
    block.events = vec![b"{}".to_vec()];
    assert!(world.application.validate(block.encode().into(), None).unwrap().is_err());
    assert!(world.application.validate(Bytes::from_static(b"x"), None).unwrap().is_err());
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
