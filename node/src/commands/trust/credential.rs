//! `dzong trust credential`: the authorisation credential of who is listed, signed (s.96, s.97).

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofs::Record;
use registry::answer::Proof as Proven;
use registry::author::Key as _;
use registry::integrity::{self, Proof};
use registry::time;
use registry::trust::credential::credential;
use registry::trust::query::{Query, Question};
use registry::trust::{Authorization, Grant, listing};
use serde::Deserialize;
use serde_json::Value;

use super::{AGE_MAX, ask_proven, asserting, fresh};
use crate::author::write_event;
use crate::cli::Global;
use crate::client::{Client, encoded};
use crate::clock::now_ms;
use crate::keys::KeyFile;
use crate::output;
use crate::trust::TrustArgs;

/// Sign the authorisation credential of an organisation, once every word of it is proven
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong trust credential did:ndi:bt-demo:Qm… --key administration.json --out credential.json\n\n\
    The key stands in the issuer's DID document as a method for `assertionMethod`. The node makes \
    the credential from the listing; it is made again here from proven records, and signed only \
    if the two are the same.")]
pub(super) struct Credential {
    /// Who is listed
    #[arg(value_name = "DID")]
    entity: String,
    /// The issuer's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The issuer [default: the DID that the key file names]
    #[arg(long, value_name = "DID")]
    issuer: Option<String>,
    /// The name of the key's method in the issuer's DID document
    #[arg(long, value_name = "FRAGMENT", default_value = "credentials")]
    method: String,
    /// Where the credential goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// An answer's proof; the rest is judged with it.
#[derive(Deserialize)]
struct Shown {
    proof: Proven,
}

impl Credential {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let key = KeyFile::load(&self.key)?;
        let named = self.issuer.clone().or_else(|| key.did().map(str::to_owned));
        let issuer = named.context("the key file names no DID: say whose key it is by --issuer")?;
        let client = Client::new(&global.url);
        let path = format!("/v1/credentials/{}?issuer={}", encoded(&self.entity), encoded(&issuer));
        let mut made: Value = client.read(&path)?;
        let fresh = fresh(&self.trust);
        self.check(&client, &fresh, &issuer, &made)?;
        let method = format!("{issuer}#{}", self.method);
        let known = asserting(&client, &issuer, &fresh, now_ms())?;
        anyhow::ensure!(
            known.iter().any(|known| known.id == method && known.key == key.public()),
            "the document of `{issuer}` does not list {} as `{method}` under `assertionMethod`, so \
             nobody could check the credential: add it with `dzong did update`, or name another \
             method with --method",
            key.public()
        );
        let mut proof = Proof::new(key.public().suite().name, &method, "assertionMethod");
        proof.created = Some(time::format(now_ms()));
        integrity::sign(&mut made, proof, |message| key.sign(message))?;
        match &self.out {
            None => output::json(&made),
            Some(path) => write_event(path, &made),
        }
    }

    /// Makes the credential again from what the node proves of it.
    fn check(
        &self,
        client: &Client,
        fresh: &TrustArgs,
        issuer: &str,
        made: &Value,
    ) -> anyhow::Result<()> {
        let mut trusted = fresh.trust()?;
        let mut records: BTreeMap<String, Record> = BTreeMap::new();
        let mut keys = Vec::new();
        let statuses = made.get("credentialStatus").and_then(Value::as_array);
        for status in statuses.into_iter().flatten() {
            let question: Question = serde_json::from_value(status.clone())?;
            let query = Query::Authorization;
            let (reply, verdict) = ask_proven(client, fresh, &mut trusted, query, &question)?;
            anyhow::ensure!(verdict.is_valid(), "the node's answer is {verdict}: do not sign");
            let answer: Shown = serde_json::from_slice(&reply.body)?;
            let shown = answer.proof.evidence.records.into_iter();
            records.extend(shown.filter_map(|proven| Some((proven.key, proven.record?))));
            let grant = Grant {
                action: &question.action,
                authority: &question.authority_id,
                entity: &question.entity_id,
                resource: &question.resource,
            };
            keys.push(listing::key::<Authorization>(&grant.id()));
        }
        let from = made.get("validFrom").and_then(Value::as_str).and_then(time::parse);
        let from = from.context("the node's credential has no `validFrom`")?;
        anyhow::ensure!(
            now_ms().abs_diff(from) <= fresh.max_age.unwrap_or(AGE_MAX).saturating_mul(1000),
            "the node's credential is not of now: do not sign, and ask another node"
        );
        let again = credential(issuer, &self.entity, from, &keys, &records);
        anyhow::ensure!(
            again.as_ref() == Ok(made),
            "the node's credential is not what its proofs say: do not sign, and ask another node"
        );
        Ok(())
    }
}
