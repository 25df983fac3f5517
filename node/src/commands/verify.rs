//! `dzong verify`: an answer, a receipt, a trust chain or a fork proof, offline.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofs::merkle::leaf_hash;
use proofs::tlog::proof::{LogProofError, PROOF_HEADER};
use proofs::tlog::{LogHead, LogProof, Policy, PolicyError};
use proofs::{Checkpoint, Fork, Verdict};
use registry::answer::Judgement;
use serde_json::{Value, json};

use crate::author::read_file;
use crate::checkpoint::genesis_policy;
use crate::cli::{Exit, Global};
use crate::home::load_genesis;
use crate::output::{self, Tone};
use crate::trust::{TrustArgs, exit_code, painted, save_checkpoint};

/// Check an answer, a receipt, a tlog-proof, a trust chain or a fork proof, offline
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
    /// For a C2SP tlog-proof: who cosigns, where the validators are no longer those of genesis
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Verify {
    /// Runs the command.
    ///
    /// # Errors
    /// Nothing could be checked, or the verdict is not `Valid`.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let bytes = read_file(&self.file)?;
        if bytes.starts_with(PROOF_HEADER.as_bytes()) {
            return self.verify_log_proof(global, &bytes);
        }
        anyhow::ensure!(self.policy.is_none(), "--policy is for a tlog-proof, which this is not");
        let trust = self.trust.trust()?;
        let judgement = self.trust.judge(&trust, &bytes);
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

impl Verify {
    /// A C2SP tlog-proof names no height, and so has no verdict but yes and no.
    fn verify_log_proof(&self, global: &Global, bytes: &[u8]) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.save_checkpoint.is_none() && self.trust.checkpoint.is_none(),
            "a tlog-proof is checked against genesis or a policy, not a pinned checkpoint"
        );
        let policy = match &self.policy {
            Some(path) => read_file(path)?,
            None => genesis_policy(&load_genesis(&self.trust.genesis_path()?)?).into_bytes(),
        };
        let policy: Policy = std::str::from_utf8(&policy)?.parse()?;
        let check = || -> Result<(LogProof, LogHead), LogProofError> {
            let text = std::str::from_utf8(bytes).map_err(|_| LogProofError::Malformed)?;
            let proof: LogProof = text.parse()?;
            let leaf = leaf_hash(proof.extra.as_deref().ok_or(LogProofError::Malformed)?);
            let head = proof.verify(&policy, leaf)?;
            Ok((proof, head))
        };
        let (verdict, tone, text) = match check() {
            Ok((LogProof { index, .. }, LogHead { size, .. })) => {
                ("valid", Tone::Good, format!("entry {index} of a log of {size} entries"))
            }
            Err(LogProofError::Policy(why @ (PolicyError::Log(_) | PolicyError::Quorum))) => {
                ("untrusted", Tone::Bad, why.to_string())
            }
            Err(why) => ("invalid", Tone::Bad, why.to_string()),
        };
        match global.json {
            true => output::json(&json!({ "verdict": verdict, "why": text }))?,
            false => output::line(&format!("{}: {text}", output::paint(tone, verdict)))?,
        }
        match verdict {
            "valid" => Ok(()),
            "untrusted" => Err(Exit(exit_code(&Verdict::untrusted(text))).into()),
            _ => Err(Exit(exit_code(&Verdict::invalid(text))).into()),
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
    output::line(&painted(verdict))?;
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
