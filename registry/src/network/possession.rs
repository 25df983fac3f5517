//! Proof that whoever enters a node's keys holds them: each key signs one statement about all.

use proofs::{Hash, PublicKey, Tag};

use super::NetworkError;
use crate::multikey;

/// What each of a node's keys signs: the network, the keys and their operator.
#[must_use]
pub fn statement(genesis: &Hash, keys: &[PublicKey], operator: &str) -> Vec<u8> {
    let count = u8::try_from(keys.len()).unwrap_or(u8::MAX);
    let mut bytes = [Tag::Possession.key().as_slice(), genesis.as_ref(), &[count]].concat();
    keys.iter().for_each(|key| bytes.extend_from_slice(&key.0));
    bytes.extend_from_slice(operator.as_bytes());
    bytes
}

/// How a signature over the statement is written: multibase base58btc, as in proofs.
#[must_use]
pub fn encode(signature: &[u8; 64]) -> String {
    multikey::encode(signature)
}

/// Checks one signature for each key, in their order.
///
/// # Errors
/// [`NetworkError::Possession`].
pub fn check(
    genesis: &Hash,
    keys: &[PublicKey],
    operator: &str,
    signatures: &[String],
) -> Result<(), NetworkError> {
    let statement = statement(genesis, keys, operator);
    let signature = |at: usize| signatures.get(at).map(String::as_str).unwrap_or_default();
    for (at, key) in keys.iter().enumerate() {
        if !signed(&statement, key, signature(at)) || signatures.len() != keys.len() {
            return Err(NetworkError::Possession(*key));
        }
    }
    Ok(())
}

/// Whether this is the key's signature over a statement.
#[must_use]
pub fn signed(statement: &[u8], key: &PublicKey, signature: &str) -> bool {
    let bytes = multikey::decode(signature, 64).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
    bytes.is_some_and(|bytes| key.verify(statement, &bytes))
}
