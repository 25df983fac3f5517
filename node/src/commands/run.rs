//! `dzong run`: a node.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use consensus::{Provenance, Rejoin};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::Global;
use crate::config::{Config, Log, LogFormat};
use crate::home::Home;
use crate::wiring::{self, Ended, Options};

/// The variable whose filter goes before the configured one.
const LOG_VARIABLE: &str = "DZONG_LOG";

/// How long the node's threads may take to end.
const THREADS_END_MAX: Duration = Duration::from_secs(10);

/// Run a node until it is told to stop
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong run --home ./node0")]
pub struct Run {
    /// The node's home, as `dzong init` makes it
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// Follow without a vote
    #[arg(long)]
    replica: bool,
    /// The home was copied, restored or lost: watch what is decided before signing again
    #[arg(long)]
    rejoin: bool,
    /// The home was moved here as a whole, and nothing runs where it was: sign on
    #[arg(long, conflicts_with = "rejoin")]
    moved: bool,
}

impl Run {
    /// Runs the command.
    ///
    /// # Errors
    /// Why the node did not start.
    pub fn run(self, _: &Global) -> anyhow::Result<()> {
        let Run { home, replica, rejoin, moved } = self;
        let provenance = match (rejoin, moved) {
            (true, _) => Provenance::Unknown(Rejoin::default()),
            (_, true) => Provenance::Moved,
            _ => Provenance::Own,
        };
        let home = Home::new(home);
        let config = Config::load(&home.config())?;
        log_to_stderr(&config.log)?;
        let keys = home.load_keys(replica)?;
        let options = Options { home, keys, provenance };
        while live(options.clone())? == Ended::SpaceIsBack {}
        Ok(())
    }
}

/// One life of the node. When its threads have ended nothing of it is left: not a connection, and
/// not the ledger's lock.
fn live(options: Options) -> anyhow::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("dzong")
        .build()
        .context("no threads")?;
    let ended = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        wiring::run(options, stop).await
    });
    runtime.shutdown_timeout(THREADS_END_MAX);
    ended
}

fn log_to_stderr(log: &Log) -> anyhow::Result<()> {
    let filter = match std::env::var(LOG_VARIABLE) {
        Ok(filter) => EnvFilter::try_new(filter)
            .map_err(|error| anyhow!("the filter in DZONG_LOG is refused: {error}"))?,
        Err(_) => EnvFilter::try_new(&log.filter)
            .map_err(|error| anyhow!("`log.filter` is refused: {error}"))?,
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // It would say so on standard error, and panic where that is full as well: a log that
        // cannot be written is no reason to end.
        .log_internal_errors(false);
    // A second subscriber in one process is a test's, and harmless.
    let _ = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}
