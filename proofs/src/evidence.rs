//! What an answer carries: records with their proofs, a header, a certificate.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::history::{Entry, content_hash};
use crate::record::{key_hash, record_hash};
use crate::{Certificate, Hash, Header, Record, StateProof};

/// The proof of an answer: records as they were in force at one height, and why to believe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The quorum that decided the header.
    pub certificate: Certificate,
    /// The network: its genesis hash.
    pub genesis: Hash,
    /// The header's bytes (base64 in JSON).
    #[serde(with = "crate::bytes::base64_bytes")]
    pub header: Vec<u8>,
    /// The records, in the order in which the answer's rule asks for them.
    pub records: Vec<ProvenRecord>,
}

/// A record, or the absence of one, with its path to the state root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenRecord {
    /// The record's key.
    pub key: String,
    /// A past version of the record, where the answer is about one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub past: Option<PastVersion>,
    /// [`StateProof`] bytes (base64 in JSON).
    #[serde(with = "crate::bytes::base64_bytes")]
    pub path: Vec<u8>,
    /// What the key holds; nothing where it is proven absent.
    pub record: Option<Record>,
}

/// A superseded version of a record, proven from the current one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastVersion {
    /// What the record held.
    pub content: Box<RawValue>,
    /// The version, since when, by which event.
    pub entry: Entry,
    /// The version after it, if that too is superseded: so nothing came between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<NextVersion>,
    /// From the entry to its peak in the record's history.
    pub path: Vec<Hash>,
}

/// The version that superseded a past one, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextVersion {
    /// The version, since when, by which event.
    pub entry: Entry,
    /// From the entry to its peak in the record's history.
    pub path: Vec<Hash>,
}

impl PartialEq for PastVersion {
    fn eq(&self, other: &Self) -> bool {
        self.content.get() == other.content.get()
            && (self.entry, &self.next, &self.path) == (other.entry, &other.next, &other.path)
    }
}

impl Eq for PastVersion {}

/// What is wrong with an answer's proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The header's bytes are none.
    #[error("the header is malformed")]
    Header,
    /// The header is another network's than the evidence says.
    #[error("the header names another genesis than the proof")]
    Genesis,
    /// The certificate is for another block or height.
    #[error("the certificate is not for this header")]
    OtherBlock,
    /// The certificate does not hold.
    #[error("the certificate does not hold: {0}")]
    Certificate(#[from] crate::certificate::CertificateError),
    /// A record's path does not lead to the state root.
    #[error("the record `{0}` is not proven by the header's state root")]
    Record(String),
    /// A past version is not in the record's history.
    #[error("the past version of `{0}` is not in its record's history")]
    Past(String),
    /// The event is not in the log.
    #[error("the event is not proven by the header's log root")]
    Log,
}

impl Evidence {
    /// Reads the header and checks that all parts speak of the same block of the same network.
    /// Signatures are not looked at: that needs a validator set.
    pub fn header(&self) -> Result<Header, EvidenceError> {
        consistent_header(&self.header, &self.genesis, &self.certificate)
    }

    /// Checks every record against the header's state root.
    pub fn verify_records(&self, header: &Header) -> Result<(), EvidenceError> {
        self.records.iter().try_for_each(|record| record.verify(&header.state_root))
    }
}

/// The version of a record that a [`ProvenRecord`] is about.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// What it held.
    pub content: &'a RawValue,
    /// Block time in milliseconds from which it was in force.
    pub since: u64,
    /// Block time in milliseconds at which it was superseded; none while it is in force.
    pub until: Option<u64>,
    /// Its number, from 1.
    pub version: u64,
}

impl ProvenRecord {
    /// The past version where there is one, and else the record as it is; `None` where it is
    /// absent.
    pub fn shown(&self) -> Option<Shown<'_>> {
        let record = self.record.as_ref()?;
        Some(match &self.past {
            None => Shown {
                content: &record.content,
                since: record.time,
                until: None,
                version: record.version,
            },
            Some(past) => Shown {
                content: &past.content,
                since: past.entry.time,
                until: Some(past.until(record)),
                version: past.entry.version,
            },
        })
    }

    fn verify(&self, state_root: &Hash) -> Result<(), EvidenceError> {
        let wrong = || EvidenceError::Record(self.key.clone());
        let proof = StateProof::decode(&self.path).ok_or_else(wrong)?;
        let hash = self.record.as_ref().map(|record| record_hash(&record.encode()));
        proof.verify(state_root, &key_hash(&self.key), hash.as_ref()).map_err(|_| wrong())?;
        match (&self.past, &self.record) {
            (None, _) => Ok(()),
            (Some(past), Some(record)) if past.verify(record) => Ok(()),
            _ => Err(EvidenceError::Past(self.key.clone())),
        }
    }
}

impl PastVersion {
    fn verify(&self, record: &Record) -> bool {
        let next_follows = match &self.next {
            Some(next) => {
                next.entry.version == self.entry.version + 1
                    && record.history.contains(&next.entry, &next.path)
            }
            None => record.version == self.entry.version + 1,
        };
        next_follows
            && content_hash(self.content.get().as_bytes()) == self.entry.content
            && record.history.contains(&self.entry, &self.path)
    }

    /// Block time in milliseconds at which this version was superseded.
    pub fn until(&self, record: &Record) -> u64 {
        self.next.as_ref().map_or(record.time, |next| next.entry.time)
    }
}

/// Decodes `header` and checks that `genesis` and `certificate` are about it. The redundancy is
/// what tells a changed byte (invalid) from another network (untrusted).
pub(crate) fn consistent_header(
    header: &[u8],
    genesis: &Hash,
    certificate: &Certificate,
) -> Result<Header, EvidenceError> {
    let header = Header::decode(header).ok_or(EvidenceError::Header)?;
    if header.genesis != *genesis {
        return Err(EvidenceError::Genesis);
    }
    if certificate.block != header.id() || certificate.height != header.height {
        return Err(EvidenceError::OtherBlock);
    }
    Ok(header)
}
