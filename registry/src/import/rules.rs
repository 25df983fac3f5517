//! From a transaction that stands in an approved ledger to the records that it makes here.

use proofs::merkle::verify_inclusion;
use proofs::{Hash, Record};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::document::assemble;
use super::indy::{Kind, Transaction};
use super::query::FAMILY;
use super::record::{Endpoint, ImportedDid, ImportedResource, KeySince, Origin};
use super::source::SourceLedger;
use super::{ImportError, NotIndy, did_indy, did_sov, key, resource_key};
use crate::json as canonical;
use crate::rejection::Rejection;
use crate::resolution::request::{encode, is_unreserved};
use crate::state::{self, Change, View};

/// The words of an AnonCreds object's DID URL (did:indy method, "Other Indy Ledger Object
/// Identifiers").
fn words(kind: &Kind) -> Option<Vec<String>> {
    match kind {
        Kind::Schema { name, version, .. } => {
            Some(vec!["SCHEMA".into(), name.clone(), version.clone()])
        }
        Kind::ClaimDef { schema, tag, .. } => {
            Some(vec!["CLAIM_DEF".into(), schema.to_string(), tag.clone()])
        }
        Kind::Nym { .. } | Kind::Endpoint { .. } => None,
    }
}

/// The DID URL of the AnonCreds object that a transaction makes; `None` of any other.
#[must_use]
pub fn url(namespace: &str, transaction: &Transaction) -> Option<String> {
    let author = transaction.author.as_deref()?;
    let words = words(&transaction.kind)?;
    let words: Vec<String> = words.iter().map(|word| encode(word, is_unreserved)).collect();
    Some(format!("{}{FAMILY}{}", did_indy(namespace, author), words.join("/")))
}

/// The key of the record that a transaction is about.
pub(crate) fn subject(namespace: &str, transaction: &Transaction) -> String {
    let author = transaction.author.as_deref().unwrap_or_default();
    match &transaction.kind {
        Kind::Nym { dest, .. } | Kind::Endpoint { dest, .. } => key(&did_indy(namespace, dest)),
        kind => resource_key(&did_indy(namespace, author), &words(kind).unwrap_or_default()),
    }
}

/// A transaction on its way in.
pub(crate) struct Import<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) transaction: &'a Transaction,
    /// From its leaf to the root.
    pub(crate) path: &'a [Hash],
    /// The DID URL of a credential definition's schema.
    pub(crate) schema: Option<&'a str>,
    pub(crate) view: &'a dyn View,
}

