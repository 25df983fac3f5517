//! The state tree: a persistent binary trie over 256-bit paths, whose root and proofs are those
//! that `proofs::state` verifies. An update copies only the nodes above what changed, so a clone
//! is a snapshot, and readers need no lock.
//!
//! A subtree of few leaves is one packed bucket: its inner hashes are cheaper to compute again than
//! to keep, and to free. The hashes do not depend on where the buckets begin.

use std::sync::Arc;

use proofs::Hash;
use proofs::state::{StateProof, Terminal, bit, leaf_hash, node_hash};

/// Most leaves of a bucket.
const BUCKET_LEAVES_MAX: usize = 8;

/// A leaf: the hash of a key, and the hash of the record that the key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The key's hash, which is its path from the root.
    pub path: Hash,
    /// The record's hash.
    pub record: Hash,
}

/// One version of the state tree.
#[derive(Debug, Clone, Default)]
pub struct StateTree {
    root: Node,
    len: usize,
}

#[derive(Debug, Clone, Default)]
enum Node {
    #[default]
    Empty,
    /// At most [`BUCKET_LEAVES_MAX`] leaves, ascending by path, under the hash of their subtree.
    Bucket(Hash, Arc<[Leaf]>),
    /// More leaves than that, under the hash of their subtree. Hashes stand with the parent, so
    /// that a path is read without touching the siblings.
    Inner(Hash, Arc<Inner>),
}

#[derive(Debug)]
struct Inner {
    left: Node,
    right: Node,
}

impl StateTree {
    /// The tree of these leaves, which ascend by path, each path once.
    pub fn build(leaves: &[Leaf]) -> StateTree {
        assert_ascending(leaves);
        StateTree { root: Node::build(leaves, 0), len: leaves.len() }
    }

    /// The tree in which these leaves replace or join the present ones. They ascend by path, each
    /// path once. Records are never deleted, so nothing ever leaves the tree.
    pub fn update(&self, changes: &[Leaf]) -> StateTree {
        assert_ascending(changes);
        let mut added = 0;
        let root = self.root.update(changes, 0, &mut added);
        StateTree { root, len: self.len + added }
    }

    /// The state root: [`Hash::ZERO`] for an empty tree.
    pub fn root(&self) -> Hash {
        *self.root.hash()
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The record hash at a path.
    pub fn get(&self, path: &Hash) -> Option<Hash> {
        let mut node = &self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Empty => return None,
                Node::Bucket(_, leaves) => {
                    let at = leaves.binary_search_by_key(path, |leaf| leaf.path).ok()?;
                    return Some(leaves[at].record);
                }
                Node::Inner(_, inner) => {
                    node = if bit(path, depth) { &inner.right } else { &inner.left };
                    depth += 1;
                }
            }
        }
    }

    /// Proof of what stands at a path, or that nothing does.
    pub fn prove(&self, path: &Hash) -> StateProof {
        let mut siblings = Vec::with_capacity(32);
        let mut node = &self.root;
        loop {
            match node {
                Node::Empty => return StateProof { terminal: Terminal::Empty, siblings },
                Node::Bucket(_, leaves) => return prove_in_bucket(leaves, path, siblings),
                Node::Inner(_, inner) => {
                    let sides = (&inner.left, &inner.right);
                    let right = bit(path, siblings.len());
                    let (own, other) = if right { (sides.1, sides.0) } else { sides };
                    siblings.push(*other.hash());
                    node = own;
                }
            }
        }
    }
}

impl Node {
    fn hash(&self) -> &Hash {
        match self {
            Node::Empty => &Hash::ZERO,
            Node::Bucket(hash, _) | Node::Inner(hash, _) => hash,
        }
    }

    fn build(leaves: &[Leaf], depth: usize) -> Node {
        if leaves.is_empty() {
            return Node::Empty;
        }
        if leaves.len() <= BUCKET_LEAVES_MAX {
            return Node::Bucket(subtree_hash(leaves, depth), leaves.into());
        }
        let (left, right) = halves(leaves, depth);
        Node::inner(Node::build(left, depth + 1), Node::build(right, depth + 1))
    }

