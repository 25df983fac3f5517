//! The verifier for the browser: what `proofs` and `registry` decide, as functions from texts to
//! JSON. The page, and any other JavaScript, calls them through the WebAssembly exports.
//!
//! # Invariants
//!
//! * Nothing is decided here: a verdict is that of `registry::answer::check` or of
//!   `proofs::verify`, and an answer to another question than the one asked is no answer.
//! * No clock: the caller says what time it is.
//! * Nothing panics on texts from outside.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions))]

#[cfg(target_arch = "wasm32")]
mod exports;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofs::trust::Freshness;
use proofs::{Certificate, Checkpoint, Evidence, Header, Trust, Verdict};
use registry::{SignatureCheck, SignedEvent, answer};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a document gives its holder to trust, as a checkpoint; `error` where it is no such
/// document.
pub fn trust(document: &[u8]) -> Value {
    match read_trust(document) {
        Ok(trust) => json!(Checkpoint::from(&trust)),
        Err(error) => json!({ "error": error }),
    }
}

/// The one place that says which documents give trust: a genesis document, and a checkpoint.
fn read_trust(document: &[u8]) -> Result<Trust, String> {
    match serde_json::from_slice::<Checkpoint>(document) {
        Ok(checkpoint) => checkpoint.trust().map_err(|error| error.to_string()),
        Err(_) => Trust::from_genesis(document).map_err(|error| error.to_string()),
    }
}

/// The verdict on a trust chain, and the `checkpoint` where a valid one leads.
pub fn follow(document: &[u8], chain: &[u8], now: u64) -> Value {
    let judgement = match read_trust(document) {
        Ok(trust) => answer::judge(&trust, chain, Freshness { now, age_max: None }),
        Err(error) => Verdict::untrusted(error).into(),
    };
    let mut verdict = json!(judgement.verdict);
    if let (Some(members), Some(reached)) = (verdict.as_object_mut(), &judgement.trust) {
        members.insert("checkpoint".into(), json!(Checkpoint::from(reached)));
    }
    verdict
}

/// The verdict on an answer (a resolution result, a record or a receipt), given the document that
/// the caller trusts. `asked` is the question as it stands in proofs, `{"event": id}` for a
/// receipt; empty for whatever question the answer is to.
pub fn verify(document: &[u8], answer: &[u8], asked: &[u8], freshness: Freshness) -> Value {
    let verdict = match read_trust(document) {
        Ok(trust) => answer::check(&trust, answer, freshness),
        Err(error) => Verdict::untrusted(error),
    };
    let broken = matches!(verdict, Verdict::Invalid { .. });
    if !broken && !asked.is_empty() && question(answer) != serde_json::from_slice(asked).ok() {
        return json!(Verdict::invalid("the answer is to another question"));
    }
    json!(verdict)
}

/// What an answer says that it was asked.
fn question(answer: &[u8]) -> Option<Value> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    if answer.get("index").is_some() {
        return Some(json!({ "event": answer.get("id")? }));
    }
    let places = ["/proof", "/didDocumentMetadata/proof/0", "/contentMetadata/proof/0"];
    let proof = places.into_iter().find_map(|place| answer.pointer(place))?;
    proof.get("question").cloned()
}

/// The members of a served block that certify it; the others are for people.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServedBlock {
    header_bytes: String,
    certificate: Certificate,
}

/// The verdict on a block as `/v1/blocks/{height}` serves it, with its `id` and its `header` as
/// they are read from the certified bytes.
pub fn block(document: &[u8], block: &[u8], now: u64) -> Value {
    let (evidence, header) = match read_block(block) {
        Ok(read) => read,
        Err(why) => return json!(Verdict::invalid(why)),
    };
    let mut verdict = json!(match read_trust(document) {
        // A block speaks of its own time, so one below what is known is not stale.
        Ok(trust) => proofs::verify(
            &Trust { height: 0, ..trust },
            &evidence,
            Freshness { now, age_max: None }
        ),
        Err(error) => Verdict::untrusted(error),
    });
    if let Some(members) = verdict.as_object_mut() {
        members.insert("id".into(), json!(header.id()));
        members.insert("header".into(), shown_header(&header));
    }
    verdict
}

/// A header is proven by the certificate alone: by evidence that holds no record.
fn read_block(block: &[u8]) -> Result<(Evidence, Header), String> {
    let served: ServedBlock = serde_json::from_slice(block).map_err(|error| error.to_string())?;
    let bytes = STANDARD.decode(served.header_bytes).map_err(|error| error.to_string())?;
    let header = Header::decode(&bytes).ok_or("the header is malformed")?;
    let evidence = Evidence {
        certificate: served.certificate,
        genesis: header.genesis,
        header: bytes,
        records: Vec::new(),
    };
    Ok((evidence, header))
}

fn shown_header(header: &Header) -> Value {
    json!({
        "genesis": header.genesis,
        "height": header.height,
        "time": header.time,
        "parent": header.parent,
        "proposer": header.proposer,
        "logSize": header.log_size,
        "logRoot": header.log_root,
        "stateRoot": header.state_root,
        "validators": header.validators,
        "nextValidators": header.next_validators,
        "parameters": header.parameters,
    })
}

/// Which signatures of the event in a receipt hold, in the order of its proofs; `error` where
/// there is no event.
pub fn signatures(receipt: &[u8]) -> Value {
    match read_event(receipt) {
        Ok(event) => {
            let holds: Vec<bool> = event.checks().iter().map(SignatureCheck::verify).collect();
            json!({ "signatures": holds })
        }
        Err(why) => json!({ "error": why }),
    }
}

