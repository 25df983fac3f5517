//! Relative DID URLs made absolute (DID Resolution, section 4.4: `expandRelativeUrls`).

use serde_json::{Map, Value};

use crate::did::absolute_did_url;
use crate::document::RELATIONSHIPS;

/// What names the subject and others; these hold no relative DID URLs.
const NAMES: [&str; 4] = ["@context", "alsoKnownAs", "controller", "id"];

/// The document with the ids of its services, verification methods and extensions made absolute,
/// and the references of its verification relationships.
pub(crate) fn expand(document: &mut Map<String, Value>, did: &str) {
    for (name, value) in document.iter_mut() {
        if NAMES.contains(&name.as_str()) {
            continue;
        }
        let is_relationship = RELATIONSHIPS.contains(&name.as_str());
        let items = match value {
            Value::Array(items) => items.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for item in items {
            match item {
                Value::Object(item) => {
                    if let Some(Value::String(id)) = item.get_mut("id") {
                        *id = absolute_did_url(did, id);
                    }
                }
                Value::String(reference) if is_relationship => {
                    *reference = absolute_did_url(did, reference);
                }
                _ => {}
            }
        }
    }
}
