//! Verification material: Multikey and JSON Web Key, and the private halves of both.

use serde_json::{Map, Value};

use super::rules::{JWK, MATERIAL, MULTIBASE, MULTIKEY, ONE_MATERIAL, SECRET};
use super::{At, Checked, require};
use crate::base58;

/// Properties that express a public key, in DID Core and in the suites before it.
const PUBLIC: [&str; 6] = [
    "publicKeyMultibase",
    "publicKeyJwk",
    "publicKeyBase58",
    "publicKeyBase64",
    "publicKeyHex",
    "publicKeyPem",
];
/// Properties that express a private key.
const PRIVATE: [&str; 8] = [
    "secretKeyMultibase",
    "secretKeyJwk",
    "privateKeyMultibase",
    "privateKeyJwk",
    "privateKeyBase58",
    "privateKeyBase64",
    "privateKeyHex",
    "privateKeyPem",
];
/// Members that the JOSE registries mark as private, of any key type.
const JWK_PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
/// CID 2.2.2, public keys: prefix and length with it of P-256, P-384, Ed25519, BLS12-381 G2, SM2.
const MULTIKEY_PUBLIC: [([u8; 2], usize); 5] = [
    ([0x80, 0x24], 35),
    ([0x81, 0x24], 51),
    ([0xed, 0x01], 34),
    ([0xeb, 0x01], 98),
    ([0x86, 0x24], 35),
];
/// CID 2.2.2, secret keys of the same.
const MULTIKEY_SECRET: [[u8; 2]; 5] =
    [[0x86, 0x26], [0x87, 0x26], [0x80, 0x26], [0x80, 0x30], [0x90, 0x26]];
/// The longest base58btc text of a key in the two tables: 98 bytes. Base58 takes quadratic time, so
/// what is longer is not decoded.
const MULTIKEY_CHARS_MAX: usize = 134;
/// Codes of the multibase table (Controlled Identifiers 2.4 allows others than `u` and `z`).
const MULTIBASE_CODES: &str = "079fFvVtTbBcChkKRzZmMuUpQ";

/// Whether the member of a map is one that expresses a private key.
pub(super) fn is_private(name: &str) -> bool {
    PRIVATE.contains(&name)
}

/// Whether a `publicKeyJwk` holds members of the private class.
pub(super) fn has_private_members(jwk: &Value) -> bool {
    JWK_PRIVATE.iter().any(|name| jwk.get(name).is_some())
}

/// Checks what a verification method's type and properties say about its key.
pub(super) fn check(method: &Map<String, Value>) -> Checked {
    let kind = method.get("type").and_then(Value::as_str).unwrap_or_default();
    let needed = match kind {
        "Multikey" => Some("publicKeyMultibase"),
        "JsonWebKey" => Some("publicKeyJwk"),
        _ => None,
    };
    require(needed.is_none_or(|name| method.contains_key(name)), &MATERIAL)?;
    let materials = PUBLIC.iter().filter(|name| method.contains_key(**name)).count();
    require(materials <= 1, &ONE_MATERIAL)?;
    if let Some(key) = method.get("publicKeyMultibase") {
        check_multibase(key, kind == "Multikey").at("publicKeyMultibase")?;
    }
    method.get("publicKeyJwk").map_or(Ok(()), |jwk| check_jwk(jwk).at("publicKeyJwk"))
}

fn check_multibase(key: &Value, is_multikey: bool) -> Checked {
    let text = key.as_str().ok_or_else(|| MULTIBASE.broken())?;
    require(text.chars().next().is_some_and(|code| MULTIBASE_CODES.contains(code)), &MULTIBASE)?;
    let bytes = match text.split_at_checked(1) {
        Some(("z", rest)) if rest.len() <= MULTIKEY_CHARS_MAX => {
            base58::decode(rest, MULTIKEY_CHARS_MAX).ok_or_else(|| MULTIBASE.broken())?
        }
        Some(("z", rest)) => return require(rest.bytes().all(is_base58), &MULTIBASE),
        Some(("u", rest)) => {
            require(is_base64url(rest), &MULTIBASE)?;
            first_two(rest)
        }
        _ => return Ok(()),
    };
    require(!bytes.is_empty(), &MULTIBASE)?;
    if !is_multikey {
        return Ok(());
    }
    require(!MULTIKEY_SECRET.iter().any(|prefix| bytes.starts_with(prefix)), &SECRET)?;
    // A prefix that the table does not know belongs to another specification.
    let known = MULTIKEY_PUBLIC.iter().find(|(prefix, _)| bytes.starts_with(prefix));
    require(known.is_none_or(|(_, length)| bytes.len() == *length), &MULTIKEY)
}

fn check_jwk(jwk: &Value) -> Checked {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let public: &[&str] = match text("kty").ok_or_else(|| JWK.broken())? {
        // RFC 7518 6.2.1: `y` for the three curves of the standard.
        "EC" if text("crv").is_some_and(|curve| curve.starts_with("P-")) => &["x", "y"],
        "EC" | "OKP" if text("crv").is_some() => &["x"],
        "EC" | "OKP" => return Err(JWK.broken()),
        "RSA" => &["n", "e"],
        _ => &[],
    };
    require(public.iter().all(|name| text(name).is_some_and(is_base64url)), &JWK)
}

fn is_base58(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() && !b"0OIl".contains(&byte)
}

/// Base64url without padding.
fn is_base64url(text: &str) -> bool {
    text.len() % 4 != 1 && text.bytes().all(|byte| base64url_digit(byte).is_some())
}

fn base64url_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

/// The first two bytes that base64url text stands for: all that a Multikey's prefix needs.
fn first_two(text: &str) -> Vec<u8> {
    let mut digits = text.bytes().filter_map(base64url_digit);
    match (digits.next(), digits.next(), digits.next()) {
        (Some(a), Some(b), Some(c)) => vec![a << 2 | b >> 4, b << 4 | c >> 2],
        (Some(a), Some(b), None) => vec![a << 2 | b >> 4],
        _ => Vec::new(),
    }
}
