//! What the command line believes without proof, and what it makes of an answer.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use proofs::trust::Freshness;
use proofs::{Trust, Verdict};
use registry::genesis::GENESIS_BYTES_MAX;
use registry::json::check_canonical;

use crate::clock::now_ms;

/// Where a network on this machine is, if `DZONG_HOME` does not say.
const LOCAL_HOME: &str = "localnet";

/// What a command trusts, and how old an answer may be.
#[derive(Args, Debug, Clone, Default)]
pub struct TrustArgs {
    /// The network's genesis document [default: that of the local network, if there is one]
    #[arg(long, value_name = "FILE")]
    pub genesis: Option<PathBuf>,
    /// Refuse answers that are older than this
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,
}

/// The home of the network on this machine: `DZONG_HOME`, else `./localnet`.
pub fn local_home() -> PathBuf {
    std::env::var_os("DZONG_HOME").map_or_else(|| LOCAL_HOME.into(), PathBuf::from)
}

impl TrustArgs {
    /// The trust that the named genesis document gives, else the local network's.
    ///
    /// # Errors
    /// There is none, or it is no genesis document.
    pub fn trust(&self) -> anyhow::Result<Trust> {
        match &self.genesis {
            Some(path) => from_file(path),
            None => {
                let path = local_home().join("genesis.json");
                anyhow::ensure!(
                    path.exists(),
                    "nothing to trust: name the network's genesis document with --genesis FILE \
                     (there is no {})",
                    path.display()
                );
                from_file(&path)
            }
        }
    }

    /// The verdict on an answer.
    pub fn check(&self, trust: &Trust, answer: &[u8]) -> Verdict {
        let age_max = self.max_age.map(|seconds| seconds.saturating_mul(1000));
        registry::answer::check(trust, answer, Freshness { now: now_ms(), age_max })
    }
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

/// The exit code for a verdict: 0 only for `Valid`.
pub fn exit_code(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Valid { .. } => 0,
        Verdict::Stale { .. } => 2,
        Verdict::Untrusted { .. } => 3,
        Verdict::Invalid { .. } => 4,
    }
}
