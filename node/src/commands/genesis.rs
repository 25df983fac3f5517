//! `dzong genesis`: the ceremony that begins a network.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use genesis::{Contribution, Draft, Place, contribute, summary};
use registry::{Parameters, time};
use serde_json::json;

use crate::cli::Global;
use crate::clock::now_ms;
use crate::files::{replace, write_new};
use crate::home::{Home, load_genesis};
use crate::keys::{KeyFile, name_did};
use crate::output;

/// Begin a network: the ceremony that makes its genesis document
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  dzong genesis new --network bt-demo --out draft.json\n  dzong \
                        genesis sign draft.json --as governor --seat 1 --key governor-1.json --out \
                        part.json\n  dzong genesis add draft.json part.json\n  dzong genesis check \
                        draft.json --out genesis.json"
)]
pub struct Genesis {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand, Debug)]
enum Step {
    /// Begin a draft
    #[command(after_help = "Example:\n  dzong genesis new --network bt-demo --out draft.json")]
    New {
        /// The network's name
        #[arg(long)]
        network: String,
        /// When it begins, as 2026-01-31T12:00:00Z; now, if left out
        #[arg(long)]
        time: Option<String>,
        /// Where the draft is written
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a participant's part, signed with its key
    #[command(after_help = "Example:\n  dzong genesis sign draft.json --as validator --node \
                            ./node0 --name thimphu-1 --key operator.json --out part.json")]
    Sign {
        /// The draft
        draft: PathBuf,
        /// What the participant will be
        #[arg(long = "as", value_name = "PLACE")]
        place: PlaceName,
        /// A governor's seat, 1 to 5 in the order of section 5 of the Act
        #[arg(long)]
        seat: Option<usize>,
        /// An operator's node, whose public keys go into the part
        #[arg(long, value_name = "DIR")]
        node: Option<PathBuf>,
        /// What people call the node
        #[arg(long)]
        name: Option<String>,
        /// The participant's key; the DID that it makes is written into the file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where the part is written
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take participants' parts into the draft
    #[command(after_help = "Example:\n  dzong genesis add draft.json part-1.json part-2.json")]
    Add {
        /// The draft
        draft: PathBuf,
        /// The parts
        #[arg(required = true)]
        parts: Vec<PathBuf>,
    },
    /// Check a draft or a genesis document; write the document once nothing is missing
    #[command(after_help = "Example:\n  dzong genesis check draft.json --out genesis.json")]
    Check {
        /// The draft or document
        file: PathBuf,
        /// Where the genesis document is written
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show what a genesis document begins
    #[command(after_help = "Example:\n  dzong genesis show genesis.json")]
    Show {
        /// The document
        file: PathBuf,
    },
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum PlaceName {
    Governor,
    AdministrativeBody,
    Secretary,
    Endorser,
    Validator,
    Replica,
}

impl Genesis {
    /// Runs the command.
    ///
    /// # Errors
    /// Why the ceremony does not go on.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.step {
            Step::New { network, time, out } => new(&network, time.as_deref(), &out),
            Step::Sign { draft, place, seat, node, name, key, out } => {
                let place = read_place(place, seat, node.as_deref(), name)?;
                sign(global, &read_draft(&draft)?, place, &key, &out)
            }
            Step::Add { draft, parts } => add(&draft, &parts),
            Step::Check { file, out } => check(global, &file, out.as_deref()),
            Step::Show { file } => show(global, &load_genesis(&file)?),
        }
    }
}

fn new(network: &str, begins: Option<&str>, out: &Path) -> anyhow::Result<()> {
    let begins = match begins {
        None => now_ms() / 1000 * 1000,
        Some(text) => time::parse(text).context("write `--time` as 2026-01-31T12:00:00Z")?,
    };
    let draft = Draft::new(network, Parameters::default(), begins)?;
    write_new(out, &serde_json::to_vec_pretty(&draft)?)?;
    output::line(&format!("begun: {} lacks {}", out.display(), draft.lacks().join(", ")))
}

fn read_place(
    place: PlaceName,
    seat: Option<usize>,
    node: Option<&Path>,
    name: Option<String>,
) -> anyhow::Result<Place> {
    let node = || node.context("name the node's home by --node: its public keys are needed");
    let named = |home: &Path| {
        let directory = home.file_name().map(|name| name.to_string_lossy().into_owned());
        name.clone().or(directory).unwrap_or_else(|| "node".into())
    };
    Ok(match place {
        PlaceName::Governor => {
            Place::Governor { seat: seat.context("name the seat by --seat, 1 to 5")? }
        }
        PlaceName::AdministrativeBody => Place::AdministrativeBody,
        PlaceName::Secretary => Place::Secretary,
        PlaceName::Endorser => Place::Endorser,
        PlaceName::Validator => {
            let keys = Home::new(node()?).load_keys(false)?;
            let entry = keys.validator_entry(&named(node()?));
            Place::Validator(entry.context("the node has no validator key")?)
        }
        PlaceName::Replica => {
            let keys = Home::new(node()?).load_keys(true)?;
            Place::Replica(keys.replica_entry(&named(node()?)))
        }
    })
}

fn sign(
    global: &Global,
    draft: &Draft,
    place: Place,
    key: &Path,
    out: &Path,
) -> anyhow::Result<()> {
    let secret = KeyFile::load(key)?;
    if let Some(did) = secret.did() {
        bail!("`{}` signs for {did} already: make a key for this network", key.display());
    }
    let (did, contribution) = contribute(&draft.network, draft.time, place, &secret)?;
    write_new(out, &serde_json::to_vec_pretty(&contribution)?)?;
    name_did(key, &did)?;
    if global.json {
        return output::json(&json!({ "did": did, "part": out }));
    }
    output::line(&did)
}

fn add(path: &Path, parts: &[PathBuf]) -> anyhow::Result<()> {
    let mut draft = read_draft(path)?;
    for part in parts {
        let text = std::fs::read(part).with_context(|| format!("`{}`", part.display()))?;
        let contribution: Contribution = serde_json::from_slice(&text)
            .with_context(|| format!("`{}` is no participant's part", part.display()))?;
        let did = draft.add(&contribution).with_context(|| format!("`{}`", part.display()))?;
        output::line(&format!("added {did}"))?;
    }
    replace(path, &serde_json::to_vec_pretty(&draft)?)?;
    match draft.lacks() {
        lacks if lacks.is_empty() => output::line("the draft is complete: run `genesis check`"),
        lacks => output::line(&format!("the draft lacks {}", lacks.join(", "))),
    }
}

fn check(global: &Global, file: &Path, out: Option<&Path>) -> anyhow::Result<()> {
    let genesis = match read_draft(file) {
        Ok(draft) => draft.assemble()?,
        Err(_) => load_genesis(file)?,
    };
    if let Some(out) = out {
        write_new(out, genesis.bytes())?;
    }
    show(global, &genesis)
}

fn show(global: &Global, genesis: &registry::Genesis) -> anyhow::Result<()> {
    if global.json {
        let document = genesis.document();
        return output::json(&json!({ "genesis": genesis.hash(), "document": document }));
    }
    output::line(summary(genesis).trim_end())
}

fn read_draft(path: &Path) -> anyhow::Result<Draft> {
    let text = std::fs::read(path).with_context(|| format!("`{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}` is no draft", path.display()))
}
