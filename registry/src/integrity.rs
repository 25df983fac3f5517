//! W3C Data Integrity 1.0 over canonical JSON: which signatures an object claims to bear, and over
//! which bytes. Proofs may form a set (each over the object alone) and chains (`previousProof`:
//! over the object with the proofs that it endorses).
//!
//! What is signed: SHA-256 of the proof without `proofValue`, then SHA-256 of the object without
//! `proof`, or, in a chain, with the referenced proofs as its `proof`; each in canonical form.
//!
//! **Invariants.**
//! * Nothing is verified here: [`Secured::checks`] lists the checks to make, so that a caller may
//!   make them in batches. An object is proven only when every one of them holds.
//! * Nothing rides along: a proof with an unknown member, an unknown suite or a method without a
//!   key fails the whole object.
//! * One order: proofs stand sorted by their canonical bytes, and `previousProof` names them in
//!   that order, so that two signers' tools cannot hash different lists.
//!
//! Purpose, domain and times of a proof are the caller's rules, as are thresholds.

mod proof;
mod sign;

#[cfg(test)]
mod tests;

use std::fmt;

use sha2::{Digest, Sha256};

use crate::json::{self, Layout};
use crate::multikey::{self, PublicKey};

pub use proof::{PreviousProof, Proof};
pub use sign::{attach, complete, prepare, sign};

/// How many proofs one object may bear.
pub const PROOFS_MAX: usize = 16;

/// The only `type` of a proof.
pub const PROOF_TYPE: &str = "DataIntegrityProof";

/// What a proof's signature is over: the proof's hash, then the object's.
pub type Message = [u8; 64];

/// One signature to verify. Two equal checks have one result, so it may be remembered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignatureCheck {
    /// Whose signature it has to be; the key names the suite.
    pub key: PublicKey,
    /// Over what.
    pub message: Message,
    /// The signature, as long as the suite's signatures are.
    pub signature: Box<[u8]>,
}

impl SignatureCheck {
    /// Verifies this one signature.
    #[must_use]
    pub fn verify(&self) -> bool {
        self.key.verify(&self.message, &self.signature)
    }
}

/// An object and its proofs, read and found well-formed; no signature is verified yet.
#[derive(Debug)]
pub struct Secured<'a> {
    document: &'a Layout<'a>,
    proofs: Vec<Proof>,
    texts: Vec<&'a [u8]>,
    /// For each proof the positions of those that it endorses, in ascending order.
    previous: Vec<Vec<usize>>,
    unsecured: Vec<u8>,
}

