//! How a resource comes into the state, whatever kind of event brings it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Publication, ResourceError, ResourceState, ResourceType, Series};
use crate::event::Envelope;
use crate::events;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};

/// What resources are published with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Publishing {
    content: Box<RawValue>,
    /// The version that this one follows; absent for the first of its type and name.
    previous_version_id: Option<String>,
    resource_name: String,
    resource_type: String,
    resource_version: Option<String>,
}

impl Publishing {
    /// A resource that follows no other, under its own id as its name.
    pub(crate) fn alone(resource_type: &str, content: &RawValue) -> Publishing {
        Publishing {
            content: content.to_owned(),
            previous_version_id: None,
            resource_name: super::id(content.get().as_bytes()),
            resource_type: resource_type.to_owned(),
            resource_version: None,
        }
    }

    /// The id of the resource.
    pub(crate) fn id(&self) -> String {
        super::id(self.content.get().as_bytes())
    }

    /// The record that the event is about.
    pub(crate) fn series_key(&self, did: &str) -> String {
        super::series_key(did, &self.resource_type, &self.resource_name)
    }

    /// What it costs to look at the content, in about microseconds.
    pub(crate) fn cost(&self) -> u64 {
        ResourceType::named(&self.resource_type).map_or(0, |known| known.cost)
    }

    /// Checks what needs no state, and is done before any signature is verified: what is costly
    /// waits for [`Publishing::apply`].
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub(crate) fn check(&self, envelope: &Envelope, kind: &str) -> Result<(), Rejection> {
        events::refuse_endorsement(envelope)?;
        let content = self.content()?;
        let publication = self.publication(envelope, &content);
        let known = publication.check(kind)?;
        if known.cost == 0 {
            (known.check)(&publication)?;
        }
        Ok(())
    }

    pub(crate) fn content(&self) -> Result<Value, Rejection> {
        serde_json::from_str(self.content.get())
            .map_err(|error| Rejection::Members(format!("`content`: {error}")))
    }

    fn publication<'a>(&'a self, envelope: &'a Envelope, content: &'a Value) -> Publication<'a> {
        Publication {
            did: &envelope.author,
            name: &self.resource_name,
            resource_type: &self.resource_type,
            version: self.resource_version.as_deref(),
            content,
        }
    }

    /// The changes that publish it.
    ///
    /// # Errors
    /// Why it is not published.
    pub(crate) fn apply(
        &self,
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        super::authorize(envelope, context, view)?;
        let did = &envelope.author;
        self.check_content(envelope, view)?;
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
        if view.record(&super::key(did, &id)).is_some() {
            return Err(Rejection::Exists(super::uri(did, &id)));
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
            let key = super::key(did, &latest);
            let previous = view.record(&key).as_ref().and_then(ResourceState::read);
            let previous = previous.ok_or_else(|| unreadable(&key))?;
            changes.push(ResourceState { next_version_id: Some(id), ..previous }.change(did));
        }
        Ok(changes)
    }

    /// The costly rules of the type, and that what the content refers to is published.
    fn check_content(&self, envelope: &Envelope, view: &dyn View) -> Result<(), Rejection> {
        let Some(known) = ResourceType::named(&self.resource_type) else { return Ok(()) };
        if known.cost > 0 {
            let content = self.content()?;
            (known.check)(&self.publication(envelope, &content))?;
        }
        let Some((member, resource_type)) = known.rests_on else { return Ok(()) };
        let content = self.content()?;
        let named = content.get(member).and_then(Value::as_str).unwrap_or_default();
        let state = super::find(named, view);
        match state.is_some_and(|state| state.resource_type == resource_type) {
            true => Ok(()),
            false => {
                let message = format!("name a published `{resource_type}` by its DID URL");
                Err(ResourceError::new(format!("/content/{member}"), message))?
            }
        }
    }
}

fn unreadable(key: &str) -> Rejection {
    Rejection::Unreadable(key.to_owned())
}
