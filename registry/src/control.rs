//! Who may change a DID: keys, controllers, a threshold over both, and keys committed to for later.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::did::{self, NdiDid};
use crate::did_state::DidState;
use crate::event::{Envelope, Signer};
use crate::integrity::PROOFS_MAX;
use crate::multikey::PublicKey;
use crate::rejection::Rejection;
use crate::state::{Context, View};

/// Authority over a DID on the ledger, apart from the keys of its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Control {
    /// DIDs that have a say; each counts once when its own threshold is met, one level deep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controllers: Vec<String>,
    /// Multikeys that sign for the DID; each counts once.
    pub keys: Vec<String>,
    /// Pre-rotation: SHA-256 multihashes (base58btc) of the multikeys that may come next. While any
    /// stand here, an update reveals its keys and is signed by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_key_hashes: Vec<String>,
    /// How many of keys and controllers must agree.
    pub threshold: u64,
}

impl Control {
    /// Control by so many of these keys, with no controllers and no pre-rotation.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a PublicKey>, threshold: u64) -> Control {
        Control {
            controllers: Vec::new(),
            keys: keys.into_iter().map(PublicKey::to_string).collect(),
            next_key_hashes: Vec::new(),
            threshold,
        }
    }

    /// Checks what needs no state: forms, repetition, and that the threshold can be met. `signers`
    /// are those of the event that sets this control of `did`.
    ///
    /// # Errors
    /// [`Rejection::Control`].
    pub fn check(&self, did: &str, signers: &[Signer]) -> Result<(), Rejection> {
        let wrong = |problem: String| Err(Rejection::Control(problem));
        for (name, list) in [
            ("keys", &self.keys),
            ("controllers", &self.controllers),
            ("nextKeyHashes", &self.next_key_hashes),
        ] {
            if list.len() > PROOFS_MAX {
                return wrong(format!("`{name}` has more than {PROOFS_MAX} entries"));
            }
            if list.iter().collect::<BTreeSet<_>>().len() != list.len() {
                return wrong(format!("an entry stands twice in `{name}`"));
            }
        }
        for key in &self.keys {
            let signs = signers.iter().any(|signer| signer.key == *key);
            let read = if signs { PublicKey::signing(key) } else { key.parse() };
            if let Err(error) = read {
                return wrong(format!("`{key}` in `keys`: {error}"));
            }
        }
        for controller in &self.controllers {
            if let Err(error) = NdiDid::parse(controller) {
                return wrong(format!("`{controller}` in `controllers`: {error}"));
            }
            if controller == did {
                return wrong("a DID is not its own controller".into());
            }
        }
        if let Some(hash) = self.next_key_hashes.iter().find(|hash| !did::is_sha256_multihash(hash))
        {
            return wrong(format!("`{hash}` in `nextKeyHashes` is not a SHA-256 multihash"));
        }
        let voices = u64::try_from(self.keys.len() + self.controllers.len()).unwrap_or(u64::MAX);
        if self.threshold == 0 || self.threshold > voices {
            return wrong(format!("`threshold` is from 1 to {voices}, the keys and controllers"));
        }
        Ok(())
    }

    /// Checks that enough of these keys and controllers signed, and that nobody else did.
    ///
    /// # Errors
    /// [`Rejection::Threshold`], [`Rejection::ProofNotCounted`], [`Rejection::KeysJustChanged`].
    pub fn authorize(
        &self,
        did: &str,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let (own, others): (Vec<&Signer>, Vec<&Signer>) =
            envelope.signers.iter().partition(|signer| signer.did == did);
        let mut count = self.count_keys(&own)?;
        let mut voices: Vec<&str> = others.iter().map(|signer| signer.did.as_str()).collect();
        voices.sort_unstable();
        voices.dedup();
        for voice in voices {
            if !self.controllers.iter().any(|controller| controller == voice) {
                return Err(Rejection::ProofNotCounted(voice.to_owned()));
            }
            let signers: Vec<&Signer> =
                others.iter().copied().filter(|signer| signer.did == voice).collect();
            let state = DidState::active(voice, context, view)?;
            state.control.require(&signers)?;
            count += 1;
        }
        if count < self.threshold {
            return Err(Rejection::Threshold { count, threshold: self.threshold });
        }
        Ok(())
    }

    /// Checks that these signers, all of one DID, meet its threshold by keys alone: as controller
    /// of
    /// another, or as endorser.
    ///
    /// # Errors
    /// [`Rejection::Threshold`], [`Rejection::ProofNotCounted`].
    pub fn require(&self, signers: &[&Signer]) -> Result<(), Rejection> {
        let count = self.count_keys(signers)?;
        if count < self.threshold {
            return Err(Rejection::Threshold { count, threshold: self.threshold });
        }
        Ok(())
    }

    /// How many of the keys signed; every signer must be one. No method stands twice in an event's
    /// proofs, so neither does a key.
    fn count_keys(&self, signers: &[&Signer]) -> Result<u64, Rejection> {
        for signer in signers {
            if !self.keys.contains(&signer.key) {
                return Err(Rejection::ProofNotCounted(format!("{}#{}", signer.did, signer.key)));
            }
        }
        Ok(u64::try_from(signers.len()).unwrap_or(u64::MAX))
    }

    /// The control that decides over a change: under pre-rotation the revealed keys, against the
    /// threshold in force; otherwise this one.
    ///
    /// # Errors
    /// [`Rejection::KeysNotRevealed`], [`Rejection::KeyNotCommitted`].
    pub fn deciding(&self, revealed: Option<&[String]>) -> Result<Control, Rejection> {
        if self.next_key_hashes.is_empty() {
            return Ok(self.clone());
        }
        let revealed = revealed.ok_or(Rejection::KeysNotRevealed)?;
        for key in revealed {
            if !self.next_key_hashes.contains(&did::sha256_multihash(key.as_bytes())) {
                return Err(Rejection::KeyNotCommitted(key.clone()));
            }
        }
        Ok(Control { keys: revealed.to_vec(), next_key_hashes: Vec::new(), ..self.clone() })
    }
}
