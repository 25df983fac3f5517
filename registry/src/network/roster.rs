//! How the list of validators changes: at a named height, within the limits on power.

use proofs::PublicKey;
use serde::{Deserialize, Serialize};

use super::{
    NetworkError, PARAMETERS, Parameters, REPLICAS, ReplicaEntry, VALIDATORS, VALIDATORS_MIN,
    ValidatorEntry, certifying, residency, set_of,
};
use crate::governance::Procedure;
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Change, Context, View, expect, read};

/// The key of the voting power that governance changed of late.
pub const TURNOVER: &str = "network/turnover";

/// The key of what is known about a node's key that has served.
#[must_use]
pub fn key(key: &PublicKey) -> String {
    format!("network/key/{key}")
}

/// The content of `network/key/<key>`: since when it is known says the record itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    operator: String,
}

/// Voting power that changed. Members stand in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Turned {
    power: u64,
    time: u64,
}

/// The list of validators, to be changed.
#[derive(Debug, Clone)]
pub struct Roster {
    entries: Vec<ValidatorEntry>,
    turnover: Option<Vec<Turned>>,
    known: Vec<Change>,
}

impl Roster {
    /// The list as it stands, without those whose time is over.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn read(context: &Context, view: &dyn View) -> Result<Roster, Rejection> {
        let (_, mut entries) = expect::<Vec<ValidatorEntry>>(VALIDATORS, view)?;
        entries.retain(|entry| entry.until.is_none_or(|until| until > context.height));
        Ok(Roster { entries, turnover: None, known: Vec::new() })
    }

    /// The height at which a change takes effect: the one named, or the next after this block.
    #[must_use]
    pub fn effect(named: Option<u64>, context: &Context) -> u64 {
        named.unwrap_or_default().max(context.height.saturating_add(1))
    }

    /// The validator that votes with this key and stays.
    ///
    /// # Errors
    /// [`NetworkError::NoValidator`].
    pub fn staying(&self, key: &PublicKey) -> Result<&ValidatorEntry, NetworkError> {
        let staying = |entry: &&ValidatorEntry| entry.until.is_none();
        let found = self.entries.iter().filter(staying).find(|entry| entry.validator_key == *key);
        found.ok_or(NetworkError::NoValidator(*key))
    }

    /// Adds a validator from its first height on. `own` are keys that it had before.
    ///
    /// # Errors
    /// [`NetworkError::KeyUsed`].
    pub fn add(
        &mut self,
        entry: ValidatorEntry,
        own: &[PublicKey],
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let fresh: Vec<PublicKey> =
            entry.keys().into_iter().filter(|key| !own.contains(key)).collect();
        check_fresh(&fresh, view)?;
        self.know(&entry);
        self.entries.push(entry);
        Ok(())
    }

    /// Lets the validator with this key go at a height. Its keys never serve again.
    ///
    /// # Errors
    /// [`NetworkError::NoValidator`].
    pub fn end(&mut self, key: &PublicKey, height: u64) -> Result<ValidatorEntry, NetworkError> {
        let left = self.staying(key)?.clone();
        let entry = self.entries.iter_mut().find(|entry| **entry == left);
        let entry = entry.ok_or(NetworkError::NoValidator(*key))?;
        entry.until = Some(height.max(entry.from.unwrap_or_default()));
        self.know(&left);
        Ok(left)
    }

    fn know(&mut self, entry: &ValidatorEntry) {
        for public in entry.keys() {
            let known = Known { operator: entry.operator.clone() };
            self.known.retain(|change| change.key != key(&public));
            self.known.push(Change::new(key(&public), &known));
        }
    }

    /// Counts voting power that governance changes. Less than a third changes within a time-lock.
    ///
    /// # Errors
    /// [`NetworkError::Turnover`].
    pub fn turn(
        &mut self,
        power: u64,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let lock = Procedure::read(view)?.spans.time_lock_seconds.saturating_mul(1000);
        let (_, before) = expect::<Vec<ValidatorEntry>>(VALIDATORS, view)?;
        let staying = before.iter().filter(|entry| entry.until.is_none());
        let total = staying.fold(0_u64, |sum, entry| sum.saturating_add(entry.power));
        let mut turned = read::<Vec<Turned>>(TURNOVER, view)?.map(|(_, t)| t).unwrap_or_default();
        turned.retain(|turned| turned.time.saturating_add(lock) > context.time);
        turned.push(Turned { power, time: context.time });
        let changed = turned.iter().fold(0_u64, |sum, turned| sum.saturating_add(turned.power));
        if u128::from(changed) * 3 >= u128::from(total) {
            return Err(NetworkError::Turnover { changed, total }.into());
        }
        self.turnover = Some(turned);
        Ok(())
    }

    /// The changes that make this the list, once it keeps every limit at every height.
    ///
    /// # Errors
    /// [`NetworkError::TooFew`], [`NetworkError::Set`], [`NetworkError::Outside`],
    /// [`NetworkError::TooMany`].
    pub fn changes(self, context: &Context, view: &dyn View) -> Result<Vec<Change>, Rejection> {
        let (_, parameters) = expect::<Parameters>(PARAMETERS, view)?;
        check(&self.entries, &parameters, context)?;
        let list = Change::new(VALIDATORS, &self.entries);
        let turnover = self.turnover.map(|turned| Change::new(TURNOVER, &turned));
        Ok([list].into_iter().chain(turnover).chain(self.known).collect())
    }

    /// The change by which an operator that runs nothing any more is none.
    ///
    /// # Errors
    /// [`Rejection::Unreadable`].
    pub fn retire(&self, operator: &str, view: &dyn View) -> Result<Option<Change>, Rejection> {
        let (_, replicas) = expect::<Vec<ReplicaEntry>>(REPLICAS, view)?;
        let runs = self.entries.iter().any(|e| e.until.is_none() && e.operator == operator)
            || replicas.iter().any(|replica| replica.operator == operator);
        Ok((!runs).then(|| Roles::without(Role::Operator, operator, view)))
    }
}

