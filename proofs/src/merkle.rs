//! Verifiers of RFC 9162 trees over SHA-256: the log of events.

use sha2::{Digest, Sha256};

use crate::Hash;

/// Hash of a leaf (RFC 9162, 2.1.1): SHA-256 of `0x00` and the entry.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// Hash of an inner node (RFC 9162, 2.1.1): SHA-256 of `0x01`, left and right.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into())
}

/// Root of an empty tree (RFC 9162, 2.1.1): SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// A proof that does not lead to the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path does not lead to the root")]
pub struct WrongPath;

/// Checks that `leaf` is entry `index` of the tree of `size` entries with this root
/// (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), WrongPath> {
    if index >= size {
        return Err(WrongPath);
    }
    let (mut fn_, mut sn) = (index, size - 1);
    let mut hash = leaf;
    for sibling in path {
        if sn == 0 {
            return Err(WrongPath);
        }
        if fn_ & 1 == 1 || fn_ == sn {
            hash = node_hash(sibling, &hash);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        fn_ >>= 1;
        sn >>= 1;
    }
    if sn == 0 && hash == *root { Ok(()) } else { Err(WrongPath) }
}

/// Checks that the tree of `old_size` entries is a prefix of the tree of `new_size`
/// (RFC 9162, 2.1.4.2; an empty tree is a prefix of every tree).
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), WrongPath> {
    if old_size > new_size {
        return Err(WrongPath);
    }
    if old_size == 0 || old_size == new_size {
        let known = old_size != 0 || *old_root == empty_root();
        let same = old_size != new_size || old_root == new_root;
        return if path.is_empty() && known && same { Ok(()) } else { Err(WrongPath) };
    }
    let mut path = path.iter();
    let mut seed = *old_root;
    if !old_size.is_power_of_two() {
        seed = *path.next().ok_or(WrongPath)?;
    }
    let (mut fn_, mut sn) = (old_size - 1, new_size - 1);
    while fn_ & 1 == 1 {
        fn_ >>= 1;
        sn >>= 1;
    }
    let (mut old, mut new) = (seed, seed);
    for hash in path {
        if sn == 0 {
            return Err(WrongPath);
        }
        if fn_ & 1 == 1 || fn_ == sn {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        fn_ >>= 1;
        sn >>= 1;
    }
    if sn == 0 && old == *old_root && new == *new_root { Ok(()) } else { Err(WrongPath) }
}
