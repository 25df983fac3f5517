//! `dzong anoncreds`: what AnonCreds issuers publish, and the lists by which wallets and verifiers
//! know what was revoked.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use proofs::Block;
use registry::resource::{self, Series};
use registry::{blob, json};
use serde_json::{Map, Value, json};

use super::blob::{PATIENCE_SECONDS, Publisher};
use super::status::Ground;
use crate::author::{Network, read_json, record};
use crate::cli::Global;
use crate::client::{Client, encoded};
use crate::output;
use crate::signers::Signing;

/// What an event has room for beside its envelope and signatures, in bytes.
const INLINE_BYTES_MAX: usize = Block::EVENT_BYTES_MAX - (8 << 10);

/// Publish credential definitions and revocation registries, and show status lists (AnonCreds v1)
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong anoncreds publish definition.json --key issuer.json\n  \
    dzong blob put tails.bin --kind anonCredsTails --key issuer.json\n  \
    dzong anoncreds registry revocation.json --key issuer.json\n  \
    dzong anoncreds update list.json --ground on-request --key issuer.json\n  \
    dzong anoncreds list did:ndi:bt-demo:Qm…/resources/zQm…")]
pub struct Anoncreds {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Publish(Publish),
    Registry(Registry),
    Update(Update),
    List(List),
}

impl Anoncreds {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Publish(command) => command.run(global),
            Action::Registry(command) => command.run(global),
            Action::Update(command) => command.run(global),
            Action::List(command) => command.run(global),
        }
    }
}

/// Publish a credential definition: prints its DID URL alone on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong anoncreds publish definition.json --key issuer.json\n\n\
    `issuerId` is the author's DID, `schemaId` the DID URL of a published schema (`dzong schema \
    publish`). A definition that no event has room for is put as a blob first.")]
struct Publish {
    /// The credential definition, as AnonCreds libraries write it; `-` is standard input
    file: PathBuf,
    /// A name among the author's definitions [default: its `tag`]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Publish {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        const TYPE: &str = "anonCredsCredDef";
        let client = Client::new(&global.url);
        let signers = self.signing.open()?;
        let did = &signers.author.did;
        let content = read_json(&self.file)?;
        let tag = content.get("tag").and_then(Value::as_str).map(str::to_owned);
        let name = self.name.or(tag).context("the definition has no `tag`")?;
        let canonical = json::canonical(&content)?;
        let id = resource::id(&canonical);
        let mut members = json!({ "resourceName": name, "resourceType": TYPE });
        if canonical.len() > INLINE_BYTES_MAX {
            let (signers, trust) = (&signers, &self.signing.trust);
            let patience = Duration::from_secs(PATIENCE_SECONDS);
            let publisher = Publisher { client: &client, signers, trust, patience };
            publisher.publish("resource", &canonical)?;
            members["contentBlob"] = blob::id(&canonical).into();
        } else {
            members["content"] = content;
        }
        let series = record(&client, &resource::series_key(did, TYPE, &name), &self.signing.trust)?;
        if let (Some(series), Some(members)) = (series, members.as_object_mut()) {
            let latest = Series::read(&series.content).context("the series cannot be read")?;
            members.insert("previousVersionId".into(), latest.resource_id.into());
        }
        let kind = "CredentialDefinitionPublished";
        let delivered = self.signing.deliver(&client, &signers, kind, members)?;
        delivered.report(global, "definition", &resource::uri(did, &id))
    }
}

/// Create a revocation registry of a definition: prints the definition's DID URL on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong blob put tails.bin --kind anonCredsTails \
    --key issuer.json\n  dzong anoncreds registry revocation.json --key issuer.json\n\n\
    `credDefId` is the DID URL of a published credential definition; its tails are put first. \
    Number credentials from 1: the registry refuses 0, which the libraries do not.")]
