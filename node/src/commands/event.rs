//! `dzong event`: signed events, step by step. Any tool can make such files; nothing here has a
//! privilege that a library lacks.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use proofs::Hash;
use registry::author::{self, Key as _};
use registry::control::Control;
use registry::events::Body;
use registry::{SignedEvent, json};
use serde_json::{Value, json};

use crate::author::write_event;
use crate::author::{Delivered, Delivery, Network, judge, public_keys, read_json, times};
use crate::cli::{Exit, Global};
use crate::client::Client;
use crate::keys::KeyFile;
use crate::output::{self, Tone};
use crate::trust::{TrustArgs, exit_code};

/// Make, sign, check, submit and show events
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event new DidUpdated --author did:ndi:bt-demo:Qm… \
    --from members.json --out event.json\n  dzong event sign event.json --key issuer.json\n  \
    dzong event check event.json\n  dzong event submit event.json --wait")]
pub struct Event {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    New(New),
    Sign(Sign),
    Check(Check),
    Submit(Submit),
    Show(Show),
    Receipt(ReceiptOf),
}

/// Make an event without signatures
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event new PolicyApproved --template > members.json\n  \
    dzong event new DidUpdated --author did:ndi:bt-demo:Qm… \
    --from members.json --out event.json\n  \
    dzong event new DidCreated --key issuer.json --from members.json --out event.json\n\n\
    The file holds the kind's own members, such as {\"previousVersion\":1,\"document\":{…}}. For \
    DidCreated it holds `document`, where {SCID} stands for the identifier to be, and `control` \
    unless --key is given.")]
struct New {
    /// The kind, such as DidUpdated
    kind: String,
    /// The kind's own members; - is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The author's DID; DidCreated makes it
    #[arg(long, value_name = "DID")]
    author: Option<String>,
    /// DidCreated: keys that will sign for the DID, one of which is enough
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Print the kind's own members, to be filled in, and make no event
    #[arg(long, conflicts_with_all = ["from", "author", "keys", "out"])]
    template: bool,
    /// Where to write the event [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Add a signature to an event
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event sign event.json --key issuer.json\n  \
    dzong event sign event.json --key governor-1.json --key governor-2.json\n  \
    dzong event sign event.json --key endorser.json --endorse    # last, over all the author's")]
struct Sign {
    /// The event
    file: PathBuf,
    /// The key to sign with
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// For whom the key signs [default: the `did` in the key file, else the author]
    #[arg(long, value_name = "DID")]
    did: Option<String>,
    /// Endorse the author's signatures, as a registered endorser
    #[arg(long)]
    endorse: bool,
    /// The network's `domain`, such as bt-demo:0123456789abcdef [default: the node's]
    #[arg(long)]
    domain: Option<String>,
    /// Where to write the event [default: the same file]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Check an event offline: its form and every signature
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event check event.json\n\n\
    Whether the network takes it depends on its state too: threshold, version, endorser.")]
struct Check {
    /// The event; - is standard input
    file: PathBuf,
}

/// Submit an event
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event submit event.json --wait > receipt.json")]
struct Submit {
    /// The event; - is standard input. It is sent in canonical form, however it is spaced here
    file: PathBuf,
    /// Wait until it is certified, and print the receipt
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Show an event that is in the log
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event show 6f1c…")]
struct Show {
    /// The event's id
    id: Hash,
}

/// Show the receipt of an event: the proof that it is in the log
#[derive(Args, Debug)]
#[command(name = "receipt")]
#[command(after_help = "Example:\n  dzong event receipt 6f1c… --verify > receipt.json")]
struct ReceiptOf {
    /// The event's id
    id: Hash,
    /// Check it here, and say the verdict on standard error
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Event {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::New(command) => command.run(global),
            Action::Sign(command) => command.run(global),
            Action::Check(command) => command.run(global),
            Action::Submit(command) => command.run(global),
            Action::Show(command) => {
                let event = Client::new(&global.url).event(&command.id)?;
                output::json(&serde_json::from_slice::<Value>(&event)?)
            }
            Action::Receipt(command) => command.run(global),
        }
    }
}

impl New {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        anyhow::ensure!(
            Body::KINDS.contains(&self.kind.as_str()),
            "there is no kind `{}`: take one of {}",
            self.kind,
            Body::KINDS.join(", ")
        );
        if self.template {
            return output::json(&Body::template(&self.kind));
        }
        let network = Network::of(&Client::new(&global.url))?;
        let members = match &self.from {
            Some(path) => read_json(path)?,
            None => json!({}),
        };
        let event = match (self.kind.as_str(), &self.author) {
            ("DidCreated", None) => self.inception(&network, members)?,
            (_, Some(did)) => author::event(&self.kind, &network.name, did, times(), members),
            (_, None) => anyhow::bail!("name the author with --author DID"),
        };
        match &self.out {
            None => output::json(&event),
            Some(path) => {
                write_event(path, &event)?;
                let author = event.get("author").and_then(Value::as_str).unwrap_or_default();
                output::line(author)
            }
        }
    }

