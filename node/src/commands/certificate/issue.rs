//! `dzong certificate issue` and `register`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::{own_methods, read, signatory};
use crate::certificate::{Draft, Label, Method, Organization, X509, new_serial, to_pem};
use crate::cli::Global;
use crate::client::Client;
use crate::clock::{days, now_ms};
use crate::files;
use crate::signers::{Signers, Signing};

/// Issue a certificate for a key of a DID and register it: prints its fingerprint on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate issue --key bank.json --out bank.pem                  for oneself\n  \
    dzong certificate issue --key provider.json --ca --out provider.pem     to certify others\n  \
    dzong certificate issue --did did:ndi:bt-demo:Qm… --key provider.json \\\n    \
    --authority did:ndi:bt-demo:Qm… --days 365 --out bank.pem\n\n\
    The author of the event is the issuer: the Administrative Body, a certification service \
    provider that it authorised, or the DID for itself (s.37). Its key never leaves its file.")]
pub(super) struct Issue {
    /// Whose key is certified [default: the issuer's own]
    #[arg(long, value_name = "DID")]
    did: Option<String>,
    /// Which of its verification methods, such as #key-1 [default: the only one]
    #[arg(long, value_name = "ID")]
    method: Option<String>,
    /// How many days it holds
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=36_500))]
    days: u64,
    /// The certified key signs certificates of others
    #[arg(long)]
    ca: bool,
    /// Where the issuer's list is served, such as http://127.0.0.1:8080/v1/crl/did:ndi:bt-demo:Qm…
    #[arg(long, value_name = "URL")]
    crl_url: Option<String>,
    /// What the DID's organisation is called, for software that knows no DIDs
    #[arg(long, value_name = "NAME", requires = "country", conflicts_with = "ca")]
    organization: Option<String>,
    /// The organisation's country, as the two letters of ISO 3166-1
    #[arg(long, value_name = "CC", requires = "organization")]
    country: Option<String>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The key that signs the certificate [default: the author's]
    #[arg(long, value_name = "FILE")]
    issuer_key: Option<PathBuf>,
    #[command(flatten)]
    registration: Registration,
}

/// Register a certificate that was made elsewhere
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong certificate register bank.pem --key bank.json\n  \
    dzong certificate register bank.pem --key provider.json --authority did:ndi:bt-demo:Qm…")]
pub(super) struct Register {
    /// The certificate, in PEM or DER
    file: PathBuf,
    #[command(flatten)]
    registration: Registration,
}

/// What the event that registers a certificate takes.
#[derive(Args, Debug)]
struct Registration {
    /// Who authorised the certification service provider that signs, where one does
    #[arg(long, value_name = "DID")]
    authority: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Issue {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let signing = &self.registration.signing;
        let now = now_ms() / 1000 * 1000;
        let signers = signing.open()?;
        let path = self.issuer_key.as_deref();
        let signatory = signatory(&client, &signers, path, &signing.trust, now)?;
        let did = self.did.as_deref().unwrap_or(&signatory.did);
        let known = own_methods(&client, did, &signing.trust, now)?;
        let method = choose(&known, did, self.method.as_deref())?;
        let named = self.organization.clone().zip(self.country.clone());
        let organization = named.map(|(name, country)| Organization { name, country });
        let draft = Draft {
            did,
            key: &method.key,
            organization: organization.as_ref(),
            period: days(now, self.days),
            serial: &new_serial(),
            is_authority: self.ca,
            list_url: self.crl_url.as_deref(),
        };
        let der = signatory.issuer().certify(&draft)?;
        // First the file: what is registered and lost could never be used.
        anyhow::ensure!(
            !self.out.exists(),
            "`{}` exists already and is not written over: name another file",
            self.out.display()
        );
        files::publish(&self.out, to_pem(Label::Certificate, &der).as_bytes())?;
        let certificate = X509::read(&der)?;
        self.registration.register(global, &client, &signers, &certificate).with_context(|| {
            format!(
                "`{}` is written and not registered, so it counts nowhere: try again with \
                 `dzong certificate register`",
                self.out.display()
            )
        })
    }
}

impl Register {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let certificate = read(&self.file)?;
        let signing = &self.registration.signing;
        let signers = signing.open()?;
        let issuer = &signers.author.did;
        let known = own_methods(&client, issuer, &signing.trust, certificate.period.from.0)?;
        anyhow::ensure!(
            known.iter().any(|method| method.asserts && certificate.is_signed_by(&method.key)),
            "no key under `assertionMethod` of `{issuer}` signed `{}`: it is its issuer who \
             registers a certificate",
            self.file.display()
        );
        self.registration.register(global, &client, &signers, &certificate)
    }
}

impl Registration {
    fn register(
        &self,
        global: &Global,
        client: &Client,
        signers: &Signers,
        made: &X509,
    ) -> anyhow::Result<()> {
        let members = made.registration(self.authority.as_deref());
        let delivered = self.signing.deliver(client, signers, "CertificateRegistered", members)?;
        delivered.report(global, "fingerprint", &made.fingerprint)
    }
}

/// The method that is named, or the only one.
fn choose<'a>(known: &'a [Method], did: &str, named: Option<&str>) -> anyhow::Result<&'a Method> {
    let ids: Vec<&str> = known.iter().map(|method| method.id.as_str()).collect();
    let ids = ids.join(", ");
    match (named, known) {
        (_, []) => anyhow::bail!(
            "`{did}` has no key of Ed25519 or P-256 in its document: add one with \
             `dzong did update`"
        ),
        (None, [only]) => Ok(only),
        (None, _) => anyhow::bail!("`{did}` has several keys, name one with --method: {ids}"),
        (Some(named), _) => {
            let fragment = named.rsplit_once('#').map_or(named, |(_, fragment)| fragment);
            let id = format!("{did}#{fragment}");
            let found = known.iter().find(|method| method.id == id);
            found.with_context(|| format!("`{did}` has no key `{named}`; it has {ids}"))
        }
    }
}
