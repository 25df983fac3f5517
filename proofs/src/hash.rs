//! The one hash construction of our own, and the list of everything that it separates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 32-byte digest: BLAKE3 for what is our own, SHA-256 where an open standard fixes it.
/// Text form: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of an empty subtree, and the parent of nothing.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The first sixteen hexadecimal digits, as they stand in a proof's `domain`.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(16);
        text
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is written as 64 lower-case hexadecimal digits")]
pub struct HashSyntax;

impl FromStr for Hash {
    type Err = HashSyntax;

    fn from_str(text: &str) -> Result<Self, HashSyntax> {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(HashSyntax);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashSyntax)?;
        Ok(Hash(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a hash or a signature is about. No two uses share a tag, so nothing that was
        /// hashed or signed for one purpose can serve another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Tag {
            $($(#[$doc])* $name,)*
        }

        impl Tag {
            /// Every tag there is.
            pub const ALL: &[Tag] = &[$(Tag::$name,)*];

            /// The tag's ASCII text.
            pub const fn text(self) -> &'static str {
                match self { $(Tag::$name => $text,)* }
            }

            /// The text padded with zero bytes to 32: the key of BLAKE3's keyed mode, and the
            /// beginning of everything that a validator signs.
            pub const fn key(self) -> &'static [u8; 32] {
                match self { $(Tag::$name => {
                    const KEY: [u8; 32] = pad($text);
                    &KEY
                })* }
            }
        }
    };
}

// Append only: a tag is part of the format for ever.
tags! {
    /// An event's id: its canonical bytes without `proof`.
    Event = "dzong/event/v1",
    /// A genesis document's hash.
    Genesis = "dzong/genesis/v1",
    /// A block's id: its header.
    Header = "dzong/header/v1",
    /// A validator set's hash.
    Validators = "dzong/validators/v1",
    /// A record's bytes, as the state tree holds them.
    Record = "dzong/record/v1",
    /// A record's content, as its history names it.
    Content = "dzong/content/v1",
    /// A record's key, which is its path in the state tree.
    StateKey = "dzong/state-key/v1",
    /// A leaf of the state tree.
    StateLeaf = "dzong/state-leaf/v1",
    /// An inner node of the state tree.
    StateNode = "dzong/state-node/v1",
    /// A leaf of a record's history.
    HistoryLeaf = "dzong/history-leaf/v1",
    /// An inner node of a record's history.
    HistoryNode = "dzong/history-node/v1",
    /// Signed: a prevote for a block.
    Prevote = "dzong/prevote/v1",
    /// Signed: a prevote for no block.
    PrevoteNil = "dzong/prevote-nil/v1",
    /// Signed: a precommit for a block. Certificates hold these.
    Precommit = "dzong/precommit/v1",
    /// Signed: a precommit for no block.
    PrecommitNil = "dzong/precommit-nil/v1",
    /// Signed: a proposal.
    Proposal = "dzong/proposal/v1",
    /// Signed: a validator's claim to a peer identity.
    Peer = "dzong/peer/v1",
    /// The text of a decision of the Governing Body, as votes name it.
    Decision = "dzong/decision/v1",
    /// Signed: that a node's keys are held by who enters them.
    Possession = "dzong/possession/v1",
    /// A chunk of a registry's statuses.
    StatusChunk = "dzong/status-chunk/v1",
    /// The hashes of a registry's chunks.
    StatusNode = "dzong/status-node/v1",
    /// Signed: that a validator holds, has checked and serves a blob.
    BlobAttestation = "dzong/blob-attestation/v1",
}

const fn pad(text: &str) -> [u8; 32] {
    let text = text.as_bytes();
    assert!(text.len() <= 32, "a tag fits a BLAKE3 key");
    let mut key = [0; 32];
    let mut at = 0;
    while at < text.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
        {
            key[at] = text[at];
        }
        at += 1;
    }
    key
}

/// BLAKE3 in keyed mode over the parts, one after another, with the tag as key.
pub fn tagged(tag: Tag, parts: &[&[u8]]) -> Hash {
    let mut hasher = blake3::Hasher::new_keyed(tag.key());
    for part in parts {
        hasher.update(part);
    }
    Hash(*hasher.finalize().as_bytes())
}

/// [`tagged`] over two hashes: one compression, the cost of a node of a tree.
pub fn pair(tag: Tag, left: &Hash, right: &Hash) -> Hash {
    let mut both = [0; 64];
    let (a, b) = both.split_at_mut(32);
    a.copy_from_slice(&left.0);
    b.copy_from_slice(&right.0);
    Hash(*blake3::keyed_hash(tag.key(), &both).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tags_share_a_key() {
        for (i, a) in Tag::ALL.iter().enumerate() {
            for b in &Tag::ALL[i + 1..] {
                assert_ne!(a.key(), b.key(), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = tagged(Tag::Event, &[b"x"]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse::<Hash>(), Err(HashSyntax));
        assert_eq!("00".parse::<Hash>(), Err(HashSyntax));
    }

    #[test]
    fn a_pair_is_the_tagged_hash_of_both() {
        let (a, b) = (Hash([1; 32]), Hash([2; 32]));
        assert_eq!(pair(Tag::StateNode, &a, &b), tagged(Tag::StateNode, &[a.as_ref(), b.as_ref()]));
    }
}