    fn inception(&self, network: &Network, mut members: Value) -> anyhow::Result<Value> {
        let document = members.get_mut("document").map(Value::take);
        let document = document.context("the file given by --from has no `document`")?;
        let control = match members.get_mut("control").map(Value::take) {
            Some(control) => serde_json::from_value(control).context("`control`")?,
            None if self.keys.is_empty() => {
                anyhow::bail!("give the keys with --key, or `control` in the file")
            }
            None => Control::of(&public_keys(&self.keys)?, 1),
        };
        Ok(author::inception(&network.name, document, &control, times())?.1)
    }
}

impl Sign {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let mut event = read_json(&self.file)?;
        let author = event.get("author").and_then(Value::as_str);
        let author = author.context("the event names no `author`")?.to_owned();
        let domain = match &self.domain {
            Some(domain) => domain.clone(),
            None => Network::of(&Client::new(&global.url))?.domain(),
        };
        for path in &self.keys {
            let key = KeyFile::load(path)?;
            let did = self.did.clone().or_else(|| key.did().map(str::to_owned));
            if self.endorse {
                let did = did.with_context(|| {
                    format!("`{}` does not say whose key it is: add --did", path.display())
                })?;
                author::endorse(&mut event, &did, &domain, &key)?;
            } else {
                refuse_after_endorsement(&event)?;
                author::sign(&mut event, did.as_deref().unwrap_or(&author), &domain, &key)?;
            }
            output::progress(&format!("signed with {}", key.public()));
        }
        write_event(self.out.as_deref().unwrap_or(&self.file), &event)
    }
}

/// An endorsement is over every signature of the author: one more would be without it.
fn refuse_after_endorsement(event: &Value) -> anyhow::Result<()> {
    let proofs = event.get("proof").and_then(Value::as_array).into_iter().flatten();
    let mut endorsements = proofs.filter(|proof| proof.get("previousProof").is_some());
    anyhow::ensure!(
        endorsements.next().is_none(),
        "the event is endorsed already: remove the endorser's proof, sign, and endorse again"
    );
    Ok(())
}

impl Check {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let event = canonical(&self.file)?;
        match SignedEvent::parse(&event).and_then(SignedEvent::verify) {
            Ok(event) => {
                let value = json!({
                    "id": event.id(),
                    "type": event.kind(),
                    "author": event.author(),
                    "subject": event.subject(),
                    "bytes": event.bytes().len(),
                });
                if global.json {
                    return output::json(&value);
                }
                let good = output::paint(Tone::Good, "well formed, and every signature holds");
                output::line(&format!("{} {}\n  {good}", event.id(), event.kind()))
            }
            Err(why) => {
                let (code, message) = (why.code(), why.to_string());
                if global.json {
                    output::json(&json!({ "code": code, "message": message }))?;
                } else {
                    output::line(&format!("{}: {message}", output::paint(Tone::Bad, &code)))?;
                }
                Err(Exit(1).into())
            }
        }
    }
}

impl Submit {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let event = read_json(&self.file)?;
        let delivery = Delivery { draft: None, no_wait: !self.wait };
        match delivery.deliver(&client, &event, &self.trust)? {
            Delivered::Certified { bytes, .. } => {
                output::json(&serde_json::from_slice::<Value>(&bytes)?)
            }
            delivered if global.json => output::json(&delivered.json()),
            delivered => output::line(&delivered.text()),
        }
    }
}

impl ReceiptOf {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let receipt = client.receipt(&self.id)?;
        output::json(&serde_json::from_slice::<Value>(&receipt)?)?;
        if !self.verify {
            return Ok(());
        }
        let verdict = judge(&client, &self.trust, &receipt)?;
        let verdict = verdict.context("nothing to trust: add --genesis FILE")?;
        eprintln!("{verdict}");
        match exit_code(&verdict) {
            0 => Ok(()),
            code => Err(Exit(code).into()),
        }
    }
}

/// The canonical bytes of an event in a file.
fn canonical(path: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(json::canonical(&read_json(path)?)?)
}
