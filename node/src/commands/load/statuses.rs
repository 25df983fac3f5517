//! Changes of statuses: each of a batch of slots, and each in a registry of its own, because one
//! change of a registry waits at a time.

use anyhow::Context as _;
use registry::author;
use registry::json;
use registry::status::commitment;
use serde_json::{Value, json};

use super::prepare::{self, Prepared};
use crate::author::{Network, times};
use crate::client::Client;
use crate::keys::KeyFile;

/// Slots that each event changes.
pub(super) const SLOTS: u32 = 100;

/// Slots of a registry: what changes lies in four of its chunks.
const CAPACITY: u32 = 4_096;

/// The issuer of all registries, registered by now.
pub(super) fn issuer(
    client: &Client,
    network: &Network,
    endorser: &KeyFile,
) -> anyhow::Result<KeyFile> {
    let (issuer, event) = prepare::organisation(network, endorser)?;
    client.submit_and_wait(&event.bytes).context("the issuer of the registries")?;
    Ok(issuer)
}

/// Events that create so many registries. A registry's id is that of its event.
pub(super) fn registries(
    count: u64,
    network: &Network,
    issuer: &KeyFile,
    formats: &[String],
) -> anyhow::Result<Vec<Prepared>> {
    prepare::many(count, |number| {
        // Else two that are made in one second would be one event.
        let name = format!("load-{number}");
        let members = json!({ "capacity": CAPACITY, "credentialType": name, "formats": formats });
        event("RevocationRegistryCreated", members, network, issuer)
    })
}

/// For each registry the event that revokes slots all over it.
pub(super) fn changes(
    registries: &[Prepared],
    network: &Network,
    issuer: &KeyFile,
) -> anyhow::Result<Vec<Prepared>> {
    let slots: Vec<u32> = (0..SLOTS).map(|slot| 1 + slot * (CAPACITY - 1) / SLOTS).collect();
    let ground = commitment(&[0; 32], "load");
    prepare::many(u64::try_from(registries.len())?, |number| {
        let registry = registries.get(usize::try_from(number)?).context("one for each")?;
        let change = json!({ "previousVersion": 1, "registry": registry.id, "revoke": slots });
        let members = json!({ "changes": [change], "ground": ground });
        event("StatusChanged", members, network, issuer)
    })
}

fn event(
    kind: &str,
    members: Value,
    network: &Network,
    issuer: &KeyFile,
) -> anyhow::Result<Prepared> {
    let did = issuer.did().context("the issuer's key says whose it is")?;
    let mut event = author::event(kind, &network.name, did, times(), members);
    author::sign(&mut event, did, &network.domain(), issuer)?;
    Prepared::of(json::canonical(&event)?)
}
