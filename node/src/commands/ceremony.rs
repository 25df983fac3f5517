//! `dzong ceremony`: how the set-up of the slot accumulator gets a secret that nobody knows.

mod folder;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use rand::RngCore as _;
use rand::rngs::OsRng;
use registry::blob;
use registry::slots::{
    Domain, ENTROPY_BYTES, Powers, check, check_contribution, check_files, contribute, is_ethereum,
    read_ethereum,
};
use registry::status::SETUP_SLOTS;
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::files::publish_new;
use crate::output;
use folder::Folder;

/// Make the powers of tau that slot commitments rest on, by many contributors
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong ceremony begin ceremony --slots 65536\n  \
    dzong ceremony contribute ceremony --name did:ndi:bt-demo:Qm…\n  \
    dzong ceremony check ceremony\n  \
    dzong ceremony finish ceremony --out powers-of-tau.bin\n\n\
    The folder goes from one contributor to the next, and everything in it is public. If one of \
    them forgot what their computer drew, nobody knows the secret.")]
pub struct Ceremony {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand, Debug)]
enum Step {
    Begin(Begin),
    Contribute(Contribute),
    Check(Check),
    Finish(Finish),
}

/// Begin a ceremony in a new folder
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong ceremony begin ceremony --slots 65536\n  \
    dzong ceremony begin ceremony --ethereum trusted_setup_4096.json\n\n\
    The file of Ethereum's ceremony is in its consensus specifications; it has 4096 slots, and \
    some 141,000 contributed to it.")]
struct Begin {
    /// The folder
    folder: PathBuf,
    /// How many slots a registry may have: 4096 or 65536
    #[arg(long, required_unless_present = "ethereum", conflicts_with = "ethereum")]
    slots: Option<u32>,
    /// Go on from this file of Ethereum's ceremony
    #[arg(long, value_name = "FILE")]
    ethereum: Option<PathBuf>,
}

/// Contribute to a ceremony: prints the line of the transcript
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong ceremony contribute ceremony --name did:ndi:bt-demo:Qm…\
    \n\nThe operating system's randomness is used once, in memory, and written nowhere. Publish \
    the line elsewhere, too: it shows that what you made is in the set-up.")]
struct Contribute {
    /// The folder
    folder: PathBuf,
    /// Who contributes, such as a DID
    #[arg(long)]
    name: String,
}

/// Check every contribution of a ceremony, and that a set-up came out of it
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong ceremony check ceremony\n  \
    dzong blob get zQm… --out adopted.bin\n  \
    dzong ceremony check ceremony --blob adopted.bin")]
struct Check {
    /// The folder
    folder: PathBuf,
    /// The file that was published: it must be what the last contribution leads to
    #[arg(long, value_name = "FILE")]
    blob: Option<PathBuf>,
}

/// Check a ceremony, and write the file that the network adopts
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong ceremony finish ceremony --out powers-of-tau.bin\n  \
    dzong blob put powers-of-tau.bin --kind powersOfTau --key secretary.json\n\n\
    The same folder gives the same file on every machine. The Governing Body adopts it by \
    PowersOfTauAdopted, which names the blob. The table of 65536 slots takes about a minute.")]
struct Finish {
    /// The folder
    folder: PathBuf,
    /// Where the file is written: never over another
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Ceremony {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.step {
            Step::Begin(command) => command.run(global),
            Step::Contribute(command) => command.run(global),
            Step::Check(command) => command.run(global),
            Step::Finish(command) => command.run(global),
        }
    }
}

impl Begin {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let powers = match (&self.ethereum, self.slots) {
            (Some(path), _) => ethereum(path)?,
            (None, slots) => {
                let domain = slots.filter(|slots| SETUP_SLOTS.contains(slots)).and_then(Domain::of);
                Powers::start(domain.context("a network's set-up has 4096 or 65536 slots")?)
            }
        };
        Folder::begin(&self.folder, &powers)?;
        let (slots, hash) = (powers.domain().slots(), hex::encode(powers.hash()));
        if global.json {
            return output::json(&json!({ "powers": hash, "slots": slots }));
        }
        output::line(&hash)?;
        output::line(&format!(
            "{slots} slots in {}; now let everybody contribute, one after another",
            self.folder.display()
        ))
    }
}

