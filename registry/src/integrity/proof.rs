//! One proof as it stands, and how proofs refer to each other.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{IntegrityCode, IntegrityError, PROOF_TYPE};
use crate::json::Layout;
use crate::suites;

/// A proof of W3C Data Integrity, as it stands in an object's `proof`. A member that is absent is
/// not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Proof {
    /// `type`: always [`PROOF_TYPE`].
    #[serde(rename = "type")]
    pub proof_type: String,
    /// The suite's name.
    pub cryptosuite: String,
    /// Which key signs: a DID URL.
    pub verification_method: String,
    /// What for, such as `capabilityInvocation`.
    pub proof_purpose: String,
    /// The signature: `z` and base58btc. Absent in a proof that is to be signed.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub proof_value: Option<String>,
    /// When it was signed (an XML Schema dateTimeStamp).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Until when it holds (an XML Schema dateTimeStamp).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Where it is meant to be used: the network.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// A verifier's challenge.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// Anything that makes the proof unlike others.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The proof's name, by which others endorse it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The proofs that this one endorses.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub previous_proof: Option<PreviousProof>,
    /// The object's `@context` again: the standard has signers copy it.
    #[serde(
        rename = "@context",
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub context: Option<Value>,
}

/// The ids of the proofs that a proof endorses: one, or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PreviousProof {
    /// One id.
    One(String),
    /// Several, in the order in which the proofs stand.
    Many(Vec<String>),
}

impl PreviousProof {
    /// The ids.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }
}

impl Proof {
    /// A proof to be signed, with the members that every proof has.
    #[must_use]
    pub fn new(cryptosuite: &str, verification_method: &str, proof_purpose: &str) -> Self {
        Self {
            proof_type: PROOF_TYPE.to_owned(),
            cryptosuite: cryptosuite.to_owned(),
            verification_method: verification_method.to_owned(),
            proof_purpose: proof_purpose.to_owned(),
            ..Self::default()
        }
    }

    /// The ids of the proofs that this one endorses.
    #[must_use]
    pub fn previous_ids(&self) -> &[String] {
        self.previous_proof.as_ref().map_or(&[], PreviousProof::ids)
    }
}

/// An optional member that, where it stands, is not null: absent and null must not be two texts of
/// one proof.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Reads one proof of `document` from its canonical text.
pub(super) fn read(text: &[u8], document: &Layout<'_>) -> Result<Proof, IntegrityCode> {
    let proof: Proof = serde_json::from_slice(text).map_err(|_| IntegrityCode::ProofMember)?;
    if proof.proof_type != PROOF_TYPE {
        return Err(IntegrityCode::ProofType);
    }
    if !suites::is_known(&proof.cryptosuite) {
        return Err(IntegrityCode::CryptosuiteUnknown);
    }
    if proof.proof_value.is_none() {
        return Err(IntegrityCode::ProofMember);
    }
    if let Some(context) = &proof.context {
        // The standard lets a proof cover a prefix of the object's contexts only. What an author
        // signs is the whole object here, so it is all or none.
        let context = crate::json::canonical(context).map_err(|_| IntegrityCode::Document)?;
        if document.member("@context") != Some(&context) {
            return Err(IntegrityCode::ContextMismatch);
        }
    }
    Ok(proof)
}

/// For each proof the positions of those that it endorses.
pub(super) fn chains(proofs: &[Proof]) -> Result<Vec<Vec<usize>>, IntegrityError> {
    for (at, proof) in proofs.iter().enumerate() {
        if proof.id.is_some() && proofs.iter().take(at).any(|other| other.id == proof.id) {
            return Err(IntegrityCode::ProofIdRepeated.of(at));
        }
    }
    let mut chains = Vec::with_capacity(proofs.len());
    for (at, proof) in proofs.iter().enumerate() {
        chains.push(endorsed(proof, proofs).map_err(|code| code.of(at))?);
    }
    refuse_cycles(&chains)?;
    Ok(chains)
}

/// The positions in `proofs` of those that `proof` endorses.
///
/// The standard leaves open whether an endorser hashes them in the order of its list or in that in
/// which they stand; here the two are one.
pub(super) fn endorsed(proof: &Proof, proofs: &[Proof]) -> Result<Vec<usize>, IntegrityCode> {
    let ids = proof.previous_ids();
    if proof.previous_proof.is_some() && ids.is_empty() {
        return Err(IntegrityCode::PreviousProofUnknown);
    }
    let find = |id: &String| proofs.iter().position(|other| other.id.as_ref() == Some(id));
    let found: Option<Vec<usize>> = ids.iter().map(find).collect();
    let found = found.ok_or(IntegrityCode::PreviousProofUnknown)?;
    if !found.is_sorted_by(|one, next| one < next) {
        return Err(IntegrityCode::PreviousProofOrder);
    }
    Ok(found)
}

/// Takes away, again and again, the proofs whose endorsed ones are all taken away; what cannot be
/// taken away is on a cycle or behind one.
fn refuse_cycles(chains: &[Vec<usize>]) -> Result<(), IntegrityError> {
    let mut done = vec![false; chains.len()];
    for _ in chains {
        let ready = |chain: &Vec<usize>| chain.iter().all(|at| done.get(*at) == Some(&true));
        done = chains.iter().map(ready).collect();
    }
    match done.iter().position(|done| !done) {
        Some(at) => Err(IntegrityCode::PreviousProofCycle.of(at)),
        None => Ok(()),
    }
}
