//! Registries themselves: created, frozen, released, retired; and who signs their lists.

use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use registry::json;
use registry::status::{Provider as Named, Registry};
use serde_json::json;

use super::change::Ground;
use crate::author::{Network, record};
use crate::cli::Global;
use crate::client::Client;
use crate::signers::Signing;

/// How long to wait for another second to come.
const A_MOMENT: Duration = Duration::from_millis(100);

/// Create a registry: prints its id alone on the first line
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status create --capacity 131072 --format bitstring \
    --format token --credential-type AcademicTranscript --key issuer.json\n\n\
    Slot 0 is reserved: number credentials from 1, at random and not in the order of issuing.")]
pub(super) struct Create {
    /// How many slots, slot 0 included: at most 1048576
    #[arg(long, default_value_t = 131_072)]
    capacity: u32,
    /// A form to read it in: bitstring (W3C), slots (accumulator), token (IETF); or several
    #[arg(long = "format", value_name = "FORMAT", required = true)]
    formats: Vec<String>,
    /// The credential type that it is for, as the trust registry names it
    #[arg(long, value_name = "NAME")]
    credential_type: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Create {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let mut members = json!({ "capacity": self.capacity, "formats": self.formats });
        if let (Some(name), Some(members)) = (self.credential_type, members.as_object_mut()) {
            members.insert("credentialType".into(), name.into());
        }
        let signers = self.signing.open()?;
        let network = Network::of(&client)?;
        // The id is that of the event, whose time has whole seconds: what is the same as a registry
        // of this second would be that registry again.
        let (event, id) = loop {
            let event = signers.event(&network, "RevocationRegistryCreated", members.clone())?;
            let id = registry::event::id_of(&json::canonical(&event)?)?.to_string();
            if record(&client, &Registry::key(&id), &self.signing.trust)?.is_none() {
                break (event, id);
            }
            thread::sleep(A_MOMENT);
        };
        let delivered = self.signing.delivery.deliver(&client, &event, &self.signing.trust)?;
        delivered.report(global, "registry", &id)
    }
}

/// Let a registry change by override only
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status freeze 6f1c… --ground court-order \
    --key administrative-body.json")]
pub(super) struct Freeze {
    #[command(flatten)]
    pub(super) holding: Holding,
}

/// Give a frozen registry back to its issuer
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status release 6f1c… --ground court-order \
    --key administrative-body.json")]
pub(super) struct Release {
    #[command(flatten)]
    pub(super) holding: Holding,
}

/// Let a registry's statuses stay as they are for good
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status retire 6f1c… --ground superseded \
    --key issuer.json")]
pub(super) struct Retire {
    #[command(flatten)]
    pub(super) holding: Holding,
}

#[derive(Args, Debug)]
pub(super) struct Holding {
    /// The registry's id
    registry: String,
    #[command(flatten)]
    ground: Ground,
    #[command(flatten)]
    signing: Signing,
}

impl Holding {
    pub(super) fn run(self, global: &Global, kind: &str) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let record = record(&client, &Registry::key(&self.registry), &self.signing.trust)?;
        let record = record.context("there is no such revocation registry")?;
        let members = json!({
            "ground": self.ground.commit()?,
            "previousVersion": record.version,
            "registry": self.registry,
        });
        let signers = self.signing.open()?;
        let delivered = self.signing.deliver(&client, &signers, kind, members)?;
        delivered.report(global, "registry", &self.registry)
    }
}

/// Name the key that signs the lists made of an issuer's registries
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status provider did:ndi:bt-demo:Qm…#lists \
    --key issuer.json\n\nThe method stands under `assertionMethod` in the document of its DID, \
    and its key in the configuration of the nodes that serve lists (`[status]`).")]
pub(super) struct Provider {
    /// The verification method, a DID URL
    method: String,
    #[command(flatten)]
    signing: Signing,
}

impl Provider {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let signers = self.signing.open()?;
        let key = Named::key(&signers.author.did);
        let known = record(&client, &key, &self.signing.trust)?;
        let mut members = json!({ "method": self.method });
        if let (Some(known), Some(members)) = (known, members.as_object_mut()) {
            members.insert("previousVersion".into(), known.version.into());
        }
        let delivered =
            self.signing.deliver(&client, &signers, "StatusProviderRotated", members)?;
        delivered.report(global, "method", &self.method)
    }
}
