//! Read models: what a changed record makes, besides itself. Pure, and not part of the state, so a
//! ledger may delete and rebuild them.

use proofs::{ProvenRecord, Record};

use crate::resolution::Question;

/// The key under which the prepared answer about a DID is kept.
pub fn resolution_key(did: &str) -> Vec<u8> {
    format!("resolution/{did}").into_bytes()
}

/// The entries that this record makes or replaces.
pub fn projections(key: &str, record: &Record) -> Vec<(Vec<u8>, Vec<u8>)> {
    match key.strip_prefix("did/") {
        Some(did) => resolution(did, key, record).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The resolution result without proof, ready to be sent.
fn resolution(did: &str, key: &str, record: &Record) -> Option<(Vec<u8>, Vec<u8>)> {
    let question = Question { did: did.to_owned(), version_id: None, version_time: None };
    let proven = ProvenRecord {
        key: key.to_owned(),
        past: None,
        path: Vec::new(),
        record: Some(record.clone()),
    };
    let answer = question.answer(&proven)?.to_json(None);
    Some((resolution_key(did), answer.into_bytes()))
}