impl<'a> Secured<'a> {
    /// Reads the proofs of an object: an array of 1 to [`PROOFS_MAX`] at `proof`.
    ///
    /// # Errors
    /// Whatever can be said against the proofs without knowing a key.
    pub fn read(document: &'a Layout<'a>) -> Result<Self, IntegrityError> {
        let texts = document.elements("proof").ok_or(IntegrityCode::NoProof)?;
        if texts.is_empty() {
            return Err(IntegrityCode::NoProof.into());
        }
        if texts.len() > PROOFS_MAX {
            return Err(IntegrityCode::TooManyProofs.into());
        }
        let mut proofs: Vec<Proof> = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let proof = proof::read(text, document).map_err(|code| code.of(at))?;
            if proofs.iter().any(|other| other.verification_method == proof.verification_method) {
                return Err(IntegrityCode::MethodRepeated.of(at));
            }
            proofs.push(proof);
        }
        if let Some(at) = texts.windows(2).position(|pair| pair.first() >= pair.last()) {
            return Err(IntegrityCode::ProofOrder.of(at + 1));
        }
        let previous = proof::chains(&proofs)?;
        Ok(Self { document, proofs, texts, previous, unsecured: document.without("proof") })
    }

    /// The proofs, in the order in which they stand.
    #[must_use]
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// For the proof at position `at`, the positions of those that it endorses (`previousProof`).
    #[must_use]
    pub fn previous(&self, at: usize) -> &[usize] {
        self.previous.get(at).map_or(&[], Vec::as_slice)
    }

    /// The canonical bytes of the object without `proof`.
    #[must_use]
    pub fn unsecured(&self) -> &[u8] {
        &self.unsecured
    }

    /// What has to be verified: one check for each proof, in the order of [`Secured::proofs`].
    ///
    /// `resolve` gives the public key of a proof's `verificationMethod`, or `None` where there is
    /// none that may sign.
    ///
    /// # Errors
    /// `method-unknown` where `resolve` gives none, `cryptosuite-mismatch` where the key is of
    /// another suite than the proof says, `proof-value` where the signature has another length than
    /// the suite's.
    pub fn checks(
        &self,
        mut resolve: impl FnMut(&Proof) -> Option<PublicKey>,
    ) -> Result<Vec<SignatureCheck>, IntegrityError> {
        let document = sha256(&self.unsecured);
        let mut checks = Vec::with_capacity(self.proofs.len());
        for (at, (proof, text)) in self.proofs.iter().zip(&self.texts).enumerate() {
            let key = resolve(proof).ok_or(IntegrityCode::MethodUnknown.of(at))?;
            let signature = signature(proof, &key).map_err(|code| code.of(at))?;
            let document = match self.previous(at) {
                [] => document,
                previous => sha256(&self.endorsed(previous)),
            };
            let config = json::check_canonical(text, text.len())
                .map_err(|_| IntegrityCode::ProofMember.of(at))?
                .without("proofValue");
            checks.push(SignatureCheck { key, message: message(&config, document), signature });
        }
        Ok(checks)
    }

    /// The object as the endorser of `previous` signs it: with those proofs alone.
    fn endorsed(&self, previous: &[usize]) -> Vec<u8> {
        let texts = previous.iter().filter_map(|at| self.texts.get(*at).copied());
        self.document.with("proof", &array(texts))
    }
}

/// The checks of an object's proofs: [`Secured::read`] and [`Secured::checks`] in one.
///
/// # Errors
/// As those.
pub fn checks(
    document: &Layout<'_>,
    resolve: impl FnMut(&Proof) -> Option<PublicKey>,
) -> Result<Vec<SignatureCheck>, IntegrityError> {
    Secured::read(document)?.checks(resolve)
}

fn signature(proof: &Proof, key: &PublicKey) -> Result<Box<[u8]>, IntegrityCode> {
    let suite = key.suite();
    if proof.cryptosuite != suite.name {
        return Err(IntegrityCode::CryptosuiteMismatch);
    }
    let text = proof.proof_value.as_deref().ok_or(IntegrityCode::ProofValue)?;
    let bytes = multikey::decode(text, suite.signature_bytes).ok_or(IntegrityCode::ProofValue)?;
    if bytes.len() != suite.signature_bytes {
        return Err(IntegrityCode::ProofValue);
    }
    Ok(bytes.into())
}

/// The bytes to sign from a canonical proof without `proofValue` and the hash of the object.
fn message(config: &[u8], document: [u8; 32]) -> Message {
    let mut message = [0; 64];
    let (proof_half, document_half) = message.split_at_mut(32);
    proof_half.copy_from_slice(&sha256(config));
    document_half.copy_from_slice(&document);
    message
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A canonical array of canonical elements.
fn array<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Vec<u8> {
    let mut array = vec![b'['];
    for text in texts {
        if array.len() > 1 {
            array.push(b',');
        }
        array.extend_from_slice(text);
    }
    array.push(b']');
    array
}

/// Why the proofs of an object are refused, and which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", Which(.proof), .code.advice())]
pub struct IntegrityError {
    /// What is wrong.
    pub code: IntegrityCode,
    /// The position of the proof, from 0; `None` where it is about all of them.
    pub proof: Option<usize>,
}

/// What can be wrong with proofs. The codes are stable: clients may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntegrityCode {
    /// `proof` is absent, no array, or an empty one.
    NoProof,
    /// More than [`PROOFS_MAX`].
    TooManyProofs,
    /// A member is missing, unknown, or of the wrong type.
    ProofMember,
    /// `type` is not [`PROOF_TYPE`].
    ProofType,
    /// No suite of the table has this name.
    CryptosuiteUnknown,
    /// The key is of another suite than the proof says.
    CryptosuiteMismatch,
    /// `proofValue` is not multibase base58btc of a signature of the suite's length.
    ProofValue,
    /// The proof's `@context` is not the object's.
    ContextMismatch,
    /// Proofs do not stand in ascending order of their canonical bytes, or one stands twice.
    ProofOrder,
    /// Two proofs have the same `verificationMethod`.
    MethodRepeated,
    /// There is no key for the `verificationMethod`.
    MethodUnknown,
    /// Two proofs have the same `id`.
    ProofIdRepeated,
    /// `previousProof` names an `id` that no proof has, or none at all.
    PreviousProofUnknown,
    /// `previousProof` does not name proofs in the order in which they stand, each once.
    PreviousProofOrder,
    /// A proof endorses itself, directly or through others.
    PreviousProofCycle,
    /// The object cannot be written in canonical form.
    Document,
    /// A signature does not verify. Never returned here; for callers that verify the checks.
    Signature,
}

