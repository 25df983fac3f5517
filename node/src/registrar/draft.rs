//! From the input fields of an operation to the event that carries it out.

use ledger::Snapshot;
use proofs::Record;
use registry::author::{self, Times};
use registry::control::Control;
use registry::did_state::{self, DidState};
use registry::multikey::PublicKey;
use registry::{Rejection, time};
use serde_json::{Map, Value, json};

use super::keys::control_keys;
use super::{Failed, Operation, Options, Request, patch};
use crate::document;

/// How long a draft may take effect if nothing else is asked for: a day, for those who sign are
/// people. At most seven are allowed.
const VALIDITY: u64 = 24 * 3600 * 1000;

/// What comes of a request.
pub(crate) enum Drafted {
    /// The event without signatures, and the DID that it is about.
    Event(String, Value),
    /// Nothing yet: control keys are missing.
    NeedsKeys,
}

/// Drafts the event that a request asks for.
pub(crate) fn draft(
    snapshot: &Snapshot,
    operation: Operation,
    request: &Request,
    now: u64,
) -> Result<Drafted, Failed> {
    let methods = request.secret.verification_method.as_deref().unwrap_or_default();
    let valid_until = match &request.options.valid_until {
        None => now + VALIDITY,
        Some(text) => time::parse(text).ok_or_else(|| {
            Failed::options("`options.validUntil` is a time written as 2026-01-31T12:00:00Z")
        })?,
    };
    let drafting = Drafting {
        network: snapshot.genesis().network(),
        operation,
        request,
        keys: control_keys(methods)?,
        times: Times { created: now, valid_until },
    };
    match (operation, &request.did) {
        (Operation::Create, None) => drafting.create(),
        (Operation::Create, Some(_)) => {
            Err(Failed::options("leave out `did`: a new identifier is made from its first event"))
        }
        (_, None) => Err(Failed::new("INVALID_DID", "name the DID in `did`")),
        (Operation::Update, Some(did)) => drafting.update(did, &current(snapshot, did)?),
        (Operation::Deactivate, Some(did)) => drafting.deactivate(did, &current(snapshot, did)?),
    }
}

/// What stands in a DID's record now.
fn current(snapshot: &Snapshot, did: &str) -> Result<(Record, DidState), Failed> {
    registry::did::NdiDid::parse(did).map_err(|error| Failed::new("INVALID_DID", error))?;
    let record = snapshot.record(&did_state::key(did))?;
    let record = record.ok_or_else(|| Rejection::NotFound(did.to_owned()))?;
    let state = DidState::read(&record).ok_or_else(Failed::fault)?;
    match state.deactivated {
        true => Err(Rejection::Deactivated(did.to_owned()).into()),
        false => Ok((record, state)),
    }
}

struct Drafting<'a> {
    network: &'a str,
    operation: Operation,
    request: &'a Request,
    keys: Vec<PublicKey>,
    times: Times,
}

