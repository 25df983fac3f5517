//! What anyone may see: decisions, the body, its procedure, its documents.

use anyhow::Context as _;
use clap::Args;
use proofs::{Hash, Record};
use registry::governance::body::{self, Seat};
use registry::governance::decision::{self, Decision};
use registry::governance::{Procedure as Rules, procedure};
use registry::time;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::act::find;
use crate::author::record;
use crate::cli::Global;
use crate::client::{Client, encoded};
use crate::clock::now_ms;
use crate::output::{self, Tone, paint};
use crate::trust::TrustArgs;

/// Show a decision with its votes, or list all decisions
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance show\n  dzong governance show 6f1c…")]
pub(super) struct Show {
    /// The decision's id
    id: Option<Hash>,
    /// Only decisions that are so far: open, carried, cancelled or executed
    #[arg(long, conflicts_with = "id")]
    status: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Show the Governing Body: seats, members, terms
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance body")]
pub(super) struct Body {
    #[command(flatten)]
    trust: TrustArgs,
}

/// Show the procedure in force: thresholds, voting period, time-lock
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance procedure")]
pub(super) struct Procedure {
    #[command(flatten)]
    trust: TrustArgs,
}

/// List the documents of governance in force
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance documents")]
pub(super) struct Documents {}

impl Show {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let Some(id) = &self.id else { return self.list(&client, global) };
        if global.json {
            return print(&client, &decision::key(id), &self.trust);
        }
        let decision = find(&client, id, &self.trust)?;
        let seats: Vec<Seat> = expect(&client, body::KEY, &self.trust)?.1;
        for line in described(id, &decision, &seats)? {
            output::line(&line)?;
        }
        Ok(())
    }

    fn list(&self, client: &Client, global: &Global) -> anyhow::Result<()> {
        let mut path = "/v1/governance/decisions?limit=200".to_owned();
        if let Some(status) = &self.status {
            path.push_str(&format!("&status={}", encoded(status)));
        }
        let mut records: Vec<Value> = client.pages(&path, "decisions")?;
        records.sort_by_key(|entry| entry.pointer("/record/time").and_then(Value::as_u64));
        if global.json {
            return output::json(&records);
        }
        for entry in &records {
            let member = |name: &str| entry.pointer(&format!("/record/content/{name}"));
            let text = |name: &str| member(name).and_then(Value::as_str).unwrap_or("?");
            let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
            let id = key.rsplit('/').next().unwrap_or_default();
            output::line(&format!("{id}  {:<9} {}", text("status"), text("decision/type")))?;
        }
        Ok(())
    }
}

impl Body {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        if global.json {
            return print(&client, body::KEY, &self.trust);
        }
        let (record, seats) = expect::<Vec<Seat>>(&client, body::KEY, &self.trust)?;
        output::line(&format!("membership {}", record.version))?;
        for (number, seat) in (1..).zip(&seats) {
            output::line(&line(number, seat))?;
        }
        Ok(())
    }
}

impl Procedure {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        if global.json {
            return print(&client, procedure::KEY, &self.trust);
        }
        let (_, rules) = expect::<Rules>(&client, procedure::KEY, &self.trust)?;
        let Rules { floors, quorum, spans, thresholds } = rules;
        for (what, text) in [
            ("ordinary", format!("{} of 5", thresholds.ordinary)),
            ("constitutional", format!("{} of 5", thresholds.constitutional)),
            ("network", format!("{} of 5, then the time-lock", thresholds.network)),
            ("quorum", format!("{quorum}, where nobody is against when the vote ends")),
            ("voting", span(spans.voting_period_seconds, floors.voting_period_seconds)),
            ("time-lock", span(spans.time_lock_seconds, floors.time_lock_seconds)),
        ] {
            output::line(&format!("{what:<14} {text}"))?;
        }
        Ok(())
    }
}

impl Documents {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let path = "/v1/governance/documents?limit=200";
        let documents: Vec<Value> = client.pages(path, "documents")?;
        if global.json {
            return output::json(&documents);
        }
        for entry in &documents {
            let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
            let content = entry.pointer("/record/content").unwrap_or(&Value::Null);
            let version = content["version"].as_str().unwrap_or("?");
            let effective = content["effective"].as_u64().map(time::format).unwrap_or_default();
            let titles: Vec<&str> = content["languages"]
                .as_object()
                .into_iter()
                .flat_map(|texts| texts.values())
                .filter_map(|text| text["title"].as_str())
                .collect();
            let name = key.strip_prefix("governance/document/").unwrap_or(key);
            output::line(&format!("{name}  version {version}  from {effective}"))?;
            output::line(&format!("  {}", titles.join(" · ")))?;
        }
        Ok(())
    }
}

/// A decision in lines for people.
pub(crate) fn described(
    id: &Hash,
    decision: &Decision,
    seats: &[Seat],
) -> anyhow::Result<Vec<String>> {
    let text: Value = serde_json::from_str(decision.decision.get())?;
    let count = decision.votes.values().filter(|vote| vote.approve).count();
    let Decision { class, threshold, deadline, .. } = decision;
    let mut lines = vec![
        format!("decision   {id}"),
        format!("status     {}", decision.status),
        format!("class      {class}: {count} of {threshold} have approved"),
        format!("proposed   by {}", decision.author),
        format!("vote ends  {}", time::format(*deadline)),
    ];
    if let Some(executable) = decision.executable {
        lines.push(format!("executable from {}", time::format(executable)));
    }
    for (number, seat) in (1..).zip(seats) {
        let voted = match decision.votes.get(&number) {
            Some(vote) if vote.approve => paint(Tone::Good, "for"),
            Some(_) => paint(Tone::Bad, "against"),
            None => "has not voted".into(),
        };
        lines.push(format!("  {}: {voted}", line(number, seat)));
    }
    lines.push(serde_json::to_string_pretty(&text)?);
    Ok(lines)
}

/// A seat in one line.
fn line(number: u64, seat: &Seat) -> String {
    let category = serde_json::to_value(seat.category).unwrap_or_default();
    let category = category.as_str().unwrap_or_default().to_owned();
    let who = match seat.sitting(now_ms()) {
        Some(member) => format!("{member} until {}", time::format(seat.term_ends)),
        None => "vacant".into(),
    };
    format!("seat {number} ({category}) {who}")
}

fn span(seconds: u64, floor: u64) -> String {
    format!("{seconds} s, on this network never less than {floor} s")
}

/// The record of a key that must be there, and what it holds.
fn expect<T: DeserializeOwned>(
    client: &Client,
    key: &str,
    trust: &TrustArgs,
) -> anyhow::Result<(Record, T)> {
    let record = record(client, key, trust)?.with_context(|| format!("there is no `{key}`"))?;
    let content = serde_json::from_str(record.content.get())
        .with_context(|| format!("the record `{key}` cannot be read"))?;
    Ok((record, content))
}

/// A record as it stands.
fn print(client: &Client, key: &str, trust: &TrustArgs) -> anyhow::Result<()> {
    let record = record(client, key, trust)?.with_context(|| format!("there is no `{key}`"))?;
    output::json(&record)
}