/// The powers of Ethereum's ceremony, and of no other.
fn ethereum(path: &Path) -> anyhow::Result<Powers> {
    let named = || format!("`{}`", path.display());
    let (powers, table) = read_ethereum(&std::fs::read(path).with_context(named)?)?;
    check(&powers, &table).with_context(named)?;
    anyhow::ensure!(is_ethereum(&powers), "{} is not Ethereum's set-up of 4096 slots", named());
    Ok(powers)
}

impl Contribute {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let mut folder = Folder::open(&self.folder)?;
        let last = folder.last()?;
        output::progress("multiplying the powers by a factor that nobody will know");
        let mut entropy = Zeroizing::new([0; ENTROPY_BYTES]);
        OsRng.try_fill_bytes(&mut *entropy).context("the system gives no randomness")?;
        let (next, contribution) = contribute(&last, &entropy, &self.name)?;
        drop(entropy);
        output::progress("checking what came out");
        check_contribution(&last, &next, &contribution)?;
        let line = contribution.to_string();
        let number = folder.append(&next, contribution)?;
        if global.json {
            return output::json(&json!({ "contribution": line, "number": number }));
        }
        output::line(&line)?;
        output::line(&format!("contribution {number} by {}; hand on the folder", self.name))
    }
}

impl Check {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let checked = Checked::of(&self.folder)?;
        let Some(path) = &self.blob else { return checked.report(global, None) };
        let named = || format!("`{}`", path.display());
        let bytes = std::fs::read(path).with_context(named)?;
        check_files(&bytes).with_context(named)?;
        let same = bytes.starts_with(&checked.last.bytes());
        anyhow::ensure!(same, "{} is not what this ceremony leads to", named());
        checked.report(global, Some(&bytes))
    }
}

impl Finish {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        // Before the minute's work; nothing is written over in any case.
        let out = self.out.display();
        anyhow::ensure!(!self.out.exists(), "`{out}` exists: name another file with --out");
        let checked = Checked::of(&self.folder)?;
        output::progress("making the table of slots");
        let table = checked.last.table();
        let table = table.context("nobody contributed yet, so the secret is known")?;
        check(&checked.last, &table)?;
        let bytes = [checked.last.bytes(), table.bytes()].concat();
        publish_new(&self.out, &bytes)?;
        checked.report(global, Some(&bytes))
    }
}

/// A ceremony of which everything holds.
struct Checked {
    folder: Folder,
    from_ethereum: bool,
    /// What it led to.
    last: Powers,
}

impl Checked {
    fn of(path: &Path) -> anyhow::Result<Checked> {
        let folder = Folder::open(path)?;
        let mut last = folder.powers(0)?;
        let from_ethereum = is_ethereum(&last);
        let known = from_ethereum || last == Powers::start(last.domain());
        anyhow::ensure!(known, "the ceremony begins neither at 1 nor at Ethereum's powers");
        for (number, contribution) in (1..).zip(folder.contributions()) {
            output::progress(&format!("checking contribution {number} by {}", contribution.name));
            let next = folder.powers(number)?;
            check_contribution(&last, &next, contribution)
                .with_context(|| format!("contribution {number} by {}", contribution.name))?;
            last = next;
        }
        Ok(Checked { folder, from_ethereum, last })
    }

    /// Who contributed; and of the file that came out, its id as a blob alone on the first line.
    fn report(&self, global: &Global, file: Option<&[u8]>) -> anyhow::Result<()> {
        let Checked { folder, from_ethereum, last } = self;
        let id = file.map(blob::id);
        let names: Vec<&str> = folder.contributions().iter().map(|one| &*one.name).collect();
        let (powers, slots) = (hex::encode(last.hash()), last.domain().slots());
        if global.json {
            return output::json(&json!({
                "blob": id, "contributors": names, "fromEthereum": from_ethereum,
                "powers": powers, "slots": slots,
            }));
        }
        if let Some(id) = &id {
            output::line(id)?;
        }
        let begin = if *from_ethereum { "Ethereum's powers" } else { "1" };
        output::line(&format!("{slots} slots, begun at {begin}; powers {powers}"))?;
        names.iter().try_for_each(|name| output::line(&format!("  {name}")))
    }
}
