//! DID Registration (DIF) in client-managed secret mode: requests become drafts of events, drafts
//! become signing requests, and signatures complete them.
//!
//! # Invariants
//!
//! * No keys and no memory: a `jobId` is the draft itself, so any node continues what another
//!   began. It needs no seal, for it gives no right: every signature is verified, and the finished
//!   event passes the door that all events pass.
//! * The registry's rules say what is still missing; nothing is decided here.

mod draft;
mod keys;
mod patch;
mod signing;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use registry::{Rejection, json};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

pub(crate) use draft::{Drafted, draft};
pub(crate) use signing::{Phase, Signatories, endorsers, phase};

/// Largest request: a draft of an event in base64, and the request beside it.
pub(crate) const REQUEST_BYTES_MAX: usize = 256 << 10;

/// What is to be done with a DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    Create,
    Update,
    Deactivate,
}

impl Operation {
    /// The kind of event that does it.
    fn kind(self) -> &'static str {
        match self {
            Operation::Create => "DidCreated",
            Operation::Update => "DidUpdated",
            Operation::Deactivate => "DidDeactivated",
        }
    }
}

/// The input fields of an operation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Request {
    job_id: Option<String>,
    pub(crate) did: Option<String>,
    #[serde(deserialize_with = "or_default")]
    options: Options,
    #[serde(deserialize_with = "or_default")]
    secret: Secret,
    did_document_operation: Option<Vec<String>>,
    did_document: Option<Value>,
}

/// `options`: those of the standard, then those of this method.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Options {
    client_secret_mode: Option<bool>,
    store_secrets: Option<bool>,
    return_secrets: Option<bool>,
    network: Option<String>,
    /// The endorser of a new DID: its DID, or one of its keys as `<did>#<multikey>`.
    endorser: Option<String>,
    /// As in `control`.
    threshold: Option<u64>,
    controllers: Option<Vec<String>>,
    next_key_hashes: Option<Vec<String>>,
    valid_until: Option<String>,
}

/// `secret`, of which nothing may be secret here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Secret {
    verification_method: Option<Vec<Value>>,
    signing_response: Option<BTreeMap<String, SigningResponse>>,
}

/// A signature that was asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SigningResponse {
    signature: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    /// Repeated by some clients; the request said it.
    #[serde(default, rename = "purpose")]
    _purpose: Option<String>,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The code: the Universal Registrar's where it has one, else the registry's.
    pub(crate) error: String,
    /// What to do.
    pub(crate) reason: String,
    /// Whether the machine is at fault.
    pub(crate) is_fault: bool,
}

impl Failed {
    pub(crate) fn new(error: &str, reason: impl ToString) -> Failed {
        Failed { error: error.to_owned(), reason: reason.to_string(), is_fault: false }
    }

    pub(crate) fn options(reason: impl ToString) -> Failed {
        Failed::new("INVALID_OPTIONS", reason)
    }

    pub(crate) fn fault() -> Failed {
        let reason = "this machine has a fault: ask another node";
        Failed { is_fault: true, ..Failed::new("INTERNAL_ERROR", reason) }
    }
}

impl From<Rejection> for Failed {
    fn from(rejection: Rejection) -> Failed {
        let error = match &rejection {
            Rejection::Document(_) => "INVALID_DID_DOCUMENT".to_owned(),
            Rejection::NotFound(_) => "NOT_FOUND".to_owned(),
            other => other.code(),
        };
        Failed::new(&error, rejection)
    }
}

impl From<ledger::Fault> for Failed {
    fn from(fault: ledger::Fault) -> Failed {
        tracing::error!(%fault, "the registrar met a fault");
        Failed::fault()
    }
}

impl Request {
    /// Reads a request. Its JSON is as strict as an event's, whatever its spacing.
    pub(crate) fn read(bytes: &[u8]) -> Result<Request, Failed> {
        let value = json::parse(bytes, REQUEST_BYTES_MAX)
            .map_err(|error| Failed::new("INVALID_REQUEST", error))?;
        if !value.is_object() {
            return Err(Failed::new("INVALID_REQUEST", "send the input fields as one object"));
        }
        serde_json::from_value(value).map_err(|error| Failed::new("INVALID_REQUEST", error))
    }

