//! Answers that prove themselves: how a proof is put into an answer, and how a client checks it by
//! building the answer anew from the proven records.

use proofs::trust::{Freshness, verify, verify_receipt};
use proofs::{Evidence, ProvenRecord, Receipt, Record, Trust, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::event::id_of;
use crate::{did, json, resolution, resource};

/// The largest answer that is checked.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;

/// The `type` of our proofs in answers.
pub const PROOF_TYPE: &str = "DzongProof";

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// A record by its key.
    Record(String),
    /// A DID.
    Resolution(resolution::Question),
    /// A DID-linked resource.
    Resource(resource::Question),
}

/// A proof as it stands in an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The proven records.
    pub evidence: Evidence,
    /// What was asked.
    pub question: Question,
    /// [`PROOF_TYPE`].
    #[serde(rename = "type")]
    pub proof_type: String,
}

impl Proof {
    /// The proof of the answer to `question`, as JSON. The document or content that stands in the
    /// answer is left out.
    pub fn to_json(question: Question, evidence: Evidence) -> Box<RawValue> {
        let proof = Proof { evidence, question, proof_type: PROOF_TYPE.to_owned() };
        let mut value = serde_json::to_value(&proof).expect("only JSON members");
        let is_shown = match &proof.question {
            Question::Resource(question) => question.shows_content(&proof.evidence.records),
            _ => true,
        };
        if let Some(shown) = Shown::of(&value).filter(|_| is_shown)
            && let Some(content) = shown.holder(&mut value)
        {
            content.remove(shown.member);
        }
        to_raw_value(&value).expect("only JSON members")
    }
}

/// What stands in an answer and is therefore left out of its proof.
#[derive(Clone, Copy)]
struct Shown {
    /// The member of the answer.
    place: &'static str,
    /// The member of the record's content.
    member: &'static str,
}

impl Shown {
    /// What the answer with this proof shows.
    fn of(proof: &Value) -> Option<Shown> {
        let question = proof.get("question")?;
        if question.get("resolution").is_some() {
            return Some(Shown { place: "didDocument", member: "document" });
        }
        // Where metadata are asked for, the content stands in the proof alone.
        let metadata = question.get("resource")?.get("resourceMetadata");
        let shown = Shown { place: "content", member: "content" };
        (metadata != Some(&Value::Bool(true))).then_some(shown)
    }

    /// The content of the record, or of its past version, that the answer is made from: the last.
    fn holder(self, proof: &mut Value) -> Option<&mut Map<String, Value>> {
        let record = proof.pointer_mut("/evidence/records")?.as_array_mut()?.last_mut()?;
        let holder = if record.get("past").is_some() { "/past/content" } else { "/record/content" };
        record.pointer_mut(holder)?.as_object_mut()
    }
}

