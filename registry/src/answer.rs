//! Answers that prove themselves: how a proof is put into an answer, and how a client checks it by
//! building the answer anew from the proven records.

use proofs::trust::{Freshness, verify, verify_receipt};
use proofs::{
    Evidence, Fork, ForkProof, ProvenRecord, Receipt, Record, Trust, TrustChain, Verdict,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::event::id_of;
use crate::trust::query::{self, Query};
use crate::{dereferencing, did, import, json, resolution, resource, status};

/// The largest answer that is checked.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;

/// The `type` of our proofs in answers.
pub const PROOF_TYPE: &str = "DzongProof";

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// Whether an entity is authorised (TRQP).
    Authorization(query::Question),
    /// A DID URL.
    Dereferencing(dereferencing::Question),
    /// An AnonCreds object of another ledger.
    Imported(import::Question),
    /// Whether an authority is recognised (TRQP).
    Recognition(query::Question),
    /// A record by its key.
    Record(String),
    /// A DID.
    Resolution(resolution::Question),
    /// A DID-linked resource.
    Resource(resource::Question),
    /// A revocation registry and its statuses.
    Status(status::Question),
}

impl Question {
    /// What an answer shows as the record holds it, if it shows anything, so that the proof can
    /// leave it out.
    fn shown(&self) -> Option<Shown> {
        match self {
            Question::Resolution(question) if !question.expand_relative_urls => {
                Some(Shown { place: "didDocument", member: "document" })
            }
            Question::Resource(question) if !question.resource_metadata => {
                Some(Shown { place: "content", member: "content" })
            }
            Question::Imported(_) => Some(Shown { place: "content", member: "content" }),
            _ => None,
        }
    }

