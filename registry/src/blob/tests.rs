//! Who may propose and activate blobs, and whose word counts.

use proofs::PublicKey;
use serde_json::{Value, json};

use super::*;
use crate::event::SignedEvent;
use crate::governance::tests::nation::{Nation, ed, node_keys};
use crate::json;
use crate::slots::{self, Domain};

const TAILS: &str = "anonCredsTails";

/// A tails file's frame for this many credentials.
fn tails(credentials: usize) -> Vec<u8> {
    let mut bytes = vec![7; 2 + (2 * credentials + 1) * 128];
    bytes[..2].copy_from_slice(&[0, 2]);
    bytes
}

fn proposal(bytes: &[u8], kind: &str) -> Value {
    json!({ "blob": id(bytes), "kind": kind, "size": bytes.len() })
}

fn state(nation: &Nation, id: &str) -> BlobState {
    BlobState::read(&nation.records[&key(id)]).unwrap()
}

/// The attestation of the validator of this number.
fn attestation(nation: &Nation, node: u8, id: &str) -> Value {
    let [cosigner, _, _, validator] = node_keys(node);
    let statement = attestation::statement(&nation.context.genesis, id, &state(nation, id));
    json!({
        "signature": attestation::encode(&cosigner.sign(&statement).to_bytes()),
        "validatorKey": PublicKey::from(&validator),
    })
}

/// Those of these validators, in the order that the rule asks for.
fn attestations(nation: &Nation, nodes: &[u8], id: &str) -> Vec<Value> {
    let mut all: Vec<Value> = nodes.iter().map(|node| attestation(nation, *node, id)).collect();
    all.sort_by_key(|one| one["validatorKey"].as_str().unwrap().to_owned());
    all
}

fn activation(id: &str, attestations: Vec<Value>) -> Value {
    json!({ "attestations": attestations, "blob": id, "previousVersion": 1 })
}

#[test]
fn s47_s56_a_blob_becomes_active_by_more_than_two_thirds_of_the_voting_power() {
    let mut nation = Nation::new();
    let bytes = tails(3);
    let id = id(&bytes);
    nation.act("BlobProposed", &["op1"], proposal(&bytes, TAILS)).unwrap();
    let proposed = state(&nation, &id);
    assert_eq!((proposed.state, proposed.activated), (Stage::Proposed, None));
    assert_eq!(nation.content(&quota_key(&nation.did("op1"))), json!({ "bytes": bytes.len() }));
    let again = nation.refused("BlobProposed", &["op2"], proposal(&bytes, TAILS));
    assert_eq!(again, "exists", "a file is proposed once, by anyone");

    let mut refused = |signer: &str, attestations: Vec<Value>| {
        nation.refused("BlobActivated", &[signer], activation(&id, attestations))
    };
    let attesting = proposed_nation();
    let by = |nodes: &[u8]| attestations(&attesting, nodes, &id);
    assert_eq!(refused("op1", by(&[0, 1])), "attesting-power");
    assert_eq!(refused("op1", vec![]), "attesting-power");
    assert_eq!(refused("op2", by(&[0, 1, 2])), "blob-author");
    let (mut twice, mut turned) = (by(&[0, 1]), by(&[0, 1, 2]));
    twice.insert(1, twice[0].clone());
    assert_eq!(refused("op1", twice), "attestation-order", "a validator counts once");
    turned.reverse();
    assert_eq!(refused("op1", turned), "attestation-order");
    assert_eq!(refused("op1", by(&[0, 1, 2, 9])), "no-validator", "nothing rides along");
    let mut forged = by(&[0, 1, 2]);
    forged[0]["signature"] = forged[1]["signature"].clone();
    assert_eq!(refused("op1", forged), "attestation");

    nation.act("BlobActivated", &["op1"], activation(&id, by(&[1, 2, 3]))).unwrap();
    let active = state(&nation, &id);
    assert!(active.is_active() && active.activated.is_some());
    let mut once = activation(&id, by(&[1, 2, 3]));
    assert_eq!(nation.refused("BlobActivated", &["op1"], once.clone()), "blob-active");
    once["blob"] = super::id(b"other").into();
    assert_eq!(nation.refused("BlobActivated", &["op1"], once), "not-found");
}

/// A nation in which the blob of the test above is proposed: what is attested is the same.
fn proposed_nation() -> Nation {
    let mut nation = Nation::new();
    nation.act("BlobProposed", &["op1"], proposal(&tails(3), TAILS)).unwrap();
    nation
}

