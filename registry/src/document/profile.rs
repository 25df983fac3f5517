//! The did:ndi profile's limits, and what an organisation's document keeps out: private keys,
//! passwords and what describes a natural person.

use std::fmt::{self, Write};

use serde_json::Value;

use super::rules::{
    CONTACT, CONTROL, DEPTH, JWK_PRIVATE, NUMBER, PERSON, PLACEHOLDER, SECRET, SIZE,
};
use super::{At, Checked, keys, require, urls};
use crate::did;

/// Bytes of a canonical document: room for the rest of its event below 64 KiB.
pub const DOCUMENT_BYTES_MAX: usize = 48 * 1024;
/// Maps and lists within one another, the document itself counted.
pub const DOCUMENT_DEPTH_MAX: usize = 16;
/// Items of a set that DID Core defines.
pub const SET_ITEMS_MAX: usize = 256;
/// RFC 8785 and I-JSON: what a double holds exactly.
const INTEGER_MAX: u64 = (1 << 53) - 1;
/// What schema.org and FOAF call a natural person, by name or by the end of their URL.
const PERSON_TYPES: [&str; 3] = ["Person", "schema:Person", "foaf:Person"];
/// Members that describe natural persons only (schema.org and OIDC claims).
const PERSON_MEMBERS: [&str; 9] = [
    "givenName",
    "familyName",
    "birthDate",
    "birthPlace",
    "gender",
    "given_name",
    "family_name",
    "birthdate",
    "nationalIdNumber",
];

/// Checks the rules that hold for every value, whatever property it stands under.
pub(super) fn check(document: &Value) -> Checked {
    walk(document, 1, false)?;
    // RFC 8785 orders members otherwise and writes the same number of bytes: integers only.
    let mut length = Length(0);
    let is_small = write!(length, "{document}").is_ok() && length.0 <= DOCUMENT_BYTES_MAX;
    require(is_small, &SIZE)
}

/// Counts the bytes that are written to it.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Checks that an alias is no mail address or telephone number.
pub(super) fn check_alias(uri: &str) -> Checked {
    let scheme = urls::scheme(uri).map_or("", |(scheme, _)| scheme);
    let is_contact = ["mailto", "tel", "sms"].iter().any(|name| name.eq_ignore_ascii_case(scheme));
    require(!is_contact, &CONTACT)
}

fn walk(value: &Value, depth: usize, in_context: bool) -> Checked {
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => {
            let integer = number.as_i64().map(i64::unsigned_abs);
            require(integer.is_some_and(|integer| integer <= INTEGER_MAX), &NUMBER)
        }
        Value::String(text) => check_text(text),
        Value::Array(items) => {
            require(depth <= DOCUMENT_DEPTH_MAX, &DEPTH)?;
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| walk(item, depth + 1, in_context).at(index))
        }
        Value::Object(members) => {
            require(depth <= DOCUMENT_DEPTH_MAX, &DEPTH)?;
            members.iter().try_for_each(|(name, value)| {
                check_text(name)?;
                // In a context the names are terms that it defines, not members with values.
                let in_context = in_context || name == "@context";
                let checked = if in_context { Ok(()) } else { check_member(name, value) };
                checked.and_then(|()| walk(value, depth + 1, in_context)).at(name)
            })
        }
    }
}

fn check_text(text: &str) -> Checked {
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    require(!text.chars().any(is_control), &CONTROL)?;
    // Looked for only where its first character stands, for that is seldom.
    require(!text.contains('{') || !text.contains(did::PLACEHOLDER), &PLACEHOLDER)
}

fn check_member(name: &str, value: &Value) -> Checked {
    require(!keys::is_private(name), &SECRET)?;
    require(name != "publicKeyJwk" || !keys::has_private_members(value), &JWK_PRIVATE)?;
    let is_person = |kind: &Value| {
        kind.as_str().is_some_and(|kind| {
            PERSON_TYPES.contains(&kind)
                || kind.ends_with("://schema.org/Person")
                || kind == "http://xmlns.com/foaf/0.1/Person"
        })
    };
    let is_person_type = matches!(name, "type" | "@type")
        && value.as_array().map_or(is_person(value), |kinds| kinds.iter().any(is_person));
    require(!is_person_type && !PERSON_MEMBERS.contains(&name), &PERSON)
}
