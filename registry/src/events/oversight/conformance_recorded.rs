//! `ConformanceRecorded`: the result of an interoperability test suite (Act s.28, s.29).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::oversight::{Auditor, Conformance};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Action, check_registered, forms};

/// The members of `ConformanceRecorded`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ConformanceRecorded {
    entity: String,
    passed: bool,
    report: String,
    suite: String,
    version: String,
}

impl ConformanceRecorded {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "ConformanceRecorded",
        sections: "s.28, s.29",
        by: &[Power::AdministrativeBody, Power::Holder(Action::Certify), Power::Author],
        conditions: "Recorded by the Administrative Body, a certification service provider or an \
            appointed auditor.",
    };
}

impl EventKind for ConformanceRecorded {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("entity", &self.entity)?;
        forms::check_sha256("report", &self.report)?;
        forms::check_text("suite", &self.suite)?;
        Ok(forms::check_text("version", &self.version)?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        format!("conformance/{}", envelope.id)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        if power == Power::Author {
            Auditor::require(author, context, view)?;
        }
        check_registered(&self.entity, view)?;
        let key = self.subject(envelope);
        check_replaced(&key, None, view)?;
        let conformance = Conformance {
            entity: self.entity.clone(),
            passed: self.passed,
            recorder: author.clone(),
            report: self.report.clone(),
            suite: self.suite.clone(),
            version: self.version.clone(),
        };
        Ok(vec![Change::new(key, &conformance)])
    }
}
