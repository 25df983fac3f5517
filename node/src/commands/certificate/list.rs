//! `dzong certificate crl` and `fetch-crl`: an issuer's list of ended certificates (s.41).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use clap::Args;
use proofs::Record;
use registry::trust::{Certificate, Crl as Published, Listed, Moment, Period, State};
use serde_json::json;

use super::{own_methods, signatory};
use crate::author::{record, records};
use crate::certificate::{Ended, Label, List, ListDraft, to_pem};
use crate::cli::Global;
use crate::client::{Client, encoded};
use crate::clock::{days, now_ms};
use crate::files;
use crate::output;
use crate::signers::Signing;
use crate::trust::TrustArgs;

/// Make the issuer's list of suspended and revoked certificates, sign and publish it
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate crl --key provider.json --days 7 --out provider.crl\n  \
    openssl verify -crl_check -CAfile provider.pem -CRLfile provider.crl bank.pem\n\n\
    The ledger says which certificates of the issuer ended, each with proof. Publish again after \
    each end and before the list is due.")]
pub(super) struct Crl {
    /// In how many days the next list is due
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=366))]
    days: u64,
    /// Write the list to this file too, in PEM
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The key that signs the list [default: the author's]
    #[arg(long, value_name = "FILE")]
    issuer_key: Option<PathBuf>,
    #[command(flatten)]
    signing: Signing,
}

/// Fetch an issuer's list, check its proof and signature, and write it in PEM
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate fetch-crl did:ndi:bt-demo:Qm… --genesis genesis.json --out provider.crl\n  \
    openssl verify -crl_check -CAfile provider.pem -CRLfile provider.crl bank.pem\n\n\
    The same list in DER, without these checks: /v1/crl/did:ndi:bt-demo:Qm… of any node.")]
pub(super) struct FetchCrl {
    /// The issuer
    issuer: String,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Crl {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let trust = &self.signing.trust;
        let now = now_ms() / 1000 * 1000;
        let signers = self.signing.open()?;
        let signatory = signatory(&client, &signers, self.issuer_key.as_deref(), trust, now)?;
        let before = published(&client, &signatory.did, trust)?;
        let listed = certificates_of(&client, &signatory.did, trust)?;
        let previous = before.as_ref().map(|(_, list)| list.this_update);
        let draft = ListDraft {
            number: before.as_ref().map_or(1, |(_, list)| list.crl_number.saturating_add(1)),
            period: days(now, self.days),
            ended: listed.into_iter().filter_map(|one| ended(one, previous)).collect(),
        };
        let der = signatory.issuer().list(&draft)?;
        let mut members = json!({
            "crl": BASE64.encode(&der),
            "crlNumber": draft.number,
            "nextUpdate": draft.period.until,
            "thisUpdate": draft.period.from,
        });
        if let (Some((record, _)), Some(members)) = (before, members.as_object_mut()) {
            members.insert("previousVersion".into(), record.version.into());
        }
        let delivered = self.signing.deliver(&client, &signers, "CrlPublished", members)?;
        if let Some(path) = &self.out {
            write(path, &der)?;
        }
        let count = draft.ended.len();
        output::progress(&format!("list {} names {count} certificates", draft.number));
        delivered.report(global, "crl", &Published::key(&signatory.did))
    }
}

impl FetchCrl {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        // Without trust there is nothing to check by.
        self.trust.trust()?;
        let (_, crl) = published(&client, &self.issuer, &self.trust)?.with_context(|| {
            format!("`{}` has published no list: there is proof of that", self.issuer)
        })?;
        let der = BASE64.decode(&crl.crl).context("the list is no base64")?;
        let list = List::read(&der)?;
        let known = own_methods(&client, &self.issuer, &self.trust, crl.this_update.0)?;
        anyhow::ensure!(
            known.iter().any(|method| method.asserts && list.is_signed_by(&method.key)),
            "no key under `assertionMethod` of `{}` signed the list: ask its issuer for another",
            self.issuer
        );
        anyhow::ensure!(
            list.number == crl.crl_number
                && list.period == Period { from: crl.this_update, until: crl.next_update },
            "the list is not the one that the ledger says it is"
        );
        write(&self.out, &der)?;
        let overdue = now_ms() >= crl.next_update.0;
        if global.json {
            return output::json(&json!({
                "crlNumber": list.number,
                "ended": list.ended,
                "nextUpdate": crl.next_update,
                "overdue": overdue,
                "thisUpdate": crl.this_update,
            }));
        }
        output::line(&format!(
            "list {} of {}, with {} certificates: {} by {}",
            list.number,
            crl.this_update,
            list.ended.len(),
            if overdue { "the next one was due" } else { "the next one comes" },
            crl.next_update
        ))
    }
}

/// The list that an issuer published last.
fn published(
    client: &Client,
    issuer: &str,
    trust: &TrustArgs,
) -> anyhow::Result<Option<(Record, Published)>> {
    let Some(record) = record(client, &Published::key(issuer), trust)? else { return Ok(None) };
    let list = serde_json::from_str(record.content.get());
    Ok(Some((record, list.context("the record of the list cannot be read")?)))
}

/// The ended certificates of an issuer. The node says which there are, the ledger what became of
/// each.
fn certificates_of(
    client: &Client,
    issuer: &str,
    trust: &TrustArgs,
) -> anyhow::Result<Vec<Listed<Certificate>>> {
    let path = format!("/v1/certificates?authority={}&limit=200", encoded(issuer));
    let ended = |record: &Record| {
        let listed = Listed::<Certificate>::read(&record.content);
        listed.filter(|listed| {
            listed.listing.issuer == issuer && listed.status.state != State::Active
        })
    };
    let found = records(client, &path, "certificates", trust, |shown| ended(shown).is_some())?;
    Ok(found.iter().filter_map(|(_, proven)| ended(proven)).collect())
}

/// The entry of an ended certificate. RFC 5280, 5: it stays until it was on a list that was made
/// after the certificate expired.
fn ended(listed: Listed<Certificate>, previous: Option<Moment>) -> Option<Ended> {
    let Listed { listing, status } = listed;
    let was_listed =
        previous.is_some_and(|made| made >= listing.period.until && made >= status.since);
    (!was_listed).then(|| Ended {
        serial: listing.serial,
        since: status.since,
        revoked: status.ground.filter(|_| status.state == State::Revoked),
    })
}

fn write(path: &Path, der: &[u8]) -> anyhow::Result<()> {
    Ok(files::publish(path, to_pem(Label::List, der).as_bytes())?)
}
