//! `dzong trust`: who may do what, says the trust registry.

mod credential;
mod list;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use proofs::{Trust as Trusted, Verdict};
use registry::did_state::{self, DidState};
use registry::trust::query::{Query, Question};
use serde_json::{Value, json};

use crate::author::record;
use crate::certificate::{Method, methods};
use crate::cli::{Exit, Global};
use crate::client::{Client, Reply};
use crate::output::{self, Tone, paint};
use crate::trust::{TrustArgs, exit_code, painted, proven};

/// Ask the trust registry (ToIP TRQP 2.0), and check its answers
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong trust query --authority did:ndi:bt-demo:Qm… \
    --entity did:ndi:bt-demo:Qm… --action issue --resource AcademicTranscript --verify\n  \
    dzong trust recognition --authority did:ndi:bt-demo:Qm… --entity did:example:scheme \
    --action issue --resource PassportCredential\n  \
    dzong trust credential did:ndi:bt-demo:Qm… --key administration.json")]
pub struct Trust {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Whether an authority authorises an entity to take an action on a resource
    Query(Ask),
    /// Whether an authority recognises another one for an action on a resource
    Recognition(Ask),
    Credential(credential::Credential),
    List(list::List),
}

impl Trust {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Query(ask) => ask.run(global, Query::Authorization),
            Action::Recognition(ask) => ask.run(global, Query::Recognition),
            Action::Credential(command) => command.run(global),
            Action::List(command) => command.run(global),
        }
    }
}

/// How old in seconds what is signed may be, unless --max-age says less or more. Blocks come every
/// few seconds, and a node could show what was true before a suspension.
const AGE_MAX: u64 = 60;

/// The same trust in fresh answers alone.
fn fresh(trust: &TrustArgs) -> TrustArgs {
    TrustArgs { max_age: Some(trust.max_age.unwrap_or(AGE_MAX)), ..trust.clone() }
}

/// The keys with which a DID makes statements at a moment; none where the ledger does not hold it.
fn asserting(
    client: &Client,
    did: &str,
    trust: &TrustArgs,
    moment: u64,
) -> anyhow::Result<Vec<Method>> {
    let state = record(client, &did_state::key(did), trust)?;
    let document = state.as_ref().and_then(|record| DidState::read(record)?.document);
    let Some(document) = document else { return Ok(Vec::new()) };
    let mut keys = methods(&serde_json::from_str(document.get())?, moment);
    keys.retain(|key| key.asserts);
    Ok(keys)
}

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong trust query --authority did:ndi:bt-demo:Qm… \
    --entity did:ndi:bt-demo:Qm… --action issue --resource AcademicTranscript --verify\n\n\
    Exit code: 0 yes; 1 no, or nobody knows the authority; with --verify, of an \
    answer that is not Valid: 2 Stale, 3 Untrusted, 4 Invalid.")]
struct Ask {
    /// Who allows it
    #[arg(long, value_name = "DID")]
    authority: String,
    /// Who does it
    #[arg(long, value_name = "ID")]
    entity: String,
    /// What is done: issue, request, certify, revoke, provide-wallet, run-registry, delegate
    #[arg(long)]
    action: String,
    /// On what: a type of credentials, a type of presentations, a role
    #[arg(long)]
    resource: String,
    /// As of this moment, such as 2026-11-21T12:00:00Z [default: now]
    #[arg(long, value_name = "T")]
    time: Option<String>,
    /// Check the answer's proof here
    #[arg(long)]
    verify: bool,
    /// Keep the answer with its proof, for `dzong verify`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Ask {
    fn run(self, global: &Global, query: Query) -> anyhow::Result<()> {
        let question = Question {
            action: self.action,
            authority_id: self.authority,
            context: self.time.map(|time| BTreeMap::from([("time".to_owned(), time)])),
            entity_id: self.entity,
            resource: self.resource,
        };
        question.check().map_err(anyhow::Error::msg)?;
        let said = match query {
            Query::Authorization => "authorized",
            Query::Recognition => "recognized",
        };
        let client = Client::new(&global.url);
        let (reply, verdict) = match self.verify {
            false => (ask(&client, query, &question)?, None),
            true => {
                let mut trusted = self.trust.trust()?;
                let asked = ask_proven(&client, &self.trust, &mut trusted, query, &question)?;
                (asked.0, Some(asked.1))
            }
        };
        if let Some(path) = &self.out {
            std::fs::write(path, &reply.body)?;
        }
        let mut answer: Value = serde_json::from_slice(&reply.body)?;
        let yes = answer.get(said).and_then(Value::as_bool) == Some(true);
        if global.json {
            output::json(&json!({ "answer": answer, "verdict": verdict }))?;
        } else {
            show(&mut answer, yes, said, verdict.as_ref())?;
        }
        match verdict.filter(|verdict| !verdict.is_valid()) {
            Some(verdict) => Err(Exit(exit_code(&verdict)).into()),
            None if yes => Ok(()),
            None => Err(Exit(1).into()),
        }
    }
}

/// The protocol's name of a query.
fn name(query: Query) -> &'static str {
    match query {
        Query::Authorization => "authorization",
        Query::Recognition => "recognition",
    }
}

fn ask(client: &Client, query: Query, question: &Question) -> anyhow::Result<Reply> {
    let body = serde_json::to_vec(question)?;
    Ok(client.query(&format!("/{}?proof=true", name(query)), &body)?)
}

/// The answer to this very question, and its verdict.
fn ask_proven(
    client: &Client,
    args: &TrustArgs,
    trusted: &mut Trusted,
    query: Query,
    question: &Question,
) -> anyhow::Result<(Reply, Verdict)> {
    let own = serde_json::to_value(question)?;
    let place = format!("/proof/question/{}", name(query));
    let check = |trust: &Trusted, reply: &Reply| {
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        match answer.pointer(&place) == Some(&own) {
            true => args.check(trust, &reply.body),
            false => Verdict::invalid("the proof is of the answer to another question"),
        }
    };
    proven(client, trusted, || ask(client, query, question), check)
}

/// The answer as one line, why not, and then as it came but for the proof.
fn show(
    answer: &mut Value,
    yes: bool,
    said: &str,
    verdict: Option<&Verdict>,
) -> anyhow::Result<()> {
    if let Some(verdict) = verdict {
        output::line(&painted(verdict))?;
    }
    let (tone, not) = if yes { (Tone::Good, "") } else { (Tone::Bad, "not ") };
    output::line(&paint(tone, &format!("{not}{said}")))?;
    if let Some(members) = answer.as_object_mut() {
        members.remove("proof");
    }
    output::json(answer)
}
