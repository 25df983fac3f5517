//! Verifier of the state tree: a binary trie over 256-bit paths, in which a subtree with one leaf
//! is that leaf, and an empty subtree is 32 zero bytes. BLAKE3 in keyed mode.

use crate::bytes::Reader;
use crate::hash::pair;
use crate::{Hash, Tag};

/// Hash of a leaf: the path and the record's hash.
pub fn leaf_hash(path: &Hash, record: &Hash) -> Hash {
    pair(Tag::StateLeaf, path, record)
}

/// Hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    pair(Tag::StateNode, left, right)
}

/// Bit `depth` of a path, the most significant first.
pub fn bit(path: &Hash, depth: usize) -> bool {
    path.0.get(depth / 8).is_some_and(|byte| byte >> (7 - depth % 8) & 1 == 1)
}

/// What stands at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// Nothing: the key is absent.
    Empty,
    /// The key's own leaf.
    Own,
    /// Another key's leaf where the key's would be: the key is absent.
    Other {
        /// That leaf's path.
        path: Hash,
        /// That leaf's record hash.
        record: Hash,
    },
}

/// A path from a leaf, or from where one would be, to the root of the state tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateProof {
    /// What stands at the end.
    pub terminal: Terminal,
    /// The siblings from the root downwards; [`Hash::ZERO`] for an empty one.
    pub siblings: Vec<Hash>,
}

/// A proof that does not lead to the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state proof does not lead to the state root")]
pub struct WrongProof;

impl StateProof {
    /// The deepest that a leaf can be.
    pub const DEPTH_MAX: usize = 256;

    /// Checks that the state with this root holds under `path` the record with this hash, or, with
    /// `None`, that it holds nothing there.
    pub fn verify(
        &self,
        root: &Hash,
        path: &Hash,
        record: Option<&Hash>,
    ) -> Result<(), WrongProof> {
        let depth = self.siblings.len();
        if depth > Self::DEPTH_MAX {
            return Err(WrongProof);
        }
        let mut hash = match (&self.terminal, record) {
            (Terminal::Own, Some(record)) => leaf_hash(path, record),
            (Terminal::Empty, None) => Hash::ZERO,
            (Terminal::Other { path: other, record }, None) => {
                // The other leaf must stand where the key's would, and not be the key's.
                let shares = (0..depth).all(|at| bit(other, at) == bit(path, at));
                if other == path || !shares {
                    return Err(WrongProof);
                }
                leaf_hash(other, record)
            }
            _ => return Err(WrongProof),
        };
        for (at, sibling) in self.siblings.iter().enumerate().rev() {
            hash =
                if bit(path, at) { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
        }
        if hash == *root { Ok(()) } else { Err(WrongProof) }
    }

    /// Terminal (1 byte, and 64 more for another's leaf), depth (u16), a bit for each sibling that
    /// is not empty (most significant first), those siblings.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(80 + 33 * self.siblings.len());
        match &self.terminal {
            Terminal::Empty => bytes.push(0),
            Terminal::Own => bytes.push(1),
            Terminal::Other { path, record } => {
                bytes.push(2);
                bytes.extend_from_slice(&path.0);
                bytes.extend_from_slice(&record.0);
            }
        }
        let depth = u16::try_from(self.siblings.len()).expect("a path is at most 256 deep");
        bytes.extend_from_slice(&depth.to_be_bytes());
        for eight in self.siblings.chunks(8) {
            let present = |bits: u8, (at, sibling): (usize, &Hash)| {
                if *sibling == Hash::ZERO { bits } else { bits | 0x80 >> at }
            };
            bytes.push(eight.iter().enumerate().fold(0, present));
        }
        for sibling in self.siblings.iter().filter(|sibling| **sibling != Hash::ZERO) {
            bytes.extend_from_slice(&sibling.0);
        }
        bytes
    }

    /// The proof that [`StateProof::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<StateProof> {
        let mut reader = Reader(bytes);
        let terminal = match reader.take(1)? {
            [0] => Terminal::Empty,
            [1] => Terminal::Own,
            [2] => Terminal::Other { path: reader.hash()?, record: reader.hash()? },
            _ => return None,
        };
        let depth = usize::from(reader.u16()?);
        if depth > Self::DEPTH_MAX {
            return None;
        }
        let bitmap = reader.take(depth.div_ceil(8))?;
        let set = |at: usize| bitmap.get(at / 8).is_some_and(|byte| byte & 0x80 >> (at % 8) != 0);
        let mut siblings = Vec::with_capacity(depth);
        for at in 0..depth {
            siblings.push(if set(at) { reader.hash()? } else { Hash::ZERO });
        }
        reader.end()?;
        let proof = StateProof { terminal, siblings };
        // One spelling: no bits beyond the depth, no zero sibling written out.
        (proof.encode() == bytes).then_some(proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(first: u8) -> Hash {
        let mut path = Hash([9; 32]);
        path.0[0] = first;
        path
    }

    /// Two leaves that part at depth 2: `00…` and `01…` under an empty right half.
    fn example() -> (Hash, Hash, StateProof) {
        let (a, b) = (path(0b0000_0000), path(0b0100_0000));
        let record = Hash([1; 32]);
        let sibling = leaf_hash(&b, &Hash([2; 32]));
        let inner = node_hash(&leaf_hash(&a, &record), &sibling);
        let root = node_hash(&inner, &Hash::ZERO);
        let siblings = vec![Hash::ZERO, sibling];
        (root, record, StateProof { terminal: Terminal::Own, siblings })
    }

    #[test]
    fn presence_and_both_kinds_of_absence() {
        let (root, record, proof) = example();
        let a = path(0);
        assert_eq!(proof.verify(&root, &a, Some(&record)), Ok(()));
        assert_eq!(proof.verify(&root, &a, None), Err(WrongProof));
        assert_eq!(proof.verify(&root, &a, Some(&Hash([3; 32]))), Err(WrongProof));

        let other = Terminal::Other { path: a, record };
        let absent = StateProof { terminal: other, siblings: proof.siblings.clone() };
        assert_eq!(absent.verify(&root, &path(0b0010_0000), None), Ok(()));
        assert_eq!(absent.verify(&root, &a, None), Err(WrongProof), "present is not absent");
        assert_eq!(absent.verify(&root, &path(0b0110_0000), None), Err(WrongProof));

        let inner = node_hash(&leaf_hash(&a, &record), &proof.siblings[1]);
        let empty = StateProof { terminal: Terminal::Empty, siblings: vec![inner] };
        assert_eq!(empty.verify(&root, &path(0b1000_0000), None), Ok(()));
    }

    #[test]
    fn a_proof_has_one_spelling_and_every_bit_counts() {
        let (root, record, proof) = example();
        let bytes = proof.encode();
        assert_eq!(StateProof::decode(&bytes), Some(proof));
        for at in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[at / 8] ^= 1 << (at % 8);
            let verdict = StateProof::decode(&other)
                .is_some_and(|proof| proof.verify(&root, &path(0), Some(&record)).is_ok());
            assert!(!verdict, "bit {at}");
        }
    }
}
