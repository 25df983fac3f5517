//! `dzong explain`: who may make a kind of event, and why somebody may not.

use clap::Args;
use serde_json::Value;

use crate::cli::Global;
use crate::client::{Client, encoded};
use crate::output::{self, Tone, paint};

/// Say who may do what, under which conditions, and whether an actor may
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong explain --kind EntityRegistered\n  \
    dzong explain --kind AuthorizationGranted --actor did:ndi:bt-demo:Qm…\n  \
    dzong explain                           the whole table of authority")]
pub struct Explain {
    /// The kind of event [default: every kind]
    #[arg(long, value_name = "TYPE")]
    kind: Option<String>,
    /// Who would make it
    #[arg(long, value_name = "DID")]
    actor: Option<String>,
}

impl Explain {
    /// Runs the command.
    ///
    /// # Errors
    /// The node cannot be reached, or knows no such kind.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let options = [("kind", &self.kind), ("actor", &self.actor)];
        let options: Vec<String> = options
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_ref()?))))
            .collect();
        let path = format!("/v1/explain?{}", options.join("&"));
        let answer: Value = Client::new(&global.url).read(&path)?;
        if global.json {
            return output::json(&answer);
        }
        let rules = answer.get("rules").and_then(Value::as_array).into_iter().flatten();
        rules.into_iter().try_for_each(show)
    }
}

fn show(rule: &Value) -> anyhow::Result<()> {
    let member = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    let by = rule.get("by").and_then(Value::as_array).into_iter().flatten();
    let by: Vec<&str> = by.filter_map(Value::as_str).collect();
    output::line(&format!("{} ({})", member("kind"), member("sections")))?;
    output::line(&format!("  by {}", by.join(", or ")))?;
    output::line(&format!("  {}", member("conditions")))?;
    let powers = rule.pointer("/actor/powers").and_then(Value::as_array);
    for power in powers.into_iter().flatten() {
        let text = |name: &str| power.get(name).and_then(Value::as_str);
        let held = power.get("held").and_then(Value::as_bool) == Some(true);
        let (tone, word) = if held { (Tone::Good, "yes") } else { (Tone::Bad, "no") };
        let why = text("why").map(|why| format!(": {why}")).unwrap_or_default();
        let name = text("power").unwrap_or_default();
        output::line(&format!("  {} as {name}{why}", paint(tone, word)))?;
    }
    Ok(())
}
