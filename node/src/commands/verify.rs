//! `dzong verify`: an answer, a receipt, a trust chain or a fork proof, offline.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofs::{Checkpoint, Fork, Verdict};
use registry::answer::Judgement;
use serde_json::Value;

use crate::author::read_file;
use crate::cli::{Exit, Global};
use crate::output::{self, Tone};
use crate::trust::{TrustArgs, exit_code, save_checkpoint};

/// Check an answer, a receipt, a trust chain or a fork proof, offline: prints the verdict
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong did resolve did:ndi:bt-demo:Qm… --out answer.json\n  \
    dzong verify answer.json --genesis genesis.json --max-age 60\n\n  \
    curl -o chain.json http://127.0.0.1:8080/v1/trust-chain\n  \
    dzong verify chain.json --genesis genesis.json --save-checkpoint checkpoint.json\n  \
    dzong verify answer.json --checkpoint checkpoint.json\n\n\
    Exit code: 0 Valid, 2 Stale, 3 Untrusted, 4 Invalid, 1 where nothing could be checked.")]
pub struct Verify {
    /// The answer; - is standard input
    file: PathBuf,
    /// Where a trust chain leads, pinned for --checkpoint
    #[arg(long, value_name = "FILE")]
    save_checkpoint: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// Nothing could be checked, or the verdict is not `Valid`.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let trust = self.trust.trust()?;
        let judgement = self.trust.judge(&trust, &read_file(&self.file)?);
        if let Some(path) = &self.save_checkpoint
            && judgement.verdict.is_valid()
        {
            let reached = judgement.trust.as_ref().context(
                "only a trust chain leads to a checkpoint: get one from /v1/trust-chain",
            )?;
            save_checkpoint(path, reached)?;
        }
        if global.json {
            output::json(&shown(&judgement)?)?;
        } else {
            print(&judgement)?;
        }
        match exit_code(&judgement.verdict) {
            0 => Ok(()),
            code => Err(Exit(code).into()),
        }
    }
}

/// The verdict, and what a trust chain or a fork proof says besides.
fn shown(judgement: &Judgement) -> anyhow::Result<Value> {
    let mut shown = serde_json::to_value(&judgement.verdict)?;
    if let Some(trust) = &judgement.trust {
        shown["checkpoint"] = serde_json::to_value(Checkpoint::from(trust))?;
    }
    if let Some(fork) = &judgement.fork {
        shown["fork"] = serde_json::to_value(fork)?;
    }
    Ok(shown)
}

fn print(judgement: &Judgement) -> anyhow::Result<()> {
    let Judgement { verdict, trust, fork } = judgement;
    let tone = if verdict.is_valid() { Tone::Good } else { Tone::Bad };
    output::line(&output::paint(tone, &verdict.to_string()))?;
    if let Verdict::Valid { time, .. } | Verdict::Stale { time, .. } = verdict {
        output::line(&format!("  it speaks for {}", registry::time::format(*time)))?;
    }
    if let Some(trust) = trust {
        let validators = trust.validators.as_slice().len();
        output::line(&format!("  from there on {validators} validators certify"))?;
    }
    if let Some(Fork { guilty, signed_both, .. }) = fork {
        output::line("  the network forked: two blocks of this height are certified")?;
        let guilty = guilty.iter().map(|key| format!("  guilty       {key}: two votes in a round"));
        let both = signed_both.iter().map(|key| format!("  signed both  {key}"));
        guilty.chain(both).try_for_each(|line| output::line(&line))?;
    }
    Ok(())
}
