//! AnonCreds v1 objects, as the specification has them and nothing more.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Publication, ResourceError, check_name};
use crate::anoncreds::objects::{CredentialDefinition, RevocationRegistryDefinition};

/// Most attributes of a schema: AnonCreds allows so many, for keys grow with them.
const ATTRIBUTES_MAX: usize = 125;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Schema {
    issuer_id: String,
    name: String,
    version: String,
    attr_names: Vec<String>,
}

/// Checks an AnonCreds schema: `issuerId` is the publisher, name and version are the resource's.
pub(super) fn check_schema(publication: &Publication<'_>) -> Result<(), ResourceError> {
    let wrong = |place: &str, message: &str| Err(ResourceError::new(place, message));
    let schema: Schema = match Schema::deserialize(publication.content) {
        Ok(schema) => schema,
        Err(error) => {
            let form = "write an AnonCreds schema: issuerId, name, version and attrNames";
            return wrong("/content", &format!("{form} ({error})"));
        }
    };
    check_issuer(publication, &schema.issuer_id)?;
    if schema.name != publication.name {
        return wrong("/content/name", "write the same as `resourceName`");
    }
    if publication.version != Some(&schema.version) {
        return wrong("/content/version", "write the same as `resourceVersion`");
    }
    let count = schema.attr_names.len();
    if !(1..=ATTRIBUTES_MAX).contains(&count) {
        let message = format!("name 1 to {ATTRIBUTES_MAX} attributes, not {count}");
        return wrong("/content/attrNames", &message);
    }
    let mut names = BTreeSet::new();
    for (at, name) in schema.attr_names.iter().enumerate() {
        let place = format!("/content/attrNames/{at}");
        check_name(&place, name)?;
        // Wallets compare attributes without spaces and case, so two such would be one.
        if !names.insert(name.replace(' ', "").to_ascii_lowercase()) {
            return wrong(&place, "name each attribute once: spaces and case do not tell apart");
        }
    }
    Ok(())
}

/// Checks an AnonCreds credential definition, whose `issuerId` is the publisher.
pub(super) fn check_credential_definition(
    publication: &Publication<'_>,
) -> Result<(), ResourceError> {
    let read = CredentialDefinition::read(publication.content, "/content")?;
    check_issuer(publication, &read.issuer_id)
}

/// Checks an AnonCreds revocation registry definition, whose `issuerId` is the publisher.
pub(super) fn check_registry_definition(
    publication: &Publication<'_>,
) -> Result<(), ResourceError> {
    let read = RevocationRegistryDefinition::read(publication.content, "/content")?;
    check_issuer(publication, &read.issuer_id)
}

fn check_issuer(publication: &Publication<'_>, issuer: &str) -> Result<(), ResourceError> {
    let message = "write the author's DID: nobody publishes for another";
    match issuer == publication.did {
        true => Ok(()),
        false => Err(ResourceError::new("/content/issuerId", message)),
    }
}
