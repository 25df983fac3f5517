//! Declares a kind of event that publishes resources.

macro_rules! publication_kind {
    ($(#[$doc:meta])* $kind:ident, sections $sections:literal, conditions $conditions:literal) => {
        $crate::events::family_kind! {
            $(#[$doc])* $kind($crate::resource::Publishing),
            rule $crate::authority::Rule {
                kind: stringify!($kind),
                sections: $sections,
                by: &[Power::Author],
                conditions: $conditions,
            },
            check(own, envelope) own.check(envelope, stringify!($kind)),
            subject own.series_key(&envelope.author),
            cost own.cost(),
            apply(context, view) own.apply(envelope, context, view),
        }
    };
}

pub(crate) use publication_kind;