/// Checks every set that the list makes, from the next height on.
///
/// # Errors
/// As [`Roster::changes`].
pub fn check(
    entries: &[ValidatorEntry],
    parameters: &Parameters,
    context: &Context,
) -> Result<(), NetworkError> {
    if entries.len() > proofs::ValidatorSet::VALIDATORS_MAX {
        return Err(NetworkError::TooMany);
    }
    let next = context.height.saturating_add(1);
    let heights = entries.iter().flat_map(|entry| [entry.from, entry.until]).flatten();
    for height in heights.filter(|height| *height > next).chain([next]) {
        let set = certifying(entries, height);
        if set.len() < VALIDATORS_MIN {
            return Err(NetworkError::TooFew(set.len()));
        }
        set_of(&set)?;
        residency::check(parameters.residency.as_ref(), &set)?;
    }
    Ok(())
}

/// Checks that keys are new to the network and differ.
///
/// # Errors
/// [`NetworkError::KeyUsed`].
pub fn check_fresh(keys: &[PublicKey], view: &dyn View) -> Result<(), Rejection> {
    let (_, validators) = expect::<Vec<ValidatorEntry>>(VALIDATORS, view)?;
    let (_, replicas) = expect::<Vec<ReplicaEntry>>(REPLICAS, view)?;
    for (at, public) in keys.iter().enumerate() {
        let serves = validators.iter().any(|entry| entry.keys().contains(public))
            || replicas.iter().any(|replica| replica.peer_key == *public)
            || keys.iter().skip(at + 1).any(|other| other == public);
        if serves || view.record(&key(public)).is_some() {
            return Err(NetworkError::KeyUsed(*public).into());
        }
    }
    Ok(())
}

/// The change by which the key of a replica is known for ever.
pub(crate) fn know(public: &PublicKey, operator: &str) -> Change {
    Change::new(key(public), &Known { operator: operator.to_owned() })
}
