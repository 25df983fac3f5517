//! A transaction of an Indy domain ledger, as its nodes print it (indy-node, transactions.md).

use proofs::Hash;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::encoding::{leaf, signed};
use super::record::Endpoint;
use super::{ImportError, is_id};
use crate::base58;

/// Most signatures of a transaction.
const SIGNATURES_MAX: usize = 16;

/// A text that is no transaction which can be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotIndy(pub String);

/// A transaction whose form is sound.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// What it does.
    pub kind: Kind,
    /// Its author's identifier; absent in genesis transactions.
    pub author: Option<String>,
    /// Its position in the ledger, from 1.
    pub seq_no: u64,
    /// When the ledger took it, in seconds since 1970; absent in genesis transactions.
    pub time: Option<u64>,
    /// The hash of the leaf that it is in the ledger's Merkle tree.
    pub leaf_hash: Hash,
    /// What its signers signed.
    pub message: Vec<u8>,
    /// Whether the ledger noted that it is this what they signed.
    pub is_noted: bool,
    /// Who signed, and the signature.
    pub signatures: Vec<(String, [u8; 64])>,
}

/// What a transaction does.
#[derive(Debug, Clone)]
pub enum Kind {
    /// NYM: a DID is made or changed. What it does not name stays.
    Nym {
        /// The identifier.
        dest: String,
        /// The new key; `Some(None)` ends the DID.
        verkey: Option<Option<String>>,
        /// What the document has besides the key.
        diddoc_content: Option<Map<String, Value>>,
    },
    /// ATTRIB: a DID's endpoint.
    Endpoint {
        /// The identifier.
        dest: String,
        /// Where it is reached; `None` removes it.
        endpoint: Option<Endpoint>,
    },
    /// SCHEMA.
    Schema {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
        /// Its attributes.
        attributes: Vec<String>,
    },
    /// CLAIM_DEF: a credential definition.
    ClaimDef {
        /// The sequence number of the schema.
        schema: u64,
        /// Which of several it is.
        tag: String,
        /// The public keys.
        value: Map<String, Value>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope {
    req_signature: ReqSignature,
    txn: Txn,
    txn_metadata: TxnMetadata,
    #[serde(rename = "ver")]
    _version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReqSignature {
    #[serde(default, rename = "type")]
    suite: Option<String>,
    #[serde(default)]
    values: Vec<ReqSignatureValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReqSignatureValue {
    from: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Txn {
    data: Map<String, Value>,
    metadata: Metadata,
    protocol_version: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Metadata {
    #[serde(rename = "digest")]
    _digest: Option<String>,
    endorser: Option<String>,
    from: Option<String>,
    payload_digest: Option<String>,
    req_id: Option<u64>,
    taa_acceptance: Option<TaaAcceptance>,
}

/// The author's word that it knows the ledger's terms.
#[derive(Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TaaAcceptance {
    mechanism: String,
    taa_digest: String,
    time: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TxnMetadata {
    seq_no: u64,
    #[serde(rename = "txnId")]
    _txn_id: Option<String>,
    txn_time: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NymData {
    alias: Option<Value>,
    dest: String,
    #[serde(rename = "diddocContent")]
    diddoc_content: Option<Value>,
    #[serde(rename = "role")]
    _role: Option<String>,
    #[serde(default, deserialize_with = "present")]
    verkey: Option<Option<String>>,
    #[serde(rename = "version")]
    _version: Option<u64>,
}

/// Tells a member that is null from one that is not there.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttribData {
    dest: String,
    raw: Option<String>,
    hash: Option<Value>,
    enc: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaData {
    data: SchemaContent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaContent {
    attr_names: Vec<String>,
    name: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimDefData {
    data: Map<String, Value>,
    #[serde(rename = "ref")]
    schema: u64,
    signature_type: String,
    tag: Option<String>,
}

/// What an ATTRIB may say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    endpoint: Option<Endpoint>,
}

fn wrong(what: impl Into<String>) -> NotIndy {
    NotIndy(what.into())
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, NotIndy> {
    serde_json::from_value(value).map_err(|error| wrong(format!("a member is wrong: {error}")))
}

impl Transaction {
    /// Reads a transaction from its [`canonical`](super::canonical) text. Of an ATTRIB the ledger
    /// has the hash alone: `attribute` is what was hashed.
    ///
    /// # Errors
    /// [`ImportError::Transaction`], [`ImportError::Personal`].
    pub fn read(text: &str, attribute: Option<&str>) -> Result<Transaction, ImportError> {
        let leaf_hash = leaf(text)?;
        let Envelope { req_signature, txn, txn_metadata, .. } = serde_json::from_str(text)
            .map_err(|error| wrong(format!("a member is wrong: {error}")))?;
        let kind = Kind::read(&txn.kind, txn.data.clone(), attribute)?;
        let author = txn.metadata.from.clone();
        let is_made_by_author = matches!(kind, Kind::Schema { .. } | Kind::ClaimDef { .. });
        if author.as_deref().map_or(is_made_by_author, |author| !is_id(author)) {
            return Err(wrong("`txn.metadata.from` is the author's identifier").into());
        }
        if txn_metadata.seq_no == 0 {
            return Err(wrong("`txnMetadata.seqNo` counts from 1").into());
        }
        let noted = txn.metadata.payload_digest.clone();
        let message = message(txn).into_bytes();
        Ok(Transaction {
            is_noted: noted == Some(hex::encode(Sha256::digest(&message))),
            kind,
            author,
            seq_no: txn_metadata.seq_no,
            time: txn_metadata.txn_time,
            leaf_hash,
            message,
            signatures: signatures(req_signature)?,
        })
    }
}

/// What the signers of a transaction's request signed.
fn message(txn: Txn) -> String {
    let Metadata { endorser, from, req_id, taa_acceptance, .. } = txn.metadata;
    let mut operation = txn.data;
    operation.insert("type".into(), txn.kind.into());
    let mut request = Map::from_iter([("operation".to_owned(), Value::Object(operation))]);
    // What a request lacks is not signed as null.
    let members = [
        ("identifier", json!(from)),
        ("endorser", json!(endorser)),
        ("protocolVersion", json!(txn.protocol_version)),
        ("reqId", json!(req_id)),
        ("taaAcceptance", json!(taa_acceptance)),
    ];
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    request.extend(there.map(|(name, value)| (name.to_owned(), value)));
    signed(&Value::Object(request))
}

fn signatures(signature: ReqSignature) -> Result<Vec<(String, [u8; 64])>, NotIndy> {
    let known = matches!(signature.suite.as_deref(), None | Some("ED25519" | "ED25519_MULTI"));
    if !known || signature.values.len() > SIGNATURES_MAX {
        return Err(wrong(format!("it has at most {SIGNATURES_MAX} signatures, by ED25519")));
    }
    let read = |ReqSignatureValue { from, value }| {
        let bytes = base58::decode(&value, 64).and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| wrong("a signature is 64 bytes in base58btc"))?;
        Ok((from, bytes))
    };
    signature.values.into_iter().map(read).collect()
}

impl Kind {
    fn read(
        code: &str,
        data: Map<String, Value>,
        attribute: Option<&str>,
    ) -> Result<Kind, ImportError> {
        let data = Value::Object(data);
        match code {
            "1" => nym(read(data)?),
            "100" => endpoint(read(data)?, attribute),
            "101" => {
                let SchemaContent { attr_names, name, version } = read::<SchemaData>(data)?.data;
                Ok(Kind::Schema { name, version, attributes: attr_names })
            }
            "102" => {
                let data: ClaimDefData = read(data)?;
                if data.signature_type != "CL" {
                    return Err(wrong("`signature_type` is `CL`").into());
                }
                // transactions.md: what has no tag is called `tag`.
                let tag = data.tag.unwrap_or_else(|| "tag".to_owned());
                Ok(Kind::ClaimDef { schema: data.schema, tag, value: data.data })
            }
            _ => {
                let kinds = "NYM (1), ATTRIB (100), SCHEMA (101) and CLAIM_DEF (102)";
                Err(wrong(format!("`{code}` is a type that is not taken over: {kinds} are")).into())
            }
        }
    }
}

fn nym(data: NymData) -> Result<Kind, ImportError> {
    if data.alias.is_some() {
        return Err(ImportError::Personal("a NYM has an `alias`"));
    }
    if !is_id(&data.dest) {
        return Err(wrong("`dest` is 16 or 32 bytes in base58btc").into());
    }
    let verkey = match data.verkey {
        Some(Some(key)) => Some(Some(full_key(&data.dest, &key)?)),
        other => other,
    };
    // A text that holds JSON; a ledger may hold the JSON itself.
    let content = match data.diddoc_content {
        Some(Value::String(text)) => {
            Some(serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?)
        }
        other => other,
    };
    let diddoc_content = match content {
        None | Some(Value::Null) => None,
        Some(Value::Object(content)) => Some(content),
        Some(_) => return Err(wrong("`diddocContent` is a JSON object").into()),
    };
    Ok(Kind::Nym { dest: data.dest, verkey, diddoc_content })
}

/// A key of 32 bytes. Of an abbreviated one, the identifier is the first half (did:indy method,
/// "Backwards Compatibility").
fn full_key(dest: &str, key: &str) -> Result<String, NotIndy> {
    let bytes = match key.strip_prefix('~') {
        Some(rest) => {
            let halves = [base58::decode(dest, 16), base58::decode(rest, 16)];
            halves.into_iter().collect::<Option<Vec<_>>>().map(|halves| halves.concat())
        }
        None => base58::decode(key, 32),
    };
    let bytes = bytes.filter(|bytes| bytes.len() == 32);
    Ok(base58::encode(&bytes.ok_or_else(|| wrong("`verkey` is 32 bytes in base58btc"))?))
}

fn endpoint(data: AttribData, attribute: Option<&str>) -> Result<Kind, ImportError> {
    let only = "an ATTRIB that holds more than an `endpoint`";
    let (Some(hash), None, None) = (&data.raw, &data.hash, &data.enc) else {
        return Err(ImportError::Personal("an ATTRIB that is hashed or encrypted"));
    };
    let text = attribute.ok_or_else(|| wrong("`attribute` is missing: what the ATTRIB hashed"))?;
    if hex::encode(Sha256::digest(text)) != *hash {
        return Err(wrong("`attribute` is not what the ATTRIB hashed").into());
    }
    if !is_id(&data.dest) {
        return Err(wrong("`dest` is 16 or 32 bytes in base58btc").into());
    }
    let attribute: Attribute =
        serde_json::from_str(text).map_err(|_| ImportError::Personal(only))?;
    if let Some(endpoint) = &attribute.endpoint {
        endpoint.check()?;
    }
    Ok(Kind::Endpoint { dest: data.dest, endpoint: attribute.endpoint })
}
