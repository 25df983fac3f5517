//! Looking at registries: what they are, which credentials count, and the proof of it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofs::{Record, Verdict};
use registry::status::{Part, Question, Registry, Status, Vector};
use registry::time;
use registry::trust::Moment;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{Exit, Global};
use crate::client::{Client, encoded};
use crate::output::{self, Tone, paint};
use crate::trust::{TrustArgs, exit_code, painted, proven};

/// Show a registry, its statuses, or one slot's, as they are or as they were
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status show 6f1c…\n  \
    dzong status show 6f1c… --slot 17 --verify\n  \
    dzong status show 6f1c… --all --time 2026-11-21T12:00:00Z --verify --out list.json\n\n\
    Exit code: with --verify, of an answer that is not Valid: 2 Stale, 3 Untrusted, 4 Invalid.")]
pub(super) struct Show {
    /// The registry's id
    registry: String,
    /// One slot's status
    #[arg(long, value_name = "SLOT", conflicts_with = "all")]
    slot: Option<u32>,
    /// Every slot that does not count
    #[arg(long)]
    all: bool,
    /// As it was at the end of this second
    #[arg(long, value_name = "T", conflicts_with = "version")]
    time: Option<String>,
    /// As it was in this version
    #[arg(long, value_name = "V", conflicts_with = "slot")]
    version: Option<u64>,
    /// Check the answer's proof here
    #[arg(long)]
    verify: bool,
    /// Keep the answer with its proof, for `dzong verify`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Show {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let question = self.question()?;
        let client = Client::new(&global.url);
        let path = path(&question);
        let ask = || Ok(client.ask(&path)?.body);
        let (body, verdict) = match self.verify {
            false => (ask()?, None),
            true => {
                let own = serde_json::to_value(&question)?;
                let check = |trust: &proofs::Trust, body: &Vec<u8>| {
                    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
                    match answer.pointer("/proof/question/status") == Some(&own) {
                        true => self.trust.check(trust, body),
                        false => Verdict::invalid("the proof is of the answer to another question"),
                    }
                };
                let (body, verdict) = proven(&client, &mut self.trust.trust()?, ask, check)?;
                (body, Some(verdict))
            }
        };
        if let Some(path) = &self.out {
            std::fs::write(path, &body)?;
        }
        let mut answer: Value = serde_json::from_slice(&body)?;
        if let Some(members) = answer.as_object_mut() {
            members.remove("proof");
        }
        if global.json {
            output::json(&json!({ "answer": answer, "verdict": verdict }))?;
        } else {
            if let Some(verdict) = &verdict {
                output::line(&painted(verdict))?;
            }
            describe(question.part, &answer)?;
        }
        match verdict.filter(|verdict| !verdict.is_valid()) {
            Some(verdict) => Err(Exit(exit_code(&verdict)).into()),
            None if answer.get("error").is_some() => Err(Exit(1).into()),
            None => Ok(()),
        }
    }

    fn question(&self) -> anyhow::Result<Question> {
        let part = match (self.slot, self.all) {
            (Some(slot), _) => Part::Slot(slot),
            (None, true) => Part::Statuses,
            (None, false) => Part::Registry,
        };
        let wrong = "--time is a time as 2026-11-21T12:00:00Z";
        let time = self.time.as_deref().map(|text| time::parse(text).context(wrong)).transpose()?;
        let (registry, version) = (self.registry.clone(), self.version);
        let question = Question { part, registry, time: time.map(Moment), version };
        question.route().map_err(anyhow::Error::msg)?;
        Ok(question)
    }
}

/// Where the answer with its proof is.
fn path(question: &Question) -> String {
    let registry = &question.registry;
    let part = match question.part {
        Part::Registry => String::new(),
        Part::Slot(slot) => format!("/slots/{slot}"),
        Part::Statuses => "/statuses".into(),
    };
    let time = question.time.map(|time| format!("&time={}", encoded(&time.to_string())));
    let version = question.version.map(|version| format!("&version={version}"));
    let (time, version) = (time.unwrap_or_default(), version.unwrap_or_default());
    format!("/v1/revocation/registries/{registry}{part}?proof=true{time}{version}")
}

fn describe(part: Part, answer: &Value) -> anyhow::Result<()> {
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        return output::line(&paint(Tone::Bad, error));
    }
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or("none").to_owned();
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
    if let Part::Slot(slot) = part {
        let status = text("status");
        let tone = if status == "valid" { Tone::Good } else { Tone::Bad };
        let locked = answer.get("locked") == Some(&Value::Bool(true));
        let locked = if locked { ", locked" } else { "" };
        return output::line(&format!("slot {slot} is {}{locked}", paint(tone, &status)));
    }
    let since = time::format(number("timestamp").saturating_mul(1000));
    output::line(&format!("issuer      {}", text("issuer")))?;
    output::line(&format!("slots       1 to {}", number("capacity").saturating_sub(1)))?;
    output::line(&format!("version     {} since {since}", number("version")))?;
    match part {
        Part::Statuses => {
            let capacity = u32::try_from(number("capacity")).unwrap_or(0);
            let vector = Vector::bytes_of(&text("statuses"));
            let vector = vector.and_then(|bytes| Vector::read(capacity, &bytes));
            let vector = vector.context("the node's list is malformed")?;
            for (status, name) in
                [(Status::Revoked, "revoked     "), (Status::Suspended, "suspended   ")]
            {
                output::line(&format!("{name}{}", ranges(&vector, status)))?;
            }
            Ok(())
        }
        _ => {
            let formats = answer.get("formats").and_then(Value::as_array);
            let formats: Vec<&str> =
                formats.into_iter().flatten().filter_map(Value::as_str).collect();
            output::line(&format!("formats     {}", formats.join(", ")))?;
            output::line(&format!("for         {}", text("credentialType")))?;
            output::line(&format!("held        {}", text("hold")))
        }
    }
}

/// The slots of a status, as `5,17,40-49`; slot 0 counts for nobody.
fn ranges(vector: &Vector, status: Status) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for slot in (1..vector.capacity()).filter(|slot| vector.status(*slot) == Some(status)) {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == slot => *last = slot,
            _ => parts.push((slot, slot)),
        }
    }
    let part = |(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    match parts.is_empty() {
        true => "none".into(),
        false => parts.iter().map(part).collect::<Vec<_>>().join(","),
    }
}

/// List revocation registries
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status list --issuer did:ndi:bt-demo:Qm…")]
pub(super) struct List {
    /// Only those of this issuer
    #[arg(long, value_name = "DID")]
    issuer: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    key: String,
    record: Record,
}

impl List {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let issuer = self.issuer.map(|did| format!("&issuer={}", encoded(&did)));
        let issuer = issuer.unwrap_or_default();
        let path = format!("/v1/revocation/registries?limit=200{issuer}");
        let listed: Vec<Listed> = client.pages(&path, "registries")?;
        if global.json {
            let all = listed.iter().map(|one| json!({ "key": one.key, "record": one.record }));
            return output::json(&all.collect::<Vec<_>>());
        }
        for Listed { key, record } in &listed {
            let id = key.strip_prefix(Registry::KEY_PREFIX).unwrap_or(key);
            let Some(registry) = Registry::read(record) else { continue };
            let held = registry.held().map_or("", |hold| hold.name());
            output::line(&format!("{id}  {:>8}  {}  {held}", registry.capacity, registry.issuer))?;
        }
        Ok(())
    }
}
