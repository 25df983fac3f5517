//! `StandardAdopted`: the Governing Body directs the use of a standard.

use crate::authority::{Class, Power, Rule};
use crate::governance::document::{Form, Profile, approves};

approves! {
    /// The members of `StandardAdopted`.
    StandardAdopted,
    Profile { series: "standard", form: Form::Standard },
    Rule {
        kind: "StandardAdopted",
        sections: "s.19, s.23, s.24, s.26, s.157",
        by: &[Power::GoverningBody(Class::Ordinary)],
        conditions: "It says whether the specification is open or the body's own, and names \
                     the version that it supersedes.",
    }
}
