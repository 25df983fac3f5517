//! What the engine calls to sign and to verify. Every signature passes the guard first.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_malachitebft_core_types::{SignedMessage, ValidatorProof, VoteExtensionScope};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use arc_malachitebft_signing_ed25519::{PublicKey, Signature};
use async_trait::async_trait;
use ed25519_zebra::SigningKey;
use proofs::Hash;

use crate::codec::LogCodec;
use crate::context::{Context, Proposal, Vote};
use crate::guard::{Guard, Position, Refusal};

/// Signs with the validator's key, behind the guard.
pub(crate) struct GuardedSigner {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) genesis: Hash,
    pub(crate) guard: Arc<Mutex<Guard>>,
    /// What the engine's log still remembers.
    pub(crate) log: LogCodec,
    /// The first refusal. It ends this run of the engine.
    pub(crate) refusal: Arc<OnceLock<Refusal>>,
}

impl GuardedSigner {
    async fn sign(&self, position: Position, message: Vec<u8>) -> Result<Signature, Error> {
        let (guard, key) = (self.guard.clone(), self.key.clone());
        let log = self.log.clone();
        // Two synced writes: not for the threads that move messages.
        let signed = tokio::task::spawn_blocking(move || {
            let mut guard = guard.lock().unwrap_or_else(PoisonError::into_inner);
            guard.confirm(&log.remembered().signatures);
            guard.sign(position, &message, |message| key.sign(message).to_bytes())
        });
        match signed.await.map_err(Error::from_source)? {
            Ok(signature) => Ok(Signature::from_bytes(signature)),
            Err(refusal) => {
                tracing::error!(%refusal, "the signing guard refused");
                // The error stops the engine: it must never go on as if it had signed.
                let error = Error::from_source(refusal.to_string());
                let _ = self.refusal.set(refusal);
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Signer<Context> for GuardedSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<Context, Vote>, Error> {
        let signature = self.sign(vote.position(), vote.sign_bytes(&self.genesis)).await?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(
        &self,
        proposal: Proposal,
    ) -> Result<SignedMessage<Context, Proposal>, Error> {
        let message = proposal.sign_bytes(&self.genesis);
        let signature = self.sign(proposal.position(), message).await?;
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<Context>,
        _: (),
    ) -> Result<SignedMessage<Context, ()>, Error> {
        Err(Error::from_source("vote extensions are not used"))
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<Context>, Error> {
        // Not a vote: it has a tag of its own and no position.
        let message = peer_bytes(&self.genesis, &public_key, &peer_id)?;
        let signature = Signature::from_bytes(self.key.sign(&message).to_bytes());
        Ok(ValidatorProof::new(public_key, peer_id, signature))
    }
}

/// Verifies by ZIP 215, the one rule of this ledger.
pub(crate) struct SignatureVerifier {
    pub(crate) genesis: Hash,
}

#[async_trait]
impl Verifier<Context> for SignatureVerifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(verify(key, &vote.sign_bytes(&self.genesis), signature))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(verify(key, &proposal.sign_bytes(&self.genesis), signature))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Context>,
        _: &(),
        _: &Signature,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<Context>,
    ) -> Result<VerificationResult, Error> {
        let key = proof.decoded_public_key().map_err(|e| Error::from_source(e.to_string()))?;
        let message = peer_bytes(&self.genesis, &proof.public_key, &proof.peer_id)?;
        Ok(verify(&key, &message, &proof.signature))
    }
}

fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> VerificationResult {
    VerificationResult::from_bool(key.verify(message, signature).is_ok())
}

fn peer_bytes(genesis: &Hash, validator: &[u8], peer: &[u8]) -> Result<Vec<u8>, Error> {
    let validator = validator.try_into().map_err(|_| Error::from_source("not a public key"))?;
    Ok(proofs::certificate::peer_bytes(genesis, &proofs::PublicKey(validator), peer))
}
