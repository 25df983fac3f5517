//! `SchemaPublished`: a JSON Schema or an AnonCreds schema, as a DID-linked resource.

use crate::authority::Power;
use crate::resource::publication_kind;

publication_kind! {
    /// The members of `SchemaPublished`.
    SchemaPublished, sections "s.47, s.48",
    conditions "The event names the version that it follows; what is published never changes."
}
