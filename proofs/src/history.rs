//! The history of a record: the versions that were superseded, as a small Merkle mountain range
//! whose peaks stand in the record. So any past version, and that nothing newer existed at a time,
//! is proven from the latest head without rebuilding an old tree.

use serde::{Deserialize, Serialize};

use crate::hash::pair;
use crate::{Hash, Tag, tagged};

/// A superseded version, as a leaf of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The version, from 1. Its index in the history is one less.
    pub version: u64,
    /// Block time in milliseconds from which it was in force.
    pub time: u64,
    /// The event that made it.
    pub event: Hash,
    /// [`Tag::Content`] hash of its content.
    pub content: Hash,
}

impl Entry {
    /// The leaf's hash.
    pub fn hash(&self) -> Hash {
        tagged(
            Tag::HistoryLeaf,
            &[
                &self.version.to_be_bytes(),
                &self.time.to_be_bytes(),
                &self.event.0,
                &self.content.0,
            ],
        )
    }
}

/// The hash by which a history names a content.
pub fn content_hash(content: &[u8]) -> Hash {
    tagged(Tag::Content, &[content])
}

/// Peaks of the perfect trees that together hold all superseded versions, largest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Roots of the perfect trees: one for each bit that is set in `size`, highest first.
    pub peaks: Vec<Hash>,
    /// Number of superseded versions.
    pub size: u64,
}

impl History {
    /// Appends a superseded version.
    pub fn push(&mut self, entry: &Entry) {
        let mut hash = entry.hash();
        // Each trailing set bit of the size is a perfect tree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = pair(Tag::HistoryNode, &left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Checks that `entry` is one of the superseded versions, by its path to its peak.
    pub fn contains(&self, entry: &Entry, path: &[Hash]) -> bool {
        let Some(index) = entry.version.checked_sub(1) else { return false };
        let Some((peak, height, offset)) = self.peak_of(index) else { return false };
        if path.len() != height {
            return false;
        }
        let mut hash = entry.hash();
        let mut position = offset;
        for sibling in path {
            hash = if position & 1 == 0 {
                pair(Tag::HistoryNode, &hash, sibling)
            } else {
                pair(Tag::HistoryNode, sibling, &hash)
            };
            position >>= 1;
        }
        hash == *peak
    }

    /// The peak above leaf `index`, its height, and the leaf's position under it.
    fn peak_of(&self, index: u64) -> Option<(&Hash, usize, u64)> {
        if index >= self.size || self.peaks.len() != usize::try_from(self.size.count_ones()).ok()? {
            return None;
        }
        let mut start = 0;
        let mut peaks = self.peaks.iter();
        for height in (0..64u32).rev() {
            let width = 1u64 << height;
            if self.size & width == 0 {
                continue;
            }
            let peak = peaks.next()?;
            if index < start + width {
                return Some((peak, usize::try_from(height).ok()?, index - start));
            }
            start += width;
        }
        None
    }
}

/// The path from leaf `index` to its peak, given the hashes of all leaves.
/// `None` where there is no such leaf.
pub fn path(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut index = usize::try_from(index).ok()?;
    let mut level = leaves;
    // The perfect tree that holds the leaf.
    loop {
        let width = 1usize << level.len().checked_ilog2()?;
        let (tree, rest) = level.split_at_checked(width)?;
        if index < width {
            level = tree;
            break;
        }
        index -= width;
        level = rest;
    }
    let mut level = level.to_vec();
    let mut path = Vec::new();
    while level.len() > 1 {
        path.push(*level.get(index ^ 1)?);
        level = level
            .chunks_exact(2)
            .filter_map(|both| match both {
                [left, right] => Some(pair(Tag::HistoryNode, left, right)),
                _ => None,
            })
            .collect();
        index >>= 1;
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(version: u64) -> Entry {
        let content = content_hash(&version.to_be_bytes());
        Entry { version, time: version * 10, event: Hash([7; 32]), content }
    }

    #[test]
    fn every_version_of_every_length_is_proven_and_no_other() {
        let mut history = History::default();
        let mut leaves = Vec::new();
        for size in 1..=33u64 {
            history.push(&entry(size));
            leaves.push(entry(size).hash());
            for version in 1..=size {
                let path = path(&leaves, version - 1).unwrap();
                assert!(history.contains(&entry(version), &path), "{version} of {size}");
                let mut other = entry(version);
                other.time += 1;
                assert!(!history.contains(&other, &path));
                let mut moved = entry(version);
                moved.version = version % size + 1;
                assert!(size == 1 || !history.contains(&moved, &path));
            }
            assert_eq!(path(&leaves, size), None);
        }
    }
}
