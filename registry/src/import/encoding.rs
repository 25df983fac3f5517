//! The three ways in which an Indy ledger writes what a transaction holds: as the text that is
//! taken here, as the bytes that are a leaf of its Merkle tree, and as the bytes that its author
//! signed.
//!
//! The ledger writes maps with their names ascending, in all three.

use std::collections::BTreeMap;

use proofs::Hash;
use proofs::merkle::leaf_hash;
use serde_json::{Map, Value};

use super::NotIndy;

/// Names ascending, by their bytes.
fn ordered(map: &Map<String, Value>) -> BTreeMap<&str, &Value> {
    map.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// The one text of a transaction that is taken: JSON without white space, names ascending. So no
/// member stands twice in it.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let member = |(name, value)| format!("{}:{}", Value::from(name), canonical(value));
            let members: Vec<String> = ordered(map).into_iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        one => one.to_string(),
    }
}

/// MessagePack, as the ledger stores a transaction; `None` where it holds what no ledger does: a
/// negative number or a fraction, or more than MessagePack can count.
pub(super) fn packed(value: &Value) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    pack(value, &mut bytes)?;
    Some(bytes)
}

/// The hash of the leaf that a transaction's [`canonical`] text is in the ledger's Merkle tree.
///
/// # Errors
/// It is no transaction.
pub fn leaf(text: &str) -> Result<Hash, NotIndy> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| NotIndy(format!("it is not JSON: {error}")))?;
    if canonical(&value) != text {
        return Err(NotIndy("write it without white space, names ascending and once".into()));
    }
    let bytes = packed(&value);
    let bytes = bytes.ok_or_else(|| NotIndy("it has a number that no ledger has".into()))?;
    Ok(leaf_hash(&bytes))
}

fn pack(value: &Value, bytes: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => bytes.push(0xc0),
        Value::Bool(flag) => bytes.push(if *flag { 0xc3 } else { 0xc2 }),
        Value::Number(number) => pack_number(number.as_u64()?, bytes),
        Value::String(text) => pack_text(text, bytes)?,
        Value::Array(items) => {
            pack_count(items.len(), 0x90, 0xdc, bytes)?;
            items.iter().try_for_each(|item| pack(item, bytes))?;
        }
        Value::Object(map) => {
            pack_count(map.len(), 0x80, 0xde, bytes)?;
            ordered(map).into_iter().try_for_each(|(name, value)| {
                pack_text(name, bytes)?;
                pack(value, bytes)
            })?;
        }
    }
    Some(())
}

/// The shortest form of a number.
fn pack_number(number: u64, bytes: &mut Vec<u8>) {
    if let Ok(small) = u8::try_from(number) {
        if small >= 0x80 {
            bytes.push(0xcc);
        }
        bytes.push(small);
    } else if let Ok(number) = u16::try_from(number) {
        bytes.push(0xcd);
        bytes.extend_from_slice(&number.to_be_bytes());
    } else if let Ok(number) = u32::try_from(number) {
        bytes.push(0xce);
        bytes.extend_from_slice(&number.to_be_bytes());
    } else {
        bytes.push(0xcf);
        bytes.extend_from_slice(&number.to_be_bytes());
    }
}

fn pack_text(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    match u8::try_from(text.len()) {
        Ok(length) if length < 32 => bytes.push(0xa0 | length),
        Ok(length) => bytes.extend_from_slice(&[0xd9, length]),
        Err(_) => {
            bytes.push(0xda);
            bytes.extend_from_slice(&u16::try_from(text.len()).ok()?.to_be_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    Some(())
}

fn pack_count(count: usize, few: u8, many: u8, bytes: &mut Vec<u8>) -> Option<()> {
    match u8::try_from(count) {
        Ok(count) if count < 16 => bytes.push(few | count),
        _ => {
            bytes.push(many);
            bytes.extend_from_slice(&u16::try_from(count).ok()?.to_be_bytes());
        }
    }
    Some(())
}

/// What the author of a request signed: `name:value`, joined by `|`; items of a list by `,`.
pub(super) fn signed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(signed).collect::<Vec<_>>().join(","),
        Value::Object(map) => {
            let member = |(name, value)| format!("{name}:{}", signed(value));
            ordered(map).into_iter().map(member).collect::<Vec<_>>().join("|")
        }
    }
}
