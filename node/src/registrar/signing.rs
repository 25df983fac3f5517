//! Who has to sign a draft, what each of them signs, and what is still missing.

use std::collections::BTreeMap;

use ledger::Snapshot;
use proofs::Hash;
use registry::author::{self, Request};
use registry::control::Control;
use registry::did_state::{self, DidState};
use registry::integrity::PROOFS_MAX;
use registry::multikey::PublicKey;
use registry::roles::{self, Role, Roles};
use registry::{CheckedEvent, Rejection, SignedEvent, json};
use serde_json::{Map, Value, json};

use super::{Failed, Job, Operation, SigningResponse, decode_base64, encode_base64};

/// Most records of roles that are read to list endorsers.
const ROLES_MAX: usize = 1_000;

/// What a draft needs next, by the registry's rules.
pub(crate) enum Phase {
    /// Signatures of the author's side.
    Author,
    /// An endorsement.
    Endorser,
    /// Nothing: it may be submitted.
    Ready(Box<CheckedEvent>),
    /// Nothing any more: it is in the log.
    Decided(Hash),
}

/// Finds out what a draft needs next.
pub(crate) fn phase(snapshot: &Snapshot, event: &Value, now: u64) -> Result<Phase, Failed> {
    if proofs(event).next().is_none() {
        return Ok(Phase::Author);
    }
    let bytes = json::canonical(event).map_err(Rejection::Json)?;
    let checked = SignedEvent::parse(&bytes)?.verify()?;
    if snapshot.event(&checked.id())?.is_some() {
        return Ok(Phase::Decided(checked.id()));
    }
    match snapshot.trial(now).judge(&checked)? {
        Ok(()) => Ok(Phase::Ready(Box::new(checked))),
        // An endorsement is asked for only when the author's side is complete.
        Err(Rejection::Threshold { .. }) if proofs(event).any(is_endorsement) => {
            Ok(Phase::Endorser)
        }
        Err(Rejection::Threshold { .. }) => Ok(Phase::Author),
        Err(Rejection::NotEndorsed) => Ok(Phase::Endorser),
        Err(rejection) => Err(rejection.into()),
    }
}

/// One whose signature counts.
struct Signatory {
    /// Which request asks for it: by its place among all, which does not change.
    name: String,
    did: String,
    key: PublicKey,
    endorses: bool,
}

/// All whose signatures count for a draft.
pub(crate) struct Signatories {
    domain: String,
    all: Vec<Signatory>,
}

impl Signatories {
    /// Those of a job's event: the keys in control, then the controllers' keys, then the
    /// endorser's.
    pub(crate) fn of(snapshot: &Snapshot, job: &Job, event: &Value) -> Result<Self, Failed> {
        let did = job.did.as_deref().unwrap_or_default();
        let control = control_of(snapshot, job.operation, did, event)?;
        // A job comes from outside, so its lists are as long as somebody wrote them.
        if control.keys.len().max(control.controllers.len()) > PROOFS_MAX {
            return Err(Failed::options(format!("more than {PROOFS_MAX} keys or controllers")));
        }
        let mut keys: Vec<(String, String, bool)> = Vec::new();
        keys.extend(control.keys.into_iter().map(|key| (did.to_owned(), key, false)));
        for controller in control.controllers {
            let state = active(snapshot, &controller)?;
            let own = state.control.keys.into_iter();
            keys.extend(own.map(|key| (controller.clone(), key, false)));
        }
        if let (Operation::Create, Some(endorser)) = (job.operation, &job.endorser) {
            let (did, only) = endorser.split_once('#').unwrap_or((endorser, ""));
            check_endorser(snapshot, did)?;
            let own = active(snapshot, did)?.control.keys.into_iter();
            let own = own.filter(|key| only.is_empty() || key == only);
            keys.extend(own.map(|key| (did.to_owned(), key, true)));
            if !keys.iter().any(|(.., endorses)| *endorses) {
                let reason = format!("`options.endorser`: `{only}` is no control key of `{did}`");
                return Err(Failed::options(reason));
            }
        }
        let mut all = Vec::new();
        for (at, (did, key, endorses)) in keys.into_iter().enumerate() {
            let key = key.parse().map_err(|_| Failed::fault())?;
            all.push(Signatory { name: format!("signingRequest{}", at + 1), did, key, endorses });
        }
        let domain = snapshot.genesis().context(1, 0).domain();
        Ok(Signatories { domain, all })
    }

    /// Adds the signatures of one side that have come, and takes them out of `responses`.
    pub(crate) fn accept(
        &self,
        endorses: bool,
        event: &mut Value,
        responses: &mut BTreeMap<String, SigningResponse>,
    ) -> Result<(), Failed> {
        for signatory in self.all.iter().filter(|signatory| signatory.endorses == endorses) {
            let Some(response) = responses.remove(&signatory.name) else { continue };
            if signatory.has_signed(event) {
                continue;
            }
            let wrong = |problem: &str| {
                let place = format!("`secret.signingResponse.{}`", signatory.name);
                Failed::new("INVALID_SIGNATURE", format!("{place}: {problem}"))
            };
            if response.kid.as_ref().is_some_and(|kid| *kid != signatory.kid()) {
                return Err(wrong("`kid` is another than was asked for"));
            }
            let algorithm = signatory.key.suite().algorithm;
            if response.alg.as_ref().is_some_and(|alg| alg != algorithm) {
                return Err(wrong(&format!("`alg` is {algorithm} for this key")));
            }
            let signature = decode_base64(&response.signature)
                .ok_or_else(|| wrong("`signature` is not base64"))?;
            let request = signatory.request(event, &self.domain)?;
            if !signatory.key.verify(&request.message, &signature) {
                return Err(wrong("the signature does not verify over `serializedPayload`"));
            }
            request.attach(event, &signature).map_err(Rejection::Proof)?;
        }
        Ok(())
    }

