//! Which protocol the network speaks: a number and the height from which it counts, never code.

use proofs::Record;
use serde::{Deserialize, Serialize};

use super::{VALIDATORS, ValidatorEntry, certifying, set_of};
use crate::rejection::Rejection;
use crate::state::{Context, View, expect};

/// The protocol that this software executes.
pub const PROTOCOL: u64 = 1;

/// The protocol of genesis.
const FIRST: u64 = 1;

/// The key of the latest upgrade; no record before the first.
pub const KEY: &str = "network/upgrade";

/// The content of the record [`KEY`]. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upgrade {
    /// Whether a quorum of the validators' operators was ready before the height. Without it the
    /// network goes on as before, and the upgrade is scheduled anew.
    pub confirmed: bool,
    /// From which height it counts.
    pub height: u64,
    /// The protocol before it.
    pub previous: u64,
    /// The protocol.
    pub protocol: u64,
}

impl Upgrade {
    /// The protocol of a height.
    #[must_use]
    pub fn protocol_at(&self, height: u64) -> u64 {
        if self.confirmed && self.height <= height { self.protocol } else { self.previous }
    }
}

/// The protocol by which a height is executed, in the state before it. A node that executes an
/// older one stops before that height.
pub fn protocol_at(height: u64, view: &dyn View) -> Option<u64> {
    protocol_by(view.record(KEY).as_ref(), height)
}

/// As [`protocol_at`], from the record [`KEY`].
pub fn protocol_by(record: Option<&Record>, height: u64) -> Option<u64> {
    match record {
        None => Some(FIRST),
        Some(record) => {
            let upgrade: Upgrade = serde_json::from_str(record.content.get()).ok()?;
            Some(upgrade.protocol_at(height))
        }
    }
}

/// The key of an operator's readiness for an upgrade.
#[must_use]
pub fn readiness(protocol: u64, height: u64, operator: &str) -> String {
    format!("network/readiness/{protocol}/{height}/{operator}")
}

/// Whether the operators of a quorum are ready, `operator` among them.
///
/// # Errors
/// [`Rejection::Unreadable`].
pub fn is_ready(
    upgrade: &Upgrade,
    operator: &str,
    context: &Context,
    view: &dyn View,
) -> Result<bool, Rejection> {
    let (_, entries) = expect::<Vec<ValidatorEntry>>(VALIDATORS, view)?;
    let entries = certifying(&entries, context.height);
    let is_ready = |entry: &&ValidatorEntry| {
        let key = readiness(upgrade.protocol, upgrade.height, &entry.operator);
        entry.operator == operator || view.record(&key).is_some()
    };
    let ready = entries.iter().filter(is_ready);
    let power = ready.fold(0_u64, |sum, entry| sum.saturating_add(entry.power));
    Ok(set_of(&entries).is_ok_and(|set| set.is_quorum(power)))
}
