//! `dzong blob`: files that are too large for an event.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use proofs::Record;
use registry::blob::{self, Attestation, BLOB_BYTES_MAX, BlobKind, BlobState, attestation};
use registry::network::{self, VALIDATORS};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::author::{Delivery, Network, load_keys, publisher, record};
use crate::cli::Global;
use crate::client::Client;
use crate::output;
use crate::signers::Signers;
use crate::trust::TrustArgs;

/// How long validators may take to fetch and check a file, where nothing else is said.
pub(super) const PATIENCE_SECONDS: u64 = 300;

/// How often a node is asked whether enough validators attest.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Publish, read and show files that are too large for an event
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong blob put tails.bin --kind anonCredsTails --key issuer.json\n  \
    dzong blob get zQm… --out tails.bin")]
pub struct Blob {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Put(Put),
    Get(Get),
    Show(Show),
}

impl Blob {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Put(command) => command.run(global),
            Action::Get(command) => command.run(global),
            Action::Show(command) => command.run(global),
        }
    }
}

/// Publish a file: prints its id alone on the first line, once rules may read it
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong blob put tails.bin --kind anonCredsTails --key issuer.json\n  \
    dzong blob put definition.json --kind resource --key a.json --key b.json --did did:ndi:…\n\n\
    The file is proposed, sent to the node, attested by validators with more than two thirds of \
    the voting power, and activated. What was interrupted goes on where it stood.")]
struct Put {
    /// The file, of at most 16 MiB
    file: PathBuf,
    /// What it is: anonCredsTails, powersOfTau or resource
    #[arg(long)]
    kind: String,
    /// A control key of the publisher
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// The publisher [default: the DID that the first key names]
    #[arg(long)]
    did: Option<String>,
    /// How long validators may take to fetch and check it
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE_SECONDS)]
    patience: u64,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Fetch a file by its id, and check that it is the one
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong blob get zQm… --out tails.bin")]
struct Get {
    /// Its id
    id: String,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Show what the ledger says of a file
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong blob show zQm…")]
struct Show {
    /// Its id
    id: String,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Who publishes, and where.
pub(super) struct Publisher<'a> {
    pub(super) client: &'a Client,
    pub(super) signers: &'a Signers,
    pub(super) trust: &'a TrustArgs,
    /// How long validators may take to fetch and check a file.
    pub(super) patience: Duration,
}

impl Put {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let bytes = read_blob(&self.file)?;
        let known = BlobKind::named(&self.kind)?.check(&bytes);
        known.map_err(|why| anyhow::anyhow!("`{}`: {why}", self.file.display()))?;
        let client = Client::new(&global.url);
        let keys = load_keys(&self.keys)?;
        let did = publisher(self.did.as_deref(), &keys)?;
        let signers = Signers::of(&did, keys)?;
        let patience = Duration::from_secs(self.patience);
        let publisher =
            Publisher { client: &client, signers: &signers, trust: &self.trust, patience };
        let (version, state) = publisher.publish(&self.kind, &bytes)?;
        print(global, &blob::id(&bytes), version, &state)
    }
}

