//! What the network is, and how it changes.

use ed25519_zebra::SigningKey;
use proofs::PublicKey;
use serde_json::{Value, json};

use super::nation::{DAY, MEMBERS, Nation, document, ed, entry, evidence, node_keys};
use crate::genesis::{Document, Genesis};
use crate::governance::decision;
use crate::json as canonical_json;
use crate::network::{self, Parameters, Residency, VALIDATORS, possession, protocol_at};

const FOUR: &[&str] = &["g1", "g2", "g3", "g4"];
const LIST: &str = "network/validators";

/// The admission of node `node`, run by `op5`.
fn admission(nation: &Nation, node: u8) -> Value {
    let operator = nation.did("op5");
    json!({ "possession": nation.possession(node, &operator), "validator": entry(node, &operator) })
}

fn with_operator() -> Nation {
    let mut nation = Nation::new();
    nation.join("op5", 50);
    nation
}

fn vote_key(node: u8) -> PublicKey {
    PublicKey::from(&node_keys(node)[3])
}

/// The rejection of what four members decide, now or when it would take effect.
fn refused(nation: &mut Nation, kind: &str, members: Value) -> String {
    nation.refused(kind, FOUR, members)
}

#[test]
fn s6_s35_a_validator_is_admitted_with_keys_that_it_holds_at_a_named_height() {
    let mut nation = with_operator();
    let good = admission(&nation, 4);
    let with = |pointer: &str, value: Value| {
        let mut members = good.clone();
        *members.pointer_mut(pointer).unwrap() = value;
        members
    };
    let foreign = possession::encode(&ed(9).sign(b"another statement").to_bytes());
    let cases = [
        (with("/possession/2", json!(foreign)), "possession"),
        (with("/possession", json!([])), "possession"),
        (with("/validator/validatorKey", json!(vote_key(0))), "possession"),
        (with("/validator/operator", json!(nation.did("op1"))), "possession"),
        (with("/validator/jurisdiction", json!("Bhutan")), "members"),
        (with("/validator/power", json!(2)), "turnover"),
        (with("/validator/power", json!(0)), "validator-set"),
    ];
    for (members, code) in cases {
        assert_eq!(refused(&mut nation, "ValidatorAdmitted", members), code);
    }
    let own = entry(0, &nation.did("op5"));
    let signed = nation.possession(0, &nation.did("op5"));
    let used = json!({ "possession": signed, "validator": own });
    assert_eq!(refused(&mut nation, "ValidatorAdmitted", used), "key-used");
    assert_eq!(nation.refused("ValidatorAdmitted", &MEMBERS[..3], good.clone()), "threshold");

    let mut named = good.clone();
    named["height"] = json!(100);
    nation.decide("ValidatorAdmitted", named).unwrap();
    let count = |height: u64| network::validators_at(height, &nation.records).unwrap().len();
    assert_eq!((count(99), count(100)), (4, 5));
    let record = &nation.records[VALIDATORS];
    assert_eq!(network::turned(record, 98, 99), None);
    assert_eq!(network::turned(record, 99, 100).unwrap().as_slice().len(), 5);
    assert_eq!(network::turned(record, 50, 150).unwrap().as_slice().len(), 5, "in a gap too");
    assert_eq!(network::turned(record, 100, 200), None);
    assert_eq!(network::validator_set(record, 100).unwrap().as_slice().len(), 5);
    // Without a height that is ahead, it takes effect after this block.
    let mut next = with_operator();
    next.decide("ValidatorAdmitted", good).unwrap();
    let height = next.context.height;
    let from = |node: usize| next.content(LIST)[node]["from"].as_u64();
    assert_eq!(from(4), Some(height), "the block after that of the decision");
}

