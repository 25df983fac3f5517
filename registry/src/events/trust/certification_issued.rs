//! `CertificationIssued`: an organisation is certified for a role (Act s.78, s.83, s.99).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::EventKind;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{
    self, Action, Breach, Certification, EntityRole, Listed, Period, decide, forms, listing,
};

/// The members of `CertificationIssued`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CertificationIssued {
    /// Who authorised the certification service provider that certifies.
    authority: Option<String>,
    entity: String,
    period: Period,
    report: Option<String>,
    role: EntityRole,
}

impl CertificationIssued {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "CertificationIssued",
        sections: "s.78, s.79, s.81, s.82, s.83, s.99, s.100",
        by: &[Power::AdministrativeBody, Power::Holder(Action::Certify)],
        conditions: "A certification service provider certifies for the roles that it is \
            authorised for, others than itself, and no trust service providers, whom the \
            Administrative Body certifies.",
    };
}

impl EventKind for CertificationIssued {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("entity", &self.entity)?;
        if let Some(report) = &self.report {
            forms::check_sha256("report", report)?;
        }
        Ok(self.period.check()?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        listing::key::<Certification>(&envelope.id.to_string())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        trust::check_registered(&self.entity, view)?;
        self.period.check_at(context.time)?;
        let author = &envelope.author;
        if power == Power::Holder(Action::Certify) {
            if self.role.is_trust_service() {
                Err(Breach::NotCertifiable(self.role))?;
            }
            let (authority, role) = (self.authority.as_deref(), self.role.name());
            decide::require(authority, author, Action::Certify, role, context, view)?;
        }
        if self.entity == *author {
            Err(Breach::Form("entity", "is another than the one who certifies"))?;
        }
        let id = envelope.id.to_string();
        Listed::<Certification>::replaced(&id, None, view)?;
        let certification = Certification {
            certifier: author.clone(),
            entity: self.entity.clone(),
            period: self.period,
            report: self.report.clone(),
            role: self.role,
        };
        Ok(vec![Listed::active(certification, author, context).change(&id)])
    }
}