    /// The member of the answer that holds the proof, or whose metadata do.
    fn place(&self) -> &'static str {
        match self {
            Question::Dereferencing(_) | Question::Imported(_) | Question::Resource(_) => {
                "contentMetadata"
            }
            Question::Authorization(_)
            | Question::Recognition(_)
            | Question::Record(_)
            | Question::Status(_) => "proof",
            Question::Resolution(_) => "didDocumentMetadata",
        }
    }
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
    /// The proof of the answer to `question`, as JSON. Where the answer shows the document or the
    /// content as it is, the proof leaves it out.
    pub fn to_json(question: Question, evidence: Evidence) -> Box<RawValue> {
        let proof = Proof { evidence, question, proof_type: PROOF_TYPE.to_owned() };
        let mut value = serde_json::to_value(&proof).expect("only JSON members");
        if let Some(shown) = proof.question.shown()
            && proof.shows()
            && let Some(content) = content_of(&mut value)
        {
            content.remove(shown.member);
        }
        to_raw_value(&value).expect("only JSON members")
    }

    /// Whether the answer shows a document or content. That there is none of a version, or none
    /// that fits, is answered without it, though the record has one.
    fn shows(&self) -> bool {
        match (&self.question, self.evidence.records.as_slice()) {
            (Question::Resolution(question), [record]) => {
                question.answer(record).is_some_and(|answer| answer.document.is_some())
            }
            (Question::Imported(question), [record]) => {
                question.answer(record).is_some_and(|answer| answer.content.is_some())
            }
            (Question::Resource(question), records) => {
                let answer = question.answer(did::network_of(&question.did), records);
                answer.is_some_and(|answer| answer.content.is_some())
            }
            _ => false,
        }
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

/// An answer as JSON text; `proof` becomes its member `proof`.
pub(crate) fn with_proof(answer: &Map<String, Value>, proof: Option<&RawValue>) -> String {
    let mut text = serde_json::to_string(answer).expect("only JSON members");
    if let Some(proof) = proof {
        text.pop();
        text.push_str(&format!(",\"proof\":{}}}", proof.get()));
    }
    text
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

/// The content, in a proof, that the answer is made from: that of the last record, or of its past
/// version where one is asked for.
fn content_of(proof: &mut Value) -> Option<&mut Map<String, Value>> {
    let record = proof.pointer_mut("/evidence/records")?.as_array_mut()?.last_mut()?;
    let holder = if record.get("past").is_some() { "/past/content" } else { "/record/content" };
    record.pointer_mut(holder)?.as_object_mut()
}

/// What was made of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it may be relied on.
    pub verdict: Verdict,
    /// Where a valid trust chain leads.
    pub trust: Option<Trust>,
    /// What a valid fork proof proves.
    pub fork: Option<Fork>,
}

impl From<Verdict> for Judgement {
    fn from(verdict: Verdict) -> Judgement {
        Judgement { verdict, trust: None, fork: None }
    }
}

/// Decides whether the answer in `bytes` is proven to someone who holds `trust`. As [`judge`], for
/// those who ask only that.
pub fn check(trust: &Trust, bytes: &[u8], freshness: Freshness) -> Verdict {
    judge(trust, bytes, freshness).verdict
}

/// Decides whether what `bytes` hold (a result about a DID, a DID URL or a resource, a record, a
/// receipt, a trust chain or a fork proof) is proven to someone who holds `trust`.
pub fn judge(trust: &Trust, bytes: &[u8], freshness: Freshness) -> Judgement {
    let answer = match json::parse(bytes, ANSWER_BYTES_MAX) {
        Ok(Value::Object(answer)) => answer,
        Ok(_) => return Verdict::invalid("an answer is a JSON object").into(),
        Err(error) => return Verdict::invalid(error).into(),
    };
    let judged = match answer.get("type").and_then(Value::as_str) {
        Some("DzongTrustChain") => judge_chain(trust, answer, freshness.now),
        Some("DzongForkProof") => judge_fork(trust, answer),
        _ if answer.contains_key("index") => {
            check_receipt(trust, answer, freshness.now).map(Judgement::from)
        }
        _ => check_answer(trust, answer, freshness).map(Judgement::from),
    };
    judged.unwrap_or_else(|problem| Verdict::invalid(problem).into())
}

fn judge_chain(trust: &Trust, answer: Map<String, Value>, now: u64) -> Result<Judgement, String> {
    let chain: TrustChain = read(&Value::Object(answer))?;
    Ok(match chain.follow(trust, now) {
        Ok(reached) => {
            let verdict = Verdict::Valid { height: reached.height, time: reached.time };
            Judgement { verdict, trust: Some(reached), fork: None }
        }
        Err(verdict) => verdict.into(),
    })
}

fn judge_fork(trust: &Trust, answer: Map<String, Value>) -> Result<Judgement, String> {
    let proof: ForkProof = read(&Value::Object(answer))?;
    Ok(match proof.verify(trust) {
        Ok(fork) => {
            let verdict = Verdict::Valid { height: fork.height, time: fork.time };
            Judgement { verdict, trust: None, fork: Some(fork) }
        }
        Err(verdict) => verdict.into(),
    })
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
    let (place, mut proof) = take_proof(&mut answer).ok_or("the answer carries no proof")?;
    let question = proof.get("question").and_then(|question| read::<Question>(question).ok());
    if let Some(shown) = question.and_then(|question| question.shown())
        && let Some(value) = answer.get(shown.place).filter(|value| value.is_object())
        && let Some(content) = content_of(&mut proof)
    {
        if content.contains_key(shown.member) {
            return Err(format!("the proof repeats the {}", shown.member));
        }
        content.insert(shown.member.into(), value.clone());
    }
    let proof: Proof = read(&proof)?;
    if proof.proof_type != PROOF_TYPE {
        return Err(format!("the proof is not a `{PROOF_TYPE}`"));
    }
    if proof.question.place() != place {
        return Err("the proof stands where that of another kind of answer does".into());
    }
    // The records first: nothing is built from what nobody certified.
    let verdict = verify(trust, &proof.evidence, freshness);
    if matches!(verdict, Verdict::Invalid { .. }) {
        return Ok(verdict);
    }
    let rebuilt = rebuild(&proof, &answer, trust)?;
    if rebuilt != Value::Object(answer) {
        return Err("the answer is not what the proven records say".into());
    }
    Ok(verdict)
}

/// Takes the proof out of the answer, so that what is left can be compared; with its place.
fn take_proof(answer: &mut Map<String, Value>) -> Option<(&'static str, Value)> {
    if let Some(proof) = answer.remove("proof") {
        return Some(("proof", proof));
    }
    let name = ["contentMetadata", "didDocumentMetadata"]
        .into_iter()
        .find(|name| answer.contains_key(*name))?;
    let metadata = answer.get_mut(name)?.as_object_mut()?;
    match metadata.remove("proof")? {
        Value::Array(proofs) => <[Value; 1]>::try_from(proofs).ok().map(|[proof]| (name, proof)),
        _ => None,
    }
}

/// Builds the answer anew from the records of the proof, and from what in it they commit to. That
/// the records are proven is checked apart.
fn rebuild(proof: &Proof, answer: &Map<String, Value>, trust: &Trust) -> Result<Value, String> {
    let records = proof.evidence.records.as_slice();
    let network = |did| network_of(proof, did, trust);
    let text = match &proof.question {
        Question::Record(key) => match only(records)? {
            proven if *key == proven.key && proven.past.is_none() => record_answer(proven, None),
            _ => return Err("the proof is about another record".into()),
        },
        Question::Resolution(question) => {
            let proven = only(records)?;
            match question.key(network(&question.did)) {
                Ok(_) => question.answer(proven).ok_or(SILENT)?.to_json(None),
                Err(failure) => resolution::Resolution::failed(failure, None).to_json(None),
            }
        }
        Question::Dereferencing(question) => {
            let proven = only(records)?;
            match question.resolution().key(network(&question.did)) {
                Ok(_) => question.answer(proven).ok_or(SILENT)?.to_json(None),
                Err(failure) => dereferencing::Dereferencing::failed(failure, None).to_json(None),
            }
        }
        Question::Imported(question) => {
            question.answer(only(records)?).ok_or(SILENT)?.to_json(None)
        }
        Question::Resource(question) => {
            let answer = question.answer(network(&question.did), records);
            answer.ok_or("the records do not answer")?.to_json(None)
        }
        Question::Status(question) => return of_status(proof, question, answer),
        Question::Authorization(question) => trusted(proof, Query::Authorization, question)?,
        Question::Recognition(question) => trusted(proof, Query::Recognition, question)?,
    };
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn trusted(proof: &Proof, query: Query, question: &query::Question) -> Result<String, String> {
    let header = proof.evidence.header().map_err(|error| error.to_string())?;
    let answer = question.answer(query, header.time, &proof.evidence.records);
    Ok(answer.ok_or("the records do not answer")?.to_json(None))
}

fn of_status(
    proof: &Proof,
    question: &status::Question,
    answer: &Map<String, Value>,
) -> Result<Value, String> {
    let header = proof.evidence.header().map_err(|error| error.to_string())?;
    let statuses = answer.get("statuses").and_then(Value::as_str);
    let statuses = statuses.and_then(status::Vector::bytes_of);
    let found = question.answer(header.time, &proof.evidence.records, statuses.as_deref());
    Ok(found.ok_or("the records do not answer")?.members.into())
}

fn only(records: &[ProvenRecord]) -> Result<&ProvenRecord, String> {
    match records {
        [record] => Ok(record),
        _ => Err("the proof is about another number of records than one".into()),
    }
}

/// Why an answer cannot be built anew.
const SILENT: &str = "the record does not answer";

/// The network whose DIDs may be asked for. Another network's answer is judged as such by its
/// genesis, not by its DIDs' names.
fn network_of<'a>(proof: &Proof, did: &'a str, trust: &'a Trust) -> &'a str {
    match proof.evidence.genesis == trust.genesis {
        true => &trust.network,
        false => did::network_of(did),
    }
}

/// Reads a value through its canonical text, so that raw members are canonical. What serde takes
/// beyond the format (null or nothing for an option, an array for an object) is refused: verifiers
/// in other languages do not take it, and all of them must come to one verdict.
fn read<T: DeserializeOwned + Serialize>(value: &Value) -> Result<T, String> {
    let text = json::canonical(value).map_err(|error| error.to_string())?;
    let read = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    match json::canonical_of(&read) {
        Ok(again) if again == text => Ok(read),
        _ => Err("a member is missing, null or of another form".into()),
    }
}

/// What an answer answers, once its verdict is valid: to be compared with what was asked.
pub fn question(bytes: &[u8]) -> Option<Question> {
    let mut answer = json::parse(bytes, ANSWER_BYTES_MAX).ok()?;
    let (_, proof) = take_proof(answer.as_object_mut()?)?;
    read(proof.get("question")?).ok()
}

/// The record that an answer shows, once its verdict is valid.
pub fn shown_record(bytes: &[u8]) -> Option<Record> {
    let answer = json::parse(bytes, ANSWER_BYTES_MAX).ok()?;
    read(answer.get("record")?).ok()
}
