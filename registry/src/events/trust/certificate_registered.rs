//! `CertificateRegistered`: the fingerprint of a certificate of a DID (Act s.37).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{self, Action, Certificate, DPKI_CERTIFICATE, Listed, Period, decide, listing};

/// The members of `CertificateRegistered`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CertificateRegistered {
    /// Who authorised the certification service provider that issued it.
    authority: Option<String>,
    did: String,
    fingerprint: String,
    period: Period,
    serial: String,
}

impl CertificateRegistered {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "CertificateRegistered",
        sections: "s.37, s.38, s.39",
        by: &[Power::AdministrativeBody, Power::Holder(Action::Certify), Power::Author],
        conditions: "The author issued it: the Administrative Body, a certification service \
            provider that is authorised to, or the DID for itself; a fingerprint is \
            registered once.",
    };

    fn listing(&self, issuer: &str) -> Certificate {
        Certificate {
            did: self.did.clone(),
            fingerprint: self.fingerprint.clone(),
            issuer: issuer.to_owned(),
            period: self.period,
            serial: self.serial.clone(),
        }
    }
}

impl EventKind for CertificateRegistered {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        Ok(self.listing(&envelope.author).check()?)
    }

    fn subject(&self, _envelope: &Envelope) -> String {
        listing::key::<Certificate>(&self.fingerprint)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        trust::check_registered(&self.did, view)?;
        self.period.check_at(context.time)?;
        if power != Power::AdministrativeBody && self.did != *author {
            let authority = self.authority.as_deref();
            decide::require(authority, author, Action::Certify, DPKI_CERTIFICATE, context, view)?;
        }
        Listed::<Certificate>::replaced(&self.fingerprint, None, view)?;
        let listed = Listed::active(self.listing(author), author, context);
        Ok(vec![listed.change(&self.fingerprint)])
    }
}
