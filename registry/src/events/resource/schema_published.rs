//! `SchemaPublished`: a JSON Schema or an AnonCreds schema, as a DID-linked resource.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::authority::{Power, Rule};
use crate::event::Envelope;
use crate::events::{self, EventKind};
use crate::rejection::Rejection;
use crate::resource::{self, Publication, ResourceState, Series};
use crate::state::{Change, Context, View};

/// The members of `SchemaPublished`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SchemaPublished {
    content: Box<RawValue>,
    /// The version that this one follows; absent for the first of its type and name.
    previous_version_id: Option<String>,
    resource_name: String,
    resource_type: String,
    resource_version: Option<String>,
}

impl SchemaPublished {
    /// Who may do it.
    pub const RULE: Rule = Rule {
        kind: "SchemaPublished",
        sections: "s.47, s.48",
        by: &[Power::Author],
        conditions: "The event names the version that it follows; what is published never changes.",
    };

    fn series_key(&self, did: &str) -> String {
        resource::series_key(did, &self.resource_type, &self.resource_name)
    }
}

impl EventKind for SchemaPublished {
    fn check(&self, envelope: &Envelope, _unsecured: &[u8]) -> Result<(), Rejection> {
        events::refuse_endorsement(envelope)?;
        let content = serde_json::from_str(self.content.get())
            .map_err(|error| Rejection::Members(format!("`content`: {error}")))?;
        let publication = Publication {
            did: &envelope.author,
            name: &self.resource_name,
            resource_type: &self.resource_type,
            version: self.resource_version.as_deref(),
            content: &content,
        };
        Ok(publication.check()?)
    }

    fn subject(&self, envelope: &Envelope) -> String {
        self.series_key(&envelope.author)
    }

    fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        resource::authorize(envelope, context, view)?;
        let did = &envelope.author;
        let published = ResourceState {
            content: self.content.clone(),
            created: context.time,
            next_version_id: None,
            previous_version_id: self.previous_version_id.clone(),
            resource_name: self.resource_name.clone(),
            resource_type: self.resource_type.clone(),
            resource_version: self.resource_version.clone(),
        };
        let id = published.id();
        if view.record(&resource::key(did, &id)).is_some() {
            return Err(Rejection::Exists(resource::uri(did, &id)));
        }
        let series_key = self.series_key(did);
        let series = match view.record(&series_key) {
            None => None,
            Some(record) => {
                let series = Series::read(&record.content);
                Some(series.ok_or_else(|| unreadable(&series_key))?)
            }
        };
        let latest = series.as_ref().map(|series| series.resource_id.clone());
        if self.previous_version_id != latest {
            let none = || "none".to_owned();
            let found = self.previous_version_id.clone().unwrap_or_else(none);
            return Err(Rejection::PreviousVersion { found, latest: latest.unwrap_or_else(none) });
        }
        let created = series.map_or(context.time, |series| series.created);
        let mut changes = vec![
            published.change(did),
            Series { created, resource_id: id.clone() }.change(series_key),
        ];
        if let Some(latest) = latest {
            let key = resource::key(did, &latest);
            let previous = view.record(&key).as_ref().and_then(ResourceState::read);
            let previous = previous.ok_or_else(|| unreadable(&key))?;
            changes.push(ResourceState { next_version_id: Some(id), ..previous }.change(did));
        }
        Ok(changes)
    }
}

fn unreadable(key: &str) -> Rejection {
    Rejection::Unreadable(key.to_owned())
}
