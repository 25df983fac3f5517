//! Authorizations: which entity may take which action on which resource, says which authority.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Listing, Period};
use crate::did;

/// The four words of a question or a grant, in TRQP's sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant<'a> {
    /// What is done.
    pub action: &'a str,
    /// Who allows it.
    pub authority: &'a str,
    /// Who does it.
    pub entity: &'a str,
    /// On what.
    pub resource: &'a str,
}

impl Grant<'_> {
    /// The id of the listing about these four: a SHA-256 multihash (base58btc) of the canonical
    /// array of authority, entity, action and resource. So "no" is the absence of one record.
    pub fn id(&self) -> String {
        let words = json!([self.authority, self.entity, self.action, self.resource]);
        did::sha256_multihash(words.to_string().as_bytes())
    }
}

/// What `authorization/<id>` lists. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorization {
    /// What is done.
    pub action: super::Action,
    /// Who allows it.
    pub authority: String,
    /// Who does it.
    pub entity: String,
    /// When it holds.
    pub period: Period,
    /// On what: a credential type, a presentation type, a role.
    pub resource: String,
}

impl Authorization {
    /// The four words.
    pub fn grant(&self) -> Grant<'_> {
        Grant {
            action: self.action.name(),
            authority: &self.authority,
            entity: &self.entity,
            resource: &self.resource,
        }
    }
}

impl Listing for Authorization {
    const PREFIX: &'static str = "authorization";
    const NOUN: &'static str = "authorization";

    fn subject(&self) -> &str {
        &self.entity
    }

    fn granter(&self) -> &str {
        &self.authority
    }

    fn period(&self) -> Option<&Period> {
        Some(&self.period)
    }
}
