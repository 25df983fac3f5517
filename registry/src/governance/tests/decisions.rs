//! How the Governing Body decides: every set of approvals, and every way around them.

use proofs::Hash;
use serde_json::{Value, json};

use super::nation::{DAY, MEMBERS, NETWORK, Nation, document, evidence, governance, motion};
use crate::author;
use crate::authority::Class;
use crate::governance::body::{REAPPOINTMENT, TERM};
use crate::governance::decision::EXECUTION_MAX;
use crate::governance::procedure::{Procedure, Spans};
use crate::governance::{GovernanceError, decision};
use crate::{Rejection, SignedEvent, json as canonical_json};

/// The members of a set.
fn members(set: u32) -> Vec<&'static str> {
    (0..5).filter(|at| set & (1 << at) != 0).map(|at| MEMBERS[at]).collect()
}

/// A nation near the end of its first terms, and a text of the class in which nobody is recused.
fn ready(class: Class) -> (Nation, Value) {
    let mut nation = Nation::new();
    nation.pass(TERM - REAPPOINTMENT + DAY);
    let text = match class {
        Class::Constitutional => json!({
            "type": "MemberAppointed",
            "member": nation.did("g3"),
            "nomination": evidence(),
            "previousVersion": 1,
            "seat": 3,
        }),
        class => motion(&nation, class),
    };
    (nation, text)
}

/// Whether the decision has had effect, after its time-lock where there is one.
fn takes_effect(nation: &mut Nation, id: Hash) -> bool {
    if nation.records.contains_key(&decision::key(&id)) && nation.status(id) == "carried" {
        assert_eq!(nation.execute(id).unwrap_err().code(), "time-locked");
        nation.pass(3 * DAY);
        nation.execute(id).unwrap();
    }
    ["governance/chair", "governance/body", "network/parameters"]
        .iter()
        .any(|key| nation.version(key) > u64::from(*key != "governance/chair"))
}

#[test]
fn s10_all_sets_of_approvals_for_each_class_by_signatures_and_by_votes() {
    for (class, threshold) in
        [(Class::Ordinary, 3), (Class::Constitutional, 4), (Class::Network, 4)]
    {
        let (nation, text) = ready(class);
        let mut own = text.clone();
        let kind = own.as_object_mut().unwrap().remove("type").unwrap();
        for set in 0..32_u32 {
            let (approve, others) = (members(set), members(31 & !set));
            let enough = approve.len() >= threshold;
            let signers: Vec<&str> = ["secretary"].into_iter().chain(approve.clone()).collect();

            let mut signed = nation.clone();
            let result = signed.act(kind.as_str().unwrap(), &signers, own.clone());
            assert_eq!(result.is_ok(), enough, "{class} {approve:?}");
            match result {
                Ok(id) => assert!(takes_effect(&mut signed, id)),
                Err(refused) => assert_eq!(refused.code(), "threshold"),
            }

            let mut voted = nation.clone();
            let id = voted.propose(&["secretary"], &text).unwrap();
            for member in &approve {
                let vote = voted.vote(&[*member], id, &text, true);
                assert!(vote.is_ok() || voted.status(id) != "open", "{vote:?}");
            }
            let mut silent = voted.clone();
            assert_eq!(takes_effect(&mut voted.clone(), id), enough, "{class} {approve:?}");

            // Those who are against block what they are enough to block; the absent do not.
            if !enough {
                for member in &others {
                    voted.vote(&[*member], id, &text, false).unwrap();
                }
                voted.pass(14 * DAY);
                assert_eq!(voted.execute(id).unwrap_err().code(), "not-carried");
            }
            let mut carried = silent.status(id) != "open";
            if !carried {
                silent.pass(14 * DAY);
                carried = silent.execute(id).is_ok();
            }
            assert_eq!(carried, approve.len() >= 3, "{class} {approve:?}");
            if carried {
                assert!(takes_effect(&mut silent, id));
            }
        }
    }
}

#[test]
fn s10_one_member_alone_can_do_nothing() {
    for class in Class::ALL {
        let (mut nation, text) = ready(class);
        let id = nation.propose(&["g1"], &text).unwrap();
        assert_eq!(
            governance(nation.vote(&["g1"], id, &text, true)),
            GovernanceError::AlreadyVoted(1)
        );
        // Other keys are the same member.
        let control = crate::tests::control(&[&super::nation::ed(60)], 1);
        let update = json!({ "previousVersion": 1, "control": control });
        nation.act("DidUpdated", &["g1"], update).unwrap();
        nation.actors.get_mut("g1").unwrap().1 = super::nation::ed(60);
        assert_eq!(
            governance(nation.vote(&["g1"], id, &text, true)),
            GovernanceError::AlreadyVoted(1)
        );
        nation.pass(14 * DAY);
        assert_eq!(nation.execute(id).unwrap_err().code(), "not-carried");
    }
    // Nor stop what four decided.
    let (mut nation, text) = ready(Class::Network);
    let id = nation.propose(&MEMBERS[..4], &text).unwrap();
    let cancel = json!({ "decision": id });
    assert_eq!(nation.refused("DecisionCancelled", &["g5"], cancel), "threshold");
}

