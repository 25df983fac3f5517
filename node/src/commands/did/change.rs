//! `dzong did update`, `rotate` and `deactivate`.
//!
//! Under pre-rotation every change reveals the committed keys, which come into force with it and
//! sign it; so each needs the files of those keys, and commits to the next ones by `--next-key`.

use std::path::PathBuf;

use clap::Args;
use proofs::Record;
use registry::author::{self, Key, key_hash};
use registry::control::Control;
use registry::did_state::DidState;
use registry::multikey::PublicKey;
use serde_json::{Map, Value, json};

use crate::author::{Delivery, Network, current, load_keys, public_keys, read_json, times};
use crate::cli::Global;
use crate::client::Client;
use crate::document;
use crate::keys::KeyFile;
use crate::trust::TrustArgs;

/// What every change takes.
#[derive(Args, Debug)]
struct Change {
    /// The DID
    did: String,
    /// A key that signs: the DID's own, a controller's, or under pre-rotation a committed one
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    delivery: Delivery,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Replace or patch a DID's document
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong did update did:ndi:bt-demo:Qm… --key issuer.json --document new.json\n  \
    echo '{\"alsoKnownAs\":[\"https://issuer.bt/\"]}' |\n    \
    dzong did update did:ndi:bt-demo:Qm… --key issuer.json --patch -\n\n\
    Under pre-rotation give the committed key as --key, and the one after it as --next-key.")]
pub(super) struct Update {
    #[command(flatten)]
    change: Change,
    /// The new document
    #[arg(long, value_name = "FILE", required_unless_present = "patch")]
    document: Option<PathBuf>,
    /// A JSON Merge Patch (RFC 7396) of the document in force
    #[arg(long, value_name = "FILE", conflicts_with = "document")]
    patch: Option<PathBuf>,
    /// Pre-rotation: a key that may come after those that this update reveals
    #[arg(long = "next-key", value_name = "FILE")]
    next_keys: Vec<PathBuf>,
}

/// Put new keys into force
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong did rotate did:ndi:bt-demo:Qm… --key old.json --new-key new.json \
    --next-key after.json\n  \
    dzong did rotate did:ndi:bt-demo:Qm… --new-key after.json    # it was committed to\n\n\
    Without pre-rotation the keys in force sign (--key); under it, the new ones do. The document \
    stays as it is: change its keys with `dzong did update`.")]
pub(super) struct Rotate {
    #[command(flatten)]
    change: Change,
    /// A key that comes into force
    #[arg(long = "new-key", value_name = "FILE", required = true)]
    new_keys: Vec<PathBuf>,
    /// Pre-rotation: a key that may come after them
    #[arg(long = "next-key", value_name = "FILE")]
    next_keys: Vec<PathBuf>,
    /// How many of keys and controllers must agree from now on [default: as before]
    #[arg(long)]
    threshold: Option<u64>,
}

/// End a DID for good; its history stays
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong did deactivate did:ndi:bt-demo:Qm… --key issuer.json")]
pub(super) struct Deactivate {
    #[command(flatten)]
    change: Change,
}

impl Update {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let standing = self.change.standing(global)?;
        let did = &self.change.did;
        let document = match (&self.document, &self.patch) {
            (Some(path), _) => document::rehome(read_json(path)?, did)?,
            (None, Some(path)) => {
                let old = standing.state.document.as_ref().map_or("{}", |document| document.get());
                document::merge(serde_json::from_str(old)?, read_json(path)?)
            }
            (None, None) => anyhow::bail!("give the new document with --document or --patch"),
        };
        let mut members = Map::from_iter([("document".to_owned(), document)]);
        if standing.is_pre_rotated() {
            let keys = publics(&standing.keys);
            let control = standing.next_control(keys, &self.next_keys, None)?;
            members.insert("control".into(), json!(control));
        } else if !self.next_keys.is_empty() {
            anyhow::bail!("pre-rotation is not in force: begin it with `dzong did rotate`");
        }
        standing.finish(&self.change, global, "DidUpdated", members)
    }
}

impl Rotate {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let mut standing = self.change.standing(global)?;
        if standing.is_pre_rotated() {
            // The new keys are the committed ones: they sign.
            for key in load_keys(&self.new_keys)? {
                if standing.keys.iter().all(|other| other.public() != key.public()) {
                    standing.keys.push(key);
                }
            }
        }
        let keys = public_keys(&self.new_keys)?.iter().map(ToString::to_string).collect();
        let control = standing.next_control(keys, &self.next_keys, self.threshold)?;
        let members = Map::from_iter([("control".to_owned(), json!(control))]);
        standing.finish(&self.change, global, "DidUpdated", members)
    }
}

