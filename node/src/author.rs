//! The author's side of the command line: for which network, with whose keys, and how an event
//! gets from here into the log.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use proofs::{Hash, Receipt, Record, Trust, Verdict};
use registry::author::{self, Key, Times};
use registry::did_state::{self, DidState};
use registry::multikey::PublicKey;
use registry::{Context, Rejection, SignedEvent, json};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::Global;
use crate::client::{Client, ClientError, Problem, read_receipt};
use crate::clock::now_ms;
use crate::keys::{self, KeyFile};
use crate::output;
use crate::problem;
use crate::trust::{TrustArgs, local_home, painted, proven};

/// How long a new event may take effect, in milliseconds: an hour is enough for a few people to
/// sign one after another.
const VALIDITY: u64 = 3600 * 1000;

/// The network that events are made for.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its genesis hash.
    pub genesis: Hash,
}

impl Network {
    /// The network that a node belongs to, by its own word: a signature for another network than
    /// the author means is of no use there.
    ///
    /// # Errors
    /// The node does not answer.
    pub fn of(client: &Client) -> anyhow::Result<Network> {
        let status = client.status()?;
        Ok(Network { name: status.network, genesis: status.genesis })
    }

    /// The `domain` that every proof names.
    pub fn domain(&self) -> String {
        let (network, genesis) = (self.name.clone(), self.genesis);
        Context { network, genesis, height: 1, time: 0, decided: None }.domain()
    }
}

/// From now on, for an hour.
pub fn times() -> Times {
    let created = now_ms();
    Times { created, valid_until: created + VALIDITY }
}

/// Opens key files.
///
/// # Errors
/// One cannot be read or opened.
pub fn load_keys(paths: &[PathBuf]) -> anyhow::Result<Vec<KeyFile>> {
    paths.iter().map(|path| Ok(KeyFile::load(path)?)).collect()
}

/// The public keys of key files; needs no passphrase.
///
/// # Errors
/// One cannot be read.
pub fn public_keys(paths: &[PathBuf]) -> anyhow::Result<Vec<PublicKey>> {
    paths.iter().map(|path| Ok(keys::describe(path)?.public_key_multibase)).collect()
}

/// The endorser's key: the file named, else that of the local network.
///
/// # Errors
/// There is none, or it does not say whose it is.
pub fn endorser(named: Option<&Path>) -> anyhow::Result<KeyFile> {
    let local = local_home().join("keys").join("endorser.json");
    let path = match named {
        Some(path) => path,
        None if local.exists() => &local,
        None => anyhow::bail!(
            "a new DID needs an endorser: name its key with --endorser FILE (there is no {})",
            local.display()
        ),
    };
    let key = KeyFile::load(path)?;
    anyhow::ensure!(
        key.did().is_some(),
        "`{}` does not say which DID it signs for: write its `did` into the file",
        path.display()
    );
    Ok(key)
}

/// Who publishes: the DID that is named, else the one that the first key signs for.
///
/// # Errors
/// Neither is there.
pub fn publisher(named: Option<&str>, keys: &[KeyFile]) -> anyhow::Result<String> {
    let did = named.or_else(|| keys.first().and_then(KeyFile::did));
    let did = did.context("name the publisher with --did, or write its `did` into the key file")?;
    Ok(did.to_owned())
}

/// The record and state of a DID, proven wherever there is a genesis document to prove it by.
///
/// # Errors
/// It is not registered, is deactivated, or the node's answer does not hold.
pub fn current(
    client: &Client,
    did: &str,
    trust: &TrustArgs,
) -> anyhow::Result<(Record, DidState)> {
    if trust.is_nothing() {
        eprintln!("warning: what {} says is not verified: add --genesis FILE", client.url());
    }
    let record = record(client, &did_state::key(did), trust)?
        .with_context(|| format!("`{did}` is not registered: create it with `dzong did create`"))?;
    let state = DidState::read(&record).context("the record of the DID cannot be read")?;
    anyhow::ensure!(!state.deactivated, "`{did}` is deactivated, which cannot be undone");
    Ok((record, state))
}

