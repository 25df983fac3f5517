//! What authorizations are about: types of credentials (Act s.16 (4), s.46 to s.48) and types of
//! presentation requests (s.54).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::action::RESOURCE_BYTES_MAX;
use super::{Breach, Listed, Listing, forms, listing};
use crate::did;
use crate::rejection::Rejection;
use crate::resource;
use crate::state::View;

/// Most attributes of a presentation request.
const ATTRIBUTES_MAX: usize = 64;

/// What `credential-type/<id>` lists. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialType {
    /// The type that it is based on; a foundational one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whether others may be based on it by itself: the Governing Body decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foundational: bool,
    /// Its name, which authorizations give as the resource.
    pub name: String,
    /// Who specified it.
    pub registrar: String,
    /// The DID URL of its registered schema.
    pub schema: String,
}

/// What `presentation-type/<id>` lists. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentationType {
    /// What may be asked for.
    pub attributes: BTreeSet<String>,
    /// Of which credential types.
    pub from: BTreeSet<String>,
    /// Its name, which authorizations give as the resource.
    pub name: String,
    /// For what.
    pub purpose: String,
    /// Who specified it.
    pub registrar: String,
}

impl Listing for CredentialType {
    const PREFIX: &'static str = "credential-type";
    const NOUN: &'static str = "credential type";

    fn subject(&self) -> &str {
        &self.registrar
    }

    fn granter(&self) -> &str {
        &self.registrar
    }
}

impl Listing for PresentationType {
    const PREFIX: &'static str = "presentation-type";
    const NOUN: &'static str = "presentation type";

    fn subject(&self) -> &str {
        &self.registrar
    }

    fn granter(&self) -> &str {
        &self.registrar
    }
}

/// The id of the type with this name: names may be in any script, and keys are ASCII.
pub fn id(name: &str) -> String {
    did::sha256_multihash(name.as_bytes())
}

/// The key of the type with this name.
pub fn key<T: Listing>(name: &str) -> String {
    listing::key::<T>(&id(name))
}

pub(crate) fn check_name(member: &'static str, name: &str) -> Result<(), Breach> {
    let sound = (1..=RESOURCE_BYTES_MAX).contains(&name.len())
        && name.trim() == name
        && !name.contains('*')
        && !name.chars().any(char::is_control);
    match sound {
        true => Ok(()),
        false => Err(Breach::Form(member, "is a name of 1 to 256 bytes without `*` or controls")),
    }
}

impl CredentialType {
    /// Checks that the schema is registered, and that the type is based on what the Act asks.
    ///
    /// # Errors
    /// [`Breach::NoSchema`], [`Breach::NoBase`], [`Breach::Missing`].
    pub fn check_foundation(&self, view: &dyn View) -> Result<(), Rejection> {
        let split = resource::split_uri(&self.schema);
        let record = split.and_then(|(did, id)| view.record(&resource::key(did, id)));
        if record.is_none() {
            Err(Breach::NoSchema(self.schema.clone()))?;
        }
        match (&self.base, self.foundational) {
            (None, true) => Ok(()),
            (None, false) => Err(Breach::NoBase)?,
            (Some(_), true) => Err(Breach::Form("base", "is not for a foundational type"))?,
            (Some(base), false) if *base == self.name => Err(Breach::NoBase)?,
            (Some(base), false) => find::<CredentialType>(base, view).map(drop),
        }
    }
}

impl PresentationType {
    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`Breach::Form`].
    pub fn check(&self) -> Result<(), Breach> {
        check_name("name", &self.name)?;
        forms::check_text("purpose", &self.purpose)?;
        if self.attributes.is_empty() || self.attributes.len() > ATTRIBUTES_MAX {
            return Err(Breach::Form("attributes", "names 1 to 64 attributes"));
        }
        if self.from.is_empty() || self.from.len() > ATTRIBUTES_MAX {
            return Err(Breach::Form("from", "names 1 to 64 credential types"));
        }
        self.attributes.iter().try_for_each(|name| check_name("attributes", name))
    }
}

/// The type with this name, which must be specified and count.
///
/// # Errors
/// [`Breach::Missing`].
pub(crate) fn find<T: Listing>(name: &str, view: &dyn View) -> Result<T, Rejection> {
    match Listed::<T>::find(&id(name), view)? {
        Some((_, listed)) => Ok(listed.listing),
        None => Err(Breach::Missing(format!("`{name}` is no {}; specify it first", T::NOUN)))?,
    }
}