impl Deactivate {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let standing = self.change.standing(global)?;
        let mut members = Map::new();
        if standing.is_pre_rotated() {
            let own = standing.keys.iter().filter(|key| standing.has_committed(key));
            let revealed: Vec<String> = own.map(|key| key.public().to_string()).collect();
            members.insert("revealedKeys".into(), json!(revealed));
        }
        standing.finish(&self.change, global, "DidDeactivated", members)
    }
}

/// A DID as it stands, and the keys at hand.
struct Standing {
    client: Client,
    network: Network,
    record: Record,
    state: DidState,
    keys: Vec<KeyFile>,
}

impl Change {
    fn standing(&self, global: &Global) -> anyhow::Result<Standing> {
        let client = Client::new(&global.url);
        let network = Network::of(&client)?;
        let (record, state) = current(&client, &self.did, &self.trust)?;
        let keys = load_keys(&self.keys)?;
        Ok(Standing { client, network, record, state, keys })
    }
}

impl Standing {
    fn is_pre_rotated(&self) -> bool {
        !self.state.control.next_key_hashes.is_empty()
    }

    fn has_committed(&self, key: &KeyFile) -> bool {
        self.state.control.next_key_hashes.contains(&key_hash(&key.public()))
    }

    /// The control that `keys` come into force with; controllers stay. Under pre-rotation those of
    /// `keys` that were not committed to are left out: they are controllers' keys, which sign only.
    fn next_control(
        &self,
        mut keys: Vec<String>,
        next_keys: &[PathBuf],
        threshold: Option<u64>,
    ) -> anyhow::Result<Control> {
        let control = &self.state.control;
        let committed = &control.next_key_hashes;
        if self.is_pre_rotated() {
            keys.retain(|key| {
                key.parse().is_ok_and(|key: PublicKey| committed.contains(&key_hash(&key)))
            });
            anyhow::ensure!(
                !keys.is_empty() || control.keys.is_empty(),
                "pre-rotation is in force: give the files of the committed keys, whose hashes are \
                 {}",
                committed.join(", ")
            );
        }
        Ok(Control {
            controllers: control.controllers.clone(),
            keys,
            next_key_hashes: public_keys(next_keys)?.iter().map(key_hash).collect(),
            threshold: threshold.unwrap_or(control.threshold),
        })
    }

    /// Completes the event, signs it with every key at hand, and delivers it.
    fn finish(
        &self,
        change: &Change,
        global: &Global,
        kind: &str,
        mut members: Map<String, Value>,
    ) -> anyhow::Result<()> {
        let did = &change.did;
        members.insert("previousVersion".into(), json!(self.record.version));
        let mut event = author::event(kind, &self.network.name, did, times(), members.into());
        anyhow::ensure!(!self.keys.is_empty(), "nobody signs: give a key file with --key");
        for key in &self.keys {
            let signer = self.signer(did, key)?;
            author::sign(&mut event, &signer, &self.network.domain(), key)?;
        }
        let delivered = change.delivery.deliver(&self.client, &event, &change.trust)?;
        delivered.report(global, "did", did)
    }

    /// For whom a key signs: the DID itself, or one of its controllers.
    fn signer(&self, did: &str, key: &KeyFile) -> anyhow::Result<String> {
        let control = &self.state.control;
        let public = key.public().to_string();
        let own = match self.is_pre_rotated() {
            true => self.has_committed(key),
            false => control.keys.contains(&public),
        };
        if own {
            return Ok(did.to_owned());
        }
        match key.did().filter(|did| control.controllers.iter().any(|other| other == did)) {
            Some(controller) => Ok(controller.to_owned()),
            None if self.is_pre_rotated() && control.keys.contains(&public) => anyhow::bail!(
                "pre-rotation is in force, so key {public} can sign no more: give the committed \
                 keys instead"
            ),
            None => anyhow::bail!(
                "key {public} has no say over {did}: it is neither in force there nor a \
                 controller's"
            ),
        }
    }
}

fn publics(keys: &[KeyFile]) -> Vec<String> {
    keys.iter().map(|key| key.public().to_string()).collect()
}