impl Import<'_> {
    /// What it changes.
    ///
    /// # Errors
    /// The ledger is not approved, or the transaction is not proven to be in it, or builds on what
    /// is not here.
    pub(crate) fn changes(&self) -> Result<Vec<Change>, Rejection> {
        let source = SourceLedger::approved(self.namespace, self.view)?;
        let origin = self.origin(&source)?;
        match &self.transaction.kind {
            Kind::Nym { dest, verkey, diddoc_content } => {
                let before = self.known(dest)?;
                let did = self.nym(before, verkey.as_ref(), diddoc_content.as_ref(), origin)?;
                self.did_changes(dest, did, source.legacy)
            }
            Kind::Endpoint { dest, endpoint } => {
                let (_, before) =
                    self.known(dest)?.ok_or_else(|| ImportError::Missing(self.did(dest)))?;
                let did = ImportedDid { endpoint: endpoint.clone(), origin, ..before };
                self.did_changes(dest, did, source.legacy)
            }
            Kind::Schema { name, version, attributes } => {
                self.resource(origin, "anonCredsSchema", |did| {
                    Ok(json!({
                        "attrNames": attributes,
                        "issuerId": did,
                        "name": name,
                        "version": version,
                    }))
                })
            }
            Kind::ClaimDef { schema, tag, value } => {
                self.resource(origin, "anonCredsCredDef", |did| {
                    Ok(json!({
                        "issuerId": did,
                        "schemaId": self.schema_id(*schema)?,
                        "tag": tag,
                        "type": "CL",
                        "value": value,
                    }))
                })
            }
        }
    }

    fn did(&self, id: &str) -> String {
        did_indy(self.namespace, id)
    }

    /// Proves where the transaction stands, and checks the signatures whose keys are known.
    fn origin(&self, source: &SourceLedger) -> Result<Origin, Rejection> {
        let Transaction { seq_no, leaf_hash, time, .. } = *self.transaction;
        let index = seq_no.saturating_sub(1);
        verify_inclusion(leaf_hash, index, source.size, self.path, &source.root_hash)
            .map_err(|_| ImportError::NotIncluded(seq_no))?;
        let mut signers = Vec::new();
        for (signer, signature) in &self.transaction.signatures {
            let known: Option<(Record, ImportedDid)> =
                state::read(&key(&self.did(signer)), self.view)?;
            let Some(key) = known.and_then(|(_, did)| did.key_before(seq_no)) else { continue };
            if key.verify(&self.transaction.message, signature) {
                signers.push(signer.clone());
            } else if self.transaction.is_noted {
                // The ledger says that this is what was signed, so it must hold.
                return Err(ImportError::Signature(self.did(signer)).into());
            }
        }
        Ok(Origin {
            leaf_hash,
            namespace: self.namespace.to_owned(),
            root_hash: source.root_hash,
            seq_no,
            signers,
            size: source.size,
            time: time.and_then(|seconds| seconds.checked_mul(1000)),
        })
    }

    /// The DID as it is here, which no newer transaction has changed.
    fn known(&self, id: &str) -> Result<Option<(Record, ImportedDid)>, Rejection> {
        let did = self.did(id);
        let found: Option<(Record, ImportedDid)> = state::read(&key(&did), self.view)?;
        if let Some((_, known)) = &found {
            let (known, found) = (known.origin.seq_no, self.transaction.seq_no);
            if found <= known {
                return Err(ImportError::Order { did, known, found }.into());
            }
        }
        Ok(found)
    }

    /// The DID after a NYM; what it does not name stays as it was.
    fn nym(
        &self,
        before: Option<(Record, ImportedDid)>,
        verkey: Option<&Option<String>>,
        content: Option<&Map<String, Value>>,
        origin: Origin,
    ) -> Result<ImportedDid, Rejection> {
        let content = content.map(|content| canonical::raw(&Value::Object(content.clone())));
        let content = content.transpose()?;
        let since = self.transaction.seq_no;
        let key = verkey.map(|verkey| KeySince { since, verkey: verkey.clone() });
        match before {
            Some((_, mut did)) => {
                did.keys.extend(key);
                did.diddoc_content = content.or(did.diddoc_content);
                Ok(ImportedDid { origin, ..did })
            }
            None => {
                let first = key.filter(|key| key.verkey.is_some());
                let first = first.ok_or_else(|| {
                    ImportError::from(NotIndy("a new NYM has a `verkey`: it is nobody's".into()))
                })?;
                Ok(ImportedDid {
                    created: origin.time,
                    diddoc_content: content,
                    document: None,
                    endpoint: None,
                    equivalent_id: None,
                    keys: vec![first],
                    origin,
                })
            }
        }
    }

    /// The DID with its document, under each of its spellings.
    fn did_changes(
        &self,
        id: &str,
        did: ImportedDid,
        legacy: bool,
    ) -> Result<Vec<Change>, Rejection> {
        let content: Option<Map<String, Value>> = match &did.diddoc_content {
            Some(text) => serde_json::from_str(text.get()).ok(),
            None => None,
        };
        let document = document(&self.did(id), &did.keys, content.as_ref(), did.endpoint.as_ref())?;
        if !legacy {
            return Ok(vec![Change::new(key(&self.did(id)), &ImportedDid { document, ..did })]);
        }
        let (new, old) = (self.did(id), did_sov(id));
        let taken: Option<(Record, ImportedDid)> = state::read(&key(&old), self.view)?;
        if taken.is_some_and(|(_, other)| other.origin.namespace != self.namespace) {
            return Err(ImportError::Taken(old).into());
        }
        let in_old = |document: &RawValue| {
            RawValue::from_string(document.get().replace(&new, &old)).expect("it was JSON")
        };
        let as_old = ImportedDid {
            document: document.as_deref().map(in_old),
            equivalent_id: Some(new.clone()),
            ..did.clone()
        };
        let as_new = ImportedDid { document, equivalent_id: Some(old.clone()), ..did };
        Ok(vec![Change::new(key(&new), &as_new), Change::new(key(&old), &as_old)])
    }

    /// The AnonCreds object that `content` makes for its issuer, once.
    fn resource(
        &self,
        origin: Origin,
        resource_type: &str,
        content: impl FnOnce(&str) -> Result<Value, Rejection>,
    ) -> Result<Vec<Change>, Rejection> {
        let issuer = self.did(self.transaction.author.as_deref().unwrap_or_default());
        if self.view.record(&key(&issuer)).is_none() {
            return Err(ImportError::Missing(issuer).into());
        }
        let key = subject(self.namespace, self.transaction);
        if self.view.record(&key).is_some() {
            return Err(Rejection::Exists(key));
        }
        let content = canonical::raw(&content(&issuer)?)?;
        let resource_type = resource_type.to_owned();
        Ok(vec![Change::new(key, &ImportedResource { content, origin, resource_type })])
    }

    /// The DID URL of the schema that a credential definition names by its position.
    fn schema_id(&self, seq_no: u64) -> Result<String, Rejection> {
        let form = || ImportError::from(NotIndy("`schema` is the DID URL of the schema".into()));
        let url = self.schema.ok_or_else(form)?;
        let asked = super::Question::read(url).ok_or_else(form)?;
        let found: Option<(Record, ImportedResource)> = state::read(&asked.key(), self.view)?;
        match found {
            Some((_, schema))
                if schema.origin.seq_no == seq_no
                    && schema.origin.namespace == self.namespace
                    && schema.resource_type == "anonCredsSchema" =>
            {
                Ok(url.to_owned())
            }
            _ => Err(ImportError::Missing(format!("schema {seq_no}")).into()),
        }
    }
}

/// The document under a DID's newest key; none where that ended it.
fn document(
    did: &str,
    keys: &[KeySince],
    content: Option<&Map<String, Value>>,
    endpoint: Option<&Endpoint>,
) -> Result<Option<Box<RawValue>>, Rejection> {
    let verkey = keys.last().and_then(|key| key.verkey.as_ref());
    verkey.map(|verkey| assemble(did, verkey, content, endpoint)).transpose()
}