    /// The signing requests of one side for signatures that have not come.
    pub(crate) fn requests(&self, endorses: bool, event: &Value) -> Result<Value, Failed> {
        let mut requests = Map::new();
        for signatory in self.all.iter().filter(|signatory| signatory.endorses == endorses) {
            if signatory.has_signed(event) {
                continue;
            }
            let request = signatory.request(event, &self.domain)?;
            let mut asked = json!({
                "serializedPayload": encode_base64(&request.message),
                "kid": signatory.kid(),
                "alg": signatory.key.suite().algorithm,
                "purpose": request.proof.proof_purpose,
            });
            // More signatures than these no event can hold, and each shows all of it.
            if requests.len() < PROOFS_MAX {
                let document = shown(event, endorses);
                asked["payload"] = json!({ "document": document, "proof": request.proof });
            }
            requests.insert(signatory.name.clone(), asked);
        }
        Ok(Value::Object(requests))
    }
}

impl Signatory {
    fn kid(&self) -> String {
        author::method(&self.did, &self.key)
    }

    fn has_signed(&self, event: &Value) -> bool {
        let kid = self.kid();
        proofs(event).any(|proof| proof.get("verificationMethod") == Some(&json!(kid)))
    }

    fn request(&self, event: &Value, domain: &str) -> Result<Request, Failed> {
        let request = match self.endorses {
            true => author::endorsement(event, &self.did, domain, &self.key),
            false => author::request(event, &self.did, domain, &self.key),
        };
        request.map_err(|error| Rejection::Proof(error).into())
    }
}

/// The registered endorsers.
pub(crate) fn endorsers(snapshot: &Snapshot) -> Result<Vec<String>, Failed> {
    let prefix = roles::key("");
    let records = snapshot.records(&prefix, None, ROLES_MAX)?;
    let endorses = |record: &proofs::Record| {
        let roles: Option<Roles> = serde_json::from_str(record.content.get()).ok();
        roles.is_some_and(|roles| roles.roles.contains(&Role::Endorser))
    };
    let named = records.iter().filter(|(_, record)| endorses(record));
    Ok(named.filter_map(|(key, _)| key.strip_prefix(&prefix).map(str::to_owned)).collect())
}

fn check_endorser(snapshot: &Snapshot, did: &str) -> Result<(), Failed> {
    let roles = snapshot.record(&roles::key(did))?;
    let roles = roles.and_then(|record| serde_json::from_str(record.content.get()).ok());
    match roles {
        Some(Roles { roles }) if roles.contains(&Role::Endorser) => Ok(()),
        _ => Err(Rejection::NotEndorser(did.to_owned()).into()),
    }
}

/// The control that decides over an event.
fn control_of(
    snapshot: &Snapshot,
    operation: Operation,
    did: &str,
    event: &Value,
) -> Result<Control, Failed> {
    let broken = |_| Failed::options("`jobId` is none that a registrar gave: begin anew");
    let given: Option<Control> = match event.get("control") {
        None => None,
        Some(control) => Some(serde_json::from_value(control.clone()).map_err(broken)?),
    };
    let revealed = match (operation, given) {
        (Operation::Create, Some(control)) => return Ok(control),
        (_, Some(control)) => Some(control.keys),
        (_, None) => match event.get("revealedKeys") {
            None => None,
            Some(keys) => Some(serde_json::from_value(keys.clone()).map_err(broken)?),
        },
    };
    Ok(active(snapshot, did)?.control.deciding(revealed.as_deref())?)
}

fn active(snapshot: &Snapshot, did: &str) -> Result<DidState, Failed> {
    let record = snapshot.record(&did_state::key(did))?;
    let record = record.ok_or_else(|| Rejection::NotFound(did.to_owned()))?;
    let state = DidState::read(&record).ok_or_else(Failed::fault)?;
    match state.deactivated {
        true => Err(Rejection::Deactivated(did.to_owned()).into()),
        false => Ok(state),
    }
}

/// What a signature of one side is over, beside its own proof.
fn shown(event: &Value, endorses: bool) -> Value {
    let mut document = event.clone();
    if let Some(members) = document.as_object_mut() {
        members.remove("proof");
        if endorses {
            let author = proofs(event).filter(|proof| !is_endorsement(proof)).cloned();
            members.insert("proof".into(), author.collect());
        }
    }
    document
}

fn proofs(event: &Value) -> impl Iterator<Item = &Value> {
    event.get("proof").and_then(Value::as_array).into_iter().flatten()
}

fn is_endorsement(proof: &Value) -> bool {
    proof.get("previousProof").is_some()
}
