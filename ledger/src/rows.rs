//! The rows of the database that only our own nodes read: bincode, in this one file. Decoding
//! refuses bytes that do not encode to themselves. What is hashed or signed is stored as it is.

use bincode::config::{Configuration, Limit};
use bincode::{Decode, Encode};
use proofs::history::Entry;
use proofs::{Certificate, Hash, Header, PublicKey, Signature, Validator, ValidatorSet};

/// Most bytes of a row, so that a damaged length asks for no memory.
const ROW_BYTES_MAX: usize = 8 << 20;

type Config =
    Configuration<bincode::config::LittleEndian, bincode::config::Varint, Limit<ROW_BYTES_MAX>>;

const CONFIG: Config = bincode::config::standard().with_limit::<ROW_BYTES_MAX>();

pub(crate) fn encode<T: Encode>(row: &T) -> Vec<u8> {
    bincode::encode_to_vec(row, CONFIG).expect("a row in memory can be written to memory")
}

/// `None` for bytes that [`encode`] does not write.
pub(crate) fn decode<T: Encode + Decode<()>>(bytes: &[u8]) -> Option<T> {
    let (row, read): (T, usize) = bincode::decode_from_slice(bytes, CONFIG).ok()?;
    (read == bytes.len() && encode(&row) == bytes).then_some(row)
}

/// A decided block, by height. Its events stand in the log's entries.
#[derive(Debug, Encode, Decode)]
pub(crate) struct BlockRow {
    header: Vec<u8>,
    round: u32,
    signatures: Vec<([u8; 32], [u8; 64])>,
    /// Number of events; they are the log's entries from `first` on, and the block's own follows.
    pub(crate) events: u64,
    /// Size of the log before this block.
    pub(crate) first: u64,
}

impl BlockRow {
    pub(crate) fn new(
        header: &Header,
        certificate: &Certificate,
        first: u64,
        events: usize,
    ) -> BlockRow {
        let signatures = certificate.signatures.iter();
        BlockRow {
            header: header.encode(),
            round: certificate.round,
            signatures: signatures.map(|one| (one.validator.0, one.signature)).collect(),
            events: events as u64,
            first,
        }
    }

    pub(crate) fn header(&self) -> Option<Header> {
        Header::decode(&self.header)
    }

    pub(crate) fn certificate(&self, header: &Header) -> Certificate {
        let signature = |(validator, signature): &([u8; 32], [u8; 64])| Signature {
            validator: PublicKey(*validator),
            signature: *signature,
        };
        Certificate {
            height: header.height,
            round: self.round,
            block: header.id(),
            signatures: self.signatures.iter().map(signature).collect(),
        }
    }
}

/// Where an event stands, by its id.
#[derive(Debug, Clone, Copy, Encode, Decode)]
pub(crate) struct EventRow {
    pub(crate) index: u64,
    pub(crate) height: u64,
}

/// An event as lists show it, by its index.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ListedRow {
    pub(crate) id: [u8; 32],
    pub(crate) height: u64,
    pub(crate) kind: String,
    pub(crate) author: String,
    pub(crate) subject: String,
}

/// A superseded version of a record, without its content.
#[derive(Debug, Clone, Copy, Encode, Decode)]
pub(crate) struct VersionRow {
    version: u64,
    time: u64,
    event: [u8; 32],
    content: [u8; 32],
    /// The height since which it was in force.
    pub(crate) height: u64,
}

impl VersionRow {
    pub(crate) fn new(entry: &Entry, height: u64) -> VersionRow {
        VersionRow {
            version: entry.version,
            time: entry.time,
            event: entry.event.0,
            content: entry.content.0,
            height,
        }
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry {
            version: self.version,
            time: self.time,
            event: Hash(self.event),
            content: Hash(self.content),
        }
    }
}

/// An entry of a read model, with the record that it was made from.
#[derive(Debug, Encode, Decode)]
pub(crate) struct ProjectionRow {
    pub(crate) key: String,
    pub(crate) record: [u8; 32],
    pub(crate) value: Vec<u8>,
}

/// How far the read models have come, and by which format.
#[derive(Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct CursorRow {
    pub(crate) format: u32,
    pub(crate) height: u64,
}

/// The last committed block.
#[derive(Debug, Encode, Decode)]
pub(crate) struct HeadRow {
    pub(crate) height: u64,
    pub(crate) id: [u8; 32],
}

/// A validator set, by its hash.
#[derive(Debug, Encode, Decode)]
pub(crate) struct ValidatorsRow(Vec<([u8; 32], u64)>);

impl ValidatorsRow {
    pub(crate) fn new(set: &ValidatorSet) -> ValidatorsRow {
        ValidatorsRow(set.as_slice().iter().map(|one| (one.key.0, one.power)).collect())
    }

    pub(crate) fn set(&self) -> Option<ValidatorSet> {
        let validator =
            |(key, power): &([u8; 32], u64)| Validator { key: PublicKey(*key), power: *power };
        ValidatorSet::new(self.0.iter().map(validator).collect()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_one_spelling() {
        let bytes = encode(&EventRow { index: 300, height: 7 });
        assert!(decode::<EventRow>(&bytes).is_some());
        assert!(decode::<EventRow>(&[&bytes[..], &[0]].concat()).is_none(), "a byte too many");
        assert!(decode::<EventRow>(&bytes[1..]).is_none());
        // 7 written in nine bytes.
        let long = [&encode(&300u64)[..], &[253, 7, 0, 0, 0, 0, 0, 0, 0]].concat();
        assert!(decode::<EventRow>(&long).is_none(), "a longer spelling");
    }
}
