//! DID documents before they have their DID.

use registry::did::PLACEHOLDER;
use registry::multikey::PublicKey;
use serde_json::{Map, Value, json};

/// A document with each key as a Multikey that authenticates and asserts.
pub(crate) fn minimal(id: &str, keys: &[PublicKey]) -> Value {
    let name = |at: usize| format!("{id}#key-{}", at + 1);
    let methods: Vec<Value> = keys
        .iter()
        .enumerate()
        .map(|(at, key)| {
            json!({
                "id": name(at),
                "type": "Multikey",
                "controller": id,
                "publicKeyMultibase": key,
            })
        })
        .collect();
    let names: Vec<String> = (0..keys.len()).map(name).collect();
    let mut document = json!({ "@context": ["https://www.w3.org/ns/did/v1.1"], "id": id });
    if let Some(members) = document.as_object_mut().filter(|_| !keys.is_empty()) {
        members.insert("verificationMethod".into(), methods.into());
        members.insert("authentication".into(), json!(names));
        members.insert("assertionMethod".into(), json!(names));
    }
    document
}

/// The document for `id`: its own id, whatever it is, gives way to `id` wherever it stands. One
/// without an id gets it.
pub(crate) fn rehome(mut document: Value, id: &str) -> anyhow::Result<Value> {
    let members = document.as_object_mut();
    let members = members.ok_or_else(|| anyhow::anyhow!("a DID document is a JSON object"))?;
    match members.get("id").cloned() {
        None => {
            members.insert("id".into(), id.into());
            // Without an id of its own it can speak of itself by the placeholder alone.
            Ok(replace(document, PLACEHOLDER, id.rsplit(':').next().unwrap_or(id)))
        }
        Some(Value::String(own)) if own == PLACEHOLDER => Ok(replace(document, &own, id)),
        Some(Value::String(own)) if !own.is_empty() => {
            let document = if own == id { document } else { replace(document, &own, id) };
            Ok(replace(document, PLACEHOLDER, id.rsplit(':').next().unwrap_or(id)))
        }
        Some(_) => anyhow::bail!("the document's `id` is no text: leave it out, or write a DID"),
    }
}

/// Replaces `from` in every text, member names included, where it is not the beginning of a longer
/// identifier.
fn replace(value: Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => Value::String(replace_in(&text, from, to)),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| replace(item, from, to)).collect())
        }
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (replace_in(&name, from, to), replace(value, from, to)))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

fn replace_in(text: &str, from: &str, to: &str) -> String {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '%' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(from) {
        out.push_str(before);
        // A placeholder is closed by its brace; an identifier, by whatever cannot be part of it.
        let whole = from.ends_with('}') || !after.starts_with(goes_on);
        out.push_str(if whole { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// JSON Merge Patch (RFC 7396): members that are null go, objects merge, the rest replaces.
pub(crate) fn merge(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut members = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            let old = members.remove(&name).unwrap_or(Value::Null);
            members.insert(name, merge(old, value));
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "did:ndi:bt-test:{SCID}";

    #[test]
    fn a_document_is_re_homed_wherever_it_names_itself() {
        let document = json!({
            "id": "did:example:12",
            "verificationMethod": [{"id": "did:example:12#a", "controller": "did:example:12"}],
            "controller": "did:example:123",
            "service": [{"id": "#s", "serviceEndpoint": "https://x.bt/?did=did:example:12&v=1"}],
        });
        let expected = json!({
            "id": ID,
            "verificationMethod": [{"id": format!("{ID}#a"), "controller": ID}],
            "controller": "did:example:123",
            "service": [{"id": "#s", "serviceEndpoint": format!("https://x.bt/?did={ID}&v=1")}],
        });
        assert_eq!(rehome(document, ID).unwrap(), expected);
    }

    #[test]
    fn placeholders_of_any_form_are_understood() {
        let expected = json!({"id": ID, "authentication": [format!("{ID}#k")]});
        for own in ["{SCID}", "did:ndi:other:{SCID}", ID] {
            let document = json!({"id": own, "authentication": [format!("{own}#k")]});
            assert_eq!(rehome(document, ID).unwrap(), expected, "{own}");
        }
        let bare = json!({"authentication": ["did:ndi:bt-test:{SCID}#k"]});
        assert_eq!(rehome(bare.clone(), ID).unwrap(), expected);
        // For a DID that exists, the placeholder is filled in.
        let known = "did:ndi:bt-test:QmX";
        let expected = json!({"id": known, "authentication": [format!("{known}#k")]});
        assert_eq!(rehome(bare, known).unwrap(), expected);
        assert!(rehome(json!([]), ID).is_err());
        assert!(rehome(json!({"id": 1}), ID).is_err());
    }

    #[test]
    fn merges_as_rfc_7396_has_it() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            assert_eq!(merge(target, patch), result);
        }
    }

    #[test]
    fn the_minimal_document_keeps_the_rules() {
        let key = crate::keys::KeyFile::generate(crate::keys::Suite::P256);
        let key = registry::author::Key::public(&key);
        let did = "did:ndi:bt-test:QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
        for keys in [vec![], vec![key.clone()], vec![key]] {
            let document = minimal(did, &keys);
            registry::document::check(&document, did).unwrap();
        }
    }
}
