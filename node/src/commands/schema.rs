//! `dzong schema`: schemas as DID-linked resources.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use proofs::{Trust, Verdict};
use registry::did::network_of;
use registry::resource::{self, Asked, Question, Route, Series};
use registry::{author, json};
use serde_json::{Value, json};

use crate::author::{Delivery, Network, load_keys, publisher, read_json, record, sign_all, times};
use crate::cli::{Exit, Global};
use crate::client::{Client, Reply};
use crate::output;
use crate::trust::{TrustArgs, exit_code, painted, proven};

/// Publish and show JSON Schemas and AnonCreds schemas
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong schema publish licence.json --key issuer.json\n  \
                        dzong schema show did:ndi:bt-demo:Qm…/resources/zQm… --verify")]
pub struct Schema {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Publish(Publish),
    Show(Show),
}

impl Schema {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong, and what to do next.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Action::Publish(command) => command.run(global),
            Action::Show(command) => command.run(global),
        }
    }
}

/// Publish a schema: prints its DID URL alone on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong schema publish licence.json --key issuer.json\n  \
    dzong schema publish degree.json --name Degree --label 2.0 --did did:ndi:bt-demo:Qm… \
    --key a.json --key b.json\n\n\
    A file with `attrNames` is an AnonCreds schema: its `issuerId` may be left out. Anything else \
    is a JSON Schema, whose name is its `title` where --name does not say otherwise. A schema of a \
    name that is there already becomes its next version.")]
struct Publish {
    /// The schema; `-` is standard input
    file: PathBuf,
    /// A control key of the publisher
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// The publisher [default: the DID that the first key names]
    #[arg(long)]
    did: Option<String>,
    /// The schema's name
    #[arg(long)]
    name: Option<String>,
    /// A label of this version, such as 1.0
    #[arg(long)]
    label: Option<String>,
    #[command(flatten)]
    delivery: Delivery,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Show a schema, or another resource, by its DID URL
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong schema show did:ndi:bt-demo:Qm…/resources/zQm… --verify\n  \
    dzong schema show 'did:ndi:bt-demo:Qm…?resourceName=Licence&resourceType=JsonSchema'\n  \
    dzong schema show 'did:ndi:bt-demo:Qm…?resourceMetadata=true'\n\n\
    Exit code with --verify: 0 Valid, 2 Stale, 3 Untrusted, 4 Invalid; 1 where there is no such \
    schema, proven or not.")]
struct Show {
    /// Its DID URL
    resource: String,
    /// Check the answer's proof here
    #[arg(long)]
    verify: bool,
    /// Keep the answer with its proof, for `dzong verify`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Publish {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let network = Network::of(&client)?;
        let keys = load_keys(&self.keys)?;
        let did = publisher(self.did.as_deref(), &keys)?;
        let members =
            self.members(&did, read_json(&self.file)?, |key| latest(&client, key, &self.trust))?;
        let content = json::canonical(members.get("content").unwrap_or(&Value::Null))?;
        let uri = resource::uri(&did, &resource::id(&content));
        let mut event = author::event("SchemaPublished", &network.name, &did, times(), members);
        sign_all(&mut event, &did, &network.domain(), &keys)?;
        let delivered = self.delivery.deliver(&client, &event, &self.trust)?;
        delivered.report(global, "schema", &uri)
    }

