//! The rules that a document can break, each with its stable id. docs/did-ndi.md lists the same.

use super::DocumentError;

/// A rule that [`super::check`] holds documents to.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id: `did-core:<name>` for a MUST of DID Core 1.1, `ndi:<number>` for our profile.
    pub id: &'static str,
    /// The section that the rule comes from: DID Core 1.1, or Controlled Identifiers 1.0 (CID),
    /// which DID Core 1.1 extends, or this method's specification.
    pub section: &'static str,
    /// What to do so that the rule holds.
    pub text: &'static str,
}

impl Rule {
    /// This rule, broken by the value at hand.
    pub(super) fn broken(&'static self) -> DocumentError {
        DocumentError { rule: self.id, place: String::new(), message: self.text.to_owned() }
    }
}

macro_rules! rules {
    ($($name:ident: $id:literal, $section:literal, $text:literal;)*) => {
        $(pub(super) static $name: Rule = Rule { id: $id, section: $section, text: $text };)*
        /// Every rule, in the order of docs/did-ndi.md.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    MAP: "did-core:map", "DID Core, JSON consumption",
        "make the document a JSON object";
    CONTEXT: "did-core:context", "DID Core, JSON-LD processors",
        "begin `@context` with https://www.w3.org/ns/did/v1.1 (or /v1), then texts and maps only, \
         or leave it out";
    ID_REQUIRED: "did-core:id-required", "DID Core, DID subject; CID 2.1.1",
        "give the document an `id`";
    ID_SYNTAX: "did-core:id-syntax", "DID Core, DID syntax",
        "make the document's `id` a DID, without path, query or fragment";
    CONTROLLER: "did-core:controller", "DID Core, DID controller; CID 2.1.2",
        "make `controller` a DID or a set of DIDs";
    ALSO_KNOWN_AS: "did-core:also-known-as", "CID 2.1.3",
        "make `alsoKnownAs` a set of URIs (RFC 3986), each with its scheme";
    SET: "did-core:set", "DID Core, data model",
        "remove the second of two equal items: a set holds an item once";
    DID_URL: "did-core:did-url-syntax", "DID Core, DID URL syntax",
        "make what begins with `did:` a DID URL by the ABNF of DID Core";
    METHOD_MAP: "did-core:verification-method-map", "CID 2.2",
        "make `verificationMethod` a set of maps";
    METHOD_ID: "did-core:verification-method-id", "DID Core, verification methods",
        "give the verification method an `id` that is a DID URL or a relative DID URL";
    METHOD_TYPE: "did-core:verification-method-type", "CID 2.2",
        "give the verification method a `type` that is one text";
    METHOD_CONTROLLER: "did-core:verification-method-controller",
        "DID Core, verification methods",
        "give the verification method a `controller` that is one DID";
    METHOD_DATE: "did-core:verification-method-date", "CID 2.2",
        "write `expires` and `revoked` as dateTimeStamp, e.g. 2026-12-31T00:00:00Z";
    MATERIAL: "did-core:verification-material", "CID 2.2.1",
        "give a Multikey its `publicKeyMultibase` and a JsonWebKey its `publicKeyJwk`";
    ONE_MATERIAL: "did-core:one-verification-material", "CID 2.2.1",
        "express the key by one property only, not by several";
    MULTIBASE: "did-core:public-key-multibase", "CID 2.2.2 and 2.4",
        "make `publicKeyMultibase` a multibase value: `z` and base58btc, or `u` and base64url";
    MULTIKEY: "did-core:multikey", "CID 2.2.2",
        "write this kind of key as the Multikey table asks: `z`, base58btc, prefix, exact length";
    JWK: "did-core:public-key-jwk", "CID 2.2.3; RFC 7517; RFC 7518",
        "make `publicKeyJwk` a JSON Web Key: a map with `kty` and that type's public members";
    JWK_PRIVATE: "did-core:public-key-jwk-private", "CID 2.2.3",
        "remove the private members from `publicKeyJwk`, and replace the key: it is exposed";
    RELATIONSHIP_SET: "did-core:verification-relationship-set", "CID 2.3",
        "make the relationship a set of one or more verification methods, or leave it out";
    RELATIONSHIP_ENTRY: "did-core:verification-relationship-entry",
        "DID Core, verification relationships; CID 2.3",
        "refer to a verification method by a DID URL (or a relative one), or embed its map";
    SERVICE_MAP: "did-core:service-map", "CID 2.1.4",
        "make `service` a set of maps, each with `id`, `type` and `serviceEndpoint`";
    SERVICE_ID: "did-core:service-id", "DID Core, services; CID 2.1.4",
        "make the service's `id` a URL, a DID URL or a relative DID URL";
    SERVICE_ID_UNIQUE: "did-core:service-id-unique", "CID 2.1.4",
        "give each service an `id` of its own";
    SERVICE_TYPE: "did-core:service-type", "CID 2.1.4",
        "make the service's `type` a text or a set of texts";
    SERVICE_ENDPOINT: "did-core:service-endpoint", "CID 2.1.4",
        "make `serviceEndpoint` a valid URL, a map, or a set of one or more of them";

    OWN_ID: "ndi:1", "did:ndi profile",
        "set the document's `id` to the DID that the event is about";
    SIZE: "ndi:2", "did:ndi profile",
        "keep the canonical document within 49152 bytes";
    DEPTH: "ndi:3", "did:ndi profile",
        "nest maps and lists at most 16 deep, the document itself counted";
    NUMBER: "ndi:4", "did:ndi profile",
        "write numbers as integers within 2^53-1 either way, others as text";
    ITEMS: "ndi:5", "did:ndi profile",
        "keep each set of DID Core's properties within 256 items";
    CONTROL: "ndi:6", "did:ndi profile",
        "remove the control characters, but for tab, line feed and carriage return";
    PLACEHOLDER: "ndi:7", "did:ndi profile",
        "put the identifier's scid where {SCID} stands";
    UNIQUE: "ndi:8", "did:ndi profile",
        "let an `id`, once made absolute, name one verification method or one service";
    SECRET: "ndi:9", "did:ndi profile",
        "remove the private key, and replace it: it is exposed";
    SCHEME: "ndi:10", "did:ndi profile",
        "begin an endpoint with its scheme (https:), or with /, ? or # if relative to the DID";
    PASSWORD: "ndi:11", "did:ndi profile",
        "remove the password from the URL, and replace it: it is exposed";
    CONTACT: "ndi:12", "did:ndi profile",
        "remove the mail address or telephone number from `alsoKnownAs`; a service may hold it";
    PERSON: "ndi:13", "did:ndi profile",
        "remove what describes a natural person: the registry is about organisations";
}
