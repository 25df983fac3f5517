//! Incremental changes of a DID document: what `addToDidDocument` and `removeFromDidDocument` mean.

use serde_json::{Map, Value};

use super::Failed;

/// Adds properties. Items join a set: one with the `id` of another, or the same text, replaces it.
pub(super) fn add(document: Value, given: Value) -> Result<Value, Failed> {
    let (mut members, given) = objects(document, given)?;
    for (name, value) in given {
        let old = members.remove(&name);
        let new = match (old, value) {
            (Some(Value::Array(mut items)), value) => {
                for item in into_items(value) {
                    items.retain(|other| !is_same(other, &item));
                    items.push(item);
                }
                Value::Array(items)
            }
            (_, value) => value,
        };
        members.insert(name, new);
    }
    Ok(Value::Object(members))
}

/// Removes properties: items of a set by their `id` or text, and a property whose value is given as
/// it stands. A set that becomes empty goes.
pub(super) fn remove(document: Value, given: &Value) -> Result<Value, Failed> {
    let (mut members, given) = objects(document, given.clone())?;
    for (name, value) in given {
        let missing = || {
            let reason = format!("`{name}` has no such value to remove: read the document again");
            Failed::new("INVALID_DID_DOCUMENT", reason)
        };
        if name == "id" {
            return Err(Failed::new("INVALID_DID_DOCUMENT", "the document's `id` stays"));
        }
        match members.get_mut(&name) {
            Some(Value::Array(items)) => {
                for item in into_items(value) {
                    let before = items.len();
                    items.retain(|other| !is_same(other, &item));
                    if items.len() == before {
                        return Err(missing());
                    }
                }
                if items.is_empty() {
                    members.remove(&name);
                }
            }
            Some(old) if *old == value => drop(members.remove(&name)),
            _ => return Err(missing()),
        }
    }
    Ok(Value::Object(members))
}

type Object = Map<String, Value>;

fn objects(document: Value, given: Value) -> Result<(Object, Object), Failed> {
    match (document, given) {
        (Value::Object(document), Value::Object(given)) => Ok((document, given)),
        _ => Err(Failed::new("INVALID_DID_DOCUMENT", "`didDocument` holds objects")),
    }
}

fn into_items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        one => vec![one],
    }
}

/// Whether two items of a set are about the same thing. A text refers to what has it as `id`.
fn is_same(one: &Value, other: &Value) -> bool {
    let name = |item: &Value| item.get("id").unwrap_or(item).clone();
    name(one) == name(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "id": "did:example:1",
            "authentication": ["#a"],
            "verificationMethod": [{ "id": "#a", "type": "Multikey" }],
        })
    }

    #[test]
    fn items_join_and_leave_sets_by_their_id() {
        let given = json!({
            "authentication": ["#a", "#b"],
            "verificationMethod": [{ "id": "#a", "type": "Other" }, { "id": "#b" }],
            "alsoKnownAs": ["https://example.bt/"],
        });
        let added = add(document(), given).unwrap();
        assert_eq!(added["authentication"], json!(["#a", "#b"]));
        assert_eq!(added["verificationMethod"][0]["type"], "Other");
        assert_eq!(added["alsoKnownAs"][0], "https://example.bt/");
        let gone = json!({ "authentication": "#a", "verificationMethod": [{ "id": "#a" }] });
        let left = remove(added.clone(), &gone).unwrap();
        assert_eq!(left["authentication"], json!(["#b"]));
        assert_eq!(left["verificationMethod"], json!([{ "id": "#b" }]));
        let gone = json!({ "authentication": ["#b"] });
        assert_eq!(remove(left, &gone).unwrap().get("authentication"), None);
    }

    #[test]
    fn what_is_not_there_is_not_removed() {
        for gone in [
            json!({ "authentication": ["#c"] }),
            json!({ "service": [{ "id": "#s" }] }),
            json!({ "id": "did:example:1" }),
            json!(["#a"]),
        ] {
            assert!(remove(document(), &gone).is_err(), "{gone}");
        }
        assert!(add(document(), json!("x")).is_err());
    }
}
