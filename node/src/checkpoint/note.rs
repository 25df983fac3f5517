//! The text of checkpoints: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofs::{Hash, PublicKey};
use registry::network::ValidatorEntry;
use sha2::{Digest as _, Sha256};

use super::Statement;

/// Key type of an Ed25519 signature over the note (C2SP signed-note).
const ED25519: u8 = 0x01;
/// Key type of an Ed25519 cosignature with a time (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 0x04;

/// What a checkpoint says of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// Number of entries.
    pub size: u64,
    /// RFC 9162 root.
    pub root: Hash,
}

impl From<(&u64, &Hash)> for Body {
    fn from((size, root): (&u64, &Hash)) -> Body {
        Body { size: *size, root: *root }
    }
}

impl Body {
    /// The note's text, which the log signs.
    pub fn text(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, STANDARD.encode(self.root))
    }

    /// What a cosigner signs, at a time in seconds since 1970.
    pub fn cosigned_text(&self, origin: &str, time: u64) -> String {
        format!("cosignature/v1\ntime {time}\n{}", self.text(origin))
    }
}

/// The log's name. It contains the genesis hash, so no two networks share one.
pub fn origin(network: &str, genesis: &Hash) -> String {
    format!("dzong/{network}/{genesis}")
}

/// The name under which a validator cosigns.
fn cosigner(origin: &str, entry: &ValidatorEntry) -> String {
    let key = entry.cosigner_key.to_string();
    format!("{origin}/{}", key.get(..16).unwrap_or(&key))
}

/// The checkpoint with the log's signatures first, one of each validator that cosigned, and then
/// the cosignatures.
pub(super) fn cosigned(
    origin: &str,
    body: &Body,
    statements: &[(&ValidatorEntry, Statement)],
) -> String {
    let mut note = body.text(origin) + "\n";
    for (entry, statement) in statements {
        line(&mut note, origin, ED25519, &entry.log_key, &statement.log_signature);
    }
    for (entry, statement) in statements {
        let name = cosigner(origin, entry);
        let bytes = [&statement.time.to_be_bytes()[..], &statement.cosignature].concat();
        line(&mut note, &name, COSIGNATURE, &entry.cosigner_key, &bytes);
    }
    note
}

fn line(note: &mut String, name: &str, kind: u8, key: &PublicKey, signature: &[u8]) {
    let bytes = [&key_id(name, kind, key)[..], signature].concat();
    note.push_str(&format!("\u{2014} {name} {}\n", STANDARD.encode(bytes)));
}

/// C2SP signed-note: the first four bytes of SHA-256 over name, line feed, type and key.
fn key_id(name: &str, kind: u8, key: &PublicKey) -> [u8; 4] {
    let digest =
        Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(key.0).finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// C2SP signed-note: a verifier key as text.
fn verifier_key(name: &str, kind: u8, key: &PublicKey) -> String {
    let id = hex::encode(key_id(name, kind, key));
    format!("{name}+{id}+{}", STANDARD.encode([&[kind][..], &key.0].concat()))
}

/// C2SP tlog-policy: the log's keys, the cosigners, and how many make a quorum. Where voting powers
/// differ, the count is the one that any such group needs.
pub fn policy(origin: &str, validators: &[ValidatorEntry]) -> String {
    let mut text = String::new();
    for entry in validators {
        text.push_str(&format!("log {}\n", verifier_key(origin, ED25519, &entry.log_key)));
    }
    let mut names = String::new();
    for (at, entry) in validators.iter().enumerate() {
        let name = cosigner(origin, entry);
        let key = verifier_key(&name, COSIGNATURE, &entry.cosigner_key);
        text.push_str(&format!("witness v{at} {key}\n"));
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
