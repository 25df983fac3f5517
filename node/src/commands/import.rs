//! `dzong import`: what comes from elsewhere: a whole ledger into a new home, or transactions of
//! another ledger into this one.

mod domain;
mod indy;
mod ledger_file;
mod source;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::Global;

/// Make a node's ledger from an exported one, or bring in what another ledger holds
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong import ledger bhutan.jsonl --home ./node\n  \
    dzong import source domain.jsonl --namespace bhutan --evidence minutes.pdf \
    --out approve.json\n  \
    dzong import indy domain.jsonl --namespace bhutan --key administrative-body.json")]
pub struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Ledger(LedgerFile),
    Source(source::Source),
    Indy(indy::Indy),
}

/// Replay a whole ledger into a home, from genesis on; nothing of the file is believed
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong export --ledger bhutan.jsonl --home ./old\n  \
    dzong init --home ./new --name thimphu-1\n  \
    dzong import ledger bhutan.jsonl --home ./new --genesis genesis.json\n  \
    dzong run --home ./new --replica\n\n\
    Every signature, event, root and certificate is checked as if the block came from a peer, so \
    the state root at the end is that of the network. An import that was interrupted goes on where \
    it ended. docs/moving.md says how a validator moves with its keys.")]
struct LedgerFile {
    /// The file that `dzong export --ledger` wrote
    file: PathBuf,
    /// The home, as `dzong init` makes it
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The genesis document that is believed [default: the home's]
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
}

impl Import {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.what {
            What::Ledger(command) => command.run(global),
            What::Source(command) => command.run(),
            What::Indy(command) => command.run(global),
        }
    }
}
