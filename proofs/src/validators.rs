//! Validators and their sets.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Hash, Tag, tagged};

/// An Ed25519 public key of a validator (RFC 8032), which is also its address.
/// Text form: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether `signature` over `message` is this key's, by ZIP 215.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        ed25519_zebra::VerificationKey::try_from(self.0).is_ok_and(|key| {
            key.verify(&ed25519_zebra::Signature::from(*signature), message).is_ok()
        })
    }
}

impl From<&ed25519_zebra::SigningKey> for PublicKey {
    fn from(key: &ed25519_zebra::SigningKey) -> PublicKey {
        PublicKey(key.verification_key().into())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Hash::deserialize(deserializer).map(|hash| PublicKey(hash.0))
    }
}

/// A validator: a key and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// The key that signs votes.
    pub key: PublicKey,
    /// Voting power, at least 1.
    pub power: u64,
}

/// Those who certify a height: ascending by key, each key once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatorSet {
    validators: Vec<Validator>,
    total: u64,
}

/// Why a list of validators is no set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// A set has at least one member.
    #[error("a validator set has at least one validator")]
    Empty,
    /// Two validators with one key.
    #[error("validator key `{0}` stands twice")]
    Duplicate(PublicKey),
    /// Power zero, or a sum beyond 2^53 - 1.
    #[error("voting power is at least 1 each and at most 2^53 - 1 together")]
    Power,
    /// Not a point of the curve.
    #[error("validator key `{0}` is not an Ed25519 public key")]
    Key(PublicKey),
}

impl ValidatorSet {
    /// Most validators that a set holds.
    pub const VALIDATORS_MAX: usize = 128;

    /// The set of these validators, in any order.
    pub fn new(mut validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        validators.sort_by_key(|validator| validator.key);
        if validators.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        let mut total: u64 = 0;
        let mut last = None;
        for Validator { key, power } in &validators {
            if last == Some(key) {
                return Err(ValidatorSetError::Duplicate(*key));
            }
            if ed25519_zebra::VerificationKey::try_from(key.0).is_err() {
                return Err(ValidatorSetError::Key(*key));
            }
            total = total.saturating_add(*power);
            if *power == 0 || total >= 1 << 53 {
                return Err(ValidatorSetError::Power);
            }
            last = Some(key);
        }
        Ok(ValidatorSet { validators, total })
    }

    /// The members, ascending by key.
    pub fn as_slice(&self) -> &[Validator] {
        &self.validators
    }

    /// The member with this key.
    pub fn get(&self, key: &PublicKey) -> Option<&Validator> {
        let at = self.validators.binary_search_by_key(key, |validator| validator.key).ok()?;
        self.validators.get(at)
    }

    /// The sum of all voting power.
    pub fn total_power(&self) -> u64 {
        self.total
    }

    /// Whether `power` is more than two thirds of the whole.
    pub fn is_quorum(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total) * 2
    }

    /// The hash that headers name.
    pub fn hash(&self) -> Hash {
        let mut bytes = Vec::with_capacity(self.validators.len() * 40);
        for validator in &self.validators {
            bytes.extend_from_slice(&validator.key.0);
            bytes.extend_from_slice(&validator.power.to_be_bytes());
        }
        tagged(Tag::Validators, &[&bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> PublicKey {
        PublicKey::from(&ed25519_zebra::SigningKey::from([seed; 32]))
    }

    #[test]
    fn a_set_does_not_depend_on_the_order_in_which_it_was_given() {
        let list: Vec<_> = (1..5).map(|i| Validator { key: key(i), power: 1 }).collect();
        let set = ValidatorSet::new(list.clone()).unwrap();
        let reversed = ValidatorSet::new(list.into_iter().rev().collect()).unwrap();
        assert_eq!(set.hash(), reversed.hash());
    }

    #[test]
    fn a_key_counts_once() {
        let twice = vec![Validator { key: key(1), power: 1 }; 2];
        assert_eq!(ValidatorSet::new(twice), Err(ValidatorSetError::Duplicate(key(1))));
    }

    #[test]
    fn a_quorum_is_more_than_two_thirds() {
        let set = (1..5).map(|i| Validator { key: key(i), power: 1 }).collect();
        let set = ValidatorSet::new(set).unwrap();
        assert!(!set.is_quorum(2) && set.is_quorum(3));
    }
}
