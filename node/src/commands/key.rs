//! `dzong key`: keys that sign events.

mod sign;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use registry::author::{Key as _, key_hash};
use serde_json::json;

use crate::cli::Global;
use crate::keys::{self, KeyFile, Suite};
use crate::output;

/// Make and show keys
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong key new --out issuer.json")]
pub struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    New(New),
    Show(Show),
    Sign(sign::Sign),
}

/// Make a key and write it to a file that only you can read
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong key new --suite p256 --out issuer.json --encrypt")]
struct New {
    /// ed25519 or p256 (secp256k1 and ml-dsa-44 come later)
    #[arg(long, default_value = "ed25519")]
    suite: Suite,
    /// The file to write [default: <first letters of the key>.json here]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Encrypt the secret: asks for a passphrase, or takes DZONG_PASSPHRASE
    #[arg(long)]
    encrypt: bool,
}

/// Show the public part of a key file
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong key show issuer.json")]
struct Show {
    /// The key file
    file: PathBuf,
}

impl Key {
    /// Runs the command.
    ///
    /// # Errors
    /// The file is refused, or exists where a new one is to be.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::New(new) => new.run(global),
            Action::Show(show) => show.run(global),
            Action::Sign(sign) => sign.run(),
        }
    }
}

impl New {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let key = KeyFile::generate(self.suite);
        let public = key.public().to_string();
        let default = || PathBuf::from(format!("{}.json", public.get(..12).unwrap_or(&public)));
        let path = self.out.unwrap_or_else(default);
        let phrase = if self.encrypt { Some(new_passphrase()?) } else { None };
        key.save(&path, phrase.as_ref().map(|phrase| phrase.as_str()))?;
        show(global, &path, "written to")
    }
}

impl Show {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        show(global, &self.file, "file")
    }
}

fn show(global: &Global, path: &std::path::Path, verb: &str) -> anyhow::Result<()> {
    let key = keys::describe(path)?;
    let hash = key_hash(&key.public_key_multibase);
    if global.json {
        let mut value = serde_json::to_value(&key)?;
        if let Some(members) = value.as_object_mut() {
            members.insert("file".into(), json!(path));
            members.insert("keyHash".into(), json!(hash));
        }
        return output::json(&value);
    }
    output::line(&key.public_key_multibase.to_string())?;
    output::line(&format!("  suite     {}", key.suite.name()))?;
    if let Some(did) = &key.did {
        output::line(&format!("  DID       {did}"))?;
    }
    output::line(&format!("  key hash  {hash}  (for nextKeyHashes)"))?;
    let sealed = if key.encrypted { " (encrypted)" } else { "" };
    output::line(&format!("  {verb:<9} {}{sealed}", path.display()))
}

/// A new passphrase, typed twice where it is typed.
pub(crate) fn new_passphrase() -> anyhow::Result<zeroize::Zeroizing<String>> {
    let typed = std::env::var_os(keys::PASSPHRASE_VARIABLE).is_none();
    let phrase = keys::passphrase("new passphrase: ").ok_or_else(|| {
        anyhow::anyhow!("no terminal to ask for a passphrase: set {}", keys::PASSPHRASE_VARIABLE)
    })?;
    anyhow::ensure!(!phrase.is_empty(), "the passphrase is empty: choose another");
    if typed && keys::passphrase("again: ").as_ref() != Some(&phrase) {
        anyhow::bail!("the two passphrases differ: try again");
    }
    Ok(phrase)
}
