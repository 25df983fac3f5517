//! Control keys as clients of DID Registration write them.

use p256::ecdsa::VerifyingKey;
use registry::multikey::PublicKey;
use registry::suites::SUITES;
use serde_json::Value;

use super::{Failed, decode_base64};

/// Members that hold the private half of a key, in the words of all verification methods.
const PRIVATE: [&str; 8] = [
    "privateKeyJwk",
    "privateKeyMultibase",
    "privateKeyBase58",
    "privateKeyBase64",
    "privateKeyHex",
    "privateKeyPem",
    "secretKeyJwk",
    "secretKeyMultibase",
];

/// The public keys of `secret.verificationMethod`.
pub(super) fn control_keys(methods: &[Value]) -> Result<Vec<PublicKey>, Failed> {
    let read = |(at, method): (usize, &Value)| {
        control_key(method).map_err(|reason| {
            Failed::options(format!("`secret.verificationMethod[{at}]`: {reason}"))
        })
    };
    methods.iter().enumerate().map(read).collect()
}

fn control_key(method: &Value) -> Result<PublicKey, String> {
    let jwk = method.get("publicKeyJwk");
    let has_secret = PRIVATE.iter().any(|name| method.get(name).is_some());
    if has_secret || jwk.is_some_and(|jwk| jwk.get("d").is_some()) {
        return Err("it holds a private key, which is exposed now: replace it".into());
    }
    let purposes = method.get("purpose").and_then(Value::as_array);
    if purposes.is_some_and(|all| !all.contains(&Value::from("capabilityInvocation"))) {
        return Err("control keys have the purpose `capabilityInvocation`; other keys belong \
                    into `didDocument`"
            .into());
    }
    match (method.get("publicKeyMultibase").and_then(Value::as_str), jwk) {
        (Some(text), None) => text.parse().map_err(|error| format!("{error}")),
        (None, Some(jwk)) => from_jwk(jwk).ok_or_else(|| {
            "write a JSON Web Key of Ed25519 (OKP) or P-256 (EC), or a Multikey".into()
        }),
        _ => Err("write the key as either `publicKeyMultibase` or `publicKeyJwk`".into()),
    }
}

fn from_jwk(jwk: &Value) -> Option<PublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let coordinate = |name: &str| decode_base64(text(name)?).filter(|bytes| bytes.len() == 32);
    let x = coordinate("x")?;
    let (algorithm, bytes) = match (text("kty")?, text("crv")?) {
        ("OKP", "Ed25519") => ("EdDSA", x),
        ("EC", "P-256") => {
            let point = [vec![4], x, coordinate("y")?].concat();
            let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
            ("ES256", key.to_encoded_point(true).as_bytes().to_vec())
        }
        _ => return None,
    };
    let suite = SUITES.iter().find(|suite| suite.algorithm == algorithm)?;
    PublicKey::new(suite, &bytes).ok()
}

#[cfg(test)]
mod tests {
    use registry::author::Key as _;
    use serde_json::json;

    use super::*;
    use crate::keys::{KeyFile, Suite};

    #[test]
    fn a_key_is_the_same_in_either_spelling() {
        // RFC 8037 A.2 and RFC 7517 A.1.
        let ed = json!({ "kty": "OKP", "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let ec = json!({ "kty": "EC", "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" });
        for (jwk, start) in [(ed, "z6Mk"), (ec, "zDn")] {
            let key = control_keys(&[json!({ "publicKeyJwk": jwk })]).unwrap().remove(0);
            assert!(key.to_string().starts_with(start), "{key}");
            let same = json!({ "publicKeyMultibase": key, "purpose": ["capabilityInvocation"] });
            assert_eq!(control_keys(&[same]).unwrap(), [key]);
        }
    }

    #[test]
    fn what_is_no_control_key_is_refused_with_the_reason() {
        let key = KeyFile::generate(Suite::Ed25519).public().to_string();
        for (method, reason) in [
            (json!({ "publicKeyMultibase": key, "privateKeyMultibase": "z" }), "exposed"),
            (json!({ "publicKeyJwk": { "kty": "OKP", "d": "x" } }), "exposed"),
            (json!({ "publicKeyMultibase": key, "purpose": ["authentication"] }), "purpose"),
            (json!({ "publicKeyMultibase": "z6Mk" }), "kind"),
            (json!({ "publicKeyJwk": { "kty": "RSA" } }), "JSON Web Key"),
            (
                json!({ "publicKeyJwk": { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" } }),
                "JSON Web Key",
            ),
            (json!({}), "either"),
            (json!("key"), "either"),
        ] {
            let failed = control_keys(std::slice::from_ref(&method)).unwrap_err();
            assert!(failed.reason.contains(reason), "{method}: {}", failed.reason);
        }
    }
}
