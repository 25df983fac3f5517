//! The log's tree against its definition, and the verifiers of `proofs` against public vectors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofs::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::store::{Disk, Memory};

/// RFC 9162, 2.1.1, word by word.
fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&definition(left), &definition(right))
        }
    }
}

#[test]
fn every_size_has_the_defined_root_and_every_proof_holds() {
    let store = Store::open(&Disk::Memory(Memory::new())).unwrap();
    let leaves: Vec<Hash> = (0..200u64).map(|at| leaf_hash(&at.to_be_bytes())).collect();
    let mut log = LogTree::default();
    let mut roots = vec![log.root()];
    // Batches of 0, 1, 2, … leaves, so that rows are filled in every way.
    let mut rest = &leaves[..];
    for count in 0..20 {
        let (batch, others) = rest.split_at(count);
        rest = others;
        let mut single = log.clone();
        for leaf in batch {
            single = single.append([*leaf].into_iter()).0;
            roots.push(single.root());
        }
        let (next, rows) = log.append(batch.iter().copied());
        assert_eq!(next, single);
        let mut writes = store.batch();
        for (number, row) in rows {
            writes.put(Family::Log, &number.to_be_bytes(), &row);
        }
        writes.write_synced().unwrap();
        log = next;
        assert_eq!(LogTree::load(&store, log.size()).unwrap(), log);
    }
    let reader = LogReader::new(&store);
    for new in 0..=log.size() {
        assert_eq!(roots[new as usize], definition(&leaves[..new as usize]), "size {new}");
        let root = roots[new as usize];
        for index in 0..new {
            let path = reader.inclusion(new, index).unwrap();
            verify_inclusion(leaves[index as usize], index, new, &path, &root).unwrap();
        }
        for old in 0..=new {
            let path = reader.consistency(old, new).unwrap();
            verify_consistency(old, &roots[old as usize], new, &root, &path).unwrap();
        }
    }
    assert_eq!(reader.nodes(0, 0, log.size()).unwrap(), leaves[..log.size() as usize]);
    assert_eq!(
        reader.nodes(3, 1, 2).unwrap(),
        [definition(&leaves[8..16]), definition(&leaves[16..24])]
    );
}

#[derive(Deserialize)]
struct Case<T> {
    name: String,
    case: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

/// Other people's vectors, which the project does not hold: beside it, or where `DZONG_SHARED`
/// says.
fn cases<T: DeserializeOwned>(file: &str) -> Vec<Case<T>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let shared = std::env::var("DZONG_SHARED").unwrap_or_else(|_| beside.to_owned());
    let path = format!("{shared}/vectors/merkle/{file}");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {path} is not there");
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `None` for what is not 32 bytes: our verifiers take hashes only.
fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
}

fn hashes(proof: Option<Vec<String>>) -> Option<Vec<Hash>> {
    proof.unwrap_or_default().iter().map(|text| hash(text)).collect()
}

#[test]
fn public_vectors_of_inclusion() {
    for Case { name, case } in cases::<Inclusion>("inclusion.jsonl") {
        let verified = || {
            let (leaf, root) = (hash(&case.leaf_hash)?, hash(&case.root)?);
            let path = hashes(case.proof)?;
            verify_inclusion(leaf, case.leaf_idx, case.tree_size, &path, &root).ok()
        };
        assert_eq!(verified().is_none(), case.want_err, "{name}");
    }
}

#[test]
fn public_vectors_of_consistency() {
    for Case { name, case } in cases::<Consistency>("consistency.jsonl") {
        // Some cases have a text in place of a root.
        let (Some(old), Some(new)) = (hash(&case.root1), hash(&case.root2)) else { continue };
        let verified = || {
            let path = hashes(case.proof)?;
            verify_consistency(case.size1, &old, case.size2, &new, &path).ok()
        };
        assert_eq!(verified().is_none(), case.want_err, "{name}");
    }
}
