//! The kinds of blobs: how large each may be, and what its bytes must be.

use super::{BLOB_BYTES_MAX, BlobError};
use crate::{anoncreds, json, slots};

/// A kind of blob.
#[derive(Debug)]
pub struct BlobKind {
    /// How `kind` names it.
    pub name: &'static str,
    /// The media type of its bytes.
    pub media_type: &'static str,
    /// Most bytes of it.
    pub bytes_max: u64,
    check: fn(&[u8]) -> Result<(), String>,
}

/// The kinds that may be proposed. Each check is a pure function of the bytes.
pub static KINDS: [BlobKind; 3] = [
    BlobKind {
        name: "anonCredsTails",
        media_type: "application/octet-stream",
        bytes_max: BLOB_BYTES_MAX,
        check: check_tails,
    },
    BlobKind {
        name: "powersOfTau",
        media_type: "application/octet-stream",
        bytes_max: BLOB_BYTES_MAX,
        check: check_powers,
    },
    BlobKind {
        name: "resource",
        media_type: "application/json",
        bytes_max: 1 << 20,
        check: check_resource,
    },
];

impl BlobKind {
    /// The kind of this name.
    ///
    /// # Errors
    /// [`BlobError::Kind`].
    pub fn named(name: &str) -> Result<&'static BlobKind, BlobError> {
        let known = KINDS.iter().find(|known| known.name == name);
        known.ok_or_else(|| BlobError::Kind(name.to_owned()))
    }

    /// Checks the size that is named for a blob of this kind.
    ///
    /// # Errors
    /// [`BlobError::Size`].
    pub fn check_size(&self, size: u64) -> Result<(), BlobError> {
        let BlobKind { name: kind, bytes_max, .. } = *self;
        match (1..=bytes_max).contains(&size) {
            true => Ok(()),
            false => Err(BlobError::Size { kind, bytes_max, size }),
        }
    }

    /// Checks a blob's bytes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self, bytes: &[u8]) -> Result<(), String> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.check_size(size).map_err(|error| error.to_string())?;
        (self.check)(bytes)
    }
}

/// The kinds' names, for people.
pub(super) fn names() -> String {
    KINDS.each_ref().map(|known| known.name).join("`, `")
}

fn check_tails(bytes: &[u8]) -> Result<(), String> {
    anoncreds::check_tails(bytes).map(drop).map_err(|error| error.to_string())
}

fn check_powers(bytes: &[u8]) -> Result<(), String> {
    slots::check_files(bytes).map(drop).map_err(|error| error.to_string())
}

fn check_resource(bytes: &[u8]) -> Result<(), String> {
    json::parse(bytes, bytes.len()).map(drop).map_err(|error| error.to_string())
}
