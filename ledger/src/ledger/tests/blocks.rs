//! Which blocks are executed and committed, and which are refused.

use super::*;

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
