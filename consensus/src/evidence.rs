//! Double signatures.

use proofs::{Hash, PublicKey};

/// Two signatures of one validator that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The height of both.
    pub height: u64,
    /// The round of both.
    pub round: u32,
    /// `proposal`, `prevote` or `precommit`.
    pub step: &'static str,
    /// Who signed.
    pub validator: PublicKey,
    /// SHA-less: the block ids that were signed, `None` for nil.
    pub blocks: [Option<Hash>; 2],
    /// The signatures, in hexadecimal.
    pub signatures: [String; 2],
}
