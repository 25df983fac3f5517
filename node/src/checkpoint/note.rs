//! The texts of our log: who signs and cosigns its checkpoints, and what a quorum of them is.

use proofs::Hash;
use proofs::tlog::{LogHead, SignatureType, VerifierKey};
use registry::network::ValidatorEntry;

use super::Statement;

/// The log's name. It contains the genesis hash, so no two networks share one.
pub fn origin(network: &str, genesis: &Hash) -> String {
    format!("dzong/{network}/{genesis}")
}

/// The key with which a validator signs for the log.
fn log_key(origin: &str, entry: &ValidatorEntry) -> VerifierKey {
    let name = origin.to_owned();
    VerifierKey { name, signs: SignatureType::Ed25519, key: entry.log_key }
}

/// The key with which a validator cosigns, under a name of its own.
fn cosigner_key(origin: &str, entry: &ValidatorEntry) -> VerifierKey {
    let key = entry.cosigner_key.to_string();
    let name = format!("{origin}/{}", key.get(..16).unwrap_or(&key));
    VerifierKey { name, signs: SignatureType::Cosignature, key: entry.cosigner_key }
}

/// The checkpoint with the log's signatures first, one of each validator that cosigned, and then
/// the cosignatures.
pub(super) fn cosigned(
    origin: &str,
    head: &LogHead,
    statements: &[(&ValidatorEntry, Statement)],
) -> String {
    let mut note = head.text(origin) + "\n";
    for (entry, statement) in statements {
        note.push_str(&log_key(origin, entry).line(&statement.log_signature));
    }
    for (entry, statement) in statements {
        let bytes = [&statement.time.to_be_bytes()[..], &statement.cosignature].concat();
        note.push_str(&cosigner_key(origin, entry).line(&bytes));
    }
    note
}

/// C2SP tlog-policy: the log's keys, the cosigners, and how many make a quorum. Where voting powers
/// differ, the count is the one that any such group needs.
pub(super) fn policy(origin: &str, validators: &[ValidatorEntry]) -> String {
    let mut text = String::new();
    for entry in validators {
        text.push_str(&format!("log {}\n", log_key(origin, entry)));
    }
    let mut names = String::new();
    for (at, entry) in validators.iter().enumerate() {
        text.push_str(&format!("witness v{at} {}\n", cosigner_key(origin, entry)));
        names.push_str(&format!(" v{at}"));
    }
    let quorum = quorum(validators);
    text.push_str(&format!("group validators {quorum}{names}\nquorum validators\n"));
    text
}

/// How many validators are a quorum, whichever they are.
fn quorum(validators: &[ValidatorEntry]) -> usize {
    let total: u64 = validators.iter().map(|entry| entry.power).sum();
    let mut powers: Vec<u64> = validators.iter().map(|entry| entry.power).collect();
    powers.sort_unstable();
    let mut sum = 0;
    let weakest = powers.iter().take_while(|power| {
        let before = sum;
        sum += **power;
        u128::from(before) * 3 <= u128::from(total) * 2
    });
    weakest.count()
}
