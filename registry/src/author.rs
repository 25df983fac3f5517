//! The author's side: events are built, given their identifier, signed and endorsed here, by the
//! command line, by tests and by clients alike. Keys stay with the caller.

use serde_json::{Value, json};

use crate::control::Control;
use crate::did::{self, NdiDid, PLACEHOLDER};
use crate::event::CONTEXT;
use crate::integrity::{self, IntegrityError, Message, PreviousProof, Proof};
use crate::json::{self, JsonError};
use crate::multikey::{self, PublicKey};
use crate::time;

/// When an event was made and until when it may take effect, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The author's clock.
    pub created: u64,
    /// At most seven days ahead of block time.
    pub valid_until: u64,
}

/// A key that signs, wherever its secret is kept.
pub trait Key {
    /// The public key, which names the suite.
    fn public(&self) -> PublicKey;
    /// The raw signature over the message.
    fn sign(&self, message: &Message) -> Vec<u8>;
}

/// An event without proofs: the members of every kind, and the kind's own.
pub fn event(kind: &str, network: &str, author: &str, times: Times, members: Value) -> Value {
    let mut event = json!({
        "@context": [CONTEXT],
        "author": author,
        "created": time::format(times.created),
        "network": network,
        "type": kind,
        "validUntil": time::format(times.valid_until),
    });
    if let (Some(event), Value::Object(members)) = (event.as_object_mut(), members) {
        event.extend(members);
    }
    event
}

/// What stands for a new DID in its own document and event, until the event has made it.
pub fn placeholder(network: &str) -> String {
    format!("did:ndi:{network}:{PLACEHOLDER}")
}

/// The `DidCreated` event of a new DID, without proofs. `document` names the DID by its
/// [`placeholder`] wherever it should stand.
///
/// # Errors
/// The document holds what canonical JSON of the profile has not.
pub fn inception(
    network: &str,
    document: Value,
    control: &Control,
    times: Times,
) -> Result<(NdiDid, Value), JsonError> {
    let placeholder = placeholder(network);
    let members = json!({ "control": control, "document": document });
    let template = json::canonical(&event("DidCreated", network, &placeholder, times, members))?;
    let scid = did::scid(&template);
    let text = String::from_utf8_lossy(&template).replace(PLACEHOLDER, &scid);
    let event = json::parse(text.as_bytes(), text.len())?;
    let syntax =
        |_| JsonError { code: json::JsonCode::Syntax, offset: 0, place: "/network".into() };
    Ok((NdiDid::new(network, &scid).map_err(syntax)?, event))
}

/// A proof without its signature, and what its key has to sign: for signers who are elsewhere.
#[derive(Debug, Clone)]
pub struct Request {
    /// The proof, but for `proofValue`.
    pub proof: Proof,
    /// The bytes to sign.
    pub message: Message,
}

impl Request {
    fn new(event: &Value, proof: Proof) -> Result<Request, IntegrityError> {
        let proof = integrity::complete(event, proof)?;
        let message = integrity::prepare(event, &proof)?;
        Ok(Request { proof, message })
    }

    /// Adds the proof with this raw signature to the event that it was made for.
    ///
    /// # Errors
    /// The event is not JSON of the profile.
    pub fn attach(mut self, event: &mut Value, signature: &[u8]) -> Result<(), IntegrityError> {
        self.proof.proof_value = Some(multikey::encode(signature));
        integrity::attach(event, self.proof)
    }
}

/// What one of the author's keys has to sign. `did` is the author's, or a controller's.
///
/// # Errors
/// The event is not JSON of the profile.
pub fn request(
    event: &Value,
    did: &str,
    domain: &str,
    key: &PublicKey,
) -> Result<Request, IntegrityError> {
    let mut proof = Proof::new(key.suite().name, &method(did, key), "capabilityInvocation");
    proof.domain = Some(domain.to_owned());
    proof.id = Some(format!("urn:ndi:proof:{key}"));
    Request::new(event, proof)
}

/// What an endorser's key has to sign: it vouches for all of the author's proofs.
///
/// # Errors
/// The event is not JSON of the profile, or has no author's proof with an `id`.
pub fn endorsement(
    event: &Value,
    did: &str,
    domain: &str,
    key: &PublicKey,
) -> Result<Request, IntegrityError> {
    let mut proof = Proof::new(key.suite().name, &method(did, key), "assertionMethod");
    proof.domain = Some(domain.to_owned());
    let own = event.get("proof").and_then(Value::as_array).into_iter().flatten();
    let own = own.filter(|proof| proof.get("previousProof").is_none());
    let ids = own.filter_map(|proof| Some(proof.get("id")?.as_str()?.to_owned())).collect();
    proof.previous_proof = Some(PreviousProof::Many(ids));
    Request::new(event, proof)
}

/// Adds the proof of one of the author's keys. `did` is the author's, or a controller's.
///
/// # Errors
/// As [`request`].
pub fn sign(
    event: &mut Value,
    did: &str,
    domain: &str,
    key: &dyn Key,
) -> Result<(), IntegrityError> {
    let request = request(event, did, domain, &key.public())?;
    let signature = key.sign(&request.message);
    request.attach(event, &signature)
}

/// Adds an endorser's proof over all of the author's.
///
/// # Errors
/// As [`endorsement`].
pub fn endorse(
    event: &mut Value,
    did: &str,
    domain: &str,
    key: &dyn Key,
) -> Result<(), IntegrityError> {
    let request = endorsement(event, did, domain, &key.public())?;
    let signature = key.sign(&request.message);
    request.attach(event, &signature)
}

/// The verification method of a DID's control key.
pub fn method(did: &str, key: &PublicKey) -> String {
    format!("{did}#{key}")
}

/// The commitment to a key that may come next (`nextKeyHashes`).
pub fn key_hash(key: &PublicKey) -> String {
    did::sha256_multihash(key.to_string().as_bytes())
}
