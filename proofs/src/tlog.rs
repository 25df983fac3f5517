//! The log as the transparency world reads it: C2SP signed-note, tlog-checkpoint, tlog-cosignature,
//! tlog-policy, tlog-proof and tlog-tiles (<https://c2sp.org>). Writers and readers of these texts
//! call the same functions.

pub mod note;
pub mod policy;
pub mod proof;
pub mod tiles;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Hash;

pub use note::{Note, NoteError, SignatureType, VerifierKey};
pub use policy::{Policy, PolicyError};
pub use proof::LogProof;
pub use tiles::{Tile, TileTree};

/// What a checkpoint says of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// Number of entries.
    pub size: u64,
    /// RFC 9162 root.
    pub root: Hash,
}

impl LogHead {
    /// The checkpoint's text, which the log signs (tlog-checkpoint).
    pub fn text(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, STANDARD.encode(self.root))
    }

    /// What origin and head a checkpoint's text names. Extension lines may follow, and mean
    /// nothing here.
    pub fn parse(text: &str) -> Option<(&str, LogHead)> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        let size = decimal(lines.next()?)?;
        let root = parse_hash(lines.next()?)?;
        lines.all(|extension| !extension.is_empty()).then_some((origin, LogHead { size, root }))
    }
}

/// What a cosigner signs of a checkpoint's text, at a time in seconds since 1970
/// (tlog-cosignature, Ed25519).
pub fn cosigned_text(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A number in its one decimal spelling.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn parse_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_has_one_spelling() {
        let head = LogHead { size: 20_852_163, root: Hash([7; 32]) };
        let text = head.text("example.com/log");
        assert_eq!(LogHead::parse(&text), Some(("example.com/log", head)));
        let extended = format!("{text}an extension\n");
        assert_eq!(LogHead::parse(&extended), Some(("example.com/log", head)));
        for odd in [
            text.replace("2085", "02085"),
            text.replace("2085", "+2085"),
            text.replace("example.com/log", ""),
            format!("{text}\n"),
            text.trim_end().to_owned(),
            text.replace("=\n", "\n"),
        ] {
            assert_eq!(LogHead::parse(&odd), None, "{odd}");
        }
    }
}