    fn inner(left: Node, right: Node) -> Node {
        Node::Inner(node_hash(left.hash(), right.hash()), Arc::new(Inner { left, right }))
    }

    fn update(&self, changes: &[Leaf], depth: usize, added: &mut usize) -> Node {
        if changes.is_empty() {
            return self.clone();
        }
        match self {
            Node::Empty => {
                *added += changes.len();
                Node::build(changes, depth)
            }
            Node::Bucket(_, leaves) => {
                let merged = merge(leaves, changes);
                *added += merged.len() - leaves.len();
                Node::build(&merged, depth)
            }
            Node::Inner(_, inner) => {
                let (left, right) = halves(changes, depth);
                Node::inner(
                    inner.left.update(left, depth + 1, added),
                    inner.right.update(right, depth + 1, added),
                )
            }
        }
    }
}

fn assert_ascending(leaves: &[Leaf]) {
    let ascending = leaves.windows(2).all(|pair| pair[0].path < pair[1].path);
    assert!(ascending, "leaves ascend by path, each path once");
}

/// Those whose bit at `depth` is 0, and those whose bit is 1.
fn halves(leaves: &[Leaf], depth: usize) -> (&[Leaf], &[Leaf]) {
    leaves.split_at(leaves.partition_point(|leaf| !bit(&leaf.path, depth)))
}

fn subtree_hash(leaves: &[Leaf], depth: usize) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [leaf] => leaf_hash(&leaf.path, &leaf.record),
        _ => {
            let (left, right) = halves(leaves, depth);
            node_hash(&subtree_hash(left, depth + 1), &subtree_hash(right, depth + 1))
        }
    }
}

fn prove_in_bucket(mut leaves: &[Leaf], path: &Hash, mut siblings: Vec<Hash>) -> StateProof {
    while leaves.len() > 1 {
        let depth = siblings.len();
        let sides = halves(leaves, depth);
        let (own, other) = if bit(path, depth) { (sides.1, sides.0) } else { sides };
        siblings.push(subtree_hash(other, depth + 1));
        leaves = own;
    }
    let terminal = match leaves {
        [] => Terminal::Empty,
        [leaf, ..] if leaf.path == *path => Terminal::Own,
        [leaf, ..] => Terminal::Other { path: leaf.path, record: leaf.record },
    };
    StateProof { terminal, siblings }
}