#[test]
fn s6_s35_less_than_a_third_of_the_voting_power_changes_within_one_time_lock() {
    let mut nation = with_operator();
    let (first, second) = (admission(&nation, 4), admission(&nation, 5));
    let one = nation.act("ValidatorAdmitted", FOUR, first).unwrap();
    let other = nation.act("ValidatorAdmitted", FOUR, second).unwrap();
    nation.pass(3 * DAY);
    nation.execute(one).unwrap();
    assert_eq!(nation.execute(other).unwrap_err().code(), "turnover");
    nation.pass(3 * DAY);
    nation.execute(other).unwrap();
    assert_eq!(nation.content(LIST).as_array().unwrap().len(), 6);
}

#[test]
fn s6_s35_at_least_four_validators_are_left_and_removed_keys_never_come_back() {
    let mut nation = with_operator();
    let removal = |node: u8| json!({ "validatorKey": vote_key(node) });
    assert_eq!(refused(&mut nation, "ValidatorRemoved", removal(0)), "too-few-validators");
    assert_eq!(refused(&mut nation, "ValidatorRemoved", removal(7)), "no-validator");
    let fifth = admission(&nation, 4);
    nation.decide("ValidatorAdmitted", fifth.clone()).unwrap();
    nation.pass(3 * DAY);
    nation.decide("ValidatorRemoved", removal(4)).unwrap();
    let validators = network::validators_at(nation.context.height + 1, &nation.records).unwrap();
    assert_eq!(validators.len(), 4);
    nation.pass(3 * DAY);
    assert_eq!(refused(&mut nation, "ValidatorAdmitted", fifth), "key-used");
    let sixth = admission(&nation, 5);
    nation.decide("ValidatorAdmitted", sixth).unwrap();
    nation.pass(3 * DAY);
    nation.decide("ValidatorRemoved", removal(0)).unwrap();
    nation.pass(3 * DAY);
    // Nor do those of genesis.
    let old = json!({
        "possession": nation.possession(0, &nation.did("op1")),
        "validator": entry(0, &nation.did("op1")),
    });
    assert_eq!(refused(&mut nation, "ValidatorAdmitted", old), "key-used");
}

/// The rotation of node 0, run by `op1`, to the keys of node `to`.
fn rotation(nation: &Nation, to: u8, consent: Option<&SigningKey>) -> Value {
    let operator = nation.did("op1");
    let keys = node_keys(to).each_ref().map(PublicKey::from);
    let statement = possession::statement(&nation.context.genesis, &keys, &operator);
    let [cosigner, log, peer, validator] = keys;
    let mut members = json!({
        "keys": {
            "cosignerKey": cosigner, "logKey": log, "peerKey": peer, "validatorKey": validator,
        },
        "possession": nation.possession(to, &operator),
        "validatorKey": vote_key(0),
    });
    if let Some(key) = consent {
        members["consent"] = json!(possession::encode(&key.sign(&statement).to_bytes()));
    }
    members
}

#[test]
fn s33_s35_keys_are_rotated_by_the_old_key_at_once_or_by_decision_without_it() {
    let mut nation = Nation::new();
    let [.., old] = node_keys(0);
    let kind = "ValidatorKeyRotated";
    let bare = rotation(&nation, 6, None);
    assert_eq!(nation.refused(kind, &["op1"], bare.clone()), "consent");
    let forged = rotation(&nation, 6, Some(&ed(77)));
    assert_eq!(nation.refused(kind, &["op1"], forged), "consent");
    let good = rotation(&nation, 6, Some(&old));
    assert_eq!(nation.refused(kind, &["op2"], good.clone()), "consent");
    let taken = rotation(&nation, 1, Some(&old));
    assert_eq!(nation.refused(kind, &["op1"], taken), "key-used");
    let same = rotation(&nation, 0, Some(&old));
    assert_eq!(nation.refused(kind, &["op1"], same), "nothing-changes");

    let mut by_decision = nation.clone();
    by_decision.decide(kind, bare).unwrap();
    let mut by_operator = nation.clone();
    by_operator.act(kind, &["op1"], good.clone()).unwrap();
    for nation in [&by_decision, &by_operator] {
        let set = network::validators_at(nation.context.height, &nation.records).unwrap();
        let keys: Vec<PublicKey> = set.iter().map(|entry| entry.validator_key).collect();
        assert!(keys.contains(&vote_key(6)) && !keys.contains(&vote_key(0)) && keys.len() == 4);
    }
    assert_eq!(by_operator.refused(kind, &["op1"], good), "no-validator");
    let mut soon = rotation(&by_operator, 7, Some(&node_keys(6)[3]));
    soon["validatorKey"] = json!(vote_key(6));
    assert_eq!(by_operator.refused(kind, &["op1"], soon.clone()), "rotated-recently");
    by_operator.pass(3 * DAY);
    by_operator.act(kind, &["op1"], soon).unwrap();
}

