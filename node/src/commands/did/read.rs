//! `dzong did resolve` and `history`.

use std::path::PathBuf;

use clap::Args;
use proofs::{Trust, Verdict};
use registry::did_state;
use registry::resolution::Question;
use registry::time;
use serde_json::{Value, json};

use crate::cli::{Exit, Global};
use crate::client::Client;
use crate::output;
use crate::trust::{TrustArgs, exit_code, follow, painted, proven, save_checkpoint};

/// Show a DID's document and metadata
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  dzong did resolve did:ndi:bt-demo:Qm… --verify --max-age 60\n  \
    dzong did resolve did:ndi:bt-demo:Qm… --version-id 2 --out answer.json\n\n\
    Exit code with --verify: 0 Valid, 2 Stale, 3 Untrusted, 4 Invalid; 1 where there is no such \
    DID or version, proven or not."
)]
pub(super) struct Resolve {
    /// The DID
    did: String,
    /// A version by its number
    #[arg(long, value_name = "V", conflicts_with = "version_time")]
    version_id: Option<String>,
    /// The version in force at a moment, such as 2026-11-21T12:00:00Z
    #[arg(long, value_name = "T")]
    version_time: Option<String>,
    /// Check the answer's proof here
    #[arg(long)]
    verify: bool,
    /// Keep the answer with its proof, for `dzong verify`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Follow the node's trust chain to its newest header, and pin that for --checkpoint
    #[arg(long, value_name = "FILE", requires = "verify")]
    save_checkpoint: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Show every version of a DID
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong did history did:ndi:bt-demo:Qm… --verify")]
pub(super) struct History {
    /// The DID
    did: String,
    /// Check the proof of each version here
    #[arg(long)]
    verify: bool,
    /// Show the newest versions only, at most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Resolve {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let question = Question {
            version_id: self.version_id.clone(),
            version_time: self.version_time.clone(),
            ..Question::latest(&self.did)
        };
        let client = Client::new(&global.url);
        let mut trust = if self.verify { Some(self.trust.trust()?) } else { None };
        if let Some(failure) = trust.as_ref().and_then(|t| question.key(&t.network).err()) {
            // Wrong in itself, whatever any node would say.
            let error = failure.error(None);
            let title = error.get("title").and_then(Value::as_str);
            let title = title.unwrap_or(failure.code());
            anyhow::bail!("`{}` is not resolved: {title} ({})", self.did, failure.code());
        }
        let (body, verdict) = answered(&client, &question, trust.as_mut(), &self.trust)?;
        if let Some(path) = &self.out {
            std::fs::write(path, &body)?;
        }
        let mut answer: Value = serde_json::from_slice(&body)?;
        if let (Some(path), Some(trust), Some(Verdict::Valid { .. })) =
            (&self.save_checkpoint, &trust, &verdict)
        {
            save_checkpoint(path, &follow(&client, trust)?)?;
        }
        if global.json {
            match &verdict {
                None => output::json(&answer)?,
                Some(verdict) => output::json(&json!({ "answer": answer, "verdict": verdict }))?,
            }
        } else {
            show(&mut answer, verdict.as_ref())?;
        }
        if let Some(verdict) = verdict.filter(|verdict| !verdict.is_valid()) {
            return Err(Exit(exit_code(&verdict)).into());
        }
        if answer.pointer("/didResolutionMetadata/error").is_some() {
            return Err(Exit(1).into());
        }
        Ok(())
    }
}

/// The answer to a question, and its verdict where there is trust. An honest answer to another
/// question is no answer.
pub(crate) fn answered(
    client: &Client,
    question: &Question,
    trust: Option<&mut Trust>,
    args: &TrustArgs,
) -> anyhow::Result<(Vec<u8>, Option<Verdict>)> {
    let ask = || Ok(client.resolve(question)?.body);
    let Some(trust) = trust else { return Ok((ask()?, None)) };
    let check = |trust: &Trust, body: &Vec<u8>| {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        match asks(&answer, question) {
            true => args.check(trust, body),
            false => Verdict::invalid("the proof is of the answer to another question"),
        }
    };
    let (body, verdict) = proven(client, trust, ask, check)?;
    Ok((body, Some(verdict)))
}

