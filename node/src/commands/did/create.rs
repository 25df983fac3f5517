//! `dzong did create`.

use std::path::PathBuf;

use clap::Args;
use registry::author::{self, Key, key_hash};
use registry::control::Control;
use serde_json::Value;

use crate::author::{Delivered, Delivery, Network, endorser, load_keys, public_keys};
use crate::author::{read_json, sign_all, times};
use crate::cli::Global;
use crate::client::Client;
use crate::document;
use crate::keys::{self, KeyFile};
use crate::output;
use crate::trust::TrustArgs;

/// Create a DID: prints it alone on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong did create --key issuer.json --save\n  \
    dzong did create --key a.json --key b.json --key c.json --threshold 2 --next-key next.json\n\n\
    In --document, the document's own id may be anything: it becomes the new DID wherever it \
    stands. Where nobody is named as endorser, the local network's own endorses.")]
pub struct Create {
    /// A key that will sign for the DID; each also stands in the minimal document
    #[arg(long = "key", value_name = "FILE", required_unless_present = "controller")]
    keys: Vec<PathBuf>,
    /// The DID document [default: one with the keys as Multikeys]
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// The endorser's key file [default: that of the local network]
    #[arg(long, value_name = "FILE")]
    endorser: Option<PathBuf>,
    /// Pre-rotation: a key that may come next
    #[arg(long = "next-key", value_name = "FILE")]
    next_keys: Vec<PathBuf>,
    /// A DID that has a say; sign for it with --sign
    #[arg(long, value_name = "DID")]
    controller: Vec<String>,
    /// A controller's key file, to sign the creation with
    #[arg(long = "sign", value_name = "FILE")]
    sign: Vec<PathBuf>,
    /// How many of keys and controllers must agree [default: 1]
    #[arg(long, default_value_t = 1, hide_default_value = true)]
    threshold: u64,
    /// Write the new DID into those key files that name none
    #[arg(long)]
    save: bool,
    #[command(flatten)]
    delivery: Delivery,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Create {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let network = Network::of(&client)?;
        let keys = load_keys(&self.keys)?;
        let (did, mut event) = self.draft(&network, &keys)?;
        sign_all(&mut event, &did, &network.domain(), &keys)?;
        self.sign_as_controllers(&mut event, &network)?;
        // A draft that others have still to sign cannot be endorsed yet: the endorser vouches for
        // the author's signatures.
        let enough = u64::try_from(keys.len() + self.sign.len())? >= self.threshold;
        if enough {
            let endorser = endorser(self.endorser.as_deref())?;
            let endorser_did = endorser.did().unwrap_or_default();
            author::endorse(&mut event, endorser_did, &network.domain(), &endorser)?;
        } else if self.delivery.draft.is_none() {
            anyhow::bail!(
                "{} signatures are asked for and {} keys are here: give more with --key, or \
                 write the event with --draft FILE and have others sign it",
                self.threshold,
                keys.len() + self.sign.len()
            );
        }
        let delivered = self.delivery.deliver(&client, &event, &self.trust)?;
        if self.save {
            for path in self.keys.iter().chain(&self.next_keys) {
                if !keys::name_did(path, &did)? {
                    output::progress(&format!("{} names a DID already", path.display()));
                }
            }
        }
        if let (Delivered::Draft(_), false) = (&delivered, enough) {
            output::progress("after the last signature: `dzong event sign --endorse`");
        }
        delivered.report(global, "did", &did)
    }

    fn draft(&self, network: &Network, keys: &[KeyFile]) -> anyhow::Result<(String, Value)> {
        let publics: Vec<_> = keys.iter().map(Key::public).collect();
        let placeholder = author::placeholder(&network.name);
        let document = match &self.document {
            None => document::minimal(&placeholder, &publics),
            Some(path) => document::rehome(read_json(path)?, &placeholder)?,
        };
        let control = Control {
            controllers: self.controller.clone(),
            keys: publics.iter().map(ToString::to_string).collect(),
            next_key_hashes: public_keys(&self.next_keys)?.iter().map(key_hash).collect(),
            threshold: self.threshold,
        };
        let (did, event) = author::inception(&network.name, document, &control, times())?;
        control.check(did.to_did().as_str(), &[])?;
        Ok((did.to_did().as_str().to_owned(), event))
    }

    fn sign_as_controllers(&self, event: &mut Value, network: &Network) -> anyhow::Result<()> {
        for (path, key) in self.sign.iter().zip(load_keys(&self.sign)?) {
            let did = key.did().filter(|did| self.controller.iter().any(|other| other == did));
            let Some(did) = did else {
                anyhow::bail!("`{}` is not the key of a --controller", path.display());
            };
            author::sign(event, did, &network.domain(), &key)?;
        }
        Ok(())
    }
}
