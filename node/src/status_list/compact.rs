//! JSON Web Signatures in the compact serialization (RFC 7515, 7.1), as JWTs have it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use serde_json::{Value, json};

use super::Signer;

/// Signs a payload. `kid` is the signer's DID URL, whole, so that who reads it needs nothing else
/// to find the key (VC-JOSE-COSE, 4).
pub(super) fn sign(payload: &Value, typ: &str, cty: Option<&str>, signer: &dyn Signer) -> String {
    let algorithm = signer.suite().algorithm;
    let mut header = json!({ "alg": algorithm, "kid": signer.method(), "typ": typ });
    if let Some(cty) = cty {
        header["cty"] = cty.into();
    }
    let mut token = BASE64_URL.encode(header.to_string());
    token.push('.');
    BASE64_URL.encode_string(payload.to_string(), &mut token);
    let signature = signer.sign(token.as_bytes());
    token.push('.');
    BASE64_URL.encode_string(signature, &mut token);
    token
}
