//! `dzong did`: the whole life of a DID.

mod change;
mod create;
pub(super) mod document;
mod read;

use clap::{Args, Subcommand};

use crate::author::Delivered;
use crate::cli::Global;
use crate::output;

pub use create::Create;

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

/// Prints the DID alone on the first line, and what became of its event.
fn report(global: &Global, did: &str, delivered: &Delivered) -> anyhow::Result<()> {
    if global.json {
        let mut value = delivered.json();
        if let Some(members) = value.as_object_mut() {
            members.insert("did".into(), did.into());
        }
        return output::json(&value);
    }
    output::line(did)?;
    output::line(&delivered.text())
}
