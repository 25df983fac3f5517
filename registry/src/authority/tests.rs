//! The table of authority is sound, each of its rows is shown by a test named after a section of
//! the Act, and `docs/act.md` says what the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

use proofs::Hash;

use super::{AUTHORITY, Class, Power, Rule, acting};
use crate::Context;
use crate::event::{Envelope, Signer};
use crate::events::Body;
use crate::governance::tests::nation::{MEMBERS, NETWORK, Nation};

#[test]
fn every_kind_has_one_rule_that_names_sections_powers_and_conditions() {
    let kinds: Vec<&str> = AUTHORITY.iter().map(|rule| rule.kind).collect();
    assert_eq!(kinds, Body::KINDS);
    for rule in AUTHORITY {
        assert!(!sections(rule).is_empty(), "{}: `{}`", rule.kind, rule.sections);
        assert!(!rule.by.is_empty(), "{}", rule.kind);
        let sentence = rule.conditions;
        assert!(sentence.ends_with('.') && !sentence.contains("  "), "{}: {sentence}", rule.kind);
        // One class a kind: the class says how it is decided.
        let classes = rule.by.iter().filter(|power| matches!(power, Power::GoverningBody(_)));
        assert!(classes.count() <= 1, "{}", rule.kind);
    }
}

/// The numbers of the sections that a rule names.
fn sections(rule: &Rule) -> BTreeSet<u32> {
    let parts = rule.sections.split(", ");
    let number = |part: &str| -> Option<u32> {
        let digits = part.strip_prefix("s.")?.split(' ').next()?;
        digits.parse().ok().filter(|section| (1..=161).contains(section))
    };
    parts.map(|part| number(part).unwrap_or_else(|| panic!("{}: `{part}`", rule.kind))).collect()
}

/// The tests of this crate whose names begin with sections, by section.
fn tests() -> BTreeMap<u32, BTreeSet<String>> {
    let mut files = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut tests: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let names =
            text.lines().filter_map(|line| line.trim().strip_prefix("fn s")?.split('(').next());
        for name in names {
            let section = |token: &str| token.trim_start_matches('s').parse::<u32>().ok();
            for section in name.split('_').map_while(section) {
                tests.entry(section).or_default().insert(format!("s{name}"));
            }
        }
    }
    tests
}

/// `docs/act.md`, as the table makes it.
fn document() -> String {
    let tests = tests();
    let mut rows: BTreeMap<u32, Vec<&Rule>> = BTreeMap::new();
    for rule in AUTHORITY {
        sections(rule).into_iter().for_each(|section| rows.entry(section).or_default().push(rule));
    }
    let mut text = String::from(
        "# The Act on the ledger\n\n\
         Which section of the National Digital Identity Act of Bhutan 2023 each kind of event \
         serves, who may make\n\
         it and under which conditions, and the tests that would fail if the rule were gone. This \
         page is made\n\
         from the table of authority in `registry/src/authority.rs`, and a test holds it to that.\n\n\
         | section | event | who | conditions | tests |\n|---|---|---|---|---|\n",
    );
    for (section, rules) in rows {
        let tests = tests.get(&section).into_iter().flatten();
        let tests: Vec<String> = tests.map(|test| format!("`{test}`")).collect();
        let mut shown = tests.join(", ");
        for rule in rules {
            let Rule { kind, conditions, .. } = rule;
            let who = rule.who();
            let row = format!("| {section} | `{kind}` | {who} | {conditions} | {shown} |\n");
            text.push_str(&row);
            "as above".clone_into(&mut shown);
        }
    }
    text
}

#[test]
fn the_page_about_the_act_says_what_the_table_says() {
    let page = document();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/act.md");
    if fs::read_to_string(path).unwrap_or_default() != page {
        let made = env::temp_dir().join("dzong-act.md");
        fs::write(&made, page).unwrap();
        panic!("docs/act.md is not what the table makes: copy {} there", made.display());
    }
}

#[test]
fn each_rule_is_shown_by_a_test_named_after_a_section_that_it_serves() {
    let tests = tests();
    let shown = |rule: &&Rule| sections(rule).iter().any(|section| tests.contains_key(section));
    let missing: Vec<&str> =
        AUTHORITY.iter().filter(|rule| !shown(rule)).map(|rule| rule.kind).collect();
    assert_eq!(missing, [""; 0]);
}

/// An event by the first of these, signed by all of them once.
fn envelope(nation: &Nation, signers: &[&str]) -> Envelope {
    let signer = |name: &&str| {
        let (did, key) = &nation.actors[*name];
        Signer { did: did.clone(), key: crate::author::Key::public(key).to_string() }
    };
    Envelope {
        network: NETWORK.into(),
        author: nation.did(signers[0]),
        valid_until: nation.context.time,
        domain: nation.context.domain(),
        signers: signers.iter().map(signer).collect(),
        endorsers: vec![],
        id: Hash([1; 32]),
    }
}

/// Whether these signatures exercise a power, by words of its own.
fn exercised(power: Power, signers: &[&str]) -> bool {
    let is_member = |name: &&&str| MEMBERS.contains(*name);
    let members = signers.iter().filter(is_member).count();
    let office = ["admin", "secretary"].contains(&signers[0]);
    let together = members + usize::from(office) == signers.len();
    match power {
        Power::GoverningBody(Class::Ordinary) => together && members >= 3,
        Power::GoverningBody(_) => together && members >= 4,
        Power::Members(count) => together && members >= count,
        Power::AdministrativeBody => signers == ["admin"],
        Power::Secretary => signers == ["secretary"],
        // None of them is listed in the trust registry; the tests there have those who are.
        Power::Holder(_) => false,
        Power::Author => signers.len() == 1,
    }
}

#[test]
fn for_every_rule_and_every_set_of_signers_exactly_the_powers_that_it_names_act() {
    let nation = Nation::new();
    let others = ["admin", "secretary", "op1"];
    let mut acts = 0;
    for set in 1..1 << 8_u32 {
        let all = MEMBERS.iter().chain(&others).enumerate();
        let signers: Vec<&str> =
            all.filter(|(at, _)| set & (1 << at) != 0).map(|(_, name)| *name).collect();
        for first in 0..signers.len() {
            let mut signers = signers.clone();
            signers.swap(0, first);
            let envelope = envelope(&nation, &signers);
            for rule in AUTHORITY {
                let may = rule.by.iter().any(|power| exercised(*power, &signers));
                let real = acting(rule, &envelope, &nation.context, &nation.records);
                assert_eq!(real.is_ok(), may, "{} by {signers:?}: {real:?}", rule.kind);
                assert!(real.is_err() || exercised(real.unwrap(), &signers));
                acts += usize::from(may);
            }
        }
    }
    assert!(acts > 1_000, "{acts}");
}

#[test]
fn what_was_decided_by_votes_needs_no_signature_and_only_its_own_class_is_enough() {
    let nation = Nation::new();
    let envelope = Envelope { signers: vec![], ..envelope(&nation, &["op1"]) };
    for rule in AUTHORITY {
        for class in Class::ALL {
            let context = Context { decided: Some(class), ..nation.context.clone() };
            let acts = acting(rule, &envelope, &context, &nation.records);
            assert_eq!(acts.is_ok(), rule.class() == Some(class), "{} {class}", rule.kind);
        }
    }
}