fn parameters(change: impl Fn(&mut Parameters)) -> Value {
    let mut parameters = Parameters::default();
    change(&mut parameters);
    json!({ "parameters": parameters, "previousVersion": 1 })
}

fn at_home(outside_percent_max: u64) -> Option<Residency> {
    Some(Residency { jurisdictions: vec!["BT".into()], outside_percent_max })
}

#[test]
fn s115_s116_s117_validators_stand_where_the_residency_rule_says() {
    let rule = Parameters { residency: at_home(20), ..Parameters::default() };
    let mut nation = Nation::of(&Document { parameters: rule, ..document() });
    nation.join("op5", 50);
    let abroad = |node: u8, country: &str| {
        let mut members = admission(&nation, node);
        members["validator"]["jurisdiction"] = json!(country);
        members
    };
    let (first, second) = (abroad(4, "CH"), abroad(5, "SG"));
    nation.decide("ValidatorAdmitted", first).unwrap();
    nation.pass(3 * DAY);
    assert_eq!(refused(&mut nation, "ValidatorAdmitted", second), "residency");
    let leaves = json!({ "validatorKey": vote_key(0) });
    assert_eq!(refused(&mut nation, "ValidatorRemoved", leaves), "residency");
    let stricter = parameters(|parameters| parameters.residency = at_home(10));
    assert_eq!(refused(&mut nation, "ParametersChanged", stricter), "residency");

    let mut document = document();
    document.validators[0].jurisdiction = None;
    document.parameters.residency = at_home(20);
    let bytes = canonical_json::canonical_of(&document).unwrap();
    let undeclared = Genesis::parse(&bytes).unwrap_err().to_string();
    assert!(undeclared.contains("outside the jurisdictions"), "{undeclared}");
}

#[test]
fn s115_s117_a_replica_abroad_takes_the_governing_body_and_an_exception() {
    let rule = Parameters { residency: at_home(0), ..Parameters::default() };
    let mut nation = Nation::of(&Document { parameters: rule, ..document() });
    nation.join("op5", 50);
    let key = ed(90);
    let operator = nation.did("op5");
    let statement =
        possession::statement(&nation.context.genesis, &[PublicKey::from(&key)], &operator);
    let replica = |country: &str| {
        json!({
            "possession": [possession::encode(&key.sign(&statement).to_bytes())],
            "replica": {
                "jurisdiction": country, "name": "mirror", "operator": operator,
                "peerKey": PublicKey::from(&key),
            },
        })
    };
    let mut abroad = replica("CH");
    assert_eq!(
        nation.refused("ReplicaAuthorized", &["admin"], abroad.clone()),
        "residency-exception"
    );
    assert_eq!(
        nation.refused("ReplicaAuthorized", &MEMBERS[..3], abroad.clone()),
        "residency-exception"
    );
    abroad["exception"] = evidence();
    assert_eq!(
        nation.refused("ReplicaAuthorized", &["admin"], abroad.clone()),
        "residency-exception"
    );
    nation.clone().act("ReplicaAuthorized", &MEMBERS[..3], abroad).unwrap();
    let mut forged = replica("BT");
    forged["possession"] = json!([possession::encode(&ed(9).sign(&statement).to_bytes())]);
    assert_eq!(nation.refused("ReplicaAuthorized", &["admin"], forged), "possession");
    nation.act("ReplicaAuthorized", &["admin"], replica("BT")).unwrap();
    let withdrawn = json!({ "peerKey": PublicKey::from(&key) });
    nation.act("ReplicaWithdrawn", &["admin"], withdrawn.clone()).unwrap();
    assert_eq!(nation.refused("ReplicaWithdrawn", &["admin"], withdrawn), "no-replica");
    assert_eq!(nation.refused("ReplicaAuthorized", &["admin"], replica("BT")), "key-used");
}

