//! `dzong governance`: what the Governing Body decides, from a proposal to its effect.

mod act;
mod report;
mod show;

use clap::{Args, Subcommand};

use crate::cli::Global;

/// Propose, vote on, execute, cancel and show decisions of the Governing Body
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  dzong governance propose policy.json --key governor-1.json\n  \
                        dzong governance vote 6f1c… --key governor-2.json\n  \
                        dzong governance show 6f1c…"
)]
pub struct Governance {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Propose(act::Propose),
    Vote(act::Vote),
    Execute(act::Execute),
    Cancel(act::Cancel),
    Show(show::Show),
    Body(show::Body),
    Procedure(show::Procedure),
    Documents(show::Documents),
    Report(report::Report),
}

impl Governance {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Propose(command) => command.run(global),
            Action::Vote(command) => command.run(global),
            Action::Execute(command) => command.run(global),
            Action::Cancel(command) => command.run(global),
            Action::Show(command) => command.run(global),
            Action::Body(command) => command.run(global),
            Action::Procedure(command) => command.run(global),
            Action::Documents(command) => command.run(global),
            Action::Report(command) => command.run(global),
        }
    }
}