    /// The event's own members; `latest` finds the version that is to be followed.
    fn members(
        &self,
        did: &str,
        mut content: Value,
        latest: impl FnOnce(&str) -> anyhow::Result<Option<String>>,
    ) -> anyhow::Result<Value> {
        let text = |content: &Value, name: &str| Some(content.get(name)?.as_str()?.to_owned());
        let (resource_type, name, label) = if content.get("attrNames").is_some() {
            if let Some(members) = content.as_object_mut() {
                members.entry("issuerId").or_insert_with(|| did.into());
            }
            ("anonCredsSchema", text(&content, "name"), text(&content, "version"))
        } else {
            ("JsonSchema", text(&content, "title"), None)
        };
        let name = self.name.clone().or(name);
        let name = name.context("the schema has no `title`: name it with --name")?;
        let previous = latest(&resource::series_key(did, resource_type, &name))?;
        let mut members = json!({
            "content": content,
            "resourceName": name,
            "resourceType": resource_type,
        });
        for (member, value) in
            [("resourceVersion", self.label.clone().or(label)), ("previousVersionId", previous)]
        {
            if let (Some(members), Some(value)) = (members.as_object_mut(), value) {
                members.insert(member.into(), value.into());
            }
        }
        Ok(members)
    }
}

/// The latest version of a series, proven wherever there is a genesis document to prove it by.
fn latest(client: &Client, key: &str, trust: &TrustArgs) -> anyhow::Result<Option<String>> {
    let record = record(client, key, trust)?;
    Ok(record.and_then(|record| Series::read(&record.content)).map(|series| series.resource_id))
}

impl Show {
    fn run(self, global: &Global) -> anyhow::Result<()> {
        let question = question(&self.resource)?;
        let trust = if self.verify { Some(self.trust.trust()?) } else { None };
        let client = Client::new(&global.url);
        let ask = || {
            let reply = client.dereference(&self.resource)?;
            let answer: Value = serde_json::from_slice(&reply.body)?;
            Ok((reply, answer))
        };
        type Answered = (Reply, Value);
        let check = |trust: &Trust, (reply, answer): &Answered| match asks(answer, &question) {
            true => self.trust.check(trust, &reply.body),
            false => Verdict::invalid("the proof is of the answer to another question"),
        };
        let ((reply, mut answer), verdict) = match trust {
            None => (ask()?, None),
            Some(mut trust) => {
                let (answered, verdict) = proven(&client, &mut trust, ask, check)?;
                (answered, Some(verdict))
            }
        };
        if let Some(path) = &self.out {
            std::fs::write(path, &reply.body)?;
        }
        let mut shown = answer.get_mut("content").map(Value::take).unwrap_or_default();
        if global.json {
            shown = serde_json::from_slice(&reply.body)?;
            if let Some(verdict) = &verdict {
                shown = json!({ "answer": shown, "verdict": verdict });
            }
        } else if let Some(verdict) = &verdict {
            output::line(&painted(verdict))?;
        }
        let error = answer.pointer("/dereferencingMetadata/error/title").and_then(Value::as_str);
        match error {
            Some(title) if !global.json => eprintln!("error: `{}`: {title}", self.resource),
            _ => output::json(&shown)?,
        }
        if let Some(verdict) = verdict.filter(|verdict| !verdict.is_valid()) {
            return Err(Exit(exit_code(&verdict)).into());
        }
        match error {
            Some(_) => Err(Exit(1).into()),
            None => Ok(()),
        }
    }
}

/// The question in a DID URL.
fn question(url: &str) -> anyhow::Result<Question> {
    match Asked::read(url, &[]) {
        Some(Ok(asked)) => Ok(asked.question),
        Some(Err(_)) | None => anyhow::bail!(
            "`{url}` does not ask for a resource: write did:ndi:…/resources/z…, or \
             did:ndi:…?resourceName=…&resourceType=…"
        ),
    }
}

/// Whether the proof says that it answers this question. A search has no proof of its own; what it
/// found is proven by its id, and shown as that.
fn asks(answer: &Value, question: &Question) -> bool {
    let asked = answer.pointer("/contentMetadata/proof/0/question/resource");
    let Some(asked) = asked else { return true };
    match question.route(network_of(&question.did)) {
        Ok(Route::Search) => asked.get("did").and_then(Value::as_str) == Some(&question.did),
        _ => serde_json::to_value(question).is_ok_and(|own| own == *asked),
    }
}