#[test]
fn an_attestation_is_the_cosigner_keys_and_for_one_network_and_blob() {
    let nation = proposed_nation();
    let id = id(&tails(3));
    let blob = state(&nation, &id);
    let genesis = nation.context.genesis;
    let entry = crate::governance::tests::nation::entry(0, &nation.did("op1"));
    let [cosigner, log, peer, validator] = node_keys(0);
    let ours = attestation::statement(&genesis, &id, &blob);
    let holds = |key: &ed25519_zebra::SigningKey, statement: &[u8]| {
        let signature = attestation::encode(&key.sign(statement).to_bytes());
        Attestation { signature, validator_key: entry.validator_key }.holds(&ours, &entry)
    };
    assert!(holds(&cosigner, &ours));
    for other in [&log, &peer, &validator, &ed(99)] {
        assert!(!holds(other, &ours), "the key of another purpose");
    }
    let others = [
        attestation::statement(&proofs::Hash([9; 32]), &id, &blob),
        attestation::statement(&genesis, &super::id(b"other"), &blob),
        attestation::statement(&genesis, &id, &BlobState { size: 1, ..blob.clone() }),
        attestation::statement(&genesis, &id, &BlobState { kind: "resource".into(), ..blob }),
    ];
    assert!(others.iter().all(|other| !holds(&cosigner, other)));
}

#[test]
fn sizes_kinds_and_the_quota_of_an_author_are_bounded() {
    let mut nation = Nation::new();
    let mut refused = |members: Value| nation.refused("BlobProposed", &["op1"], members);
    let (largest, wrong) = (BLOB_BYTES_MAX, "sha256:00");
    let named = |id: &str, kind: &str, size: u64| json!({ "blob": id, "kind": kind, "size": size });
    assert_eq!(refused(named(&id(b"a"), TAILS, largest + 1)), "blob-size");
    assert_eq!(refused(named(&id(b"a"), TAILS, 0)), "blob-size");
    assert_eq!(refused(named(&id(b"a"), "resource", (1 << 20) + 1)), "blob-size");
    assert_eq!(refused(named(&id(b"a"), "film", 1)), "blob-kind");
    assert_eq!(refused(named(wrong, TAILS, 1)), "blob-id");
    for number in 0..QUOTA_BYTES_MAX / largest {
        let id = id(&number.to_be_bytes());
        nation.act("BlobProposed", &["op1"], named(&id, TAILS, largest)).unwrap();
    }
    let one_more = named(&id(b"a"), "resource", 1);
    assert_eq!(nation.refused("BlobProposed", &["op1"], one_more.clone()), "blob-quota");
    nation.act("BlobProposed", &["op2"], one_more).unwrap();
}

#[test]
fn each_kind_checks_the_bytes_by_its_own_rule() {
    let check = |kind: &str, bytes: &[u8]| BlobKind::named(kind).unwrap().check(bytes);
    let library: Value =
        serde_json::from_str(include_str!("../anoncreds/testdata/registry-10.json")).unwrap();
    let sound = hex::decode(library["tails"].as_str().unwrap()).unwrap();
    assert_eq!(check(TAILS, &sound), Ok(()));
    for wrong in [&sound[1..], &sound[..sound.len() - 128], &tails(10), &tails(0), &[]] {
        assert!(check(TAILS, wrong).is_err(), "{} bytes", wrong.len());
    }
    assert_eq!(check("resource", br#"{ "value": {} }"#), Ok(()));
    assert!(check("resource", b"value").is_err());
    assert!(check("resource", &[b' '; 2 << 20]).is_err());
    let set_up = |secret| slots::trial::setup(Domain::of(16).unwrap(), secret).unwrap();
    let (powers, table) = set_up(5);
    assert_eq!(check("powersOfTau", &[powers.bytes(), table.bytes()].concat()), Ok(()));
    let (_, others) = set_up(6);
    for wrong in [&[powers.bytes(), others.bytes()].concat()[..], &powers.bytes(), b"points"] {
        assert!(check("powersOfTau", wrong).is_err(), "{} bytes", wrong.len());
    }
}

#[test]
fn what_attestations_cost_is_counted_in_the_blocks_budget() {
    let nation = proposed_nation();
    let id = id(&tails(3));
    let cost = |nodes: &[u8]| {
        let members = activation(&id, attestations(&nation, nodes, &id));
        let event = json::canonical(&nation.event("BlobActivated", &["op1"], members)).unwrap();
        let bytes = event.len() as u64 / 64;
        SignedEvent::parse(&event).unwrap().verify().unwrap().cost() - bytes
    };
    assert_eq!(cost(&[0, 1, 2]) - cost(&[]), 3 * attestation::COST);
}