/// What a key holds, if anything, proven wherever there is a genesis document to prove it by.
///
/// # Errors
/// The node does not answer, or its answer does not hold.
pub fn record(client: &Client, key: &str, trust: &TrustArgs) -> anyhow::Result<Option<Record>> {
    if trust.is_nothing() {
        return shown(&client.record(key)?, key);
    }
    let (record, verdict) = proven_record(client, key, &mut trust.trust()?, trust)?;
    anyhow::ensure!(verdict.is_valid(), "the node's answer about `{key}` is {verdict}");
    Ok(record)
}

/// The records of a node's list that are wanted, by key, each proven as by [`record`]. The node
/// says which there are. `path` has a query; `name` is the list's in a page.
///
/// # Errors
/// As [`record`]; or it lists what is not there.
pub fn records(
    client: &Client,
    path: &str,
    name: &str,
    trust: &TrustArgs,
    wanted: impl Fn(&Record) -> bool,
) -> anyhow::Result<Vec<(String, Record)>> {
    let mut found = Vec::new();
    for Shown { key, record: shown } in client.pages(path, name)? {
        if wanted(&shown) {
            let proven = record(client, &key, trust)?;
            let proven = proven.with_context(|| format!("the node lists `{key}`, which is not"))?;
            found.push((key, proven));
        }
    }
    Ok(found)
}

/// An entry of a node's list.
#[derive(Deserialize)]
struct Shown {
    key: String,
    record: Record,
}

/// What a key holds, if anything, by a node's answer, and the verdict on its proof.
///
/// # Errors
/// The node does not answer, or answers about another key.
pub fn proven_record(
    client: &Client,
    key: &str,
    trust: &mut Trust,
    args: &TrustArgs,
) -> anyhow::Result<(Option<Record>, Verdict)> {
    let check = |known: &Trust, answer: &Vec<u8>| args.check(known, answer);
    let (answer, verdict) = proven(client, trust, || Ok(client.record(key)?), check)?;
    Ok((shown(&answer, key)?, verdict))
}

fn shown(answer: &[u8], key: &str) -> anyhow::Result<Option<Record>> {
    let shown: Value = serde_json::from_slice(answer)?;
    // A proof of another record, however true, is no answer.
    anyhow::ensure!(shown.get("key").and_then(Value::as_str) == Some(key), "another key's record");
    Ok(registry::answer::shown_record(answer))
}

/// The verdict on a receipt; `None` where there is nothing to trust, and none was named.
///
/// # Errors
/// What is to be trusted cannot be read.
pub fn judge(
    client: &Client,
    trust: &TrustArgs,
    receipt: &[u8],
) -> anyhow::Result<Option<Verdict>> {
    if trust.is_nothing() {
        return Ok(None);
    }
    let check = |known: &Trust, (): &()| trust.check(known, receipt);
    let ((), verdict) = proven(client, &mut trust.trust()?, || Ok(()), check)?;
    Ok(Some(verdict))
}

/// What becomes of an event that a command made.
#[derive(Args, Debug, Clone, Default)]
pub struct Delivery {
    /// Write the event to this file and do not submit it: others may sign it first
    #[arg(long, value_name = "FILE")]
    pub draft: Option<PathBuf>,
    /// Do not wait until the event is certified
    #[arg(long, conflicts_with = "draft")]
    pub no_wait: bool,
}

/// An event on its way.
#[derive(Debug)]
pub enum Delivered {
    /// Written to a file.
    Draft(PathBuf),
    /// Accepted by the node.
    Accepted(Hash),
    /// Certified: the receipt, also as it came, and the verdict on it where there is trust.
    Certified {
        /// The receipt.
        receipt: Box<Receipt>,
        /// Its bytes as they came.
        bytes: Vec<u8>,
        /// The verdict.
        verdict: Option<Verdict>,
    },
}

