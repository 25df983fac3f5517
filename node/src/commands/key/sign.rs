//! `dzong key sign`: the answer to what a DID registrar asks a key to sign.

use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use registry::author::Key as _;
use registry::integrity::{self, Message, Proof};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::author::read_json;
use crate::keys::KeyFile;
use crate::output;

/// Sign what a DID registrar asks this key for: prints the `signingResponse`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    curl -s $URL/1.0/create -d @request.json > state.json\n  \
    dzong key sign state.json --key endorser.json\n\n\
    Look at each `payload` first: it is what the signature is over, which is checked here.")]
pub(super) struct Sign {
    /// The registrar's answer; `-` is standard input
    file: PathBuf,
    /// The key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// A signing request of DID Registration; other members are for other clients.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SigningRequest {
    kid: String,
    payload: Payload,
    serialized_payload: String,
}

#[derive(Deserialize)]
struct Payload {
    document: Value,
    proof: Proof,
}

impl Sign {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let state = read_json(&self.file)?;
        let requests = state.pointer("/didState/signingRequest").and_then(Value::as_object);
        let requests = requests.context("the registrar asks for no signature there")?;
        output::json(&respond(requests, &KeyFile::load(&self.key)?)?)
    }
}

/// The answers to those of the requests that ask for this key.
fn respond(requests: &Map<String, Value>, key: &KeyFile) -> anyhow::Result<Value> {
    let public = key.public();
    let mut responses = Map::new();
    for (name, request) in requests {
        let request: SigningRequest =
            serde_json::from_value(request.clone()).with_context(|| {
                format!("`{name}` shows no payload, so nobody knows what it is for")
            })?;
        if request.kid.split_once('#').is_none_or(|(_, key)| key != public.to_string()) {
            continue;
        }
        let Payload { document, proof } = request.payload;
        let message: Message = integrity::prepare(&document, &proof)?;
        anyhow::ensure!(
            STANDARD.encode(message) == request.serialized_payload
                && proof.verification_method == request.kid,
            "`{name}` asks for a signature over something else than it shows: do not sign"
        );
        responses.insert(
            name.clone(),
            json!({
                "signature": STANDARD.encode(key.sign(&message)),
                "kid": request.kid,
                "alg": public.suite().algorithm,
            }),
        );
    }
    anyhow::ensure!(!responses.is_empty(), "no request there is for key {public}");
    Ok(responses.into())
}

#[cfg(test)]
mod tests {
    use registry::author;

    use super::*;
    use crate::keys::Suite;

    #[test]
    fn only_what_is_shown_is_signed() {
        let key = KeyFile::from_secret(Suite::P256, &[7; 32]).unwrap();
        let event = json!({ "@context": ["https://w3id.org/security/data-integrity/v2"], "a": 1 });
        let request = author::request(&event, "did:ndi:x", "x", &key.public()).unwrap();
        let kid = request.proof.verification_method.clone();
        let asked = json!({ "signingRequest1": {
            "alg": "ES256",
            "kid": kid,
            "payload": { "document": event, "proof": request.proof },
            "serializedPayload": STANDARD.encode(request.message),
        }});
        let answer = respond(asked.as_object().unwrap(), &key).unwrap();
        let signature = answer["signingRequest1"]["signature"].as_str().unwrap();
        let signature = STANDARD.decode(signature).unwrap();
        assert!(key.public().verify(&request.message, &signature));

        let mut forged = asked.clone();
        forged["signingRequest1"]["payload"]["document"]["a"] = json!(2);
        let refused = respond(forged.as_object().unwrap(), &key).unwrap_err();
        assert!(refused.to_string().contains("do not sign"), "{refused}");
        let other = KeyFile::from_secret(Suite::Ed25519, &[7; 32]).unwrap();
        assert!(respond(asked.as_object().unwrap(), &other).is_err());
    }
}
