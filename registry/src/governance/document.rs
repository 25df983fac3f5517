//! Documents of governance: the framework, regulations, policies, standards and interoperability
//! requirements that the Governing Body approved. The ledger holds their hashes, not their text.
//!
//! **Invariants.** A document has one record, whose versions are the document's: none is lost, and
//! each names the one that it supersedes. The latest version applies from its effective date;
//! until then the one before it does.

use std::collections::BTreeMap;

use proofs::Hash;
use serde::{Deserialize, Serialize};

use crate::authority::{self, Rule};
use crate::event::Envelope;
use crate::events;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::{document, time};

/// Most characters of a title, a label or a reference.
pub const TEXT_CHARS_MAX: usize = 200;
/// Most languages of a document.
const LANGUAGES_MAX: usize = 8;
/// The languages in which the Act itself is authoritative (Act s.160).
const OFFICIAL: [&str; 2] = ["dz", "en"];

/// The key of a document: `framework`, `interoperability`, or `regulation/…`, `policy/…`,
/// `standard/…` with a name.
#[must_use]
pub fn key(document: &str) -> String {
    format!("governance/document/{document}")
}

/// What sets one kind of document apart from the others.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The first part of the document's key, and the only one where there is one such document.
    pub series: &'static str,
    /// Which members it has besides those of every document.
    pub form: Form,
}

/// The members that not every kind of document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The only document of its series.
    Only,
    /// A new version of the only document of its series, on a ground of s.18.
    Variation,
    /// One of several, with a name.
    Named,
    /// A standard: one of several, by open specification or of the body's own (s.23, s.24).
    Standard,
}

/// Why a requirement of the framework is varied or revoked (Act s.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// Security, reliability and stability of the infrastructure (1).
    Infrastructure,
    /// National security (2).
    NationalSecurity,
}

/// Where a standard comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// An open public specification of a globally accepted organisation (Act s.23).
    Open,
    /// A specification of the Governing Body's own, as there is no open one (Act s.24).
    Own,
}

/// A document in one language. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Its title.
    pub title: String,
    /// Where it is published.
    pub uri: String,
}

/// The members of every event that approves a document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Approval {
    effective: String,
    ground: Option<Ground>,
    languages: BTreeMap<String, Text>,
    name: Option<String>,
    origin: Option<Origin>,
    /// The version of the record that this one supersedes; absent for the first.
    previous_version: Option<u64>,
    /// The requirement that is varied or revoked.
    requirement: Option<String>,
    /// The document's own name of its version.
    version: String,
}

/// The content of a document's record. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// From when it applies, in milliseconds since 1970.
    pub effective: u64,
    /// Of a variation: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
    /// The texts, by language.
    pub languages: BTreeMap<String, Text>,
    /// Of a standard: where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Of a variation: of which requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The version of the record that it supersedes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<u64>,
    /// The document's own name of its version.
    pub version: String,
}

impl Approval {
    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`Rejection::Members`].
    pub fn check(&self, profile: &Profile) -> Result<(), Rejection> {
        let wrong = |problem: String| Err(Rejection::Members(problem));
        let varies = profile.form == Form::Variation;
        let standard = profile.form == Form::Standard;
        let named = standard || profile.form == Form::Named;
        for (member, given, belongs) in [
            ("name", self.name.is_some(), named),
            ("ground", self.ground.is_some(), varies),
            ("requirement", self.requirement.is_some(), varies),
            ("origin", self.origin.is_some(), standard),
        ] {
            if given != belongs {
                let verb = if belongs { "is missing" } else { "has no place here" };
                return wrong(format!("`{member}` {verb}"));
            }
        }
        if time::parse(&self.effective).is_none() {
            return wrong("`effective` is a time written as 2026-01-31T12:00:00Z".into());
        }
        if self.name.as_deref().is_some_and(|name| !is_name(name)) {
            return wrong("`name` has 1 to 64 lowercase letters, digits or hyphens".into());
        }
        check_text("version", &self.version)?;
        self.requirement.iter().try_for_each(|text| check_text("requirement", text))?;
        // What others publish is in the languages in which they publish it.
        let required = if standard { [].as_slice() } else { &OFFICIAL };
        check_languages(&self.languages, required)
    }

    /// The document's name within the records of all.
    #[must_use]
    pub fn document(&self, profile: &Profile) -> String {
        match &self.name {
            Some(name) => format!("{}/{name}", profile.series),
            None => profile.series.to_owned(),
        }
    }

    /// What the approval changes, once the rule's power is exercised.
    ///
    /// # Errors
    /// Why nothing changes.
    pub fn apply(
        &self,
        (profile, rule): (&Profile, &Rule),
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        authority::acting(rule, envelope, context, view)?;
        let document = self.document(profile);
        let record = view.record(&key(&document));
        if profile.form == Form::Variation && record.is_none() {
            return Err(Rejection::NotFound(document));
        }
        events::check_previous(self.previous_version, record.as_ref())?;
        let effective = time::parse(&self.effective).unwrap_or(context.time);
        let approved = Approved {
            effective,
            ground: self.ground,
            languages: self.languages.clone(),
            origin: self.origin,
            requirement: self.requirement.clone(),
            supersedes: record.map(|record| record.version),
            version: self.version.clone(),
        };
        Ok(vec![Change::new(key(&document), &approved)])
    }
}

/// Whether a text can name a document: `[a-z0-9-]{1,64}`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Checks a short text.
///
/// # Errors
/// [`Rejection::Members`].
pub fn check_text(member: &str, text: &str) -> Result<(), Rejection> {
    if (1..=TEXT_CHARS_MAX).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Rejection::Members(format!("`{member}` has 1 to {TEXT_CHARS_MAX} characters")))
}

fn check_languages(texts: &BTreeMap<String, Text>, required: &[&str]) -> Result<(), Rejection> {
    let wrong = |problem: String| Err(Rejection::Members(problem));
    if !(1..=LANGUAGES_MAX).contains(&texts.len()) {
        return wrong(format!("`languages` has 1 to {LANGUAGES_MAX} entries"));
    }
    if let Some(missing) = required.iter().find(|language| !texts.contains_key(**language)) {
        return wrong(format!("`languages` lacks `{missing}` (Act s.160)"));
    }
    for (language, text) in texts {
        if !(2..=8).contains(&language.len()) || !is_name(language) {
            return wrong(format!("`{language}` in `languages` is no language, such as dz or en"));
        }
        check_text("title", &text.title)?;
        if !document::is_url(&text.uri) {
            return wrong(format!("`uri` of language `{language}` is an absolute URL"));
        }
    }
    Ok(())
}

/// A kind of event that approves documents of one profile: all such kinds are one rule.
macro_rules! approves {
    ($(#[$doc:meta])* $kind:ident, $profile:expr, $rule:expr) => {
        impl $kind {
            const PROFILE: $crate::governance::document::Profile = $profile;
        }

        $crate::events::family_kind! {
            $(#[$doc])* $kind($crate::governance::document::Approval),
            rule $rule,
            check(own, envelope) own.check(&Self::PROFILE),
            subject $crate::governance::document::key(&own.document(&Self::PROFILE)),
            apply(context, view) {
                own.apply((&Self::PROFILE, &Self::RULE), envelope, context, view)
            },
        }
    };
}

pub(crate) use approves;
