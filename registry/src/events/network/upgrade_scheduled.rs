//! `UpgradeScheduled`: another protocol counts from a height on. It is a number, never code: what
//! executes it is installed by operators, and nothing is fetched or run because of this event.

use serde::Deserialize;

use crate::authority::{self, Class, Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::network::upgrade::{self, Upgrade};
use crate::network::{NetworkError, protocol_at};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// The members of `UpgradeScheduled`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UpgradeScheduled {
    height: u64,
    /// The version of the schedule that this one replaces; absent for the first.
    previous_version: Option<u64>,
    protocol: u64,
}

impl UpgradeScheduled {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "UpgradeScheduled",
        sections: "s.6 (2), s.35",
        by: &[Power::GoverningBody(Class::Network)],
        conditions: "The protocol is the next one, and the height leaves operators time to be \
                     ready.",
    };
}

impl EventKind for UpgradeScheduled {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(())
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        upgrade::KEY.to_owned()
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(&Self::RULE, envelope, context, view)?;
        events::check_previous(self.previous_version, view.record(upgrade::KEY).as_ref())?;
        let unreadable = || Rejection::Unreadable(upgrade::KEY.to_owned());
        let previous = protocol_at(context.height, view).ok_or_else(unreadable)?;
        let next = previous.saturating_add(1);
        if self.protocol != next {
            return Err(NetworkError::ProtocolStep(next).into());
        }
        if self.height <= context.height.saturating_add(1) {
            return Err(NetworkError::HeightPassed(self.height).into());
        }
        let &UpgradeScheduled { height, protocol, .. } = self;
        let upgrade = Upgrade { confirmed: false, height, previous, protocol };
        Ok(vec![Change::new(upgrade::KEY, &upgrade)])
    }
}
