//! `AppealFiled`: an appeal against a decision (Act s.42, s.58).

use serde::Deserialize;

use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::oversight::{Appeal, Calendar};
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::time;
use crate::trust::{Breach, Certificate, Listed, Moment, State, forms, refused};

/// The members of `AppealFiled`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AppealFiled {
    /// The fingerprint of the certificate that it is about, if it is about one.
    certificate: Option<String>,
    decision: String,
    received: Moment,
    reference: String,
    respondent: String,
}

impl AppealFiled {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "AppealFiled",
        sections: "s.42, s.58",
        by: &[Power::AdministrativeBody, Power::Author],
        conditions: "It is filed within ten working days after the decision was received; about a \
            certificate, by the one whom it binds or for it, against the event that \
            ended it.",
    };

    /// Act s.42: the aggrieved party appeals against the decision on its certificate.
    fn check_certificate(
        &self,
        fingerprint: &str,
        power: Power,
        envelope: &Envelope,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let (record, Listed { listing, status }) =
            Listed::<Certificate>::current(fingerprint, view)?;
        if power == Power::Author && listing.did != envelope.author {
            return Err(refused(&Self::RULE, &envelope.author));
        }
        let is_decision = status.state != State::Active
            && record.event.to_string() == self.decision
            && status.by == self.respondent
            && status.since.0 / 1000 <= self.received.0 / 1000;
        match is_decision {
            true => Ok(()),
            false => Err(Breach::Missing(
                "name the event that ended the certificate, its author, and when you received it"
                    .into(),
            ))?,
        }
    }
}

impl EventKind for AppealFiled {
    fn check(&self, _envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        forms::check_sha256("decision", &self.decision)?;
        forms::check_sha256("reference", &self.reference)?;
        forms::check_did("respondent", &self.respondent)?;
        match &self.certificate {
            Some(fingerprint) => Ok(forms::check_sha256("certificate", fingerprint)?),
            None => Ok(()),
        }
    }

    fn subject(&self, envelope: &Envelope) -> String {
        Appeal::key(&envelope.id.to_string())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let power = acting(&Self::RULE, envelope, context, view)?;
        let calendar = Calendar::of(view)?;
        if self.received.0 > context.time {
            Err(Breach::Form("received", "is not in the future"))?;
        }
        let end = calendar.deadline(self.received.0, Appeal::DAYS_TO_APPEAL);
        if context.time >= end {
            Err(Breach::TooLate(time::format(end), "s.58"))?;
        }
        if let Some(fingerprint) = &self.certificate {
            self.check_certificate(fingerprint, power, envelope, view)?;
        }
        let key = self.subject(envelope);
        check_replaced(&key, None, view)?;
        let appeal = Appeal {
            certificate: self.certificate.clone(),
            decided: None,
            decision: self.decision.clone(),
            due: Moment(calendar.deadline(context.time, Appeal::DAYS_TO_DECIDE)),
            escalated: None,
            filed: Moment(context.time),
            filed_by: envelope.author.clone(),
            received: self.received,
            reference: self.reference.clone(),
            respondent: self.respondent.clone(),
        };
        Ok(vec![Change::new(key, &appeal)])
    }
}