/// Both lists in one, ascending; a change replaces the leaf with its path.
fn merge(leaves: &[Leaf], changes: &[Leaf]) -> Vec<Leaf> {
    let mut merged = Vec::with_capacity(leaves.len() + changes.len());
    let mut leaves = leaves.iter().peekable();
    for change in changes {
        while let Some(leaf) = leaves.next_if(|leaf| leaf.path < change.path) {
            merged.push(*leaf);
        }
        leaves.next_if(|leaf| leaf.path == change.path);
        merged.push(*change);
    }
    merged.extend(leaves);
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Model = BTreeMap<Hash, Hash>;

    /// The definition, without buckets or sharing.
    fn naive_root(leaves: &[(Hash, Hash)], depth: usize) -> Hash {
        match leaves {
            [] => Hash::ZERO,
            [(path, record)] => leaf_hash(path, record),
            _ => {
                let (right, left): (Vec<_>, Vec<_>) =
                    leaves.iter().copied().partition(|(path, _)| bit(path, depth));
                node_hash(&naive_root(&left, depth + 1), &naive_root(&right, depth + 1))
            }
        }
    }

    fn naive(model: &Model) -> Hash {
        naive_root(&model.iter().map(|(path, record)| (*path, *record)).collect::<Vec<_>>(), 0)
    }

    fn leaves(model: &Model) -> Vec<Leaf> {
        model.iter().map(|(path, record)| Leaf { path: *path, record: *record }).collect()
    }

    /// Paths that often share long prefixes, so that single chains and deep splits occur.
    fn path() -> impl Strategy<Value = Hash> {
        let crowded = (0u8..4, 0u8..8, 0usize..32).prop_map(|(first, last, at)| {
            let mut bytes = [0; 32];
            bytes[0] = first << 6;
            bytes[at] ^= last;
            Hash(bytes)
        });
        prop_oneof![crowded, any::<[u8; 32]>().prop_map(Hash)]
    }

    fn batch() -> impl Strategy<Value = Model> {
        prop::collection::btree_map(path(), any::<[u8; 32]>().prop_map(Hash), 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn every_version_is_the_naive_tree_and_proves_itself(
            batches in prop::collection::vec(batch(), 1..6),
            others in prop::collection::vec(path(), 8),
        ) {
            let mut model = Model::new();
            let mut tree = StateTree::default();
            let mut versions = Vec::new();
            for batch in batches {
                model.extend(&batch);
                tree = tree.update(&leaves(&batch));
                versions.push((tree.clone(), model.clone()));
            }
            for (tree, model) in versions {
                prop_assert_eq!(tree.root(), naive(&model));
                prop_assert_eq!(StateTree::build(&leaves(&model)).root(), tree.root());
                prop_assert_eq!(tree.len(), model.len());
                for path in model.keys().chain(&others) {
                    let record = model.get(path);
                    prop_assert_eq!(tree.get(path), record.copied());
                    let proof = tree.prove(path);
                    prop_assert_eq!(proof.verify(&tree.root(), path, record), Ok(()));
                    prop_assert_eq!(StateProof::decode(&proof.encode()), Some(proof));
                }
            }
        }
    }

    /// The nodes and values that `jmt` wrote.
    #[derive(Default)]
    struct JmtStore(std::cell::RefCell<jmt::storage::NodeBatch>);

    impl jmt::storage::TreeReader for JmtStore {
        fn get_node_option(
            &self,
            key: &jmt::storage::NodeKey,
        ) -> anyhow::Result<Option<jmt::storage::Node>> {
            Ok(self.0.borrow().get_node(key).cloned())
        }

        fn get_value_option(
            &self,
            version: jmt::Version,
            path: jmt::KeyHash,
        ) -> anyhow::Result<Option<jmt::OwnedValue>> {
            let nodes = self.0.borrow();
            let mut versions =
                nodes.values().iter().filter(|((at, key), _)| *key == path && *at <= version);
            Ok(versions.next_back().and_then(|(_, value)| value.clone()))
        }

        fn get_rightmost_leaf(
            &self,
        ) -> anyhow::Result<Option<(jmt::storage::NodeKey, jmt::storage::LeafNode)>> {
            Ok(None)
        }
    }

    /// `jmt` has other hashes, but the same answers to "what stands there, and who says so".
    #[test]
    fn membership_is_that_of_jmt() {
        use jmt::{KeyHash, Sha256Jmt};

        let hash = |seed: u64| proofs::tagged(proofs::Tag::StateKey, &[&seed.to_be_bytes()]);
        let store = JmtStore::default();
        let oracle = Sha256Jmt::new(&store);
        let mut tree = StateTree::default();
        for version in 0..12u64 {
            let changes: Model =
                (0..40).map(|i| (hash((version * 7 + i * 3) % 300), hash(version ^ i))).collect();
            let values =
                changes.iter().map(|(path, record)| (KeyHash(path.0), Some(record.0.to_vec())));
            let (root, updates) = oracle.put_value_set(values, version).unwrap();
            store.0.borrow_mut().merge(updates.node_batch);
            tree = tree.update(&leaves(&changes));
            for seed in 0..320 {
                let path = hash(seed);
                let (value, proof) = oracle.get_with_proof(KeyHash(path.0), version).unwrap();
                proof.verify(root, KeyHash(path.0), value.clone()).unwrap();
                let ours = tree.get(&path);
                assert_eq!(ours.map(|record| record.0.to_vec()), value, "key {seed} at {version}");
                assert_eq!(tree.prove(&path).verify(&tree.root(), &path, ours.as_ref()), Ok(()));
            }
        }
    }

    #[test]
    #[should_panic(expected = "ascend")]
    fn unsorted_leaves_are_a_bug_of_the_caller() {
        let leaf = |byte| Leaf { path: Hash([byte; 32]), record: Hash::ZERO };
        StateTree::build(&[leaf(2), leaf(1)]);
    }
}