impl Drafting<'_> {
    fn create(&self) -> Result<Drafted, Failed> {
        if self.request.did_document_operation.is_some() {
            return Err(Failed::options("leave out `didDocumentOperation` when creating"));
        }
        let options = &self.request.options;
        let control = Control {
            controllers: options.controllers.clone().unwrap_or_default(),
            keys: texts(&self.keys),
            next_key_hashes: options.next_key_hashes.clone().unwrap_or_default(),
            threshold: options.threshold.unwrap_or(1),
        };
        if control.keys.is_empty() && control.controllers.is_empty() {
            return Ok(Drafted::NeedsKeys);
        }
        let placeholder = author::placeholder(self.network);
        let document = match &self.request.did_document {
            None | Some(Value::Null) => document::minimal(&placeholder, &self.keys),
            Some(Value::Object(members)) if members.is_empty() => {
                document::minimal(&placeholder, &self.keys)
            }
            Some(document) => document::rehome(document.clone(), &placeholder)
                .map_err(|error| Failed::new("INVALID_DID_DOCUMENT", error))?,
        };
        let (did, event) = author::inception(self.network, document, &control, self.times)
            .map_err(|error| Failed::new("INVALID_DID_DOCUMENT", error))?;
        let did = did.to_string();
        control.check(&did, &[])?;
        check_document(event.get("document"), &did)?;
        Ok(Drafted::Event(did, event))
    }

    fn update(&self, did: &str, (record, state): &(Record, DidState)) -> Result<Drafted, Failed> {
        let mut members = Map::new();
        if let Some(document) = self.next_document(did, state)? {
            check_document(Some(&document), did)?;
            members.insert("document".into(), document);
        }
        let is_pre_rotated = !state.control.next_key_hashes.is_empty();
        if is_pre_rotated && self.keys.is_empty() && !state.control.keys.is_empty() {
            return Ok(Drafted::NeedsKeys);
        }
        let control = self.next_control(&state.control);
        if is_pre_rotated || control != state.control {
            control.check(did, &[])?;
            members.insert("control".into(), json!(control));
        }
        if members.is_empty() {
            return Err(Rejection::Nothing.into());
        }
        Ok(self.event(did, record.version, members))
    }

    fn deactivate(
        &self,
        did: &str,
        (record, state): &(Record, DidState),
    ) -> Result<Drafted, Failed> {
        let request = self.request;
        if request.did_document.is_some() || request.did_document_operation.is_some() {
            return Err(Failed::options(
                "leave out `didDocument` and `didDocumentOperation` when deactivating",
            ));
        }
        let mut members = Map::new();
        if !state.control.next_key_hashes.is_empty() {
            if self.keys.is_empty() && !state.control.keys.is_empty() {
                return Ok(Drafted::NeedsKeys);
            }
            members.insert("revealedKeys".into(), json!(texts(&self.keys)));
        }
        Ok(self.event(did, record.version, members))
    }

    fn event(&self, did: &str, version: u64, mut members: Map<String, Value>) -> Drafted {
        members.insert("previousVersion".into(), version.into());
        let kind = self.operation.kind();
        let event = author::event(kind, self.network, did, self.times, members.into());
        Drafted::Event(did.to_owned(), event)
    }

    /// The document as the operations leave it; `None` where there are none.
    fn next_document(&self, did: &str, state: &DidState) -> Result<Option<Value>, Failed> {
        let given = match &self.request.did_document {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(documents)) => documents.clone(),
            Some(_) => {
                let form = "`didDocument` of an update is an array, parallel to the operations";
                return Err(Failed::new("INVALID_DID_DOCUMENT", form));
            }
        };
        let operations = match &self.request.did_document_operation {
            Some(operations) => operations.clone(),
            None if given.is_empty() => return Ok(None),
            None => vec!["setDidDocument".to_owned()],
        };
        if operations.len() != given.len() {
            let form = "give as many documents in `didDocument` as operations";
            return Err(Failed::new("INVALID_DID_DOCUMENT", form));
        }
        let standing = state.document.as_ref().map_or("{}", |document| document.get());
        let mut document: Value = serde_json::from_str(standing).map_err(|_| Failed::fault())?;
        for (operation, given) in operations.iter().zip(given) {
            document = match operation.as_str() {
                "setDidDocument" => document::rehome(given, did)
                    .map_err(|error| Failed::new("INVALID_DID_DOCUMENT", error))?,
                "addToDidDocument" => patch::add(document, given)?,
                "removeFromDidDocument" => patch::remove(document, &given)?,
                other => {
                    return Err(Failed::options(format!(
                        "`{other}` is no operation here: use setDidDocument, addToDidDocument or \
                         removeFromDidDocument"
                    )));
                }
            };
        }
        let same = serde_json::from_str::<Value>(standing).is_ok_and(|old| old == document);
        Ok((!same).then_some(document))
    }

    /// The control that the request puts into force; what it does not name stays.
    fn next_control(&self, standing: &Control) -> Control {
        let Options { threshold, controllers, next_key_hashes, .. } = &self.request.options;
        let replaced = !self.keys.is_empty();
        Control {
            controllers: controllers.clone().unwrap_or_else(|| standing.controllers.clone()),
            keys: if replaced { texts(&self.keys) } else { standing.keys.clone() },
            // Keys that are revealed are committed to no more.
            next_key_hashes: next_key_hashes.clone().unwrap_or_default(),
            threshold: threshold.unwrap_or(standing.threshold),
        }
    }
}

fn check_document(document: Option<&Value>, did: &str) -> Result<(), Failed> {
    let document = document.ok_or_else(Failed::fault)?;
    registry::document::check(document, did).map_err(Rejection::Document)?;
    Ok(())
}

fn texts(keys: &[PublicKey]) -> Vec<String> {
    keys.iter().map(PublicKey::to_string).collect()
}
