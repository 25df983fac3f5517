//! Declares a kind of event that publishes resources.

macro_rules! publication_kind {
    ($(#[$doc:meta])* $kind:ident, sections $sections:literal, conditions $conditions:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $kind($crate::resource::Publishing);

        impl $kind {
            /// Who may do it.
            pub const RULE: $crate::authority::Rule = $crate::authority::Rule {
                kind: stringify!($kind),
                sections: $sections,
                by: &[Power::Author],
                conditions: $conditions,
            };
        }

        impl $crate::events::EventKind for $kind {
            fn check(
                &self,
                envelope: &$crate::event::Envelope,
                _unsecured: &[u8],
            ) -> Result<(), $crate::Rejection> {
                self.0.check(envelope, stringify!($kind))
            }

            fn subject(&self, envelope: &$crate::event::Envelope) -> String {
                self.0.series_key(&envelope.author)
            }

            fn cost(&self) -> u64 {
                self.0.cost()
            }

            fn apply(
                &self,
                envelope: &$crate::event::Envelope,
                context: &$crate::Context,
                view: &dyn $crate::View,
            ) -> Result<Vec<$crate::Change>, $crate::Rejection> {
                self.0.apply(envelope, context, view)
            }
        }
    };
}

pub(crate) use publication_kind;
