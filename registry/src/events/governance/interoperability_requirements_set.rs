//! `InteroperabilityRequirementsSet`: the Governing Body sets the interoperability framework.

use crate::authority::{Class, Power, Rule};
use crate::governance::document::{Form, Profile, approves};

approves! {
    /// The members of `InteroperabilityRequirementsSet`.
    InteroperabilityRequirementsSet,
    Profile { series: "interoperability", form: Form::Only },
    Rule {
        kind: "InteroperabilityRequirementsSet",
        sections: "s.20, s.21, s.22",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "It names the version that it supersedes, and each language has its own \
                     hash.",
    }
}
