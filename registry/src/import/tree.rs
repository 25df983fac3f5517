//! The Merkle tree of another ledger (RFC 6962), from the hashes of all its leaves.

use proofs::Hash;
use proofs::merkle::{empty_root, node_hash};

/// The tree over some leaves.
#[derive(Debug, Clone)]
pub struct SourceTree {
    /// Of each height from the leaves up, the roots of the perfect subtrees, from the left.
    levels: Vec<Vec<Hash>>,
}

impl SourceTree {
    /// The tree over these leaves.
    #[must_use]
    pub fn new(leaves: Vec<Hash>) -> SourceTree {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let pairs = below.chunks_exact(2);
            let above = pairs.filter_map(|pair| Some(node_hash(pair.first()?, pair.get(1)?)));
            let above = above.collect();
            levels.push(above);
        }
        SourceTree { levels }
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        match self.size() {
            0 => empty_root(),
            size => self.subtree(0, size),
        }
    }

    /// The path from a leaf to the root; `None` where there is no such leaf.
    #[must_use]
    pub fn path(&self, index: usize) -> Option<Vec<Hash>> {
        let (mut first, mut end) = (0, self.size());
        if index >= end {
            return None;
        }
        let mut path = Vec::new();
        while end - first > 1 {
            let middle = first + half(end - first);
            if index < middle {
                path.push(self.subtree(middle, end));
                end = middle;
            } else {
                path.push(self.subtree(first, middle));
                first = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// The root over the leaves from `first` to before `end`, where the tree has such a subtree.
    fn subtree(&self, first: usize, end: usize) -> Hash {
        let size = end - first;
        if size.is_power_of_two() {
            let height = usize::try_from(size.trailing_zeros()).unwrap_or_default();
            let perfect = self.levels.get(height).and_then(|level| level.get(first >> height));
            return perfect.copied().unwrap_or_default();
        }
        let middle = first + half(size);
        node_hash(&self.subtree(first, middle), &self.subtree(middle, end))
    }
}

/// The largest power of two below a number above 1.
fn half(size: usize) -> usize {
    size.next_power_of_two() / 2
}
