//! A receipt: proof that an event is in the log.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::evidence::{EvidenceError, consistent_header};
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::{Certificate, Hash, Header};

/// An event's position in the log with its inclusion proof, checked offline.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The quorum that decided the header.
    pub certificate: Certificate,
    /// The event's canonical bytes, which are the log's entry.
    pub event: Box<RawValue>,
    /// The network: its genesis hash.
    pub genesis: Hash,
    /// The header's bytes (base64 in JSON) of the block that holds the event.
    #[serde(with = "crate::bytes::base64_bytes")]
    pub header: Vec<u8>,
    /// The event's id.
    pub id: Hash,
    /// The entry's index in the log, from 0.
    pub index: u64,
    /// RFC 9162 inclusion path in the header's log.
    pub path: Vec<Hash>,
}

impl Receipt {
    /// Reads the header and checks that all parts speak of the same block of the same network.
    pub fn header(&self) -> Result<Header, EvidenceError> {
        consistent_header(&self.header, &self.genesis, &self.certificate)
    }

    /// Checks that the event is in the header's log. That `id` is the event's is for `registry`,
    /// which knows events.
    pub fn verify_inclusion(&self, header: &Header) -> Result<(), EvidenceError> {
        let leaf = leaf_hash(self.event.get().as_bytes());
        verify_inclusion(leaf, self.index, header.log_size, &self.path, &header.log_root)
            .map_err(|_| EvidenceError::Log)
    }
}
