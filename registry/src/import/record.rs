//! What the records hold that were made of another ledger's transactions.

use proofs::{Hash, PublicKey, Record};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::NotIndy;
use crate::base58;
use crate::document;

/// Most keys on the way to an endpoint.
const ROUTING_KEYS_MAX: usize = 16;

/// Where a record comes from. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Origin {
    /// The leaf of the ledger's Merkle tree that the transaction is.
    pub leaf_hash: Hash,
    /// The ledger, by the namespace of its DIDs.
    pub namespace: String,
    /// The root under which the leaf was proven.
    pub root_hash: Hash,
    /// The transaction's position, from 1.
    pub seq_no: u64,
    /// Whose signatures were verified: of those who signed it, the ones whose keys had been
    /// imported.
    pub signers: Vec<String>,
    /// The size of the tree with that root.
    pub size: u64,
    /// When the ledger took the transaction, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
}

/// A key, and since which transaction a DID had it; none ends the DID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct KeySince {
    /// The transaction's position.
    pub since: u64,
    /// The key in base58btc.
    pub verkey: Option<String>,
}

/// Where a DID is reached, as its ATTRIB says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Endpoint {
    /// A URL.
    pub endpoint: String,
    /// Keys of those who pass messages on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routing_keys: Vec<String>,
    /// What is understood there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

impl Endpoint {
    /// Checks the form: nothing but URLs, keys and words of the convention.
    pub(super) fn check(&self) -> Result<(), NotIndy> {
        let is_key = |key: &String| base58::decode(key, 32).is_some_and(|key| key.len() == 32);
        let known = ["endpoint", "did-communication", "DIDComm", "DIDCommMessaging"];
        let sound = document::is_url(&self.endpoint)
            && self.routing_keys.len() <= ROUTING_KEYS_MAX
            && self.routing_keys.iter().all(is_key)
            && self.types.iter().all(|name| known.contains(&name.as_str()));
        match sound {
            true => Ok(()),
            false => Err(NotIndy("`endpoint` is a URL, with keys in base58btc and types".into())),
        }
    }
}

/// The content of `imported/<did>`. Members stand in canonical order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ImportedDid {
    /// When the other ledger took its first transaction here, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<u64>,
    /// What its owner added to the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diddoc_content: Option<Box<RawValue>>,
    /// The document that the did:indy method assembles; none where the DID was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Box<RawValue>>,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// The same identifier in its other spelling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equivalent_id: Option<String>,
    /// Its keys, ascending; the last one is in force.
    pub keys: Vec<KeySince>,
    /// Its newest transaction.
    pub origin: Origin,
}

impl ImportedDid {
    /// Reads the content of a record.
    #[must_use]
    pub fn read(record: &Record) -> Option<ImportedDid> {
        serde_json::from_str(record.content.get()).ok()
    }

    /// The key in force before a transaction.
    #[must_use]
    pub fn key_before(&self, seq_no: u64) -> Option<PublicKey> {
        let key = self.keys.iter().rev().find(|key| key.since < seq_no)?;
        let bytes = base58::decode(key.verkey.as_ref()?, 32)?;
        <[u8; 32]>::try_from(bytes).ok().map(PublicKey)
    }
}

/// The content of `imported/<did>/<hash>`: an AnonCreds object. Members stand in canonical order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ImportedResource {
    /// The object in the form of AnonCreds v1.
    pub content: Box<RawValue>,
    /// The transaction that made it.
    pub origin: Origin,
    /// `anonCredsSchema` or `anonCredsCredDef`.
    pub resource_type: String,
}

impl ImportedResource {
    /// Reads the content of a record.
    #[must_use]
    pub fn read(record: &Record) -> Option<ImportedResource> {
        serde_json::from_str(record.content.get()).ok()
    }
}
