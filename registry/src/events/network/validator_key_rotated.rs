//! `ValidatorKeyRotated`: a validator goes on with other keys from a height on.

use proofs::PublicKey;
use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::governance::Procedure;
use crate::network::roster::{self, Roster};
use crate::network::{NetworkError, VALIDATORS, ValidatorEntry, possession};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::time;

/// The members of `ValidatorKeyRotated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ValidatorKeyRotated {
    /// The old key's signature over the statement of possession, where its operator rotates.
    consent: Option<String>,
    /// From which height; from the next where it is not ahead.
    height: Option<u64>,
    keys: Keys,
    /// Each key's signature over the statement of possession.
    possession: Vec<String>,
    /// The key with which it voted.
    validator_key: PublicKey,
}

/// The keys with which it goes on; those that stay are repeated.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Keys {
    cosigner_key: PublicKey,
    log_key: PublicKey,
    peer_key: PublicKey,
    validator_key: PublicKey,
}

impl ValidatorKeyRotated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ValidatorKeyRotated",
        sections: "s.6 (2), s.33 (1), s.35",
        by: &[Power::GoverningBody(Class::Network), Power::Author],
        conditions: "The new keys are held and never served; the validator's operator rotates with \
                     the old key's signature, once within a time-lock, and the Governing Body \
                     without it.",
    };

    /// A rotation by the old key moves no voting power to anybody, so it is not counted as such;
    /// one for each time-lock keeps it from being a nuisance.
    fn check_own(
        &self,
        before: &ValidatorEntry,
        envelope: &Envelope,
        statement: &[u8],
        (context, view): (&Context, &dyn View),
    ) -> Result<(), Rejection> {
        let consent = self.consent.as_deref().unwrap_or_default();
        if envelope.author != before.operator
            || !possession::signed(statement, &before.validator_key, consent)
        {
            return Err(NetworkError::Consent.into());
        }
        let lock = Procedure::read(view)?.spans.time_lock_seconds.saturating_mul(1000);
        let known = view.record(&roster::key(&before.validator_key));
        match known.map(|record| record.time.saturating_add(lock)) {
            Some(end) if end > context.time => Err(NetworkError::Rotated(time::format(end)).into()),
            _ => Ok(()),
        }
    }
}

impl EventKind for ValidatorKeyRotated {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        VALIDATORS.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = authority::acting(&Self::RULE, envelope, context, view)?;
        let mut roster = Roster::read(context, view)?;
        let before = roster.staying(&self.validator_key)?.clone();
        let height = Roster::effect(self.height, context).max(before.from.unwrap_or_default());
        let after = ValidatorEntry {
            cosigner_key: self.keys.cosigner_key,
            from: Some(height),
            log_key: self.keys.log_key,
            peer_key: self.keys.peer_key,
            validator_key: self.keys.validator_key,
            ..before.clone()
        };
        if after.keys() == before.keys() {
            return Err(Rejection::Nothing);
        }
        let (keys, operator) = (after.keys(), &before.operator);
        possession::check(&context.genesis, &keys, operator, &self.possession)?;
        if power == Power::Author {
            let statement = possession::statement(&context.genesis, &keys, operator);
            self.check_own(&before, envelope, &statement, (context, view))?;
        } else {
            roster.turn(before.power, context, view)?;
        }
        roster.end(&before.validator_key, height)?;
        roster.add(after, &before.keys(), view)?;
        roster.changes(context, view)
    }
}