/// The answer about a record, as JSON text.
pub fn record_answer(proven: &ProvenRecord, proof: Option<&RawValue>) -> String {
    let key = Value::String(proven.key.clone());
    let record = proven.record.as_ref().map(|record| record.encode());
    let record = record.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let record = record.as_deref().unwrap_or("null");
    match proof {
        None => format!(r#"{{"key":{key},"record":{record}}}"#),
        Some(proof) => format!(r#"{{"key":{key},"proof":{},"record":{record}}}"#, proof.get()),
    }
}

/// Decides whether the answer in `bytes` (a resolution result, a record or a receipt) is proven to
/// someone who holds `trust`.
pub fn check(trust: &Trust, bytes: &[u8], freshness: Freshness) -> Verdict {
    let answer = match json::parse(bytes, ANSWER_BYTES_MAX) {
        Ok(Value::Object(answer)) => answer,
        Ok(_) => return Verdict::invalid("an answer is a JSON object"),
        Err(error) => return Verdict::invalid(error),
    };
    let checked = if answer.contains_key("index") {
        check_receipt(trust, answer, freshness.now)
    } else {
        check_answer(trust, answer, freshness)
    };
    checked.unwrap_or_else(Verdict::invalid)
}

fn check_receipt(trust: &Trust, answer: Map<String, Value>, now: u64) -> Result<Verdict, String> {
    let receipt: Receipt = read(&Value::Object(answer))?;
    let id =
        id_of(receipt.event.get().as_bytes()).map_err(|error| format!("the event: {error}"))?;
    if id != receipt.id {
        return Err("the receipt is for another event than it shows".into());
    }
    Ok(verify_receipt(trust, &receipt, now))
}

fn check_answer(
    trust: &Trust,
    mut answer: Map<String, Value>,
    freshness: Freshness,
) -> Result<Verdict, String> {
    let mut proof = take_proof(&mut answer).ok_or("the answer carries no proof")?;
    if let Some(shown) = Shown::of(&proof)
        && let Some(document) = answer.get(shown.place).filter(|document| document.is_object())
        && let Some(content) = shown.holder(&mut proof)
    {
        if content.contains_key(shown.member) {
            return Err(format!("the proof repeats the {}", shown.member));
        }
        content.insert(shown.member.into(), document.clone());
    }
    let proof: Proof = read(&proof)?;
    if proof.proof_type != PROOF_TYPE {
        return Err(format!("the proof is not a `{PROOF_TYPE}`"));
    }
    let rebuilt = rebuild(&proof, trust)?;
    if rebuilt != Value::Object(answer) {
        return Err("the answer is not what the proven records say".into());
    }
    Ok(verify(trust, &proof.evidence, freshness))
}

/// Takes the proof out of the answer, so that what is left can be compared.
fn take_proof(answer: &mut Map<String, Value>) -> Option<Value> {
    if let Some(proof) = answer.remove("proof") {
        return Some(proof);
    }
    let has = |name: &&str| answer.get(*name).is_some_and(Value::is_object);
    let name = ["didDocumentMetadata", "contentMetadata"].into_iter().find(has)?;
    let metadata = answer.get_mut(name)?.as_object_mut()?;
    match metadata.remove("proof")? {
        Value::Array(proofs) => <[Value; 1]>::try_from(proofs).ok().map(|[proof]| proof),
        _ => None,
    }
}

/// Builds the answer anew from the records of the proof. That the records are proven is checked
/// apart.
fn rebuild(proof: &Proof, trust: &Trust) -> Result<Value, String> {
    let records = proof.evidence.records.as_slice();
    let network = |did: &str| match proof.evidence.genesis == trust.genesis {
        true => trust.network.clone(),
        // Another network's answer is judged as such below, not by its DIDs' names.
        false => did::network_of(did).to_owned(),
    };
    let text = match &proof.question {
        Question::Record(key) => match only(records)? {
            proven if *key == proven.key && proven.past.is_none() => record_answer(proven, None),
            _ => return Err("the proof is about another record".into()),
        },
        Question::Resolution(question) => match question.key(&network(&question.did)) {
            Ok(_) => {
                let answer = question.answer(only(records)?);
                answer.ok_or("the record does not answer")?.to_json(None)
            }
            Err(failure) => failure.result().to_json(None),
        },
        Question::Resource(question) => {
            let answer = question.answer(&network(&question.did), records);
            answer.ok_or("the records do not answer")?.to_json(None)
        }
    };
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn only(records: &[ProvenRecord]) -> Result<&ProvenRecord, String> {
    match records {
        [record] => Ok(record),
        _ => Err("the proof is about another number of records than one".into()),
    }
}

/// Reads a value through its canonical text, so that raw members are canonical.
fn read<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    let text = json::canonical(value).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// The record that an answer shows, once its verdict is valid.
pub fn shown_record(bytes: &[u8]) -> Option<Record> {
    let answer = json::parse(bytes, ANSWER_BYTES_MAX).ok()?;
    read(answer.get("record")?).ok()
}
