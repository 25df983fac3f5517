//! `CredentialDefinitionPublished`: the public keys with which an issuer signs AnonCreds.

use crate::authority::Power;
use crate::resource::publication_kind;

publication_kind! {
    /// The members of `CredentialDefinitionPublished`.
    CredentialDefinitionPublished, sections "s.47, s.48",
    conditions "It is of a published schema, and by the author for itself; what is published never \
        changes."
}
