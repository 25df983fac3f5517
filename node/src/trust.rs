//! What the command line believes without proof, and what it makes of an answer.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use proofs::trust::Freshness;
use proofs::{Checkpoint, Trust, TrustChain, Verdict};
use registry::answer::{ANSWER_BYTES_MAX, Judgement};
use registry::genesis::GENESIS_BYTES_MAX;
use registry::json::{self, check_canonical};

use crate::client::Client;
use crate::clock::now_ms;
use crate::files::publish;
use crate::output::{self, Tone};

/// Where a network on this machine is, if `DZONG_HOME` does not say.
const LOCAL_HOME: &str = "localnet";

/// What a command trusts, and how old an answer may be.
#[derive(Args, Debug, Clone, Default)]
pub struct TrustArgs {
    /// The network's genesis document [default: that of the local network, if there is one]
    #[arg(long, value_name = "FILE")]
    pub genesis: Option<PathBuf>,
    /// A checkpoint to start from in place of genesis, pinned earlier with --save-checkpoint
    #[arg(long, value_name = "FILE", conflicts_with = "genesis")]
    pub checkpoint: Option<PathBuf>,
    /// Refuse answers that are older than this
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,
}

/// The home of the network on this machine: `DZONG_HOME`, else `./localnet`.
pub fn local_home() -> PathBuf {
    std::env::var_os("DZONG_HOME").map_or_else(|| LOCAL_HOME.into(), PathBuf::from)
}

impl TrustArgs {
    /// Whether nothing is named and there is no local network either.
    pub fn is_nothing(&self) -> bool {
        let named = self.genesis.is_some() || self.checkpoint.is_some();
        !named && !local_home().join("genesis.json").exists()
    }

    /// The trust that the named checkpoint or genesis document gives, else the local network's.
    ///
    /// # Errors
    /// There is none, or the file is something else.
    pub fn trust(&self) -> anyhow::Result<Trust> {
        if let Some(path) = &self.checkpoint {
            return load_checkpoint(path);
        }
        from_file(&self.genesis_path()?)
    }

    /// Where the genesis document is: as named, else the local network's.
    ///
    /// # Errors
    /// There is none.
    pub fn genesis_path(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.genesis {
            return Ok(path.clone());
        }
        let path = local_home().join("genesis.json");
        anyhow::ensure!(
            path.exists(),
            "nothing to trust: name the network's genesis document with --genesis FILE (there is \
             no {})",
            path.display()
        );
        Ok(path)
    }

    /// The verdict on an answer.
    pub fn check(&self, trust: &Trust, answer: &[u8]) -> Verdict {
        self.judge(trust, answer).verdict
    }

    /// What an answer, a trust chain or a fork proof is worth.
    pub fn judge(&self, trust: &Trust, answer: &[u8]) -> Judgement {
        let age_max = self.max_age.map(|seconds| seconds.saturating_mul(1000));
        registry::answer::judge(trust, answer, Freshness { now: now_ms(), age_max })
    }
}

/// A node's answer and its verdict. Where the answer's validators are not those whom `trust` names,
/// the node's trust chain may lead to them: it is followed, and the node is asked again.
///
/// # Errors
/// As `ask`.
pub fn proven<T>(
    client: &Client,
    trust: &mut Trust,
    mut ask: impl FnMut() -> anyhow::Result<T>,
    check: impl Fn(&Trust, &T) -> Verdict,
) -> anyhow::Result<(T, Verdict)> {
    let answer = ask()?;
    let verdict = check(trust, &answer);
    let Verdict::Untrusted { why } = &verdict else { return Ok((answer, verdict)) };
    // What was certified before the last hand-over is for those who were trusted on the way.
    let mut found = None;
    let walked = walk(client, trust, |reached| {
        let verdict = check(reached, &answer);
        if !matches!(verdict, Verdict::Untrusted { .. }) {
            found.get_or_insert(verdict);
        }
    });
    match walked {
        Ok(reached) if reached == *trust => Ok((answer, verdict)),
        Ok(reached) => {
            *trust = reached;
            let newer = ask()?;
            match (check(trust, &newer), found) {
                (Verdict::Untrusted { .. }, Some(verdict)) => Ok((answer, verdict)),
                (verdict, _) => Ok((newer, verdict)),
            }
        }
        Err(no_chain) => {
            let verdict = Verdict::untrusted(format!("{why}; {no_chain}"));
            Ok((answer, verdict))
        }
    }
}