#[test]
fn s6_s35_parameters_change_within_what_the_ledger_carries_after_the_time_lock() {
    let mut nation = Nation::new();
    for impossible in [
        parameters(|parameters| parameters.block_events_max = 0),
        parameters(|parameters| parameters.block_bytes_max = 1),
        parameters(|parameters| parameters.trust_period_seconds = 1),
        parameters(|parameters| parameters.residency = at_home(34)),
        parameters(|parameters| {
            parameters.residency =
                Some(Residency { jurisdictions: vec![], outside_percent_max: 0 });
        }),
    ] {
        let refused = nation.refused("ParametersChanged", &MEMBERS, impossible);
        assert_eq!(refused, "impossible-parameters");
    }
    let same = parameters(|_| {});
    assert_eq!(nation.refused("ParametersChanged", &MEMBERS, same), "nothing-changes");
    let good = parameters(|parameters| parameters.block_events_max = 500);
    let id = nation.act("ParametersChanged", &MEMBERS, good).unwrap();
    assert!(nation.records.contains_key(&decision::key(&id)));
    assert_eq!(nation.execute(id).unwrap_err().code(), "time-locked");
    nation.pass(3 * DAY);
    nation.execute(id).unwrap();
    assert_eq!(nation.content("network/parameters")["blockEventsMax"], 500);
}

#[test]
fn s6_s35_an_upgrade_is_a_number_and_a_height_and_counts_when_a_quorum_is_ready() {
    let mut nation = Nation::new();
    let schedule = |protocol: u64, height: u64| json!({ "height": height, "protocol": protocol });
    let kind = "UpgradeScheduled";
    assert_eq!(nation.refused(kind, &MEMBERS, schedule(3, 100)), "protocol-step");
    assert_eq!(nation.refused(kind, &MEMBERS, schedule(2, 1)), "height-passed");
    let code = json!({ "height": 100, "protocol": 2, "url": "https://example.bt/dzong.deb" });
    assert_eq!(nation.refused(kind, &MEMBERS, code), "members");
    nation.decide(kind, schedule(2, 100)).unwrap();
    let at = |nation: &Nation, height: u64| protocol_at(height, &nation.records).unwrap();
    assert_eq!((at(&nation, 99), at(&nation, 100)), (1, 1), "nobody is ready");
    let ready = schedule(2, 100);
    assert_eq!(nation.refused("UpgradeReadied", &["g1"], ready.clone()), "not-operator");
    assert_eq!(nation.refused("UpgradeReadied", &["op1"], schedule(2, 101)), "no-upgrade");
    nation.act("UpgradeReadied", &["op1"], ready.clone()).unwrap();
    assert_eq!(nation.refused("UpgradeReadied", &["op1"], ready.clone()), "exists");
    nation.act("UpgradeReadied", &["op2"], ready.clone()).unwrap();
    assert_eq!(at(&nation, 100), 1, "two of four are no quorum");
    let mut late = nation.clone();
    nation.act("UpgradeReadied", &["op3"], ready.clone()).unwrap();
    assert_eq!((at(&nation, 99), at(&nation, 100), at(&nation, 500)), (1, 2, 2));
    // Without a quorum before the height, everything goes on as before.
    late.context.height = 100;
    assert_eq!(late.refused("UpgradeReadied", &["op3"], ready), "height-passed");
    assert_eq!(at(&late, 100), 1);
    let mut again = schedule(2, 900);
    again["previousVersion"] = json!(1);
    late.decide(kind, again).unwrap();
    assert_eq!(at(&late, 900), 1);
}
