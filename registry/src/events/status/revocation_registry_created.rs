//! `RevocationRegistryCreated`: a vector of slots for an issuer's credentials (Act s.55, s.57).

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::anoncreds::Point;
use crate::authority::{Power, Rule, acting};
use crate::event::Envelope;
use crate::events::{EventKind, check_replaced};
use crate::rejection::Rejection;
use crate::resource::{self, Publishing};
use crate::state::{Change, Context, View};
use crate::status::{Anoncreds, DEFINITION, Defined, Format, Registry, Slots, StatusError};
use crate::trust::Moment;

/// The members of `RevocationRegistryCreated`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RevocationRegistryCreated {
    /// The AnonCreds revocation registry definition, which is published as a resource.
    anoncreds: Option<Box<RawValue>>,
    capacity: u32,
    credential_type: Option<String>,
    formats: BTreeSet<Format>,
}

impl RevocationRegistryCreated {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "RevocationRegistryCreated",
        sections: "s.55, s.56, s.57",
        by: &[Power::Author],
        conditions: "The registry's id is that of the event; slot 0 is reserved, all others count.",
    };

    fn registry(&self, envelope: &Envelope, time: u64) -> Registry {
        Registry {
            anoncreds: None,
            capacity: self.capacity,
            created: Moment(time),
            credential_type: self.credential_type.clone(),
            formats: self.formats.clone(),
            hold: None,
            issuer: envelope.author.clone(),
            slots: None,
        }
    }

    /// The definition as a resource, in the series of its own.
    fn definition(&self) -> Option<Publishing> {
        Some(Publishing::alone(DEFINITION, self.anoncreds.as_ref()?))
    }

    /// Publishes the definition, and gives the registry its accumulator.
    fn define(
        &self,
        registry: &mut Registry,
        content: &RawValue,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<(Point, Vec<Change>), Rejection> {
        let definition = Publishing::alone(DEFINITION, content);
        let mut changes = definition.apply(envelope, context, view)?;
        let id = resource::id(content.get().as_bytes());
        let place = (id, &*envelope.author, self.capacity);
        let (anoncreds, initial) = Anoncreds::open(content, place, view)?;
        let key = Defined::key(&envelope.author, &anoncreds.definition);
        changes.push(Change::new(key, &Defined { registry: envelope.id.to_string() }));
        registry.anoncreds = Some(anoncreds);
        Ok((initial, changes))
    }
}

impl EventKind for RevocationRegistryCreated {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        let registry = self.registry(envelope, 0);
        registry.check()?;
        if registry.formats.contains(&Format::Anoncreds) != self.anoncreds.is_some() {
            let form = "goes with the format `anoncreds`, and that with it";
            Err(StatusError::Form("anoncreds", form))?;
        }
        match self.definition() {
            Some(definition) => definition.check(envelope, Self::RULE.kind),
            None => Ok(()),
        }
    }

    fn subject(&self, envelope: &Envelope) -> String {
        Registry::key(&envelope.id.to_string())
    }

    fn cost(&self) -> u64 {
        let points = self.anoncreds.as_ref().map_or(0, |_| u64::from(self.capacity) * 3);
        points + self.definition().map_or(0, |definition| definition.cost())
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        acting(&Self::RULE, envelope, context, view)?;
        let key = self.subject(envelope);
        check_replaced(&key, None, view)?;
        let mut registry = self.registry(envelope, context.time);
        let (mut accumulator, mut changes) = (None, Vec::new());
        if let Some(definition) = &self.anoncreds {
            let (initial, published) =
                self.define(&mut registry, definition, envelope, context, view)?;
            (accumulator, changes) = (Some(initial), published);
        }
        let mut commitment = None;
        if registry.formats.contains(&Format::Slots) {
            let (slots, fresh) = Slots::open(registry.capacity, view)?;
            (registry.slots, commitment) = (Some(slots), Some(fresh));
        }
        let head = registry.fresh_head(accumulator, commitment).change(&envelope.id.to_string());
        changes.extend([Change::new(key, &registry), head]);
        Ok(changes)
    }
}
