//! The writer of canonical text (RFC 8785).

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::scan::plain_run;
use super::{DEPTH_MAX, INTEGER_MAX, JsonCode, JsonError};

/// Writes a whole value.
pub(super) fn value(value: &Value) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::with_capacity(256);
    write(&mut out, value, 0)?;
    Ok(out)
}

/// A member's name as it is written between the quotes.
pub(super) fn name(name: &str) -> Cow<'_, [u8]> {
    if plain_run(name.as_bytes()) == name.len() {
        return Cow::Borrowed(name.as_bytes());
    }
    let mut out = Vec::with_capacity(name.len() + 8);
    characters(&mut out, name);
    Cow::Owned(out)
}

/// The escape that stands for a character, for those that have one: RFC 8785 escapes what it must,
/// the short way where there is one.
pub(super) fn escape(character: char) -> Option<&'static str> {
    const CONTROLS: [&str; 32] = [
        "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
        "\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r", "\\u000e", "\\u000f", "\\u0010", "\\u0011",
        "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017", "\\u0018", "\\u0019",
        "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
    ];
    match character {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        _ => CONTROLS.get(usize::try_from(u32::from(character)).ok()?).copied(),
    }
}

fn write(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), JsonError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(value) => out.extend_from_slice(integer(value)?.to_string().as_bytes()),
        Value::String(text) => string(out, text)?,
        Value::Array(values) => array(out, values, inside(depth)?)?,
        Value::Object(members) => object(out, members, inside(depth)?)?,
    }
    Ok(())
}

/// The depth of what an array or object at `depth` holds.
fn inside(depth: usize) -> Result<usize, JsonError> {
    if depth < DEPTH_MAX { Ok(depth + 1) } else { Err(JsonError::new(JsonCode::Depth, 0)) }
}

fn array(out: &mut Vec<u8>, values: &[Value], depth: usize) -> Result<(), JsonError> {
    out.push(b'[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, value, depth).map_err(|error| error.under(&at.to_string()))?;
    }
    out.push(b']');
    Ok(())
}

fn object(out: &mut Vec<u8>, members: &Map<String, Value>, depth: usize) -> Result<(), JsonError> {
    // Names come sorted by UTF-8, or as they were inserted; RFC 8785 wants UTF-16 code units.
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    out.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(out, name)?;
        out.push(b':');
        write(out, value, depth).map_err(|error| error.under(name))?;
    }
    out.push(b'}');
    Ok(())
}

fn integer(number: &Number) -> Result<i64, JsonError> {
    let error = |code| Err(JsonError::new(code, 0));
    match number.as_i64() {
        Some(value) if (-INTEGER_MAX..=INTEGER_MAX).contains(&value) => Ok(value),
        None if number.is_f64() => error(JsonCode::Float),
        _ => error(JsonCode::NumberRange),
    }
}

fn string(out: &mut Vec<u8>, text: &str) -> Result<(), JsonError> {
    if text.contains('\0') {
        return Err(JsonError::new(JsonCode::Nul, 0));
    }
    out.push(b'"');
    characters(out, text);
    out.push(b'"');
    Ok(())
}

fn characters(out: &mut Vec<u8>, text: &str) {
    let mut rest = text;
    // What stops a run is one ASCII character, so both cuts are between characters.
    while let Some((plain, special)) = rest.split_at_checked(plain_run(rest.as_bytes())) {
        out.extend_from_slice(plain.as_bytes());
        let mut characters = special.chars();
        let Some(character) = characters.next() else { return };
        out.extend_from_slice(escape(character).unwrap_or_default().as_bytes());
        rest = characters.as_str();
    }
}
