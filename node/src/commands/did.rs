//! `dzong did`: the whole life of a DID.

mod change;
mod create;
mod read;

use clap::{Args, Subcommand};

use crate::cli::Global;

pub use create::Create;
pub(crate) use read::answered;

/// Create, change, end and resolve DIDs
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong key new --out issuer.json\n  \
                        dzong did create --key issuer.json --save\n  \
                        dzong did resolve did:ndi:bt-demo:Qm… --verify")]
pub struct Did {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Create(Create),
    Update(change::Update),
    Rotate(change::Rotate),
    Deactivate(change::Deactivate),
    Resolve(read::Resolve),
    History(read::History),
}

impl Did {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Create(command) => command.run(global),
            Action::Update(command) => command.run(global),
            Action::Rotate(command) => command.run(global),
            Action::Deactivate(command) => command.run(global),
            Action::Resolve(command) => command.run(global),
            Action::History(command) => command.run(global),
        }
    }
}
