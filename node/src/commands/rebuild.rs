//! `dzong rebuild`: the read models of a stopped node, made again.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use crate::cli::Global;
use crate::home::Home;
use crate::output;
use crate::wiring::open_ledger;

/// Make the read models of a stopped node again
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong rebuild --home ./node")]
pub struct Rebuild {
    /// The node's home
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
}

impl Rebuild {
    /// Runs the command.
    ///
    /// # Errors
    /// The node runs, or its ledger is damaged.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let home = Home::new(self.home);
        let ledger = open_ledger(&home, &home.load_genesis()?)?;
        let bar = ProgressBar::new(0);
        let mut records = 0;
        ledger.rebuild_projections(&mut |done, all| {
            records = all;
            bar.set_length(all);
            bar.set_position(done);
        })?;
        bar.finish_and_clear();
        let height = ledger.head().height;
        if global.json {
            return output::json(&json!({ "height": height, "records": records }));
        }
        output::line(&format!("rebuilt from {records} records at height {height}"))
    }
}
