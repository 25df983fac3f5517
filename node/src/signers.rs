//! Who signs an event of a command: key files, each of which names the DID that it signs for.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use registry::author;
use serde_json::Value;

use crate::author::{Delivered, Delivery, Network, times};
use crate::client::Client;
use crate::keys::KeyFile;
use crate::trust::TrustArgs;

/// Who signs, and what becomes of the event.
#[derive(Args, Debug)]
pub struct Signing {
    /// The author's key, whose file names its DID; several make one event of several signers
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

impl Signing {
    /// Opens the key files, each once: one may ask for its passphrase.
    ///
    /// # Errors
    /// As [`Signers::open`].
    pub fn open(&self) -> anyhow::Result<Signers> {
        Signers::open(&self.keys)
    }

    /// Makes the event, lets every key sign it, and sends it.
    ///
    /// # Errors
    /// As [`Signers::event`] and [`Delivery::deliver`].
    pub fn deliver(
        &self,
        client: &Client,
        signers: &Signers,
        kind: &str,
        members: Value,
    ) -> anyhow::Result<Delivered> {
        let event = signers.event(&Network::of(client)?, kind, members)?;
        self.delivery.deliver(client, &event, &self.trust)
    }
}

/// A key and whose it is.
#[derive(Debug)]
pub struct Signer {
    /// The DID.
    pub did: String,
    /// A key of it.
    pub key: KeyFile,
}

impl Signer {
    fn open(path: &Path) -> anyhow::Result<Signer> {
        let key = KeyFile::load(path)?;
        let did = key.did().with_context(|| {
            format!("`{}` does not say whose key it is: write its `did`", path.display())
        })?;
        Ok(Signer { did: did.to_owned(), key })
    }
}

/// Those who sign an event.
#[derive(Debug)]
pub struct Signers {
    /// The author, who is the first.
    pub author: Signer,
    others: Vec<Signer>,
}

impl Signers {
    /// Opens key files; the first is the author's.
    ///
    /// # Errors
    /// There is none, or one cannot be opened or names no DID.
    pub fn open(paths: &[PathBuf]) -> anyhow::Result<Signers> {
        let (author, others) = paths.split_first().context("name a key with --key")?;
        let author = Signer::open(author)?;
        let others = others.iter().map(|path| Signer::open(path)).collect::<Result<_, _>>()?;
        Ok(Signers { author, others })
    }

    /// Keys that sign together for one DID.
    ///
    /// # Errors
    /// There is none.
    pub fn of(did: &str, keys: Vec<KeyFile>) -> anyhow::Result<Signers> {
        let mut signers = keys.into_iter().map(|key| Signer { did: did.to_owned(), key });
        let author = signers.next().context("name a key with --key")?;
        Ok(Signers { author, others: signers.collect() })
    }

    /// An event that each signs for its DID.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn event(&self, network: &Network, kind: &str, members: Value) -> anyhow::Result<Value> {
        let mut event = author::event(kind, &network.name, &self.author.did, times(), members);
        for Signer { did, key } in std::iter::once(&self.author).chain(&self.others) {
            author::sign(&mut event, did, &network.domain(), key)?;
        }
        Ok(event)
    }
}
