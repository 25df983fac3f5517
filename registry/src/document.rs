//! What a DID document may hold: the MUSTs of DID Core 1.1 (and of Controlled Identifiers 1.0,
//! which it extends), the numbered rules of the did:ndi profile, and nothing else. Properties and
//! types that nobody here knows are extensions and stay as they are.
//!
//! **Invariants.** A refusal names one of [`RULES`]; docs/did-ndi.md lists the same rules. The time
//! that a check takes is bounded by the document's size.
//!
//! `@context` may be absent: DID Core 1.1 asks for it only where JSON-LD processing is meant. Where
//! it stands, it begins as DID Core 1.1 or 1.0 says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde_json::{Map, Value};

use crate::did::{Did, DidUrl, absolute_did_url, is_relative_did_url};

mod keys;
mod profile;
mod rules;
#[cfg(test)]
mod tests;
mod urls;

pub use profile::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, SET_ITEMS_MAX};
pub use rules::{RULES, Rule};

/// The verification relationships of DID Core.
pub const RELATIONSHIPS: [&str; 5] = [
    "authentication",
    "assertionMethod",
    "keyAgreement",
    "capabilityInvocation",
    "capabilityDelegation",
];
/// What a document's `@context` begins with: DID Core 1.1, DID Core 1.0.
const CONTEXTS: [&str; 2] = ["https://www.w3.org/ns/did/v1.1", "https://www.w3.org/ns/did/v1"];

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule} at {place:?}: {message}")]
pub struct DocumentError {
    /// Stable id of the rule: `did-core:<name>` for a MUST of DID Core 1.1, `ndi:<number>` for a
    /// rule of the did:ndi profile.
    pub rule: &'static str,
    /// JSON pointer to the offending value; empty for the whole document.
    pub place: String,
    /// What to do.
    pub message: String,
}

type Checked = Result<(), DocumentError>;
type Object = Map<String, Value>;

/// Whether a text is an absolute URL, as an endpoint's may be.
pub fn is_url(text: &str) -> bool {
    urls::check_absolute(text, &rules::SERVICE_ENDPOINT).is_ok()
}

/// Checks that `document` is a DID document for `did`.
///
/// # Errors
/// The first rule that is broken: limits first, then the properties one after the other.
pub fn check(document: &Value, did: &str) -> Checked {
    let members = document.as_object().ok_or_else(|| rules::MAP.broken())?;
    profile::check(document)?;
    optional(members, "@context", check_context)?;
    check_id(members, did)?;
    optional(members, "controller", |value| one_or_set(value, &rules::CONTROLLER, check_did))?;
    optional(members, "alsoKnownAs", |value| each(value, &rules::ALSO_KNOWN_AS, check_alias))?;

    let mut names = Names { did, taken: BTreeMap::new() };
    optional(members, "verificationMethod", |value| {
        each(value, &rules::METHOD_MAP, |method| {
            let method = method.as_object().ok_or_else(|| rules::METHOD_MAP.broken())?;
            check_method(method)?;
            names.claim(method, &rules::UNIQUE)
        })
    })?;
    for name in RELATIONSHIPS {
        optional(members, name, |value| check_relationship(value, &mut names))?;
    }
    optional(members, "service", |value| check_services(value, &mut names))
}

fn check_context(context: &Value) -> Checked {
    let (first, rest) = match context {
        Value::Array(items) => items.split_first().ok_or_else(|| rules::CONTEXT.broken())?,
        one => (one, Default::default()),
    };
    let known = first.as_str().is_some_and(|text| CONTEXTS.contains(&text));
    let rest_ok = rest.iter().all(|item| item.is_string() || item.is_object());
    require(known && rest_ok, &rules::CONTEXT)
}

fn check_id(document: &Object, did: &str) -> Checked {
    let id = document.get("id").ok_or_else(|| rules::ID_REQUIRED.broken())?;
    let id = id.as_str().filter(|id| Did::parse(id).is_ok());
    id.map_or(Err(rules::ID_SYNTAX.broken()), |id| require(id == did, &rules::OWN_ID)).at("id")
}

fn check_did(value: &Value) -> Checked {
    require(is_did(value), &rules::CONTROLLER)
}

fn check_alias(value: &Value) -> Checked {
    let text = value.as_str().filter(|text| text.is_ascii());
    let text = text.ok_or_else(|| rules::ALSO_KNOWN_AS.broken())?;
    urls::check_absolute(text, &rules::ALSO_KNOWN_AS)?;
    profile::check_alias(text)
}

fn check_method(method: &Object) -> Checked {
    let id = method.get("id").and_then(Value::as_str);
    require(id.is_some_and(is_reference), &rules::METHOD_ID)?;
    require(method.get("type").is_some_and(Value::is_string), &rules::METHOD_TYPE)?;
    require(method.get("controller").is_some_and(is_did), &rules::METHOD_CONTROLLER)?;
    for name in ["expires", "revoked"] {
        let is_date = |value: &Value| value.as_str().is_some_and(is_date_time_stamp);
        optional(method, name, |value| require(is_date(value), &rules::METHOD_DATE))?;
    }
    keys::check(method)
}

fn check_relationship<'a>(value: &'a Value, names: &mut Names<'a>) -> Checked {
    each(value, &rules::RELATIONSHIP_SET, |entry| match entry {
        Value::String(text) => require(is_reference(text), &rules::RELATIONSHIP_ENTRY),
        Value::Object(method) => {
            check_method(method)?;
            names.claim(method, &rules::UNIQUE)
        }
        _ => Err(rules::RELATIONSHIP_ENTRY.broken()),
    })?;
    require(value != &Value::Array(Vec::new()), &rules::RELATIONSHIP_SET)
}

