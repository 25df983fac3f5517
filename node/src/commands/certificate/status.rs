//! `dzong certificate suspend`, `reinstate` and `revoke`: on the grounds of s.40.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use registry::trust::listing::key;
use registry::trust::{Certificate, Ground};
use serde_json::json;

use super::fingerprint;
use crate::author::record;
use crate::cli::Global;
use crate::client::Client;
use crate::signers::Signing;

/// The grounds of s.40.
#[derive(ValueEnum, Debug, Clone, Copy)]
enum OnGround {
    /// the Act or the framework is contravened (1)
    Contravention,
    /// its reliability is breached or partly compromised (2)
    Reliability,
    /// a court so orders (3)
    CourtOrder,
    /// a threat to national security, as the Governing Body believes (4)
    NationalSecurity,
}

impl From<OnGround> for Ground {
    fn from(ground: OnGround) -> Ground {
        match ground {
            OnGround::Contravention => Ground::Contravention,
            OnGround::Reliability => Ground::Reliability,
            OnGround::CourtOrder => Ground::CourtOrder,
            OnGround::NationalSecurity => Ground::NationalSecurity,
        }
    }
}

/// Suspend a certificate: it does not count for now
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate suspend bank.pem --ground contravention --key revoker.json \\\n    \
    --authority did:ndi:bt-demo:Qm… --reference $(sha256sum finding.pdf | cut -c -64)\n\n\
    Who: see `dzong explain --kind CertificateSuspended`.")]
pub(super) struct Suspend {
    #[command(flatten)]
    end: End,
}

/// Revoke a certificate, for ever
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate revoke bank.pem --ground reliability --key bank.json     its own\n  \
    dzong certificate revoke bank.pem --ground reliability --key revoker.json \\\n    \
    --authority did:ndi:bt-demo:Qm… --reference $(sha256sum finding.pdf | cut -c -64)\n  \
    dzong certificate revoke bank.pem --ground national-security --key governor-1.json \\\n    \
    --key governor-2.json --key governor-3.json\n\n\
    Who: see `dzong explain --kind CertificateRevoked`. Then its issuer publishes a new list: \
    `dzong certificate crl`.")]
pub(super) struct Revoke {
    #[command(flatten)]
    end: End,
}

/// Reinstate a suspended certificate
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    dzong certificate reinstate bank.pem --key administrative-body.json       after an appeal\n\n\
    Who: see `dzong explain --kind CertificateReinstated`.")]
pub(super) struct Reinstate {
    #[command(flatten)]
    step: Step,
}

#[derive(Args, Debug)]
struct End {
    /// Why
    #[arg(long, value_enum)]
    ground: OnGround,
    #[command(flatten)]
    step: Step,
}

#[derive(Args, Debug)]
struct Step {
    /// The certificate: its file, or the SHA-256 of its DER bytes
    certificate: String,
    /// Who authorised the revocation service provider that signs, where one does
    #[arg(long, value_name = "DID")]
    authority: Option<String>,
    /// SHA-256 of the document that this rests on
    #[arg(long, value_name = "SHA256")]
    reference: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Suspend {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        self.end.step.take(global, "CertificateSuspended", Some(self.end.ground.into()))
    }
}

impl Revoke {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        self.end.step.take(global, "CertificateRevoked", Some(self.end.ground.into()))
    }
}

impl Reinstate {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        self.step.take(global, "CertificateReinstated", None)
    }
}

impl Step {
    fn take(&self, global: &Global, kind: &str, ground: Option<Ground>) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let subject = fingerprint(&self.certificate)?;
        let before = record(&client, &key::<Certificate>(&subject), &self.signing.trust)?;
        let before = before.with_context(|| {
            format!("no certificate `{subject}` is registered: see `dzong certificate register`")
        })?;
        let mut members = json!({ "previousVersion": before.version, "subject": subject });
        if let Some(members) = members.as_object_mut() {
            let ground = ground.map(|ground| ground.name().to_owned());
            let own = [
                ("authority", &self.authority),
                ("ground", &ground),
                ("reference", &self.reference),
            ];
            for (name, value) in own {
                members.extend(value.iter().map(|value| (name.to_owned(), json!(value))));
            }
        }
        let delivered = self.signing.deliver(&client, &self.signing.open()?, kind, members)?;
        delivered.report(global, "fingerprint", &subject)
    }
}
