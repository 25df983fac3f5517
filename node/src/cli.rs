//! The command line: what every command shares, and how a run ends.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Args, Parser};
use serde_json::json;

use crate::client::ClientError;
use crate::commands::Command;
use crate::output::Closed;

/// Dzong: a trust registry whose every answer proves itself.
#[derive(Parser, Debug)]
#[command(name = "dzong", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Example:\n  dzong localnet            four validators on this machine\n  \
                        dzong demo                a nation's first day on them")]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Debug, Clone)]
pub struct Global {
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// The node to talk to
    #[arg(long, global = true, env = "DZONG_URL", value_name = "URL")]
    #[arg(default_value = "http://127.0.0.1:8080")]
    pub url: String,
}

/// An end that is not success, though nothing went wrong with the command itself: its result has
/// been printed, and only the exit code is left to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("exit code {0}")]
pub struct Exit(pub u8);

/// What a shell reports for a program that a closed pipe ended.
const CLOSED_PIPE: u8 = 141;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // A reader that goes away is no fault here either.
            let _ = usage.print();
            // Codes from 2 on are verdicts (`dzong verify`).
            return if usage.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match cli.command.run(&cli.global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(&error, cli.global.json),
    }
}

fn end(error: &anyhow::Error, json: bool) -> ExitCode {
    if let Some(Exit(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    if error.downcast_ref::<Closed>().is_some() {
        return ExitCode::from(CLOSED_PIPE);
    }
    let said = if json {
        let mut value = json!({ "error": format!("{error:#}") });
        if let Some(ClientError::Refused(problem)) = error.downcast_ref() {
            value = json!({ "code": problem.code(), "error": problem.to_string() });
        }
        value.to_string()
    } else {
        format!("error: {error:#}")
    };
    // Where it cannot be said, the exit code says it.
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        fn visit(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "`{path}` has no example");
            assert!(command.get_about().is_some(), "`{path}` says nothing about itself");
            let own = command.get_subcommands().filter(|sub| sub.get_name() != "help");
            own.for_each(|sub| visit(sub, &path));
        }
        visit(&Cli::command(), "");
    }
}
