//! What a validator says of a checkpoint, as nodes exchange it: both of its signatures.

use bytes::Bytes;
use proofs::tlog::{LogHead, cosigned_text};
use proofs::{Hash, PublicKey};
use registry::network::ValidatorEntry;

use crate::home::ValidatorKeys;

/// The version that begins a statement's bytes.
const VERSION: u8 = 1;

/// Version, validator, size, root, time, two signatures.
const BYTES: usize = 1 + 32 + 8 + 32 + 8 + 64 + 64;

/// A validator's two signatures under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What is signed.
    pub head: LogHead,
    /// When the cosignature was made, in seconds since 1970.
    pub time: u64,
    /// By the validator's log key.
    pub log_signature: [u8; 64],
    /// By the validator's cosigner key.
    pub cosignature: [u8; 64],
}

impl Statement {
    /// Signs a checkpoint with both keys.
    pub(super) fn sign(origin: &str, head: &LogHead, keys: &ValidatorKeys, time: u64) -> Statement {
        let text = head.text(origin);
        let cosigned = cosigned_text(&text, time);
        Statement {
            head: *head,
            time,
            log_signature: keys.log.sign(text.as_bytes()).to_bytes(),
            cosignature: keys.cosigner.sign(cosigned.as_bytes()).to_bytes(),
        }
    }

    /// Whether both signatures are this validator's.
    pub(super) fn verify(&self, origin: &str, entry: &ValidatorEntry) -> bool {
        let text = self.head.text(origin);
        let cosigned = cosigned_text(&text, self.time);
        entry.log_key.verify(text.as_bytes(), &self.log_signature)
            && entry.cosigner_key.verify(cosigned.as_bytes(), &self.cosignature)
    }

    /// The bytes for other nodes. `validator` is the key that votes.
    pub fn encode(&self, validator: &PublicKey) -> Bytes {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&validator.0);
        bytes.extend_from_slice(&self.head.size.to_be_bytes());
        bytes.extend_from_slice(&self.head.root.0);
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.extend_from_slice(&self.log_signature);
        bytes.extend_from_slice(&self.cosignature);
        bytes.into()
    }

    /// What [`Statement::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<(PublicKey, Statement)> {
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION || bytes.len() != BYTES {
            return None;
        }
        let (validator, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (root, rest) = rest.split_first_chunk()?;
        let (time, rest) = rest.split_first_chunk()?;
        let (log_signature, rest) = rest.split_first_chunk()?;
        let statement = Statement {
            head: LogHead { size: u64::from_be_bytes(*size), root: Hash(*root) },
            time: u64::from_be_bytes(*time),
            log_signature: *log_signature,
            cosignature: rest.try_into().ok()?,
        };
        Some((PublicKey(*validator), statement))
    }
}
