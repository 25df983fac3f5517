//! The words in which the OpenAPI document describes JSON: short names for JSON Schema (2020-12).

use serde_json::{Map, Value, json};

/// Any text.
pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

/// One of these words.
pub(super) fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// A hash, a key or an id of 32 bytes.
pub(super) fn hash() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}

/// A DID of this registry.
pub(super) fn did() -> Value {
    json!({ "type": "string", "pattern": "^did:ndi:[a-z0-9-]{1,32}:Qm[1-9A-HJ-NP-Za-km-z]{44}$" })
}

/// A time as events and documents write it.
pub(super) fn time() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        "examples": ["2026-11-21T12:00:00Z"],
    })
}

/// A number from 0 on.
pub(super) fn count() -> Value {
    range(0, registry::json::INTEGER_MAX.unsigned_abs())
}

/// A number within bounds.
pub(super) fn range(least: u64, most: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// Yes or no.
pub(super) fn flag() -> Value {
    json!({ "type": "boolean" })
}

/// Bytes as base64.
pub(super) fn base64() -> Value {
    json!({ "type": "string", "contentEncoding": "base64" })
}

/// Anything.
pub(super) fn any() -> Value {
    json!({})
}

/// Any object.
pub(super) fn any_object() -> Value {
    json!({ "type": "object" })
}

/// A list.
pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// This or null.
pub(super) fn or_null(schema: Value) -> Value {
    json!({ "oneOf": [schema, { "type": "null" }] })
}

/// A schema by its name under `components`.
pub(super) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object with these members and no others; a name that ends with `?` may be absent.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let required: Vec<&str> =
        members.iter().map(|(name, _)| *name).filter(|name| !name.ends_with('?')).collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// What several answers are made of.
pub(super) fn components() -> Value {
    json!({
        "Problem": object([
            ("detail", text()),
            ("status", range(400, 599)),
            ("title", text()),
            ("type", json!({ "type": "string", "pattern": "^urn:dzong:problem:[a-z0-9-]+$" })),
        ]),
        "Signature": object([("signature", base64()), ("validator", hash())]),
        "Certificate": object([
            ("block", hash()),
            ("height", count()),
            ("round", count()),
            ("signatures", list(named("Signature"))),
        ]),
        "Event": event(),
        "ListedEvent": object([
            ("event", named("Event")),
            ("height", count()),
            ("id", hash()),
            ("index", count()),
            ("subject", text()),
            ("time", count()),
        ]),
        "Receipt": object([
            ("certificate", named("Certificate")),
            ("event", named("Event")),
            ("genesis", hash()),
            ("header", base64()),
            ("id", hash()),
            ("index", count()),
            ("path", list(hash())),
        ]),
        "Record": object([
            ("content", json!({ "type": ["object", "array"] })),
            ("event", hash()),
            ("height", count()),
            ("history", object([("peaks", list(hash())), ("size", count())])),
            ("time", count()),
            ("version", count()),
        ]),
        "Proof": object([
            ("evidence", any_object()),
            ("question", any_object()),
            ("type", one_of(&[registry::answer::PROOF_TYPE])),
        ]),
        "ResolutionResult": object([
            ("didDocument", or_null(named("DidDocument"))),
            ("didDocumentMetadata", named("DidDocumentMetadata")),
            ("didResolutionMetadata", named("Outcome")),
        ]),
        "DereferencingResult": object([
            ("content", json!({})),
            (
                "contentMetadata",
                json!({ "oneOf": [named("DidDocumentMetadata"), named("ResourceMetadata")] }),
            ),
            ("contentStream", json!({})),
            ("dereferencingMetadata", named("Outcome")),
        ]),
        "DidDocument": { "type": "object", "required": ["id"], "properties": { "id": text() } },
        "DidDocumentMetadata": object([
            ("created?", time()),
            ("deactivated?", flag()),
            ("nextUpdate?", time()),
            ("nextVersionId?", text()),
            ("proof?", list(named("Proof"))),
            ("updated?", time()),
            ("versionId?", text()),
        ]),
        "ResourceMetadata": object([
            ("checksum", hash()),
            ("created", time()),
            ("mediaType", text()),
            ("nextVersionId", or_null(text())),
            ("previousVersionId", or_null(text())),
            ("proof?", list(named("Proof"))),
            ("resourceCollectionId", text()),
            ("resourceId", text()),
            ("resourceName", text()),
            ("resourceType", text()),
            ("resourceURI", text()),
            ("resourceVersion?", text()),
        ]),
        "Outcome": object([
            ("contentType?", text()),
            ("error?", json!({ "oneOf": [text(), named("DidError")] })),
        ]),
        "DidError": object([("detail?", text()), ("title", text()), ("type", text())]),
    })
}

/// An event as its author writes it; what its kind adds, `docs/format.md` says.
fn event() -> Value {
    json!({
        "type": "object",
        "required": ["@context", "author", "created", "network", "proof", "type", "validUntil"],
        "properties": {
            "@context": { "type": "array" },
            "author": did(),
            "created": time(),
            "network": text(),
            "proof": { "type": "array", "minItems": 1, "maxItems": 16, "items": any_object() },
            "type": one_of(registry::events::Body::KINDS),
            "validUntil": time(),
        },
    })
}