struct Registry {
    /// The revocation registry definition, as AnonCreds libraries write it; `-` is standard input
    file: PathBuf,
    /// Another form to read it in, too: bitstring, token
    #[arg(long = "format", value_name = "FORMAT")]
    formats: Vec<String>,
    /// The credential type that it is for, as the trust registry names it
    #[arg(long, value_name = "NAME")]
    credential_type: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Registry {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let signers = self.signing.open()?;
        let definition = read_json(&self.file)?;
        let capacity = definition.pointer("/value/maxCredNum").cloned();
        let capacity = capacity.context("the definition has no `maxCredNum`")?;
        let id = resource::id(&json::canonical(&definition)?);
        let uri = resource::uri(&signers.author.did, &id);
        let mut formats = self.formats;
        formats.push("anoncreds".to_owned());
        let mut members =
            json!({ "anoncreds": definition, "capacity": capacity, "formats": formats });
        if let (Some(name), Some(members)) = (self.credential_type, members.as_object_mut()) {
            members.insert("credentialType".into(), name.into());
        }
        let event = signers.event(&Network::of(&client)?, "RevocationRegistryCreated", members)?;
        let registry = registry::event::id_of(&json::canonical(&event)?)?;
        let delivered = self.signing.delivery.deliver(&client, &event, &self.signing.trust)?;
        if !global.json {
            delivered.report(global, "definition", &uri)?;
            return output::line(&format!("registry {registry}"));
        }
        let mut value = delivered.json();
        if let Some(members) = value.as_object_mut() {
            members.extend(Map::from_iter([
                ("definition".to_owned(), uri.into()),
                ("registry".to_owned(), json!(registry)),
            ]));
        }
        output::json(&value)
    }
}

/// Change the ledger's list to one that the issuer's own software made
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong anoncreds update list.json --ground on-request \
    --key issuer.json\n\n\
    The node finds what changes, and compares the accumulator; the event is signed here.")]
struct Update {
    /// The status list, as AnonCreds libraries write it; `-` is standard input
    file: PathBuf,
    /// What is new in the list is suspended, not revoked
    #[arg(long)]
    suspend: bool,
    /// The version that the list was made from [default: the newest]
    #[arg(long, value_name = "VERSION")]
    version: Option<u64>,
    #[command(flatten)]
    ground: Ground,
    #[command(flatten)]
    signing: Signing,
}

impl Update {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let given = read_json(&self.file)?;
        let version = self.version.map(|version| format!("&version={version}"));
        let version = version.unwrap_or_default();
        let path = format!("/v1/anoncreds/status-lists?suspend={}{version}", self.suspend);
        let reply = client.query(&path, &serde_json::to_vec(&given)?)?;
        let event: Value = serde_json::from_slice(&reply.body)?;
        let mut members = event.get("members").cloned().context("the node answers otherwise")?;
        if let Some(members) = members.as_object_mut() {
            members.insert("ground".into(), self.ground.commit()?.into());
        }
        output::progress(&format!("what changes: {members}"));
        let signers = self.signing.open()?;
        let delivered = self.signing.deliver(&client, &signers, "StatusChanged", members)?;
        let definition = given.get("revRegDefId").and_then(Value::as_str).unwrap_or_default();
        delivered.report(global, "definition", definition)
    }
}

/// Show a status list as AnonCreds libraries read it
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong anoncreds list did:ndi:bt-demo:Qm…/resources/zQm… \
    --timestamp 1795219200")]
struct List {
    /// The DID URL of the revocation registry definition
    definition: String,
    /// As it was at the end of this second since 1970
    #[arg(long, value_name = "SECONDS")]
    timestamp: Option<u64>,
}

impl List {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let time = self.timestamp.map_or_else(String::new, |time| format!("?timestamp={time}"));
        let path = format!("/v1/anoncreds/status-lists/{}{time}", encoded(&self.definition));
        let list: Value = Client::new(&global.url).read(&path)?;
        output::json(&list)
    }
}
