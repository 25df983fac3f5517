//! `dzong status`: revocation registries, from their creation to a proven status.

mod change;
mod create;
mod show;

use clap::{Args, Subcommand};

use crate::cli::Global;

pub(crate) use change::Ground;

/// Revoke, suspend and reactivate credentials, and show what counts
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong status create --capacity 131072 --format bitstring --key issuer.json\n  \
    dzong status change 6f1c… --revoke 5,17 --suspend 40 --ground on-request --key issuer.json\n  \
    dzong status override 6f1c… --suspend 9 --lock --ground national-security \
    --key governor-1.json --key governor-2.json --key governor-3.json\n  \
    dzong status show 6f1c… --slot 17 --time 2026-11-21T12:00:00Z --verify")]
pub struct Status {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Create(create::Create),
    Change(change::Change),
    Override(change::Override),
    Freeze(create::Freeze),
    Release(create::Release),
    Retire(create::Retire),
    Provider(create::Provider),
    Show(show::Show),
    List(show::List),
}

impl Status {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Create(command) => command.run(global),
            Action::Change(command) => command.run(global),
            Action::Override(command) => command.run(global),
            Action::Freeze(command) => command.holding.run(global, "RevocationRegistryFrozen"),
            Action::Release(command) => command.holding.run(global, "RevocationRegistryReleased"),
            Action::Retire(command) => command.holding.run(global, "RevocationRegistryRetired"),
            Action::Provider(command) => command.run(global),
            Action::Show(command) => command.run(global),
            Action::List(command) => command.run(global),
        }
    }
}
