//! Changing statuses: by the issuer, and by those above it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use rand::RngCore as _;
use rand::rngs::OsRng;
use registry::status::{Head, commitment};
use serde_json::{Value, json};

use crate::author::record;
use crate::cli::Global;
use crate::client::Client;
use crate::files::publish;
use crate::signers::Signing;
use crate::trust::TrustArgs;

/// Why something changes: the ledger shows a salted commitment, the opening stays here.
#[derive(Args, Debug)]
pub(crate) struct Ground {
    /// Why, such as on-request, contravention, court-order, national-security
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// Write salt and ground to this file: for those concerned, and for an appeal
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
}

impl Ground {
    /// The commitment, whose opening is kept first.
    pub(crate) fn commit(&self) -> anyhow::Result<String> {
        let mut salt = [0; 32];
        OsRng.fill_bytes(&mut salt);
        let commitment = commitment(&salt, &self.ground);
        if let Some(path) = &self.opening {
            let salt = hex::encode(salt);
            let opening = json!({ "commitment": commitment, "ground": self.ground, "salt": salt });
            publish(path, &serde_json::to_vec_pretty(&opening)?)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(commitment)
    }
}

/// Which slots become what.
#[derive(Args, Debug)]
struct Slots {
    /// The registry's id
    registry: String,
    /// Slots that never count again, such as 5,17,40-49
    #[arg(long, value_name = "SLOTS", default_value = "")]
    revoke: String,
    /// Slots that do not count for now
    #[arg(long, value_name = "SLOTS", default_value = "")]
    suspend: String,
    /// Slots that count again
    #[arg(long, value_name = "SLOTS", default_value = "")]
    reactivate: String,
    /// The version of the list that this replaces [default: the newest]
    #[arg(long, value_name = "VERSION")]
    version: Option<u64>,
}

impl Slots {
    /// The member of `changes` for the registry.
    fn change(&self, client: &Client, trust: &TrustArgs) -> anyhow::Result<Value> {
        let version = match self.version {
            Some(version) => version,
            None => {
                let head = record(client, &Head::key(&self.registry), trust)?;
                head.context("there is no such revocation registry")?.version
            }
        };
        let mut change = json!({ "previousVersion": version, "registry": self.registry });
        let Slots { revoke, suspend, reactivate, .. } = self;
        for (name, text) in [("revoke", revoke), ("suspend", suspend), ("reactivate", reactivate)] {
            put(&mut change, name, text)?;
        }
        Ok(change)
    }
}

fn put(change: &mut Value, name: &str, text: &str) -> anyhow::Result<()> {
    let slots = slots(text).with_context(|| format!("--{name}"))?;
    if let (false, Some(change)) = (slots.is_empty(), change.as_object_mut()) {
        change.insert(name.to_owned(), slots.into());
    }
    Ok(())
}

/// The slots of a text such as `5,17,40-49`, ascending.
fn slots(text: &str) -> anyhow::Result<Vec<u32>> {
    let mut slots = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| {
            text.trim().parse::<u32>().with_context(|| format!("`{text}` is not a slot's number"))
        };
        let (first, last) = (number(first)?, number(last)?);
        anyhow::ensure!(first <= last, "`{part}` ends before it begins");
        let most = u32::try_from(registry::status::CHANGES_MAX).unwrap_or(u32::MAX);
        anyhow::ensure!(last - first < most, "`{part}` is more than one event may change");
        slots.extend(first..=last);
    }
    slots.sort_unstable();
    Ok(slots)
}

/// Revoke, suspend or reactivate credentials of an own registry
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status change 6f1c… --revoke 5,17 --suspend 40-49 \
    --ground on-request --opening why.json --key issuer.json")]
pub(super) struct Change {
    #[command(flatten)]
    slots: Slots,
    #[command(flatten)]
    ground: Ground,
    #[command(flatten)]
    signing: Signing,
}

impl Change {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let change = self.slots.change(&client, &self.signing.trust)?;
        let members = json!({ "changes": [change], "ground": self.ground.commit()? });
        let signers = self.signing.open()?;
        let delivered = self.signing.deliver(&client, &signers, "StatusChanged", members)?;
        delivered.report(global, "registry", &self.slots.registry)
    }
}

/// Change statuses above the issuer: Governing Body, court, revocation service provider
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong status override 6f1c… --suspend 9 --lock \
    --ground national-security --key governor-1.json --key governor-2.json \
    --key governor-3.json\n  \
    dzong status override 6f1c… --reactivate 9 --unlock --basis court --ground court-order \
    --key administrative-body.json\n  \
    dzong status override 6f1c… --revoke 12 --basis provider --authority did:ndi:bt-demo:Qm… \
    --ground reliability --key revoker.json")]
pub(super) struct Override {
    #[command(flatten)]
    slots: Slots,
    /// Slots whose status stays, and whose lock alone changes
    #[arg(long, value_name = "SLOTS", default_value = "")]
    unchanged: String,
    /// Whose decision it is: governing-body, court, provider
    #[arg(long, default_value = "governing-body")]
    basis: String,
    /// Who authorised the revocation service provider
    #[arg(long, value_name = "DID")]
    authority: Option<String>,
    /// From now on the issuer cannot change these slots
    #[arg(long, conflicts_with = "unlock")]
    lock: bool,
    /// The issuer may change these slots again
    #[arg(long)]
    unlock: bool,
    /// Bring back what was revoked by error
    #[arg(long)]
    corrects: bool,
    #[command(flatten)]
    ground: Ground,
    #[command(flatten)]
    signing: Signing,
}

impl Override {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let mut change = self.slots.change(&client, &self.signing.trust)?;
        put(&mut change, "unchanged", &self.unchanged)?;
        let locking = match (self.lock, self.unlock) {
            (true, _) => "lock",
            (false, true) => "unlock",
            (false, false) => "keep",
        };
        let mut members = json!({
            "basis": self.basis,
            "changes": [change],
            "corrects": self.corrects,
            "ground": self.ground.commit()?,
            "locking": locking,
        });
        if let (Some(authority), Some(members)) = (self.authority, members.as_object_mut()) {
            members.insert("authority".into(), authority.into());
        }
        let signers = self.signing.open()?;
        let delivered = self.signing.deliver(&client, &signers, "StatusOverridden", members)?;
        delivered.report(global, "registry", &self.slots.registry)
    }
}

#[cfg(test)]
mod tests {
    use super::slots;

    #[test]
    fn slots_are_named_alone_and_as_ranges() {
        assert!(slots("").unwrap().is_empty());
        assert_eq!(slots("17, 5,40-42").unwrap(), [5, 17, 40, 41, 42]);
        for bad in ["x", "5-", "9-5", "-1", "1-99999999999", "0-4294967295"] {
            assert!(slots(bad).is_err(), "{bad}");
        }
    }
}
