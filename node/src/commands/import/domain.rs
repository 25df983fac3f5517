//! The domain ledger of an Indy network, as its tools print it: one transaction a line.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use registry::import::{ImportError, SourceTree, Transaction, canonical};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The members of a transaction that the ledger stores.
const STORED: [&str; 4] = ["reqSignature", "txn", "txnMetadata", "ver"];

/// A whole domain ledger.
pub(super) struct Domain {
    /// Its transactions' texts, in order.
    pub(super) texts: Vec<String>,
    /// Its Merkle tree.
    pub(super) tree: SourceTree,
    /// What ATTRIBs hashed, by the hash.
    attributes: BTreeMap<String, String>,
}

impl Domain {
    /// Reads the transactions, and where there is a second file, attributes: one a line.
    pub(super) fn read(path: &Path, attributes: Option<&Path>) -> anyhow::Result<Domain> {
        let text = text_of(path)?;
        let mut texts = Vec::new();
        let mut leaves = Vec::new();
        for (at, line) in text.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            let place = || format!("`{}`, transaction {}", path.display(), at + 1);
            let (text, seq_no) = stored(line).with_context(place)?;
            ensure!(
                seq_no == Some(at as u64 + 1),
                "{}: its `seqNo` is another: give the whole ledger, from 1 on, in order",
                place()
            );
            let leaf = registry::import::leaf(&text).with_context(place)?;
            leaves.push(leaf);
            texts.push(text);
        }
        let attributes = match attributes {
            None => BTreeMap::new(),
            Some(path) => by_hash(&text_of(path)?),
        };
        Ok(Domain { texts, tree: SourceTree::new(leaves), attributes })
    }

    /// A transaction as it may be imported, with what its ATTRIB hashed; or why it stays behind.
    pub(super) fn transaction(
        &self,
        at: usize,
    ) -> (Option<&str>, Result<Transaction, ImportError>) {
        let text = self.texts.get(at).map_or("", String::as_str);
        let attribute = self.attribute(text);
        (attribute, Transaction::read(text, attribute))
    }

    fn attribute(&self, text: &str) -> Option<&str> {
        let value: Value = serde_json::from_str(text).ok()?;
        let hash = value.pointer("/txn/data/raw")?.as_str()?;
        self.attributes.get(hash).map(String::as_str)
    }
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("`{}`", path.display()))
}

fn by_hash(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| (hex::encode(Sha256::digest(line)), line.to_owned());
    text.lines().filter(|one| !one.is_empty()).map(line).collect()
}

/// The text of what the ledger stores of a line, and its position. A line is the transaction, `[n,
/// …]` as `read_ledger` prints it, or a node's reply with the transaction in `result`.
fn stored(line: &str) -> anyhow::Result<(String, Option<u64>)> {
    let mut value: Value = serde_json::from_str(line).context("it is not JSON")?;
    if let Value::Array(pair) = &mut value {
        value = pair.pop().unwrap_or_default();
    }
    if let Some(result) = value.get_mut("result") {
        value = result.take();
    }
    let Value::Object(mut members) = value else { bail!("it is no transaction") };
    let mut kept = Map::new();
    for name in STORED {
        let member = members.remove(name).with_context(|| format!("it has no `{name}`"))?;
        kept.insert(name.to_owned(), member);
    }
    let value = Value::Object(kept);
    Ok((canonical(&value), value.pointer("/txnMetadata/seqNo").and_then(Value::as_u64)))
}
