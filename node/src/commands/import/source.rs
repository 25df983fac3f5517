//! `dzong import source`: what the Governing Body is to decide before a ledger is taken over.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::domain::Domain;
use crate::author::write_event;
use crate::output;

/// Make the approval of an Indy ledger as a source, for `dzong governance propose`
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong import source domain.jsonl --namespace bhutan --legacy \
    --evidence minutes.pdf --out approve.json\n  \
    dzong governance propose approve.json --key governor-1.json\n\n\
    The file holds the whole domain ledger, one transaction a line, as `read_ledger` prints it. \
    What is approved is the root of its Merkle tree: compare it with that of the nodes.")]
pub(super) struct Source {
    /// The domain ledger
    file: PathBuf,
    /// The namespace of its did:indy identifiers
    #[arg(long, value_name = "NAME")]
    namespace: String,
    /// Its identifiers are known as did:sov, too
    #[arg(long)]
    legacy: bool,
    /// The document by which the move was decided
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,
    /// Where that document is published
    #[arg(long, value_name = "URL")]
    evidence_uri: Option<String>,
    /// The version of the approval that this one replaces: the ledger has gone on
    #[arg(long, value_name = "N")]
    replaces: Option<u64>,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Source {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let domain = Domain::read(&self.file, None)?;
        let document = std::fs::read(&self.evidence)
            .with_context(|| format!("`{}`", self.evidence.display()))?;
        let mut members = json!({
            "type": "SourceLedgerApproved",
            "evidence": { "sha256": hex::encode(Sha256::digest(document)) },
            "legacy": self.legacy,
            "namespace": self.namespace,
            "rootHash": domain.tree.root(),
            "size": domain.tree.size(),
        });
        let mut set = |pointer: &str, name: &str, value: Option<Value>| {
            let place = members.pointer_mut(pointer).and_then(Value::as_object_mut);
            if let (Some(place), Some(value)) = (place, value) {
                place.insert(name.to_owned(), value);
            }
        };
        set("/evidence", "uri", self.evidence_uri.map(Value::from));
        set("", "previousVersion", self.replaces.map(Value::from));
        match &self.out {
            Some(path) => {
                write_event(path, &members)?;
                let (size, root) = (domain.tree.size(), domain.tree.root());
                output::line(&format!("{size} transactions, root {root}"))
            }
            None => output::json(&members),
        }
    }
}
