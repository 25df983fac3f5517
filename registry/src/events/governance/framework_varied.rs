//! `FrameworkVaried`: the Governing Body varies or revokes a requirement of the framework.

use crate::authority::{Class, Power, Rule};
use crate::governance::document::{Form, Profile, approves};

approves! {
    /// The members of `FrameworkVaried`.
    FrameworkVaried,
    Profile { series: "framework", form: Form::Variation },
    Rule {
        kind: "FrameworkVaried",
        sections: "s.18",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "A framework is approved; the requirement and the ground of s.18 are \
                     named.",
    }
}
