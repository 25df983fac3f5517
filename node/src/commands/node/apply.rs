//! `dzong node apply`: what the Governing Body is to decide so that a new node validates.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofs::PublicKey;
use registry::network::{ValidatorEntry, possession};
use serde_json::{Value, json};

use crate::author::write_event;
use crate::config::Config;
use crate::home::{Home, NodeKeys};
use crate::output;

/// Make the application of a new validator, for `dzong governance propose`
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  dzong node apply --home ./node4 --operator did:ndi:bt-demo:Qm… \
    --jurisdiction BT --out admitted.json\n  \
    dzong governance propose admitted.json --key governor-1.json\n\n\
    Each of the node's four keys signs that its operator holds it."
)]
pub(super) struct Apply {
    /// The node's home, with the network's genesis document
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The DID of the organisation that runs the node
    #[arg(long, value_name = "DID")]
    operator: String,
    /// The country in which the node stands, such as BT
    #[arg(long, value_name = "CODE")]
    jurisdiction: String,
    /// The first height that it certifies [default: the next after the decision is executed]
    #[arg(long)]
    height: Option<u64>,
    /// Its voting power
    #[arg(long, default_value_t = 1)]
    power: u64,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Apply {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let home = Home::new(&self.home);
        let name = Config::load(&home.config())?.moniker;
        let keys = home.load_keys(false)?;
        let entry = keys.validator_entry(&name).context("a replica does not validate")?;
        let entry = ValidatorEntry {
            jurisdiction: Some(self.jurisdiction),
            operator: self.operator,
            power: self.power,
            ..entry
        };
        let members = admission(&keys, &entry, &home.load_genesis()?.hash(), self.height)?;
        match &self.out {
            Some(path) => write_event(path, &members),
            None => output::json(&members),
        }
    }
}

/// Type and members of a `ValidatorAdmitted`, with each key's signature over the statement of
/// possession.
///
/// # Errors
/// The keys are a replica's.
pub(crate) fn admission(
    keys: &NodeKeys,
    entry: &ValidatorEntry,
    genesis: &proofs::Hash,
    height: Option<u64>,
) -> anyhow::Result<Value> {
    let own = keys.validator.as_ref().context("a replica has no key to vote with")?;
    let statement = possession::statement(genesis, &entry.keys(), &entry.operator);
    let signers = [&own.cosigner, &own.log, &keys.p2p, &own.vote];
    debug_assert!(signers.map(PublicKey::from) == entry.keys(), "the order of the entry's keys");
    let sign =
        |key: &ed25519_zebra::SigningKey| possession::encode(&key.sign(&statement).to_bytes());
    let mut members = json!({
        "type": "ValidatorAdmitted",
        "possession": signers.map(sign),
        "validator": entry,
    });
    if let (Some(height), Some(members)) = (height, members.as_object_mut()) {
        members.insert("height".into(), height.into());
    }
    Ok(members)
}