    /// Checks the options that every operation has.
    pub(crate) fn check(&self, network: &str) -> Result<(), Failed> {
        let options = &self.options;
        if options.client_secret_mode != Some(true) {
            return Err(Failed::options(
                "set `clientSecretMode` to true: a registrar of a public node holds no keys",
            ));
        }
        if options.store_secrets == Some(true) || options.return_secrets == Some(true) {
            return Err(Failed::options(
                "leave out `storeSecrets` and `returnSecrets`: there are no secrets here",
            ));
        }
        match options.network.as_deref() {
            Some(other) if other != network => {
                Err(Failed::options(format!("this is network `{network}`, not `{other}`")))
            }
            _ => Ok(()),
        }
    }

    /// The signatures, by the names of the requests for them.
    pub(crate) fn take_responses(&mut self) -> BTreeMap<String, SigningResponse> {
        self.secret.signing_response.take().unwrap_or_default()
    }

    /// The job that this request continues, or a new one.
    pub(crate) fn job(&self, operation: Operation) -> Result<Job, Failed> {
        let mut job = match &self.job_id {
            None => Job { did: self.did.clone(), endorser: None, event: None, operation },
            Some(text) => Job::read(text)?,
        };
        if job.operation != operation {
            return Err(Failed::options("`jobId` belongs to another operation"));
        }
        if self.did.is_some() && job.did.is_some() && self.did != job.did {
            return Err(Failed::options("`jobId` belongs to another `did`"));
        }
        if let Some(endorser) = &self.options.endorser {
            job.endorser = Some(endorser.clone());
        }
        Ok(job)
    }
}

/// An operation under way: what a `jobId` carries.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    /// The DID, once it is known.
    pub(crate) did: Option<String>,
    /// Whom the client wants as endorser.
    pub(crate) endorser: Option<String>,
    /// The event with the signatures that have come; none before it can be drafted.
    pub(crate) event: Option<Value>,
    operation: Operation,
}

impl Job {
    fn read(text: &str) -> Result<Job, Failed> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let value = bytes.and_then(|bytes| json::parse(&bytes, REQUEST_BYTES_MAX).ok());
        let job = value.and_then(|value| serde_json::from_value(value).ok());
        job.ok_or_else(|| Failed::options("`jobId` is none that a registrar gave: begin anew"))
    }

    fn id(&self) -> String {
        let text = json::canonical_of(self).expect("a draft is JSON of the profile");
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The answer while something is left to do.
    fn unfinished(&self, state: Value) -> Value {
        let mut state = state;
        if let Some(members) = state.as_object_mut() {
            members.insert("did".into(), json!(self.did));
        }
        answer(Some(self.id()), state)
    }

    /// The answer that asks for control keys.
    pub(crate) fn needs_keys(&self) -> Value {
        let template = json!([{ "type": "Multikey", "purpose": ["capabilityInvocation"] }]);
        self.unfinished(json!({
            "state": "action",
            "action": "getVerificationMethod",
            "verificationMethodTemplate": template,
        }))
    }

    /// The answer that asks whom to turn to for an endorsement.
    pub(crate) fn needs_endorser(&self, endorsers: &[String]) -> Value {
        self.unfinished(json!({
            "state": "action",
            "action": "chooseEndorser",
            "description": "a new DID needs an endorser: name one in `options.endorser`",
            "endorsers": endorsers,
        }))
    }

    /// The answer that asks for signatures.
    pub(crate) fn needs_signatures(&self, requests: Value) -> Value {
        self.unfinished(json!({
            "state": "action",
            "action": "signPayload",
            "signingRequest": requests,
        }))
    }

    /// The answer while the network decides.
    pub(crate) fn waits(&self, why: &str, milliseconds: u64) -> Value {
        self.unfinished(json!({ "state": "wait", "wait": why, "waitTime": milliseconds }))
    }
}

/// The output fields.
fn answer(job: Option<String>, state: Value) -> Value {
    json!({
        "jobId": job,
        "didState": state,
        "didRegistrationMetadata": {},
        "didDocumentMetadata": {},
    })
}

/// The answer to what failed.
pub(crate) fn failed(did: Option<&str>, failed: &Failed) -> Value {
    answer(
        None,
        json!({
            "state": "failed",
            "did": did,
            "error": failed.error,
            "reason": failed.reason,
        }),
    )
}

/// Null means as much as absence.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Base64 with either alphabet, padded or not: clients' libraries differ.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(text).ok()
}

fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
