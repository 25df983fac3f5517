#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::path::PathBuf;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const BYTES_MAX: usize = 1 << 16;

/// A file of the vectors that lie beside the project, or `None` (and a line that says so) where
/// they are absent, as in a clone alone.
pub(crate) fn vectors(path: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("DZONG_SHARED").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(shared.join("vectors").join(path));
    if text.is_err() {
        println!("skipped: no vectors/{path} (set DZONG_SHARED to the folder that holds vectors)");
    }
    text.ok()
}

/// Each text with what the canonical check says of it.
fn check(texts: &[&str], expect: Expect) {
    let line = |text: &&str| match check_canonical(text.as_bytes(), BYTES_MAX) {
        Ok(_) => format!("{text}  ok\n"),
        Err(JsonError { code, offset, place }) => format!("{text}  {code} {offset} {place:?}\n"),
    };
    expect.assert_eq(&texts.iter().map(line).collect::<String>());
}

#[test]
fn accepts_canonical_objects() {
    check(
        &[
            "{}",
            r#"{"":0,"a":[],"b":{},"c":[1,-1,true,false,null,"",[{}]]}"#,
            r#"{"a":9007199254740991,"b":-9007199254740991}"#,
            r#"{"a":"\"\\\b\t\n\f\r\u0001\u001f/é€😀\u007f"}"#.replace("\\u007f", "\u{7f}").as_str(),
            // The order of RFC 8785 3.2.3, by UTF-16: the smiling face comes before U+FB33.
            "{\"\\r\":1,\"1\":2,\"\u{80}\":3,\"ö\":4,\"€\":5,\"😀\":6,\"\u{fb33}\":7}",
        ],
        expect![[r#"
            {}  ok
            {"":0,"a":[],"b":{},"c":[1,-1,true,false,null,"",[{}]]}  ok
            {"a":9007199254740991,"b":-9007199254740991}  ok
            {"a":"\"\\\b\t\n\f\r\u0001\u001f/é€😀"}  ok
            {"\r":1,"1":2,"":3,"ö":4,"€":5,"😀":6,"דּ":7}  ok
        "#]],
    );
}

#[test]
fn says_what_is_wrong_and_where() {
    check(
        &[
            "",
            "[]",
            "nul",
            " {}",
            "{} ",
            "{}{}",
            r#"{"a" :1}"#,
            r#"{"a":[1, 2]}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":{"x":1,"x":2}}"#,
            r#"{"a":[0,{"b/c~":01}]}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1e2}"#,
            r#"{"a":1.}"#,
            r#"{"a":-0}"#,
            r#"{"a":-}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":-9007199254740992}"#,
            r#"{"a":12345678901234567890123}"#,
            r#"{"a":"\u0000"}"#,
            r#"{"a":"\ud83d"}"#,
            r#"{"a":"\ude00\ud83d"}"#,
            r#"{"a":"\ud83d\ude00"}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\u001F"}"#,
            r#"{"a":"\u000a"}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            "{\"a\":\"\t\"}",
            r#"{"a":"open"#,
            r#"{"a":tru}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{a:1}"#,
            "\u{feff}{}",
        ],
        expect![[r#"
              syntax 0 ""
            []  not-object 0 ""
            nul  syntax 0 ""
             {}  not-canonical 0 ""
            {}   not-canonical 2 ""
            {}{}  syntax 2 ""
            {"a" :1}  not-canonical 4 ""
            {"a":[1, 2]}  not-canonical 8 "/a/1"
            {"b":1,"a":2}  not-canonical 7 "/a"
            {"a":{"x":1,"x":2}}  duplicate-member 12 "/a/x"
            {"a":[0,{"b/c~":01}]}  syntax 16 "/a/1/b~1c~0"
            {"a":1.5}  float 5 "/a"
            {"a":1e2}  float 5 "/a"
            {"a":1.}  syntax 7 "/a"
            {"a":-0}  number-range 5 "/a"
            {"a":-}  syntax 6 "/a"
            {"a":9007199254740992}  number-range 5 "/a"
            {"a":-9007199254740992}  number-range 5 "/a"
            {"a":12345678901234567890123}  number-range 5 "/a"
            {"a":"\u0000"}  nul 6 "/a"
            {"a":"\ud83d"}  lone-surrogate 6 "/a"
            {"a":"\ude00\ud83d"}  lone-surrogate 6 "/a"
            {"a":"\ud83d\ude00"}  not-canonical 6 "/a"
            {"a":"\u0041"}  not-canonical 6 "/a"
            {"a":"\u001F"}  not-canonical 6 "/a"
            {"a":"\u000a"}  not-canonical 6 "/a"
            {"a":"\/"}  not-canonical 6 "/a"
            {"a":"\x"}  syntax 6 "/a"
            {"a":"\u12"}  syntax 6 "/a"
            {"a":"	"}  syntax 6 "/a"
            {"a":"open  syntax 10 "/a"
            {"a":tru}  syntax 5 "/a"
            {"a":1,}  syntax 7 ""
            {"a":[1,]}  syntax 8 "/a/1"
            {a:1}  syntax 1 ""
            ﻿{}  syntax 0 ""
        "#]],
    );
}

#[test]
fn bounds_size_and_depth() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let code = |text: &str| check_canonical(text.as_bytes(), 80).map(drop).map_err(|e| e.code);
    assert_eq!(code(&nested(DEPTH_MAX - 1)), Ok(()));
    assert_eq!(code(&nested(DEPTH_MAX)), Err(JsonCode::Depth));
    assert_eq!(code(&nested(38)), Err(JsonCode::Size));
    let deep = "[".repeat(BYTES_MAX);
    assert_eq!(parse(deep.as_bytes(), BYTES_MAX).unwrap_err().code, JsonCode::Depth);

    let mut value = json!(1);
    for _ in 0..DEPTH_MAX {
        value = json!([value]);
    }
    assert!(canonical(&value).is_ok());
    assert_eq!(canonical(&json!([value])).unwrap_err().code, JsonCode::Depth);
}

#[test]
fn finds_bad_utf8_with_its_place() {
    let check = |bytes: &[u8]| check_canonical(bytes, BYTES_MAX).unwrap_err();
    let error = check(b"{\"a\":[0,\"x\xff\"]}");
    assert_eq!((error.code, error.offset, &*error.place), (JsonCode::Utf8, 10, "/a/1"));
    // CESU-8: a surrogate as three bytes.
    assert_eq!(check(b"{\"a\":\"\xed\xa0\x80\"}").code, JsonCode::Utf8);
    // What is wrong before it comes first.
    assert_eq!(check(b"{\"a\":1.5,\"b\":\"\xff\"}").code, JsonCode::Float);
}

#[test]
fn explains_itself() {
    let error = check_canonical(br#"{"a":[0.5]}"#, BYTES_MAX).unwrap_err();
    expect!["a number has a fraction or an exponent: write a plain integer at /a/0 (byte 6)"]
        .assert_eq(&error.to_string());
    let error = check_canonical(b"[]", BYTES_MAX).unwrap_err();
    expect!["the outermost value is not an object: wrap it in one at the top (byte 0)"]
        .assert_eq(&error.to_string());
}

#[test]
fn parses_any_spelling_strictly() {
    let parsed = parse(br#" { "b" : "\u0041\ud83d\ude00" , "a" : [ 1 , 2 ] } "#, BYTES_MAX);
    assert_eq!(parsed.unwrap(), json!({"a": [1, 2], "b": "A😀"}));
    let code = |text: &str| parse(text.as_bytes(), BYTES_MAX).unwrap_err().code;
    assert_eq!(code(r#"{"a":1,"b":2,"\u0061":3}"#), JsonCode::DuplicateMember);
    assert_eq!(code(r#"[{"a":{"x":1, "x":2}}]"#), JsonCode::DuplicateMember);
    assert_eq!(code("[1.0]"), JsonCode::Float);
    assert_eq!(code("[-0]"), JsonCode::NumberRange);
    assert_eq!(code("[1] 2"), JsonCode::Syntax);
}

#[test]
fn refuses_to_write_what_it_would_not_read() {
    let code = |value: Value| canonical(&value).unwrap_err();
    assert_eq!(code(json!({"a": [0, 1.5]})).code, JsonCode::Float);
    assert_eq!(code(json!({"a": [0, 1.5]})).place, "/a/1");
    assert_eq!(code(json!(INTEGER_MAX + 1)).code, JsonCode::NumberRange);
    assert_eq!(code(json!(u64::MAX)).code, JsonCode::NumberRange);
    assert_eq!(code(json!("\0")).code, JsonCode::Nul);
    assert_eq!(code(json!({"\0": 1})).code, JsonCode::Nul);
}

#[test]
fn splices_members() {
    let text = br#"{"\n":[1,["]"],{"x":","}],"a":{"b":2},"z":[]}"#;
    let layout = check_canonical(text, BYTES_MAX).unwrap();
    let show = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(layout.member("a"), Some(&br#"{"b":2}"#[..]));
    assert_eq!(layout.member("\n").map(<[u8]>::len), Some(19));
    assert_eq!(layout.member("b"), None);
    assert_eq!(layout.names().collect::<Vec<_>>(), [&b"\\n"[..], b"a", b"z"]);
    let elements: [&[u8]; 3] = [b"1", b"[\"]\"]", b"{\"x\":\",\"}"];
    assert_eq!(layout.elements("\n").unwrap(), elements);
    assert!(layout.elements("z").unwrap().is_empty());
    assert_eq!(layout.elements("a"), None);
    assert_eq!(show(layout.without("a")), r#"{"\n":[1,["]"],{"x":","}],"z":[]}"#);
    assert_eq!(layout.without("absent"), text);
    assert_eq!(show(layout.with("a", b"1")), r#"{"\n":[1,["]"],{"x":","}],"a":1,"z":[]}"#);
    let one = check_canonical(br#"{"b":1}"#, BYTES_MAX).unwrap();
    assert_eq!(show(one.without("b")), "{}");
    assert_eq!(show(one.with("@context", b"[]")), r#"{"@context":[],"b":1}"#);
    assert_eq!(show(one.with("c\"", b"2")), r#"{"b":1,"c\"":2}"#);
}

#[test]
fn json_test_suite() {
    let Some(text) = vectors("json/jsontestsuite.jsonl") else { return };
    let mut deviations = String::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let bytes = base64(case["base64"].as_str().unwrap());
        let parsed = parse(&bytes, 1 << 20);
        if let Ok(value) = &parsed {
            let object = canonical(&json!({ "case": value })).unwrap();
            assert!(check_canonical(&object, 1 << 20).is_ok(), "{name}");
        }
        match (name.split_once('_').unwrap().0, parsed) {
            ("n", Ok(_)) => panic!("{name} is not JSON and was accepted"),
            ("y", Err(error)) => deviations.push_str(&format!("{name}  {}\n", error.code)),
            ("i", Ok(_)) => deviations.push_str(&format!("{name}  accepted\n")),
            _ => {}
        }
        let is_canonical = check_canonical(&bytes, 1 << 20).is_ok();
        assert!(!is_canonical || parse(&bytes, 1 << 20).is_ok(), "{name}");
    }
    // What is JSON and not of the profile, each for the reason that the code names.
    expect![[r#"
        y_number.json  float
        y_number_0e+1.json  float
        y_number_0e1.json  float
        y_number_double_close_to_zero.json  float
        y_number_int_with_exp.json  float
        y_number_minus_zero.json  number-range
        y_number_negative_zero.json  number-range
        y_number_real_capital_e.json  float
        y_number_real_capital_e_neg_exp.json  float
        y_number_real_capital_e_pos_exp.json  float
        y_number_real_exponent.json  float
        y_number_real_fraction_exponent.json  float
        y_number_real_neg_exp.json  float
        y_number_real_pos_exponent.json  float
        y_number_simple_real.json  float
        y_object_duplicated_key.json  duplicate-member
        y_object_duplicated_key_and_value.json  duplicate-member
        y_object_escaped_null_in_key.json  nul
        y_object_extreme_numbers.json  float
        y_string_null_escape.json  nul
        y_structure_lonely_negative_real.json  float
    "#]]
    .assert_eq(&deviations);
}

fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = Vec::new();
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = digits.iter().position(|digit| *digit == byte).unwrap();
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let byte = |bits: &[usize]| u8::try_from(bits.iter().fold(0, |byte, bit| byte << 1 | bit));
    bits.chunks_exact(8).map(|bits| byte(bits).unwrap()).collect()
}

/// A string of what is likely to go wrong: escapes, controls, both sides of the surrogates.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range('a', 'e'),
        1 => proptest::char::range('\u{1}', '\u{7f}'),
        1 => proptest::char::range('\u{e000}', '\u{ffff}'),
        1 => proptest::char::range('\u{10000}', '\u{10ffff}'),
        1 => any::<char>().prop_map(|c| if c == '\0' { 'x' } else { c }),
    ];
    prop::collection::vec(character, 0..12).prop_map(|text| text.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Value::from),
        (-3_i64..3).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(text(), value(), 0..8)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in value()) {
        let bytes = canonical(&value).unwrap();
        prop_assert_eq!(parse(&bytes, BYTES_MAX).unwrap(), value.clone());
        // Another spelling of the same value comes to the same bytes.
        let spelled = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(canonical(&parse(&spelled, BYTES_MAX).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn what_is_written_is_canonical(value in object(), name in text()) {
        let bytes = canonical(&value).unwrap();
        let layout = check_canonical(&bytes, BYTES_MAX).unwrap();
        let mut value = value;
        let members = value.as_object_mut().unwrap();
        let first = members.keys().next().cloned();
        members.insert(name.clone(), json!([]));
        prop_assert_eq!(layout.with(&name, b"[]"), canonical(&value).unwrap());
        if let Some(first) = first {
            let members = value.as_object_mut().unwrap();
            members.remove(&first);
            let with = layout.with(&name, b"[]");
            let layout = check_canonical(&with, BYTES_MAX).unwrap();
            prop_assert_eq!(layout.without(&first), canonical(&value).unwrap());
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_another_value(
        value in object(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = canonical(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(parsed) = parse(&bytes, BYTES_MAX) {
            let accepted = check_canonical(&bytes, BYTES_MAX).is_ok();
            prop_assert_eq!(accepted, parsed.is_object() && canonical(&parsed).unwrap() == bytes);
        } else {
            prop_assert!(check_canonical(&bytes, BYTES_MAX).is_err());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _read = (parse(&bytes, BYTES_MAX).is_ok(), check_canonical(&bytes, BYTES_MAX).is_ok());
    }
}
