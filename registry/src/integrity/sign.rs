//! The signer's side: what to sign, and where the proof goes.

use serde_json::Value;

use super::proof::endorsed;
use super::{IntegrityCode, IntegrityError, Message, PreviousProof, Proof, array, message, sha256};
use crate::{json, multikey};

/// The 64 bytes that the proof's key has to sign: `config` is the proof without `proofValue`
/// (ignored where it stands). The proofs that it endorses are looked up in the document's `proof`.
///
/// # Errors
/// `document` where either is not JSON of the profile, `proof-member` where the document's proofs
/// cannot be read, `previous-proof-…` where those endorsed are not there or not in order.
pub fn prepare(document: &Value, config: &Proof) -> Result<Message, IntegrityError> {
    let mut unsecured = document.clone();
    unsecured.as_object_mut().ok_or(IntegrityCode::Document)?.remove("proof");
    let mut document_text = canonical(&unsecured)?;
    if config.previous_proof.is_some() {
        let standing = standing(document)?;
        let (proofs, texts): (Vec<Proof>, Vec<Vec<u8>>) = standing.into_iter().unzip();
        let previous = endorsed(config, &proofs)?;
        let texts = previous.iter().filter_map(|at| texts.get(*at).map(Vec::as_slice));
        document_text = json::check_canonical(&document_text, document_text.len())
            .map_err(|_| IntegrityCode::Document)?
            .with("proof", &array(texts));
    }
    let config = Proof { proof_value: None, ..config.clone() };
    let config = json::canonical_of(&config).map_err(|_| IntegrityCode::Document)?;
    Ok(message(&config, sha256(&document_text)))
}

/// Adds a signed proof to the document, where the order of proofs has it.
///
/// # Errors
/// `document` or `proof-member` where the document or its proofs are not JSON of the profile.
pub fn attach(document: &mut Value, proof: Proof) -> Result<(), IntegrityError> {
    let mut standing = standing(document)?;
    let text = json::canonical_of(&proof).map_err(|_| IntegrityCode::Document)?;
    standing.push((proof, text));
    standing.sort_by(|one, other| one.1.cmp(&other.1));
    let proofs = standing.into_iter().map(|(proof, _)| serde_json::to_value(proof));
    let proofs: Result<Vec<Value>, _> = proofs.collect();
    let proofs = proofs.map_err(|_| IntegrityCode::ProofMember)?;
    let members = document.as_object_mut().ok_or(IntegrityCode::Document)?;
    members.insert("proof".to_owned(), Value::Array(proofs));
    Ok(())
}

/// Completes a proof that is to be signed: copies the document's `@context` into it, and puts
/// `previousProof` in the order in which the document's proofs stand.
///
/// # Errors
/// `document` or `proof-member` where the document or its proofs are not JSON of the profile.
pub fn complete(document: &Value, mut config: Proof) -> Result<Proof, IntegrityError> {
    config.context = document.get("@context").cloned();
    if let Some(PreviousProof::Many(ids)) = &mut config.previous_proof {
        let standing = standing(document)?;
        let position =
            |id: &String| standing.iter().position(|(proof, _)| proof.id.as_ref() == Some(id));
        ids.sort_by_key(position);
    }
    Ok(config)
}

/// Signs the document and adds the proof, once complete; `signer` returns the raw signature over
/// the message.
///
/// # Errors
/// As [`complete`], [`prepare`] and [`attach`].
pub fn sign(
    document: &mut Value,
    config: Proof,
    signer: impl FnOnce(&Message) -> Vec<u8>,
) -> Result<(), IntegrityError> {
    let mut config = complete(document, config)?;
    let message = prepare(document, &config)?;
    config.proof_value = Some(multikey::encode(&signer(&message)));
    attach(document, config)
}

/// The document's proofs with their canonical texts, sorted; none where there is no `proof`.
fn standing(document: &Value) -> Result<Vec<(Proof, Vec<u8>)>, IntegrityError> {
    let values = match document.get("proof") {
        None => &[],
        Some(Value::Array(values)) => values.as_slice(),
        Some(_) => return Err(IntegrityCode::NoProof.into()),
    };
    let mut standing = Vec::with_capacity(values.len() + 1);
    for (at, value) in values.iter().enumerate() {
        let proof = serde_json::from_value(value.clone());
        let proof: Proof = proof.map_err(|_| IntegrityCode::ProofMember.of(at))?;
        standing.push((proof, canonical(value)?));
    }
    standing.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(standing)
}

fn canonical(value: &Value) -> Result<Vec<u8>, IntegrityError> {
    json::canonical(value).map_err(|_| IntegrityCode::Document.into())
}
