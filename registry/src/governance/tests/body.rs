//! Who sits in the Governing Body, and who acts for it.

use serde_json::json;

use super::nation::{DAY, MEMBERS, Nation, document, ed, evidence, governance, motion};
use crate::authority::Class;
use crate::genesis::{Genesis, SEATS};
use crate::governance::body::{REAPPOINTMENT, TERM};
use crate::governance::voices::Voices;
use crate::governance::{Body, GovernanceError};
use crate::roles::{Role, Roles};
use crate::{Rejection, json};

#[test]
fn s5_genesis_seats_five_members_in_the_categories_of_the_act_and_no_others() {
    let nation = Nation::new();
    let body = Body::read(&nation.records).unwrap();
    assert_eq!(body.seats.iter().map(|seat| seat.category).collect::<Vec<_>>(), SEATS);
    let refuse = |change: &dyn Fn(&mut crate::genesis::Document)| {
        let mut document = document();
        change(&mut document);
        let bytes = json::canonical_of(&document).unwrap();
        Genesis::parse(&bytes).unwrap_err().to_string()
    };
    let four = refuse(&|document| drop(document.roles.governors.pop()));
    assert!(four.contains("five seats"), "{four}");
    let twice =
        refuse(&|document| document.roles.governors[4] = document.roles.governors[0].clone());
    assert!(twice.contains("holds one seat"), "{twice}");
    let secretary =
        refuse(&|document| document.roles.secretary = document.roles.governors[0].clone());
    assert!(secretary.contains("not a voting member"), "{secretary}");
    let office = refuse(&|document| {
        document.roles.administrative_body = document.roles.governors[0].clone();
    });
    assert!(office.contains("holds no seat"), "{office}");
}

fn appointment(nation: &Nation, seat: u64, member: &str) -> serde_json::Value {
    json!({
        "member": nation.did(member),
        "nomination": evidence(),
        "previousVersion": nation.version("governance/body"),
        "seat": seat,
    })
}

#[test]
fn s5_s9_a_free_seat_is_taken_by_four_members_and_its_category_stays() {
    let mut nation = Nation::new();
    nation.join("new", 50);
    let held = appointment(&nation, 2, "new");
    assert_eq!(nation.refused("MemberAppointed", &MEMBERS[..4], held), "term-runs");
    resign(&mut nation, "g2");
    assert!(nation.content("governance/body")[1].get("member").is_none(), "the seat is vacant");
    let new = appointment(&nation, 2, "new");
    let three = ["g1", "g3", "g4"];
    assert_eq!(nation.refused("MemberAppointed", &three, new.clone()), "threshold");
    let none = appointment(&nation, 6, "new");
    let four = ["g1", "g3", "g4", "g5"];
    assert_eq!(nation.refused("MemberAppointed", &four, none), "no-seat");
    let second = appointment(&nation, 2, "g1");
    assert_eq!(nation.refused("MemberAppointed", &four, second), "second-seat");
    let office = appointment(&nation, 2, "secretary");
    assert_eq!(nation.refused("MemberAppointed", &four, office), "no-vote");
    let event = nation.event("MemberAppointed", &four, new);
    nation.submit(&event).unwrap();
    assert!(matches!(nation.submit(&event), Err(Rejection::StaleVersion { .. })));
    let seat = &nation.content("governance/body")[1];
    assert_eq!(
        (&seat["category"], &seat["member"]),
        (&json!("civil-service"), &json!(nation.did("new")))
    );
    let roles = |name: &str| Roles::of(&nation.did(name), &nation.records).roles;
    assert!(roles("new").contains(&Role::Governor) && !roles("g2").contains(&Role::Governor));
}

fn resign(nation: &mut Nation, member: &str) {
    let members = json!({
        "ground": "resigned",
        "member": nation.did(member),
        "previousVersion": nation.version("governance/body"),
    });
    nation.act("MemberRemoved", &[member], members).unwrap();
}