#[test]
fn s10_a_vote_is_bound_to_the_text_the_membership_the_network_and_a_deadline() {
    let mut nation = Nation::new();
    let text = motion(&nation, Class::Ordinary);
    let id = nation.propose(&["g1"], &text).unwrap();

    let other = json!({ "type": "ChairElected", "member": nation.did("g3") });
    assert!(matches!(
        governance(nation.vote(&["g2"], id, &other, true)),
        GovernanceError::Altered(_)
    ));
    let unknown = nation.vote(&["g2"], Hash([9; 32]), &text, true);
    assert!(matches!(governance(unknown), GovernanceError::NoDecision(_)));
    let stranger = nation.vote(&["op1"], id, &text, true).unwrap_err();
    assert_eq!(stranger.code(), "not-entitled");

    // The same members and keys on a network of another genesis.
    let members =
        json!({ "approve": true, "decision": id, "payload": super::nation::payload(&text) });
    let mut event = nation.event("VoteCast", &["g2"], members);
    event.as_object_mut().unwrap().remove("proof");
    let (did, key) = &nation.actors["g2"];
    author::sign(&mut event, did, &format!("{NETWORK}:0000000000000000"), key).unwrap();
    let foreign = nation.submit(&event).unwrap_err();
    assert!(matches!(foreign, Rejection::Network { .. }), "{foreign}");

    // A changed byte of a signed vote, its decision among them.
    let event = nation.event(
        "VoteCast",
        &["g2"],
        json!({
            "approve": false, "decision": id, "payload": super::nation::payload(&text),
        }),
    );
    let text_of = String::from_utf8(canonical_json::canonical(&event).unwrap()).unwrap();
    let turned = text_of.replace("\"approve\":false", "\"approve\":true");
    let refused = SignedEvent::parse(turned.as_bytes()).unwrap().verify().unwrap_err();
    assert!(matches!(refused, Rejection::Signature { .. }), "{refused}");

    let mut later = nation.clone();
    later.pass(14 * DAY);
    assert!(matches!(
        governance(later.vote(&["g2"], id, &text, true)),
        GovernanceError::VotingOver(_)
    ));

    let mut changed = nation.clone();
    let resignation = json!({
        "ground": "resigned", "member": nation.did("g5"), "previousVersion": 1,
    });
    changed.act("MemberRemoved", &["g5"], resignation).unwrap();
    let old = GovernanceError::OldMembership { bound: 1, current: 2 };
    assert_eq!(governance(changed.vote(&["g2"], id, &text, true)), old);
    let stale = json!({ "decision": text, "membership": 1 });
    assert_eq!(changed.refused("DecisionProposed", &["g1"], stale), "old-membership");
    changed.pass(14 * DAY);
    assert_eq!(governance(changed.execute(id)), old);

    nation.vote(&["g2", "g3"], id, &text, true).unwrap();
    assert_eq!(nation.status(id), "executed");
    let after = GovernanceError::Settled(decision::Status::Executed);
    assert_eq!(governance(nation.vote(&["g4"], id, &text, true)), after);
    assert_eq!(governance(nation.execute(id)), after);
}

#[test]
fn s10_what_changes_the_network_waits_and_two_members_can_cancel_it_once() {
    let mut nation = Nation::new();
    let text = motion(&nation, Class::Network);
    let mut own = text.clone();
    own.as_object_mut().unwrap().remove("type");
    let event = nation.event("ParametersChanged", &MEMBERS[..4], own);
    let id = nation.submit(&event).unwrap();
    assert_eq!((nation.status(id), nation.version("network/parameters")), ("carried".into(), 1));
    assert_eq!(nation.submit(&event).unwrap_err().code(), "exists");
    assert_eq!(governance(nation.vote(&["g5"], id, &text, false)).code(), "settled");
    let cancel = |id: Hash| json!({ "decision": id });
    assert_eq!(nation.refused("DecisionCancelled", &["secretary"], cancel(id)), "no-vote");
    assert_eq!(nation.refused("DecisionCancelled", &["op1"], cancel(id)), "not-entitled");
    let mut waited = nation.clone();
    waited.pass(3 * DAY);
    assert_eq!(waited.refused("DecisionCancelled", &["g1", "g5"], cancel(id)), "time-lock-over");
    let mut forgotten = waited.clone();
    waited.execute(id).unwrap();
    assert_eq!(waited.content("network/parameters")["blockEventsMax"], 999);
    assert_eq!(governance(waited.execute(id)).code(), "settled");
    forgotten.pass(EXECUTION_MAX);
    assert_eq!(governance(forgotten.execute(id)).code(), "lapsed");

    nation.act("DecisionCancelled", &["g1", "g5"], cancel(id)).unwrap();
    nation.pass(3 * DAY);
    assert_eq!(governance(nation.execute(id)).code(), "settled");
    let again = |nation: &mut Nation, signers: &[&str], text: &Value| {
        let members = json!({ "decision": text, "membership": 1, "resubmits": id });
        nation.act("DecisionProposed", signers, members)
    };
    let mut other = text.clone();
    other["parameters"]["blockEventsMax"] = json!(998);
    assert_eq!(governance(again(&mut nation, &["g1"], &other)).code(), "not-cancelled");
    // Silence does not carry what two members were against.
    let mut silent = nation.clone();
    let second = again(&mut silent, &MEMBERS[..3], &text).unwrap();
    silent.pass(14 * DAY);
    assert_eq!(governance(silent.execute(second)).code(), "not-carried");

    let second = again(&mut nation, &MEMBERS[..4], &text).unwrap();
    let refused = nation.refused("DecisionCancelled", &["g4", "g5"], cancel(second));
    assert_eq!(refused, "final-resubmission");
    nation.pass(3 * DAY);
    nation.execute(second).unwrap();
    assert_eq!(nation.content("network/parameters")["blockEventsMax"], 999);
}