fn read_event(receipt: &[u8]) -> Result<SignedEvent, String> {
    let receipt = registry::json::parse(receipt, answer::ANSWER_BYTES_MAX);
    let receipt = receipt.map_err(|error| error.to_string())?;
    let event = receipt.get("event").ok_or("the receipt has no event")?;
    let bytes = registry::json::canonical(event).map_err(|error| error.to_string())?;
    SignedEvent::parse(&bytes).map_err(|rejection| rejection.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen() -> Value {
        let text = include_str!("../../../tests/golden/format.json");
        serde_json::from_str(text).expect("JSON")
    }

    fn ask(answer: &Value, asked: &str) -> Value {
        let frozen = frozen();
        let genesis = frozen["genesis"]["text"].as_str().expect("a text").as_bytes();
        let now = frozen["now"].as_u64().expect("a time");
        let freshness = Freshness { now, age_max: Some(60_000) };
        verify(genesis, answer.to_string().as_bytes(), asked.as_bytes(), freshness)
    }

    #[test]
    fn an_answer_is_valid_only_to_the_question_that_was_asked() {
        let frozen = frozen();
        let answer = &frozen["answers"]["current"];
        let did = &frozen["event"]["did"];
        let asked = json!({ "resolution": { "did": did } }).to_string();
        assert_eq!(ask(answer, "")["verdict"], "valid");
        assert_eq!(ask(answer, &asked)["verdict"], "valid");
        let past = &frozen["answers"]["past"];
        assert_eq!(ask(past, "")["verdict"], "valid");
        assert_eq!(ask(past, &asked)["why"], "the answer is to another question");
        let receipt = &frozen["receipt"];
        let asked = |id: &Value| json!({ "event": id }).to_string();
        assert_eq!(ask(receipt, &asked(&receipt["id"]))["verdict"], "valid");
        assert_eq!(ask(receipt, &asked(did))["verdict"], "invalid");
    }

    #[test]
    fn a_block_is_shown_as_it_was_certified() {
        let frozen = frozen();
        let genesis = frozen["genesis"]["text"].as_str().expect("a text").as_bytes();
        let proof = &frozen["answers"]["absent"]["didDocumentMetadata"]["proof"][0]["evidence"];
        let mut served = json!({
            "certificate": proof["certificate"],
            "headerBytes": proof["header"],
            "header": { "height": 77 },
        });
        let now = frozen["now"].as_u64().expect("a time");
        let shown = block(genesis, served.to_string().as_bytes(), now);
        assert_eq!((&shown["verdict"], &shown["header"]["height"]), (&json!("valid"), &json!(4)));
        assert_eq!(shown["id"], frozen["header"]["id"]);
        served["certificate"]["signatures"].as_array_mut().expect("signatures").pop();
        assert_eq!(block(genesis, served.to_string().as_bytes(), now)["verdict"], "invalid");
    }

    #[test]
    fn a_chain_leads_to_a_checkpoint_and_a_broken_one_nowhere() {
        let frozen = frozen();
        let genesis = frozen["genesis"]["text"].as_str().expect("a text").as_bytes();
        let proof = &frozen["answers"]["absent"]["didDocumentMetadata"]["proof"][0]["evidence"];
        let mut chain = json!({
            "genesis": frozen["genesis"]["hash"],
            "steps": [{
                "certificate": proof["certificate"],
                "header": proof["header"],
                "validators": trust(genesis)["validators"],
            }],
            "type": "DzongTrustChain",
        });
        let now = frozen["now"].as_u64().expect("a time");
        let followed = follow(genesis, chain.to_string().as_bytes(), now);
        assert_eq!(followed["verdict"], "valid", "{followed}");
        let checkpoint = followed["checkpoint"].to_string();
        assert_eq!(followed["checkpoint"]["height"], 4);
        let bytes = frozen["answers"]["current"].to_string();
        let freshness = Freshness { now, age_max: Some(60_000) };
        let verdict = verify(checkpoint.as_bytes(), bytes.as_bytes(), b"", freshness);
        assert_eq!(verdict["verdict"], "valid");
        chain["steps"][0]["validators"].as_array_mut().expect("validators").pop();
        let broken = follow(genesis, chain.to_string().as_bytes(), now);
        assert_eq!((&broken["verdict"], &broken["checkpoint"]), (&json!("invalid"), &Value::Null));
    }

    #[test]
    fn each_signature_of_an_event_is_judged() {
        let frozen = frozen();
        let mut receipt = frozen["receipt"].clone();
        let judge = |receipt: &Value| signatures(receipt.to_string().as_bytes());
        assert_eq!(judge(&receipt), json!({ "signatures": [true, true] }));
        // The last letters of a signature do not decide where a proof stands among the others.
        let signature = receipt["event"]["proof"][1]["proofValue"].as_str().expect("a text");
        let changed = format!("{}21", &signature[..signature.len() - 2]);
        receipt["event"]["proof"][1]["proofValue"] = json!(changed);
        assert_eq!(judge(&receipt)["signatures"][1], false);
        assert!(signatures(b"{}")["error"].is_string());
    }

    #[test]
    fn a_genesis_document_gives_trust_and_nothing_else_does() {
        let frozen = frozen();
        let genesis = frozen["genesis"]["text"].as_str().expect("a text").as_bytes();
        let known = trust(genesis);
        assert_eq!(known["genesis"], frozen["genesis"]["hash"]);
        assert_eq!(known["validators"].as_array().expect("validators").len(), 4);
        assert!(trust(b"{}")["error"].is_string());
        assert_eq!(trust(known.to_string().as_bytes()), known, "a checkpoint gives what it says");
        let freshness = Freshness { now: 0, age_max: None };
        assert_eq!(verify(b"{}", b"{}", b"", freshness)["verdict"], "untrusted");
    }
}
