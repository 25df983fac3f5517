//! `RegulationApproved`: the Governing Body approves a regulation.

use crate::authority::{Class, Power, Rule};
use crate::governance::document::{Form, Profile, approves};

approves! {
    /// The members of `RegulationApproved`.
    RegulationApproved,
    Profile { series: "regulation", form: Form::Named },
    Rule {
        kind: "RegulationApproved",
        sections: "s.6 (4), s.6 (5), s.6 (7), s.158",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "It names the version that it supersedes, and each language has its own \
                     hash.",
    }
}