impl IntegrityCode {
    /// This code, about the proof at position `at`.
    #[must_use]
    pub fn of(self, at: usize) -> IntegrityError {
        IntegrityError { code: self, proof: Some(at) }
    }

    /// The stable code, such as `proof-order`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoProof => "no-proof",
            Self::TooManyProofs => "too-many-proofs",
            Self::ProofMember => "proof-member",
            Self::ProofType => "proof-type",
            Self::CryptosuiteUnknown => "cryptosuite-unknown",
            Self::CryptosuiteMismatch => "cryptosuite-mismatch",
            Self::ProofValue => "proof-value",
            Self::ContextMismatch => "context-mismatch",
            Self::ProofOrder => "proof-order",
            Self::MethodRepeated => "method-repeated",
            Self::MethodUnknown => "method-unknown",
            Self::ProofIdRepeated => "proof-id-repeated",
            Self::PreviousProofUnknown => "previous-proof-unknown",
            Self::PreviousProofOrder => "previous-proof-order",
            Self::PreviousProofCycle => "previous-proof-cycle",
            Self::Document => "document",
            Self::Signature => "signature",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::NoProof => "there is no proof: sign, and put the proofs in an array",
            Self::TooManyProofs => "there are more than 16 proofs: send those that count",
            Self::ProofMember => "a member is missing, unknown or of the wrong type: correct it",
            Self::ProofType => "the type is not DataIntegrityProof: sign with that",
            Self::CryptosuiteUnknown => "the cryptosuite is not known: use one of the network's",
            Self::CryptosuiteMismatch => "the key is of another suite: name the key's cryptosuite",
            Self::ProofValue => "proofValue is no signature of the suite: z and base58btc of it",
            Self::ContextMismatch => "@context is not the object's: copy it, or leave it out",
            Self::ProofOrder => "the proofs are not sorted: sort them by their canonical bytes",
            Self::MethodRepeated => "a verificationMethod signs twice: keep one of its proofs",
            Self::MethodUnknown => "verificationMethod has no key that may sign: use one that has",
            Self::ProofIdRepeated => "two proofs have the same id: name them apart",
            Self::PreviousProofUnknown => "previousProof names no proof here: send it too",
            Self::PreviousProofOrder => {
                "previousProof is not in the order of the proofs: name them in it, each once"
            }
            Self::PreviousProofCycle => "previousProof leads back to its proof: endorse others",
            Self::Document => "the object is not json of the profile: correct it",
            Self::Signature => "the signature does not verify: sign these very bytes",
        }
    }
}

impl fmt::Display for IntegrityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<IntegrityCode> for IntegrityError {
    fn from(code: IntegrityCode) -> Self {
        Self { code, proof: None }
    }
}

/// `proof 2: `, or nothing where the error is about all proofs.
struct Which<'a>(&'a Option<usize>);

impl fmt::Display for Which<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |at| write!(f, "proof {at}: "))
    }
}
