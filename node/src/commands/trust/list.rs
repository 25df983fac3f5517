//! `dzong trust list`: the trust registry as a signed list for other countries (s.124 to s.130).

use std::num::NonZeroU64;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use registry::trust::{Entity, Listed, Moment, listing};
use serde_json::json;

use super::{asserting, fresh};
use crate::author::{read_file, records};
use crate::certificate::{Label, der};
use crate::cli::Global;
use crate::client::Client;
use crate::clock::{days, now_ms};
use crate::files;
use crate::keys::KeyFile;
use crate::output;
use crate::trust::TrustArgs;
use crate::trusted_list::{DAYS_MAX, Scheme, Trusted};

/// Sign the trust registry as a list of trusted entities (ETSI TS 119 602), as other countries read
/// it
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong trust list --scheme scheme.json --key administration.json \\\n    \
    --certificate administration.pem --genesis genesis.json --out bhutan.jws\n\n\
    The scheme's file says what the ledger does not know:\n  \
    {\"information\": {\"SchemeTerritory\": \"BT\",\n    \
    \"SchemeOperatorName\": [{\"lang\": \"en\", \"value\": \"GovTech Agency\"}]},\n   \
    \"serviceTypes\": \"https://trust.example.bt/service-types/\"}\n\n\
    The certificate names that operator and territory: dzong certificate issue --organization \
    'GovTech Agency' --country BT. The key never leaves its file.")]
pub(super) struct List {
    /// What the list says that the ledger does not know
    #[arg(long, value_name = "FILE")]
    scheme: PathBuf,
    /// The operator's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Its certificate, in PEM or DER
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The list's number: one more than the last list's
    #[arg(long, value_name = "N", default_value = "1")]
    number: NonZeroU64,
    /// In how many days the next list is due
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=DAYS_MAX))]
    days: u64,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

impl List {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let trust = fresh(&self.trust);
        // Without trust there is nothing to check by, and nothing to sign.
        trust.trust()?;
        let scheme: Scheme = serde_json::from_slice(&read_file(&self.scheme)?)
            .with_context(|| format!("`{}`", self.scheme.display()))?;
        scheme.check()?;
        let key = KeyFile::load(&self.key)?;
        let certificate = der(&read_file(&self.certificate)?, Label::Certificate)?;
        let now = Moment(now_ms() / 1000 * 1000);
        let client = Client::new(&global.url);
        let entities = entities(&client, &trust, now)?;
        let period = days(now.0, self.days);
        let list = scheme.list(self.number.get(), period, &entities);
        let signed = scheme.sign(&list, &key, &certificate, now)?;
        files::publish(&self.out, signed.as_bytes())?;
        if global.json {
            let (entities, next) = (entities.len(), period.until);
            return output::json(&json!({
                "entities": entities, "nextUpdate": next, "number": self.number,
            }));
        }
        output::line(&format!(
            "list {} with {} entities, each proven; the next one comes by {}",
            self.number,
            entities.len(),
            period.until
        ))
    }
}

/// All who are listed. The node says who they are, the ledger what is true of each.
fn entities(client: &Client, trust: &TrustArgs, now: Moment) -> anyhow::Result<Vec<Trusted>> {
    let mut entities = Vec::new();
    for (key, record) in records(client, "/v1/entities?limit=200", "entities", trust, |_| true)? {
        let entity = Listed::<Entity>::read(&record.content);
        let entity = entity.with_context(|| format!("`{key}` cannot be read"))?;
        anyhow::ensure!(
            listing::key::<Entity>(&entity.listing.did) == key,
            "the node's list of entities holds `{key}`, which is none"
        );
        let keys = asserting(client, &entity.listing.did, trust, now.0)?;
        entities.push(Trusted { entity, keys });
    }
    Ok(entities)
}
