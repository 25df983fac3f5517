//! What members, the Secretary and the Administrative Body do: one signed event each.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofs::Hash;
use registry::governance::body;
use registry::governance::decision::{self, Decision};
use registry::json;
use serde_json::{Map, Value, json};

use crate::author::{Delivered, Network, read_json, record};
use crate::cli::Global;
use crate::client::Client;
use crate::output;
use crate::signers::Signing;
use crate::trust::TrustArgs;

/// Members that every event has, and a text to be decided has not.
const ENVELOPE: [&str; 6] = ["@context", "author", "created", "network", "proof", "validUntil"];

/// Propose an event for decision: prints the decision's id alone on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong event new PolicyApproved --template > policy.json\n  \
    dzong governance propose policy.json --type PolicyApproved --key governor-1.json\n  \
    dzong governance propose policy.json --type PolicyApproved --key secretary.json\n\n\
    The file holds the members of the event that is to be decided, and its `type` where --type \
    does not name it. Members of the body who sign approve it; the Secretary and the \
    Administrative Body propose only.")]
pub(super) struct Propose {
    /// The event that is to be decided; - is standard input
    file: PathBuf,
    /// Its type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// The cancelled decision of this very text that is decided again
    #[arg(long, value_name = "ID")]
    resubmits: Option<Hash>,
    #[command(flatten)]
    signing: Signing,
}

/// Vote on a decision
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance vote 6f1c… --key governor-2.json\n  \
    dzong governance vote 6f1c… --key governor-3.json --against")]
pub(super) struct Vote {
    /// The decision's id
    id: Hash,
    /// Vote against it
    #[arg(long)]
    against: bool,
    #[command(flatten)]
    signing: Signing,
}

/// Do what was decided, once its time-lock is over
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance execute 6f1c… --key secretary.json\n\n\
    Anyone who has a DID may: what was decided is in the decision.")]
pub(super) struct Execute {
    /// The decision's id
    id: Hash,
    #[command(flatten)]
    signing: Signing,
}

/// Cancel a decision during its time-lock: two members
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong governance cancel 6f1c… --key governor-1.json \
    --key governor-2.json")]
pub(super) struct Cancel {
    /// The decision's id
    id: Hash,
    #[command(flatten)]
    signing: Signing,
}

impl Propose {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let motion = motion(read_json(&self.file)?, self.kind.as_deref())?;
        let membership = record(&client, body::KEY, &self.signing.trust)?;
        let membership = membership.context("this network has no Governing Body")?.version;
        let mut members = json!({ "decision": motion, "membership": membership });
        if let (Some(id), Some(members)) = (self.resubmits, members.as_object_mut()) {
            members.insert("resubmits".into(), json!(id));
        }
        act(&self.signing, &client, global, "DecisionProposed", members, None)
    }
}

impl Vote {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let decision = find(&client, &self.id, &self.signing.trust)?;
        // The hash is made here, from the text that is shown here.
        let text = json::canonical(&serde_json::from_str(decision.decision.get())?)?;
        let payload = decision::payload(std::str::from_utf8(&text)?);
        output::progress(&format!("the decision: {}", decision.decision));
        let approve = !self.against;
        let members = json!({ "approve": approve, "decision": self.id, "payload": payload });
        act(&self.signing, &client, global, "VoteCast", members, Some(self.id))
    }
}

impl Execute {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let members = json!({ "decision": self.id });
        act(&self.signing, &client, global, "DecisionExecuted", members, Some(self.id))
    }
}

impl Cancel {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let members = json!({ "decision": self.id });
        act(&self.signing, &client, global, "DecisionCancelled", members, Some(self.id))
    }
}

/// Makes the event, lets every key sign it, sends it, and says how far the decision has come.
/// `about` is the decision; of a proposal it is the event itself.
fn act(
    signing: &Signing,
    client: &Client,
    global: &Global,
    kind: &str,
    members: Value,
    about: Option<Hash>,
) -> anyhow::Result<()> {
    let event = signing.open()?.event(&Network::of(client)?, kind, members)?;
    let id = match about {
        Some(id) => id,
        None => registry::event::id_of(&json::canonical(&event)?)?,
    };
    let delivered = signing.delivery.deliver(client, &event, &signing.trust)?;
    // How far it has come, where that can be known by now.
    let status = match delivered {
        Delivered::Certified { .. } => Some(find(client, &id, &signing.trust)?.status),
        Delivered::Draft(_) | Delivered::Accepted(_) => None,
    };
    if global.json {
        let mut value = delivered.json();
        if let Some(value) = value.as_object_mut() {
            value.insert("decision".into(), json!(id));
            value.insert("status".into(), json!(status));
        }
        return output::json(&value);
    }
    output::line(&id.to_string())?;
    output::line(&delivered.text())?;
    match status {
        Some(status) => output::line(&format!("the decision is {status}")),
        None => Ok(()),
    }
}

/// The decision with this id.
///
/// # Errors
/// There is none, or the node's answer does not hold.
pub(super) fn find(client: &Client, id: &Hash, trust: &TrustArgs) -> anyhow::Result<Decision> {
    let found = record(client, &decision::key(id), trust)?;
    let found = found.with_context(|| {
        format!("there is no decision `{id}`: `dzong governance show` lists them")
    })?;
    serde_json::from_str(found.content.get()).context("the record of the decision cannot be read")
}

/// The text that is decided: type and own members, of a file that may hold a whole event.
fn motion(text: Value, kind: Option<&str>) -> anyhow::Result<Value> {
    let Value::Object(mut members) = text else { anyhow::bail!("the file holds a JSON object") };
    members.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
    if let Some(kind) = kind {
        members.insert("type".into(), kind.into());
    }
    anyhow::ensure!(is_text(&members), "name the type of what is to be decided with --type");
    Ok(members.into())
}

fn is_text(members: &Map<String, Value>) -> bool {
    members.get("type").is_some_and(Value::is_string)
}
