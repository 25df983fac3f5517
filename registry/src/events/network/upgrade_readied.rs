//! `UpgradeReadied`: an operator's validators can execute the scheduled protocol.

use serde::{Deserialize, Serialize};

use crate::authority::{self, Power, Rule};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::network::upgrade::{self, Upgrade};
use crate::network::{NetworkError, validators_at};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, read};

/// The members of `UpgradeReadied`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpgradeReadied {
    height: u64,
    protocol: u64,
}

/// The content of `network/readiness/<protocol>/<height>/<operator>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    since: u64,
}

impl UpgradeReadied {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "UpgradeReadied",
        sections: "s.6 (2), s.35",
        by: &[Power::Author],
        conditions: "The author operates a validator, and the upgrade is scheduled and its height \
                     ahead; it counts once operators of more than two thirds are ready.",
    };

    fn key(&self, operator: &str) -> String {
        upgrade::readiness(self.protocol, self.height, operator)
    }
}

impl EventKind for UpgradeReadied {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, envelope: &Envelope) -> String {
        self.key(&envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        let operator = &envelope.author;
        let validators = validators_at(context.height, view).unwrap_or_default();
        if validators.iter().all(|entry| entry.operator != *operator) {
            return Err(NetworkError::NotOperator(operator.clone()).into());
        }
        let &UpgradeReadied { height, protocol } = self;
        let scheduled = read::<Upgrade>(upgrade::KEY, view)?.map(|(_, upgrade)| upgrade);
        let scheduled = scheduled.filter(|it| (it.protocol, it.height) == (protocol, height));
        let scheduled = scheduled.ok_or(NetworkError::NoUpgrade { protocol, height })?;
        if height <= context.height {
            return Err(NetworkError::HeightPassed(height).into());
        }
        let key = self.key(operator);
        if view.record(&key).is_some() {
            return Err(Rejection::Exists(key));
        }
        let mut changes = vec![Change::new(key, &Ready { since: context.time })];
        if !scheduled.confirmed && upgrade::is_ready(&scheduled, operator, context, view)? {
            changes.push(Change::new(upgrade::KEY, &Upgrade { confirmed: true, ..scheduled }));
        }
        Ok(changes)
    }
}
