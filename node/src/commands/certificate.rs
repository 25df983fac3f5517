//! `dzong certificate`: DPKI certificates (Act s.37 to s.43), from a key of a DID to the verdict.

pub(crate) mod check;
mod issue;
mod list;
mod status;

use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use registry::trust::is_sha256;

use crate::author::{current, read_file};
use crate::certificate::{Issuer, Method, X509, methods};
use crate::cli::Global;
use crate::client::Client;
use crate::keys::KeyFile;
use crate::signers::{Signer, Signers};
use crate::trust::TrustArgs;

/// Issue, register, end and check certificates of DIDs (X.509)
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate issue --did did:ndi:bt-demo:Qm… --key provider.json --out bank.pem\n  \
    dzong certificate check bank.pem --genesis genesis.json\n  \
    dzong certificate revoke bank.pem --ground reliability --key provider.json\n  \
    dzong certificate crl --key provider.json --out provider.crl")]
pub struct Certificate {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Issue(issue::Issue),
    Register(issue::Register),
    Suspend(status::Suspend),
    Reinstate(status::Reinstate),
    Revoke(status::Revoke),
    Crl(list::Crl),
    FetchCrl(list::FetchCrl),
    Check(check::Check),
}

impl Certificate {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Issue(command) => command.run(global),
            Action::Register(command) => command.run(global),
            Action::Suspend(command) => command.run(global),
            Action::Reinstate(command) => command.run(global),
            Action::Revoke(command) => command.run(global),
            Action::Crl(command) => command.run(global),
            Action::FetchCrl(command) => command.run(global),
            Action::Check(command) => command.run(global),
        }
    }
}

/// Who signs certificates and lists: the author, with the key of `path` where it has another one
/// for that purpose. Its document must say so at `moment`, or nobody could check what it signs.
fn signatory(
    client: &Client,
    signers: &Signers,
    path: Option<&Path>,
    trust: &TrustArgs,
    moment: u64,
) -> anyhow::Result<Signer> {
    let Signer { did, key } = &signers.author;
    let key = path.map(KeyFile::load).transpose()?.unwrap_or_else(|| key.clone());
    let public = registry::author::Key::public(&key);
    let own = own_methods(client, did, trust, moment)?;
    anyhow::ensure!(
        own.iter().any(|method| method.asserts && method.key == public),
        "the document of `{did}` does not list {public} under `assertionMethod`, so nobody \
         could check what it signs: add it with `dzong did update`, or name another key with \
         --issuer-key"
    );
    Ok(Signer { did: did.clone(), key })
}

impl Signer {
    fn issuer(&self) -> Issuer<'_> {
        Issuer { did: &self.did, key: &self.key }
    }
}

/// The keys of a DID that count at a moment.
fn own_methods(
    client: &Client,
    did: &str,
    trust: &TrustArgs,
    moment: u64,
) -> anyhow::Result<Vec<Method>> {
    let (_, state) = current(client, did, trust)?;
    let document = state.document.context("the DID has no document")?;
    Ok(methods(&serde_json::from_str(document.get())?, moment))
}

/// The fingerprint that a command names: its digits, or the certificate's file.
fn fingerprint(named: &str) -> anyhow::Result<String> {
    if is_sha256(named) {
        return Ok(named.to_owned());
    }
    Ok(read(Path::new(named))?.fingerprint)
}

fn read(path: &Path) -> anyhow::Result<X509> {
    X509::read(&read_file(path)?).with_context(|| format!("`{}`", path.display()))
}