#[test]
fn s5_no_key_serves_two_members() {
    let mut nation = Nation::new();
    resign(&mut nation, "g5");
    // Another DID of the key of g1: its document says when it was made.
    nation.pass(DAY);
    nation.join("same key", 1);
    let shared = appointment(&nation, 5, "same key");
    assert_eq!(nation.refused("MemberAppointed", &MEMBERS[..4], shared), "shared-key");
    // A member that takes another's key afterwards adds no voice with it.
    let mut nation = Nation::new();
    let control = crate::tests::control(&[&ed(2), &ed(1)], 1);
    let members = json!({ "previousVersion": 1, "control": control });
    nation.act("DidUpdated", &["g2"], members).unwrap();
    nation.actors.get_mut("g2").unwrap().1 = ed(1);
    let chair = motion(&nation, Class::Ordinary);
    let id = nation.propose(&["g1"], &chair).unwrap();
    let refused = nation.vote(&["g2"], id, &chair, true);
    assert!(matches!(governance(refused), GovernanceError::SharedKey(_)));
    let mut voices = Voices::default();
    voices.add(1, ["k".to_owned()].into()).unwrap();
    let shared = GovernanceError::SharedKey("k".into());
    assert_eq!(voices.add(2, ["k".to_owned()].into()), Err(shared));

    let mut document = document();
    document.events[4] = nation_event(1);
    let did = crate::SignedEvent::parse(document.events[4].get().as_bytes()).unwrap();
    document.roles.governors[4] = did.into_checked().author().to_owned();
    let refused = Genesis::parse(&json::canonical_of(&document).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("serves two members"), "{refused}");
}

/// Another inception of the key with this number, as genesis holds it.
fn nation_event(seed: u8) -> Box<serde_json::value::RawValue> {
    use crate::author;
    let document = json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": author::placeholder(super::nation::NETWORK),
        "alsoKnownAs": ["https://example.bt/other"],
    });
    let times = author::Times { created: 0, valid_until: super::nation::document().time + 1 };
    let control = crate::tests::control(&[&ed(seed)], 1);
    let (did, mut event) =
        author::inception(super::nation::NETWORK, document, &control, times).unwrap();
    author::sign(&mut event, &did.to_string(), super::nation::NETWORK, &ed(seed)).unwrap();
    json::raw(&event).unwrap()
}

#[test]
fn s7_a_member_is_removed_on_a_ground_of_the_act_and_has_no_vote_on_it() {
    let mut nation = Nation::new();
    let mut removal = motion(&nation, Class::Constitutional);
    let text = removal.clone();
    removal.as_object_mut().unwrap().remove("type");
    let with = |member: &str, value: serde_json::Value| {
        let mut removal = removal.clone();
        removal[member] = value;
        removal
    };
    let four = &MEMBERS[..4];
    assert_eq!(
        nation.refused("MemberRemoved", four, with("ground", json!("unpopular"))),
        "members"
    );
    assert_eq!(nation.refused("MemberRemoved", four, with("evidence", json!(null))), "members");
    let resigned = json!({
        "ground": "resigned", "member": nation.did("g5"), "previousVersion": 1,
    });
    assert_eq!(nation.refused("MemberRemoved", four, resigned.clone()), "resignation");
    assert_eq!(nation.refused("MemberRemoved", &["g1"], resigned), "resignation");
    let own = ["g5", "g1", "g2", "g3"];
    assert_eq!(nation.refused("MemberRemoved", &own, removal.clone()), "recused");
    let id = nation.propose(&["g1"], &text).unwrap();
    assert_eq!(
        governance(nation.vote(&["g5"], id, &text, false)),
        GovernanceError::Recused(nation.did("g5"))
    );
    for ground in ["criminal-record", "unsound-mind", "bankrupt"] {
        let mut nation = nation.clone();
        nation.act("MemberRemoved", four, with("ground", json!(ground))).unwrap();
        let body = Body::read(&nation.records).unwrap();
        assert_eq!(body.sitting(nation.context.time).count(), 4);
        // A vacancy is not a vote, and the one who left has none.
        let chair = motion(&nation, Class::Ordinary);
        let refused = nation.propose(&["g5"], &chair).unwrap_err();
        assert_eq!(refused.code(), "not-entitled");
    }
}

