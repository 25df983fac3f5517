//! `dzong verify`: an answer or a receipt, offline.

use std::path::PathBuf;

use clap::Args;
use proofs::Verdict;

use crate::author::read_file;
use crate::cli::{Exit, Global};
use crate::output::{self, Tone};
use crate::trust::{TrustArgs, exit_code};

/// Check an answer or a receipt, offline: prints the verdict
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong did resolve did:ndi:bt-demo:Qm… --out answer.json\n  \
    dzong verify answer.json --genesis genesis.json --max-age 60\n\n\
    Exit code: 0 Valid, 2 Stale, 3 Untrusted, 4 Invalid, 1 where nothing could be checked.")]
pub struct Verify {
    /// The answer; - is standard input
    file: PathBuf,
    /// A checkpoint to trust in place of genesis: comes with trust chains
    #[arg(long, value_name = "FILE", conflicts_with = "genesis")]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// Nothing could be checked, or the verdict is not `Valid`.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.checkpoint.is_none(),
            "--checkpoint comes with trust chains: trust the genesis document with --genesis FILE"
        );
        let trust = self.trust.trust()?;
        let verdict = self.trust.check(&trust, &read_file(&self.file)?);
        if global.json {
            output::json(&verdict)?;
        } else {
            print(&verdict)?;
        }
        match exit_code(&verdict) {
            0 => Ok(()),
            code => Err(Exit(code).into()),
        }
    }
}

fn print(verdict: &Verdict) -> anyhow::Result<()> {
    let tone = if verdict.is_valid() { Tone::Good } else { Tone::Bad };
    output::line(&output::paint(tone, &verdict.to_string()))?;
    match verdict {
        Verdict::Valid { time, .. } | Verdict::Stale { time, .. } => {
            output::line(&format!("  it speaks for {}", registry::time::format(*time)))
        }
        Verdict::Untrusted { .. } | Verdict::Invalid { .. } => Ok(()),
    }
}