impl Delivery {
    /// Writes, submits, or submits and waits, as asked. Nothing is sent that the rules of every
    /// node would refuse.
    ///
    /// # Errors
    /// The rejection, here or there; a receipt that does not hold.
    pub fn deliver(
        &self,
        client: &Client,
        event: &Value,
        trust: &TrustArgs,
    ) -> anyhow::Result<Delivered> {
        if let Some(path) = &self.draft {
            write_event(path, event)?;
            return Ok(Delivered::Draft(path.clone()));
        }
        let bytes = json::canonical(event)?;
        let checked = SignedEvent::parse(&bytes).and_then(SignedEvent::verify);
        let id = checked.map_err(|why| refused_here(&why))?.id();
        if self.no_wait {
            return Ok(Delivered::Accepted(client.submit(&bytes)?));
        }
        output::progress(&format!("event {id} is sent, waiting for its certificate"));
        let bytes = client.submit_and_wait(&bytes)?;
        let receipt = Box::new(read_receipt(&bytes)?);
        let verdict = judge(client, trust, &bytes)?;
        if let Some(verdict) = verdict.as_ref().filter(|verdict| !verdict.is_valid()) {
            anyhow::bail!("the node's receipt is {verdict}");
        }
        anyhow::ensure!(
            receipt.id == id,
            "the node's receipt is for another event: {}",
            receipt.id
        );
        Ok(Delivered::Certified { receipt, bytes, verdict })
    }
}

impl Delivered {
    /// Prints what the event is about alone on the first line, and what became of it.
    ///
    /// # Errors
    /// As [`output::line`].
    pub fn report(&self, global: &Global, name: &str, about: &str) -> anyhow::Result<()> {
        if global.json {
            let mut value = self.json();
            if let Some(members) = value.as_object_mut() {
                members.insert(name.to_owned(), about.into());
            }
            return output::json(&value);
        }
        output::line(about)?;
        output::line(&self.text())
    }

    /// What happened, for people.
    pub fn text(&self) -> String {
        match self {
            Delivered::Draft(path) => format!(
                "written to {}: sign it with `dzong event sign`, then `dzong event submit`",
                path.display()
            ),
            Delivered::Accepted(id) => format!("event {id} is accepted"),
            Delivered::Certified { receipt, verdict, .. } => {
                let height = receipt.certificate.height;
                let verdict = match verdict {
                    Some(verdict) => painted(verdict),
                    None => "not verified here: no --genesis FILE".into(),
                };
                format!(
                    "event {} is certified at height {height}, entry {} of the log\n\
                     receipt: {verdict}",
                    receipt.id, receipt.index
                )
            }
        }
    }

    /// What happened, for programs.
    pub fn json(&self) -> Value {
        match self {
            Delivered::Draft(path) => serde_json::json!({ "draft": path }),
            Delivered::Accepted(id) => serde_json::json!({ "event": id }),
            Delivered::Certified { receipt, verdict, .. } => serde_json::json!({
                "event": receipt.id,
                "height": receipt.certificate.height,
                "index": receipt.index,
                "receipt": verdict,
            }),
        }
    }
}

/// The rejection as a node would put it.
fn refused_here(why: &Rejection) -> ClientError {
    let kind = format!("{}{}", problem::TYPE, why.code());
    ClientError::Refused(Problem { kind, detail: why.to_string(), ..Problem::default() })
}

/// Writes an event to a file for people to read; its signatures are over its meaning, not its
/// line breaks.
///
/// # Errors
/// The file cannot be written.
pub fn write_event(path: &Path, event: &Value) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(event)?;
    text.push('\n');
    std::fs::write(path, text).with_context(|| format!("`{}`", path.display()))
}

/// Reads JSON of the registry's profile from a file, however it is spaced; `-` is standard input.
///
/// # Errors
/// The file cannot be read, or holds something else: with its place.
pub fn read_json(path: &Path) -> anyhow::Result<Value> {
    let bytes = read_file(path)?;
    json::parse(&bytes, registry::answer::ANSWER_BYTES_MAX)
        .with_context(|| format!("`{}`", path.display()))
}

/// Reads a file; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is larger than any answer.
pub fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read;
    let limit = registry::answer::ANSWER_BYTES_MAX;
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX) + 1;
        match path.as_os_str() == "-" {
            true => std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?,
            false => std::fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?,
        };
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("`{}`", path.display()))?;
    anyhow::ensure!(bytes.len() <= limit, "`{}` is larger than {limit} bytes", path.display());
    Ok(bytes)
}

/// Signs for `did` with each of these keys.
///
/// # Errors
/// The event is not JSON of the profile.
pub fn sign_all(
    event: &mut Value,
    did: &str,
    domain: &str,
    keys: &[KeyFile],
) -> anyhow::Result<()> {
    for key in keys {
        author::sign(event, did, domain, key as &dyn Key)?;
    }
    Ok(())
}