/// Whether the proof says that it answers this question. Failures that no record can prove carry
/// no proof; the verdict says so.
fn asks(answer: &Value, question: &Question) -> bool {
    let asked = answer.pointer("/didDocumentMetadata/proof/0/question/resolution");
    asked.is_none_or(|asked| serde_json::to_value(question).is_ok_and(|own| own == *asked))
}

fn show(answer: &mut Value, verdict: Option<&Verdict>) -> anyhow::Result<()> {
    if let Some(metadata) = answer.get_mut("didDocumentMetadata").and_then(Value::as_object_mut) {
        metadata.remove("proof");
    }
    if let Some(verdict) = verdict {
        output::line(&painted(verdict))?;
    }
    output::json(answer)
}

/// One version of a DID, for people and programs.
struct Version {
    id: String,
    since: String,
    event: String,
    what: &'static str,
    verdict: Option<Verdict>,
}

impl History {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let mut trust = if self.verify { Some(self.trust.trust()?) } else { None };
        let record = client.record(&did_state::key(&self.did))?;
        let record = registry::answer::shown_record(&record).ok_or_else(|| {
            anyhow::anyhow!("`{}` is not registered: nothing has happened to it", self.did)
        })?;
        let oldest = record.version.saturating_sub(self.limit) + 1;
        let mut versions = Vec::new();
        for number in oldest..=record.version {
            let version_id = Some(number.to_string());
            let question = Question { version_id, ..Question::latest(&self.did) };
            let (body, verdict) = answered(&client, &question, trust.as_mut(), &self.trust)?;
            let answer: Value = serde_json::from_slice(&body)?;
            versions.push(Version::of(number, &answer, verdict));
        }
        print_versions(global, &self.did, &versions)?;
        let worst = versions.iter().filter_map(|version| version.verdict.as_ref()).max_by_key(
            // The gravest verdict has the highest code.
            |verdict| exit_code(verdict),
        );
        match worst.map(exit_code) {
            None | Some(0) => Ok(()),
            Some(code) => Err(Exit(code).into()),
        }
    }
}

impl Version {
    fn of(number: u64, answer: &Value, verdict: Option<Verdict>) -> Version {
        let proven = "/didDocumentMetadata/proof/0/evidence/records/0";
        let at = |tail: &str| answer.pointer(&format!("{proven}{tail}"));
        let since = at("/past/entry/time").or_else(|| at("/record/time")).and_then(Value::as_u64);
        let event = at("/past/entry/event").or_else(|| at("/record/event"));
        let has_document = answer.get("didDocument").is_some_and(Value::is_object);
        let what = match (number, has_document) {
            (1, _) => "created",
            (_, true) => "updated",
            (_, false) => "deactivated",
        };
        Version {
            id: number.to_string(),
            since: since.map(time::format).unwrap_or_default(),
            event: event.and_then(Value::as_str).unwrap_or_default().to_owned(),
            what,
            verdict,
        }
    }
}

fn print_versions(global: &Global, did: &str, versions: &[Version]) -> anyhow::Result<()> {
    if global.json {
        let versions: Vec<Value> = versions
            .iter()
            .map(|version| {
                json!({
                    "versionId": version.id,
                    "time": version.since,
                    "event": version.event,
                    "what": version.what,
                    "verdict": version.verdict,
                })
            })
            .collect();
        return output::json(&json!({ "did": did, "versions": versions }));
    }
    output::line(did)?;
    for version in versions {
        let verdict = version.verdict.as_ref().map(painted).unwrap_or_default();
        output::line(&format!(
            "{:>5}  {}  {:<11}  event {}  {verdict}",
            version.id, version.since, version.what, version.event
        ))?;
    }
    Ok(())
}
