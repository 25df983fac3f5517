//! `WalletCertified`: a version of a wallet or agent is certified, by the hash of its release.

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Action, Breach, EntityRole, Listed, Wallet, decide, forms, listing};

/// The members of `WalletCertified`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WalletCertified {
    /// Who authorised the certification service provider that certifies.
    authority: Option<String>,
    name: String,
    provider: String,
    role: EntityRole,
    sha256: String,
    version: String,
}

impl WalletCertified {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "WalletCertified",
        sections: "s.70, s.73, s.75, s.76",
        by: &[Power::AdministrativeBody, Power::Holder(Action::Certify)],
        conditions: "The provider is a live, certified entity in that role; a release is \
            certified once.",
    };
}

impl EventKind for WalletCertified {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("provider", &self.provider)?;
        forms::check_sha256("sha256", &self.sha256)?;
        forms::check_text("name", &self.name)?;
        forms::check_text("version", &self.version)?;
        match self.role.provides_wallets() {
            true => Ok(()),
            false => Err(Breach::Form("role", "is that of a wallet or agent provider"))?,
        }
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Wallet>(&self.sha256)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        if power == Power::Holder(Action::Certify) {
            let (authority, role) = (self.authority.as_deref(), self.role.name());
            decide::require(authority, author, Action::Certify, role, context, view)?;
        }
        decide::require_role(&self.provider, &[self.role], context, view)?;
        Listed::<Wallet>::replaced(&self.sha256, None, view)?;
        let wallet = Wallet {
            certifier: author.clone(),
            name: self.name.clone(),
            provider: self.provider.clone(),
            role: self.role,
            version: self.version.clone(),
        };
        Ok(vec![Listed::active(wallet, author, context).change(&self.sha256)])
    }
}