impl Publisher<'_> {
    /// Brings a file to where rules may read it, from wherever it stands. The version and content
    /// of its record.
    pub(super) fn publish(&self, kind: &str, bytes: &[u8]) -> anyhow::Result<(u64, BlobState)> {
        let (id, size) = (blob::id(bytes), bytes.len());
        let (version, state) = match self.state(&id)? {
            Some(found) => found,
            None => {
                let members = json!({ "blob": id, "kind": kind, "size": size });
                self.submit("BlobProposed", members)?;
                self.state(&id)?.context("the node does not know the blob yet: try again")?
            }
        };
        if state.author != self.signers.author.did && !state.is_active() {
            anyhow::bail!("`{}` proposed this blob, and activates it", state.author);
        }
        output::progress(&format!("blob {id} is proposed, sending {size} bytes"));
        self.client.put_blob(&id, bytes)?;
        if state.is_active() {
            return Ok((version, state));
        }
        let attestations = self.collect(&id, &state)?;
        let members =
            json!({ "attestations": attestations, "blob": id, "previousVersion": version });
        self.submit("BlobActivated", members)?;
        self.state(&id)?.context("the node does not know the blob: try again")
    }

    /// The version and content of the blob's record.
    fn state(&self, id: &str) -> anyhow::Result<Option<(u64, BlobState)>> {
        read_state(self.client, id, self.trust)
    }

    fn submit(&self, kind: &str, members: Value) -> anyhow::Result<()> {
        let event = self.signers.event(&Network::of(self.client)?, kind, members)?;
        Delivery::default().deliver(self.client, &event, self.trust).map(drop)
    }

    /// The attestations of enough validators, as the node gathers them.
    fn collect(&self, id: &str, state: &BlobState) -> anyhow::Result<Vec<Attestation>> {
        let status = self.client.status()?;
        let listed = record(self.client, VALIDATORS, self.trust)?;
        let listed = listed.as_ref().and_then(network::validators);
        let listed = listed.context("the node has no list of validators")?;
        let entries = network::certifying(&listed, status.height + 1);
        let set = network::set_of(&entries)?;
        let statement = attestation::statement(&status.genesis, id, state);
        let deadline = Instant::now() + self.patience;
        loop {
            let mut found = self.client.read::<Found>(&path(id, "/attestations"))?.attestations;
            found.retain(|one| entries.iter().any(|entry| one.holds(&statement, entry)));
            found.sort_by_key(|one| one.validator_key);
            found.dedup_by_key(|one| one.validator_key);
            let power = found.iter().filter_map(|one| set.get(&one.validator_key));
            let power: u64 = power.map(|validator| validator.power).sum();
            if set.is_quorum(power) {
                return Ok(found);
            }
            let total = set.total_power();
            output::progress(&format!("{power} of {total} voting power attest blob {id}"));
            anyhow::ensure!(
                Instant::now() < deadline,
                "only {power} of {total} voting power attest the blob: look at the nodes' logs, \
                 and run this again"
            );
            std::thread::sleep(ASK_AGAIN);
        }
    }
}

#[derive(Deserialize)]
struct Found {
    attestations: Vec<Attestation>,
}

impl Get {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        check_id(&self.id)?;
        let client = Client::new(&global.url);
        let bytes = client.get(&path(&self.id, ""))?;
        anyhow::ensure!(blob::id(&bytes) == self.id, "the node gave other bytes: ask another");
        match &self.out {
            None => output::bytes(&bytes),
            Some(out) => {
                std::fs::write(out, &bytes).with_context(|| format!("`{}`", out.display()))
            }
        }
    }
}

impl Show {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        check_id(&self.id)?;
        let found = read_state(&Client::new(&global.url), &self.id, &self.trust)?;
        let (version, state) = found.with_context(|| {
            format!("no blob `{}` is proposed: publish it with `dzong blob put`", self.id)
        })?;
        print(global, &self.id, version, &state)
    }
}

fn check_id(id: &str) -> anyhow::Result<()> {
    anyhow::ensure!(blob::is_id(id), "`{id}` is no blob's id: it is written zQm…");
    Ok(())
}

fn path(id: &str, rest: &str) -> String {
    format!("/v1/blobs/{id}{rest}")
}

fn read_state(
    client: &Client,
    id: &str,
    trust: &TrustArgs,
) -> anyhow::Result<Option<(u64, BlobState)>> {
    let read = |record: Record| {
        let state = BlobState::read(&record).context("the blob's record cannot be read")?;
        Ok((record.version, state))
    };
    record(client, &blob::key(id), trust)?.map(read).transpose()
}

fn print(global: &Global, id: &str, version: u64, state: &BlobState) -> anyhow::Result<()> {
    if global.json {
        return output::json(&json!({ "blob": id, "record": state, "version": version }));
    }
    output::line(id)?;
    let BlobState { author, kind, size, .. } = state;
    let stage = if state.is_active() { "active" } else { "proposed" };
    output::line(&format!("{stage}: {kind}, {size} bytes, by {author}"))
}

/// A file that may be a blob.
fn read_blob(path: &Path) -> anyhow::Result<Vec<u8>> {
    let named = || format!("`{}`", path.display());
    let size = std::fs::metadata(path).with_context(named)?.len();
    anyhow::ensure!(
        size <= BLOB_BYTES_MAX,
        "{} has more than {BLOB_BYTES_MAX} bytes: split it",
        named()
    );
    std::fs::read(path).with_context(named)
}
