//! `dzong node`: what a running node says of itself, and what a new one needs to be admitted.

pub(crate) mod apply;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::cli::Global;
use crate::client::Client;
use crate::output;

/// Ask a running node about itself and its network, or apply for a new one
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong node status --url http://127.0.0.1:8081")]
pub struct Node {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand, Debug)]
enum Question {
    /// Height, role, readiness
    #[command(after_help = "Example:\n  dzong node status")]
    Status,
    /// The configured peers, and what connects them
    #[command(after_help = "Example:\n  dzong node peers")]
    Peers,
    /// Double signatures that the node has seen, and by whose key
    #[command(after_help = "Example:\n  dzong node evidence --json")]
    Evidence,
    /// The validators of now
    #[command(after_help = "Example:\n  dzong node validators")]
    Validators,
    Apply(apply::Apply),
}

impl Node {
    /// Runs the command.
    ///
    /// # Errors
    /// The node does not answer.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let path = match self.question {
            Question::Apply(command) => return command.run(),
            Question::Status => "/v1/status",
            Question::Peers => "/v1/peers",
            Question::Evidence => "/v1/evidence",
            Question::Validators => "/v1/validators",
        };
        let answer: Value = Client::new(&global.url).read(path)?;
        if global.json {
            return output::json(&answer);
        }
        match self.question {
            Question::Status => show(&answer),
            Question::Peers => table(&answer["peers"], &["id", "validator", "agreement", "gossip"]),
            Question::Evidence => {
                table(&answer["evidence"], &["height", "round", "step", "validator"])
            }
            Question::Validators | Question::Apply(_) => {
                table(&answer["validators"], &["name", "power", "validatorKey", "operator"])
            }
        }
    }
}

fn show(answer: &Value) -> anyhow::Result<()> {
    for (name, value) in answer.as_object().into_iter().flatten() {
        if !value.is_null() {
            output::line(&format!("{name:<12} {}", text(value)))?;
        }
    }
    Ok(())
}

fn table(rows: &Value, columns: &[&str]) -> anyhow::Result<()> {
    let cells = |row: &Value| columns.iter().map(|name| text(&row[*name])).collect::<Vec<_>>();
    let mut lines = vec![columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.as_array().into_iter().flatten().map(cells));
    let width = |at: usize| lines.iter().map(|line| line[at].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        output::line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