/// Follows the node's trust chain to its end.
///
/// # Errors
/// The node has none, or it does not hold.
pub fn follow(client: &Client, trust: &Trust) -> anyhow::Result<Trust> {
    walk(client, trust, |_| {})
}

/// Follows the node's trust chain to its end, and shows each trust on the way.
fn walk(client: &Client, trust: &Trust, mut passes: impl FnMut(&Trust)) -> anyhow::Result<Trust> {
    let mut reached = trust.clone();
    loop {
        let bytes = client.get(&format!("/v1/trust-chain?from={}", reached.height))?;
        let freshness = Freshness { now: now_ms(), age_max: None };
        let judgement = registry::answer::judge(&reached, &bytes, freshness);
        let Some(end) = judgement.trust else {
            anyhow::bail!("the node's trust chain is {}", judgement.verdict);
        };
        let chain: TrustChain = serde_json::from_slice(&bytes)?;
        let genesis = chain.genesis;
        let from = reached.height;
        let mut hand_overs = 0;
        for step in chain.steps.into_iter().filter(|step| step.certificate.height > from) {
            hand_overs += 1;
            let next = TrustChain::new(genesis, vec![step]).follow(&reached, freshness.now);
            reached =
                next.map_err(|verdict| anyhow::anyhow!("the node's trust chain is {verdict}"))?;
            passes(&reached);
        }
        reached = end;
        // A full answer ends at a hand-over, and there may be more behind it.
        if hand_overs < proofs::chain::HAND_OVERS_MAX {
            return Ok(reached);
        }
    }
}

/// Reads a pinned checkpoint.
///
/// # Errors
/// There is none, or the file is something else.
pub fn load_checkpoint(path: &Path) -> anyhow::Result<Trust> {
    let read = || -> anyhow::Result<Trust> {
        let value = json::parse(&std::fs::read(path)?, ANSWER_BYTES_MAX)?;
        Ok(serde_json::from_value::<Checkpoint>(value)?.trust()?)
    };
    read().with_context(|| format!("the checkpoint `{}`", path.display()))
}

/// Pins a trust in a file, for `--checkpoint`. A newer checkpoint of the same network is never
/// replaced by an older one.
///
/// # Errors
/// The file holds a newer one or something else, or cannot be written.
pub fn save_checkpoint(path: &Path, trust: &Trust) -> anyhow::Result<()> {
    if path.exists() {
        let before = load_checkpoint(path)?;
        anyhow::ensure!(
            before.genesis == trust.genesis && before.height <= trust.height,
            "`{}` holds another network's checkpoint, or that of height {}, above {}: name \
             another file",
            path.display(),
            before.height,
            trust.height
        );
    }
    let bytes = json::canonical_of(&Checkpoint::from(trust))?;
    publish(path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))
}

fn from_file(path: &Path) -> anyhow::Result<Trust> {
    let read = || -> anyhow::Result<Trust> {
        let bytes = std::fs::read(path)?;
        // Editors end a file with a line break; the document itself has none.
        let bytes = bytes.trim_ascii_end();
        check_canonical(bytes, GENESIS_BYTES_MAX)?;
        Ok(Trust::from_genesis(bytes)?)
    };
    read().with_context(|| format!("the genesis document `{}`", path.display()))
}

/// A verdict as people read it, in the colour of its meaning.
pub fn painted(verdict: &Verdict) -> String {
    let tone = if verdict.is_valid() { Tone::Good } else { Tone::Bad };
    output::paint(tone, &verdict.to_string())
}

/// The exit code for a verdict: 0 only for `Valid`.
pub fn exit_code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Valid { .. } => 0,
        Verdict::Stale { .. } => 2,
        Verdict::Untrusted { .. } => 3,
        Verdict::Invalid { .. } => 4,
    }
}

#[cfg(test)]
mod tests;
