//! `PolicyApproved`: the Governing Body approves an information trust policy.

use crate::authority::{Class, Power, Rule};
use crate::governance::document::{Form, Profile, approves};

approves! {
    /// The members of `PolicyApproved`.
    PolicyApproved,
    Profile { series: "policy", form: Form::Named },
    Rule {
        kind: "PolicyApproved",
        sections: "s.27, s.36",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "It names the version that it supersedes, and each language has its own \
                     hash.",
    }
}