fn check_services<'a>(value: &'a Value, names: &mut Names<'a>) -> Checked {
    // Services among themselves are DID Core's rule, services and methods are the profile's.
    let mut services = Names { did: names.did, taken: BTreeMap::new() };
    each(value, &rules::SERVICE_MAP, |service| {
        let service = service.as_object().ok_or_else(|| rules::SERVICE_MAP.broken())?;
        check_service(service)?;
        services.claim(service, &rules::SERVICE_ID_UNIQUE)?;
        names.claim(service, &rules::UNIQUE)
    })
}

fn check_service(service: &Object) -> Checked {
    for name in ["id", "type", "serviceEndpoint"] {
        require(service.contains_key(name), &rules::SERVICE_MAP)?;
    }
    optional(service, "id", |id| {
        let id = id.as_str().ok_or_else(|| rules::SERVICE_ID.broken())?;
        urls::check_any(id, &rules::SERVICE_ID)
    })?;
    optional(service, "type", |kind| {
        let rule = &rules::SERVICE_TYPE;
        one_or_set(kind, rule, |one| require(one.is_string(), rule))
    })?;
    optional(service, "serviceEndpoint", |endpoint| {
        one_or_set(endpoint, &rules::SERVICE_ENDPOINT, check_endpoint)?;
        require(endpoint != &Value::Array(Vec::new()), &rules::SERVICE_ENDPOINT)
    })
}

fn check_endpoint(endpoint: &Value) -> Checked {
    match endpoint {
        Value::Object(_) => Ok(()),
        Value::String(text) => urls::check_endpoint(text),
        _ => Err(rules::SERVICE_ENDPOINT.broken()),
    }
}

/// The ids of a document, made absolute, and what each of them names.
struct Names<'a> {
    did: &'a str,
    taken: BTreeMap<String, &'a Object>,
}

impl<'a> Names<'a> {
    /// Takes the id of a method or service. Its copy may stand elsewhere too: documents embed in a
    /// relationship what they list under `verificationMethod`.
    fn claim(&mut self, thing: &'a Object, rule: &'static Rule) -> Checked {
        let id = thing.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = absolute_did_url(self.did, id);
        require(*self.taken.entry(id).or_insert(thing) == thing, rule).at("id")
    }
}

fn is_did(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Did::parse(text).is_ok())
}

/// Whether the text is a DID URL or a relative one.
fn is_reference(text: &str) -> bool {
    DidUrl::parse(text).is_ok() || is_relative_did_url(text)
}

/// XML Schema 1.1 `dateTimeStamp`: `YYYY-MM-DDThh:mm:ss[.s…](Z|±hh:mm)`, of the years 0 to 9999.
fn is_date_time_stamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone_at);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let zone_ok = match zone.strip_prefix(['+', '-']) {
        Some(offset) => numbers(offset, ':', [(2, 14), (2, 59)]).is_some(),
        None => zone == "Z",
    };
    zone_ok
        && numbers(date, '-', [(4, 9999), (2, 12), (2, 31)]).is_some_and(is_date)
        && numbers(time, ':', [(2, 23), (2, 59), (2, 59)]).is_some()
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

fn is_date([year, month, day]: [u32; 3]) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    month >= 1 && (1..=days).contains(&day)
}

/// The numbers of a text, each of so many digits and at most so great, with the separator between.
fn numbers<const N: usize>(
    text: &str,
    separator: char,
    wanted: [(usize, u32); N],
) -> Option<[u32; N]> {
    let parts: [&str; N] = text.split(separator).collect::<Vec<_>>().try_into().ok()?;
    let mut numbers = [0; N];
    for ((number, part), (digits, greatest)) in numbers.iter_mut().zip(parts).zip(wanted) {
        let only_digits = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        *number = part.parse().ok().filter(|n| only_digits && *n <= greatest)?;
    }
    Some(numbers)
}

fn require(holds: bool, rule: &'static Rule) -> Checked {
    if holds { Ok(()) } else { Err(rule.broken()) }
}

/// Checks a member if it stands in the map.
fn optional<'a>(
    map: &'a Object,
    name: &str,
    mut check: impl FnMut(&'a Value) -> Checked,
) -> Checked {
    map.get(name).map_or(Ok(()), |value| check(value).at(name))
}

/// Checks each item of a set; `rule` is what is broken if it is no array.
fn each<'a>(
    value: &'a Value,
    rule: &'static Rule,
    mut check: impl FnMut(&'a Value) -> Checked,
) -> Checked {
    let items = value.as_array().ok_or_else(|| rule.broken())?;
    require(items.len() <= SET_ITEMS_MAX, &rules::ITEMS)?;
    // A document is canonical, so equal items have equal texts.
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        check(item).at(index)?;
        require(seen.insert(item.to_string()), &rules::SET).at(index)?;
    }
    Ok(())
}

/// Checks a single value, or each item of a set.
fn one_or_set<'a>(
    value: &'a Value,
    rule: &'static Rule,
    mut check: impl FnMut(&'a Value) -> Checked,
) -> Checked {
    if value.is_array() { each(value, rule, check) } else { check(value) }
}

/// Says where a check failed, from the inside out.
trait At {
    /// Puts a member's name or an item's index before the place of the error.
    fn at(self, segment: impl Display) -> Self;
}

impl At for Checked {
    fn at(self, segment: impl Display) -> Self {
        self.map_err(|mut error| {
            // RFC 6901 section 3
            let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
            error.place.insert_str(0, &format!("/{segment}"));
            error
        })
    }
}
