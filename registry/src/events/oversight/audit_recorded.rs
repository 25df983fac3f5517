//! `AuditRecorded`: the result of a conformance audit (Act s.152).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::oversight::{Audit, Auditor};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::trust::{Breach, Period, check_registered, forms};

/// The members of `AuditRecorded`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuditRecorded {
    conforms: bool,
    entity: String,
    period: Period,
    report: String,
}

impl AuditRecorded {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "AuditRecorded",
        sections: "s.121, s.152",
        by: &[Power::Author],
        conditions: "The author is an appointed auditor, and audits another than itself.",
    };
}

impl EventKind for AuditRecorded {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_did("entity", &self.entity)?;
        forms::check_sha256("report", &self.report)?;
        Ok(self.period.check()?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        format!("audit/{}", envelope.id)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        let author = &envelope.author;
        Auditor::require(author, context, view)?;
        check_registered(&self.entity, view)?;
        if self.entity == *author {
            Err(Breach::Form("entity", "is another than the auditor"))?;
        }
        let key = self.subject(envelope);
        check_replaced(&key, None, view)?;
        let audit = Audit {
            auditor: author.clone(),
            conforms: self.conforms,
            entity: self.entity.clone(),
            period: self.period,
            report: self.report.clone(),
        };
        Ok(vec![Change::new(key, &audit)])
    }
}
