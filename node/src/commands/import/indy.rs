//! `dzong import indy`: an approved Indy ledger's transactions, one event each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use indicatif::ProgressBar;
use registry::import::{self, ImportedDid, ImportedResource, Kind, SourceLedger, Transaction};
use registry::json;
use serde_json::{Value, json};

use super::domain::Domain;
use crate::author::{Network, record};
use crate::cli::Global;
use crate::client::{Client, ClientError};
use crate::output;
use crate::signers::Signers;
use crate::trust::TrustArgs;

/// Take over the transactions of an Indy ledger that the Governing Body approved
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong import indy domain.jsonl --namespace bhutan \
    --attributes attributes.jsonl --key administrative-body.json\n  \
    dzong did resolve did:indy:bhutan:7Tqg6BwSSWapxgUDm9KKgg --verify\n\n\
    The file is the one that was approved: the whole domain ledger, one transaction a line. NYM, \
    ATTRIB with an endpoint, SCHEMA and CLAIM_DEF are taken over; what stays behind is said with \
    its reason. Run it again and it goes on where it ended.")]
pub(super) struct Indy {
    /// The domain ledger
    file: PathBuf,
    /// The namespace of its did:indy identifiers
    #[arg(long, value_name = "NAME")]
    namespace: String,
    /// What its ATTRIBs hashed: one text a line
    #[arg(long, value_name = "FILE")]
    attributes: Option<PathBuf>,
    /// The Administrative Body's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

/// What became of the transactions.
#[derive(Default)]
struct Outcome {
    imported: u64,
    known: u64,
    /// Position and reason of each that stays behind.
    left: Vec<(usize, String)>,
}

impl Indy {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let network = Network::of(&client)?;
        let signers = Signers::open(std::slice::from_ref(&self.key))?;
        let domain = Domain::read(&self.file, self.attributes.as_deref())?;
        self.check_approved(&client, &domain)?;
        let mut outcome = Outcome::default();
        let mut schemas: BTreeMap<u64, String> = BTreeMap::new();
        let bar = ProgressBar::new(domain.texts.len() as u64);
        for at in 0..domain.texts.len() {
            let (attribute, read) = domain.transaction(at);
            let transaction = match read {
                Ok(transaction) => transaction,
                Err(why) => {
                    outcome.left.push((at + 1, why.to_string()));
                    continue;
                }
            };
            if let Kind::Schema { .. } = &transaction.kind {
                let url = import::url(&self.namespace, &transaction);
                schemas.extend(url.map(|url| (transaction.seq_no, url)));
            }
            if self.is_known(&client, &transaction)? {
                outcome.known += 1;
                continue;
            }
            let members = self.members(&domain, at, attribute, &transaction, &schemas);
            let event = signers.event(&network, "TransactionImported", members)?;
            match client.submit_and_wait(&json::canonical(&event)?) {
                Ok(_) => outcome.imported += 1,
                Err(ClientError::Refused(problem)) if problem.code().starts_with("import-") => {
                    outcome.left.push((at + 1, problem.detail));
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("transaction {}", at + 1));
                }
            }
            bar.set_position(at as u64 + 1);
        }
        bar.finish_and_clear();
        outcome.show(global)
    }

    /// Whether it was taken over before: it, or a newer one about the same DID.
    fn is_known(&self, client: &Client, transaction: &Transaction) -> anyhow::Result<bool> {
        let namespace = &self.namespace;
        let key = match &transaction.kind {
            Kind::Nym { dest, .. } | Kind::Endpoint { dest, .. } => {
                Some(import::key(&import::did_indy(namespace, dest)))
            }
            Kind::Schema { .. } | Kind::ClaimDef { .. } => {
                let url = import::url(namespace, transaction);
                url.and_then(|url| Some(import::Question::read(&url)?.key()))
            }
        };
        let found = key.map(|key| record(client, &key, &self.trust)).transpose()?.flatten();
        let seq_no = found.and_then(|found| {
            let did = ImportedDid::read(&found).map(|did| did.origin.seq_no);
            did.or_else(|| Some(ImportedResource::read(&found)?.origin.seq_no))
        });
        Ok(seq_no.is_some_and(|known| known >= transaction.seq_no))
    }

    /// The file is the ledger that was approved.
    fn check_approved(&self, client: &Client, domain: &Domain) -> anyhow::Result<()> {
        let found = record(client, &SourceLedger::key(&self.namespace), &self.trust)?;
        let Some(found) = found else {
            bail!("`{}` is not approved: begin with `dzong import source`", self.namespace);
        };
        let source: SourceLedger = serde_json::from_str(found.content.get())?;
        ensure!(
            (source.size, source.root_hash) == (domain.tree.size() as u64, domain.tree.root()),
            "`{}` has {} transactions under the root {}, but {} under the root {} were approved",
            self.file.display(),
            domain.tree.size(),
            domain.tree.root(),
            source.size,
            source.root_hash
        );
        Ok(())
    }

    fn members(
        &self,
        domain: &Domain,
        at: usize,
        attribute: Option<&str>,
        transaction: &Transaction,
        schemas: &BTreeMap<u64, String>,
    ) -> Value {
        let mut members = json!({
            "namespace": self.namespace,
            "path": domain.tree.path(at),
            "transaction": domain.texts.get(at),
        });
        let more = match &transaction.kind {
            Kind::Endpoint { .. } => attribute.map(|text| ("attribute", text.to_owned())),
            Kind::ClaimDef { schema, .. } => schemas.get(schema).map(|url| ("schema", url.clone())),
            Kind::Nym { .. } | Kind::Schema { .. } => None,
        };
        if let (Some((name, text)), Some(members)) = (more, members.as_object_mut()) {
            members.insert(name.to_owned(), text.into());
        }
        members
    }
}

impl Outcome {
    fn show(&self, global: &Global) -> anyhow::Result<()> {
        let Outcome { imported, known, left } = self;
        if global.json {
            let left = left.iter().map(|(at, why)| json!({ "seqNo": at, "why": why }));
            let left: Vec<Value> = left.collect();
            return output::json(&json!({ "imported": imported, "known": known, "left": left }));
        }
        for (at, why) in left {
            output::line(&format!("transaction {at} stays behind: {why}"))?;
        }
        let (here, behind) = (known, left.len());
        output::line(&format!("{imported} imported, {here} were here, {behind} stay behind"))
    }
}
