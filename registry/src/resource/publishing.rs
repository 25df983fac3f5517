//! How a resource comes into the state, whatever kind of event brings it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Publication, ResourceError, ResourceState, ResourceType, Series};
use crate::event::Envelope;
use crate::events;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View};
use crate::{blob, json};

/// The kind of blob that has a content.
const BLOB: &str = "resource";
/// What it costs to read the largest content from a blob, in about microseconds.
const BLOB_COST: u64 = 10_000;

/// What resources are published with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Publishing {
    /// The content, where the event has room for it.
    content: Option<Box<RawValue>>,
    /// Else the active blob of the kind `resource` whose bytes are its canonical form.
    content_blob: Option<String>,
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
            content: Some(content.to_owned()),
            content_blob: None,
            previous_version_id: None,
            resource_name: super::id(content.get().as_bytes()),
            resource_type: resource_type.to_owned(),
            resource_version: None,
        }
    }

    /// The record that the event is about.
    pub(crate) fn series_key(&self, did: &str) -> String {
        super::series_key(did, &self.resource_type, &self.resource_name)
    }

    /// What it costs to look at the content, in about microseconds.
    pub(crate) fn cost(&self) -> u64 {
        let read = if self.content_blob.is_some() { BLOB_COST } else { 0 };
        ResourceType::named(&self.resource_type).map_or(0, |known| known.cost) + read
    }

    /// Checks what needs no state, and is done before any signature is verified: what is costly
    /// waits for [`Publishing::apply`], and so does what stands in a blob.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub(crate) fn check(&self, envelope: &Envelope, kind: &str) -> Result<(), Rejection> {
        events::refuse_endorsement(envelope)?;
        let content = match (&self.content, &self.content_blob) {
            (Some(content), None) => parsed(content)?,
            (None, Some(_)) => Value::Null,
            _ => Err(Rejection::Members("name either `content` or `contentBlob`".to_owned()))?,
        };
        let publication = self.publication(envelope, &content);
        let known = publication.check(kind)?;
        if known.cost == 0 && self.content.is_some() {
            (known.check)(&publication)?;
        }
        Ok(())
    }

    /// The content, in canonical form.
    fn content(&self, view: &dyn View) -> Result<Box<RawValue>, Rejection> {
        if let Some(content) = &self.content {
            return Ok(content.clone());
        }
        let wrong = |message: &str| ResourceError::new("/contentBlob", message);
        let id = self.content_blob.as_deref().unwrap_or_default();
        let blob = blob::active(id, BLOB, view)?;
        let size = blob.map(|blob| blob.size);
        let bytes = size.and_then(|size| view.blob(id, 0..size));
        let bytes = bytes.ok_or_else(|| {
            wrong("name an active blob of the kind `resource`: put it first (`dzong blob put`)")
        })?;
        let canonical = json::check_canonical(&bytes, bytes.len()).is_ok();
        let text = String::from_utf8(bytes).ok().filter(|_| canonical);
        let content = text.and_then(|text| RawValue::from_string(text).ok());
        Ok(content
            .ok_or_else(|| wrong("its bytes are a JSON object in canonical form (RFC 8785)"))?)
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
        let content = self.content(view)?;
        self.check_content(&parsed(&content)?, envelope, view)?;
        let published = ResourceState {
            content,
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

    /// What was not checked before, and that what the content refers to is published.
    fn check_content(
        &self,
        content: &Value,
        envelope: &Envelope,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let Some(known) = ResourceType::named(&self.resource_type) else { return Ok(()) };
        let publication = self.publication(envelope, content);
        if self.content_blob.is_some() {
            publication.check(known.kind)?;
        }
        if known.cost > 0 || self.content_blob.is_some() {
            (known.check)(&publication)?;
        }
        let Some((member, resource_type)) = known.rests_on else { return Ok(()) };
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

fn parsed(content: &RawValue) -> Result<Value, Rejection> {
    serde_json::from_str(content.get())
        .map_err(|error| Rejection::Members(format!("`content`: {error}")))
}

fn unreadable(key: &str) -> Rejection {
    Rejection::Unreadable(key.to_owned())
}