#[test]
fn s10_the_limits_on_power_hold_even_against_all_five() {
    let mut nation = Nation::new();
    let procedure = json!({
        "previousVersion": 1,
        "quorum": 3,
        "spans": { "timeLockSeconds": 259_200, "votingPeriodSeconds": 1_209_600 },
        "thresholds": { "constitutional": 4, "network": 4, "ordinary": 3 },
    });
    for (pointer, values) in [
        ("/quorum", [2, 4]),
        ("/thresholds/ordinary", [2, 5]),
        ("/thresholds/constitutional", [3, 5]),
        ("/thresholds/network", [3, 5]),
        ("/spans/timeLockSeconds", [86_399, 93 * 86_400]),
        ("/spans/votingPeriodSeconds", [3 * 86_400 - 1, 93 * 86_400]),
    ] {
        for value in values {
            let mut set = procedure.clone();
            *set.pointer_mut(pointer).unwrap() = json!(value);
            assert_eq!(nation.refused("ProcedureSet", &MEMBERS, set.clone()), "floor", "{pointer}");
            set["type"] = json!("ProcedureSet");
            assert_eq!(governance(nation.propose(&MEMBERS, &set)).code(), "floor");
        }
    }
    assert_eq!(nation.refused("ProcedureSet", &MEMBERS, procedure), "nothing-changes");
    // A network that began for a demonstration keeps its own floors, and shows them.
    let spans = Spans { time_lock_seconds: 5, voting_period_seconds: 600 };
    let short = Nation::of(&crate::genesis::Document { procedure: Some(spans), ..document() });
    assert_eq!(short.content("governance/procedure")["floors"]["timeLockSeconds"], 5);
    assert_eq!(Procedure::first(spans).check(), Ok(()));
}

#[test]
fn s10_a_new_procedure_applies_to_proposals_made_after_it() {
    let mut nation = Nation::new();
    let text = motion(&nation, Class::Ordinary);
    let before = nation.propose(&["g1"], &text).unwrap();
    let four = json!({
        "previousVersion": 1,
        "quorum": 3,
        "spans": { "timeLockSeconds": 259_200, "votingPeriodSeconds": 1_209_600 },
        "thresholds": { "constitutional": 4, "network": 4, "ordinary": 4 },
    });
    nation.decide("ProcedureSet", four).unwrap();
    let after = nation.propose(&["g1", "g2", "g3"], &text).unwrap();
    assert_eq!(nation.status(after), "open");
    nation.vote(&["g2", "g3"], before, &text, true).unwrap();
    assert_eq!(nation.status(before), "executed");
    let late = nation.vote(&["g4"], after, &text, true).unwrap_err();
    assert_eq!(late.code(), "stale-version", "what cannot be done is not decided");
}

#[test]
fn s10_only_what_the_body_decides_can_be_proposed() {
    let mut nation = Nation::new();
    let id = json!({ "decision": Hash([1; 32]) });
    for (kind, members, code) in [
        ("DecisionExecuted", id.clone(), "not-decidable"),
        ("DecisionCancelled", id, "not-decidable"),
        ("DidDeactivated", json!({ "previousVersion": 1 }), "not-decidable"),
        ("Unheard", json!({}), "unknown-kind"),
        ("ChairElected", json!({ "member": "x", "extra": 1 }), "members"),
    ] {
        let mut text = members;
        text["type"] = json!(kind);
        assert_eq!(nation.propose(&["g1"], &text).unwrap_err().code(), code, "{kind}");
    }
    let untyped = json!({ "member": nation.did("g1") });
    assert_eq!(nation.propose(&["g1"], &untyped).unwrap_err().code(), "members");
    let chair = motion(&nation, Class::Ordinary);
    assert_eq!(nation.propose(&["op1"], &chair).unwrap_err().code(), "not-entitled");
}

#[test]
fn s10_a_proposal_is_made_once() {
    let mut nation = Nation::new();
    let text = motion(&nation, Class::Ordinary);
    let members = json!({ "decision": text, "membership": 1 });
    let event = nation.event("DecisionProposed", &["admin"], members);
    nation.submit(&event).unwrap();
    assert!(matches!(nation.submit(&event), Err(Rejection::Exists(_))));
}