#[test]
fn s8_a_chair_is_elected_while_the_chair_is_vacant_and_adds_no_vote() {
    let mut nation = Nation::new();
    let elect = |nation: &Nation, member: &str| {
        let version = nation.version("governance/chair");
        let mut members = json!({ "member": nation.did(member) });
        if version > 0 {
            members["previousVersion"] = version.into();
        }
        members
    };
    let three = &MEMBERS[..3];
    let first = elect(&nation, "g2");
    assert_eq!(nation.refused("ChairElected", &MEMBERS[..2], first.clone()), "threshold");
    let stranger = elect(&nation, "op1");
    assert_eq!(nation.refused("ChairElected", three, stranger), "not-member");
    nation.act("ChairElected", three, first).unwrap();
    let other = elect(&nation, "g1");
    assert_eq!(nation.refused("ChairElected", three, other), "chair-held");
    // The chair's own vote counts once.
    let chair = elect(&nation, "g2");
    assert_eq!(nation.refused("ChairElected", &["g2", "g1"], chair), "threshold");
    resign(&mut nation, "g2");
    let next = elect(&nation, "g1");
    nation.act("ChairElected", &["g1", "g3", "g4"], next).unwrap();
    assert_eq!(nation.content("governance/chair")["member"], nation.did("g1"));
}

#[test]
fn s9_a_term_lasts_four_years_after_which_the_vote_counts_no_more() {
    let mut nation = Nation::new();
    let again = appointment(&nation, 1, "g1");
    assert_eq!(nation.refused("MemberAppointed", &MEMBERS[..4], again.clone()), "term-runs");
    nation.pass(TERM - REAPPOINTMENT);
    nation.act("MemberAppointed", &MEMBERS[..4], again).unwrap();
    let chair = motion(&nation, Class::Ordinary);
    let vote = nation.clone();
    nation.pass(REAPPOINTMENT);
    let refused = nation.propose(&["g2"], &chair);
    assert_eq!(governance(refused), GovernanceError::TermEnded(nation.did("g2")));
    let refused = nation.propose(&["g1", "g3"], &chair);
    assert_eq!(governance(refused), GovernanceError::TermEnded(nation.did("g3")));
    nation.propose(&["g1"], &chair).unwrap();
    // A vote that was cast before the term ended goes with the term.
    let mut nation = vote;
    nation.context.time = end(&nation) - 1_000;
    let text = motion(&nation, Class::Constitutional);
    let late = nation.propose(&["g1", "g2", "g3"], &text).unwrap();
    nation.context.time = end(&nation) + 1;
    let refused = nation.vote(&["g4"], late, &text, true);
    assert_eq!(governance(refused), GovernanceError::TermEnded(nation.did("g4")));
    nation.pass(14 * DAY);
    assert_eq!(nation.execute(late).unwrap_err().code(), "not-carried");
}

/// When the first terms end.
fn end(nation: &Nation) -> u64 {
    nation.content("governance/body")[1]["termEnds"].as_u64().unwrap()
}

#[test]
fn s5_s11_the_administrative_body_records_nominations_only_where_too_few_are_left_to_decide() {
    let mut nation = Nation::new();
    nation.join("new", 50);
    ["g1", "g2"].into_iter().for_each(|member| resign(&mut nation, member));
    let first = appointment(&nation, 1, "new");
    assert_eq!(nation.refused("MemberAppointed", &["admin"], first), "body-decides");
    resign(&mut nation, "g3");
    let first = appointment(&nation, 1, "new");
    assert_eq!(nation.refused("MemberAppointed", &["secretary"], first.clone()), "threshold");
    nation.act("MemberAppointed", &["admin"], first).unwrap();
    nation.join("newer", 51);
    let second = appointment(&nation, 2, "newer");
    assert_eq!(nation.refused("MemberAppointed", &["admin"], second), "body-decides");
}

#[test]
fn s12_the_secretary_proposes_and_has_no_vote() {
    let mut nation = Nation::new();
    let chair = motion(&nation, Class::Ordinary);
    let id = nation.propose(&["secretary"], &chair).unwrap();
    let secretary = nation.did("secretary");
    let refused = nation.vote(&["secretary"], id, &chair, true);
    assert_eq!(governance(refused), GovernanceError::NoVote(secretary.clone()));
    let refused = nation.vote(&["g1", "secretary"], id, &chair, true);
    assert_eq!(governance(refused), GovernanceError::NoVote(secretary.clone()));
    nation.vote(&["g1", "g2"], id, &chair, true).unwrap();
    assert_eq!(nation.status(id), "open", "the proposer adds no vote");
    let members = json!({ "member": nation.did("g2") });
    let two = ["secretary", "g1", "g2"];
    assert_eq!(nation.refused("ChairElected", &two, members.clone()), "threshold");
    nation.act("ChairElected", &["secretary", "g1", "g2", "g3"], members).unwrap();
}
