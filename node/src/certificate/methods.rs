//! The keys of a DID document that X.509 knows.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use p256::FieldBytes;
use registry::document::RELATIONSHIPS;
use registry::multikey::PublicKey;
use registry::time;
use serde_json::{Value, json};

use super::{ED25519, ed25519_key, p256_key, p256_point};

/// What a DID makes statements with (DID Core 1.1, assertionMethod), certificates among them.
const ASSERTS: &str = "assertionMethod";

/// A verification method of a DID document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its DID URL.
    pub id: String,
    /// Its key.
    pub key: PublicKey,
    /// Whether the DID makes statements with it.
    pub asserts: bool,
}

/// The verification methods that count at `moment` (milliseconds since 1970), once each: of keys
/// that X.509 knows, controlled by the DID itself, neither revoked nor expired.
pub fn methods(document: &Value, moment: u64) -> Vec<Method> {
    let did = document.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut found: Vec<Method> = Vec::new();
    for relation in std::iter::once("verificationMethod").chain(RELATIONSHIPS) {
        let listed = document.get(relation).and_then(Value::as_array);
        for method in listed.into_iter().flatten() {
            let id = method.as_str().or_else(|| method.get("id").and_then(Value::as_str));
            let id = absolute(id.unwrap_or_default(), did);
            let at = found.iter().position(|known| known.id == id).or_else(|| {
                let key = key(method, did, moment)?;
                found.push(Method { id, key, asserts: false });
                Some(found.len() - 1)
            });
            if let Some(method) = at.and_then(|at| found.get_mut(at)) {
                method.asserts |= relation == ASSERTS;
            }
        }
    }
    found
}

/// The key of a method that counts; a reference has none of its own.
fn key(method: &Value, did: &str, moment: u64) -> Option<PublicKey> {
    let text = |name: &str| method.get(name).and_then(Value::as_str);
    let expired = |end: &str| time::parse(end).is_none_or(|end| end <= moment);
    if text("controller") != Some(did) || text("expires").is_some_and(expired) {
        return None;
    }
    // Controlled Identifiers 1.0, 2.2: what was made before it was revoked counts.
    if text("revoked").is_some_and(expired) {
        return None;
    }
    match text("publicKeyMultibase") {
        Some(key) => key.parse().ok(),
        None => of_jwk(method.get("publicKeyJwk")?),
    }
}

/// A key of Ed25519 or P-256 as a JSON Web Key (RFC 7518, 6.2; RFC 8037, 2).
pub fn jwk(key: &PublicKey) -> Value {
    if key.suite().name == ED25519 {
        return json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64_URL.encode(key.as_bytes()) });
    }
    let point = p256_point(key);
    let coordinate = |bytes: Option<&FieldBytes>| bytes.map(|bytes| BASE64_URL.encode(bytes));
    json!({ "kty": "EC", "crv": "P-256", "x": coordinate(point.x()), "y": coordinate(point.y()) })
}

/// What JOSE calls the signatures of such a key (RFC 7518, 3.4; RFC 8037, 3.1).
pub fn signature_algorithm(key: &PublicKey) -> &'static str {
    if key.suite().name == ED25519 { "EdDSA" } else { "ES256" }
}

/// The key of a JSON Web Key.
fn of_jwk(jwk: &Value) -> Option<PublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| BASE64_URL.decode(text(name)?).ok();
    match (text("kty")?, text("crv")?) {
        ("OKP", "Ed25519") => ed25519_key(&bytes("x")?),
        ("EC", "P-256") => p256_key(&[&[4][..], &bytes("x")?, &bytes("y")?].concat()),
        _ => None,
    }
}

fn absolute(id: &str, did: &str) -> String {
    match id.starts_with('#') {
        true => format!("{did}{id}"),
        false => id.to_owned(),
    }
}
