//! `FrameworkApproved`: the Governing Body approves the Governance Framework, or a new version.

use crate::authority::{Class, Power, Rule};
use crate::governance::document::{Form, Profile, approves};

approves! {
    /// The members of `FrameworkApproved`.
    FrameworkApproved,
    Profile { series: "framework", form: Form::Only },
    Rule {
        kind: "FrameworkApproved",
        sections: "s.6 (1), s.14, s.15, s.16, s.160",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "It names the version that it supersedes, and each language has its own \
                     hash.",
    }
}
