//! The header of a block: what a certificate certifies.

use crate::bytes::Reader;
use crate::{Hash, PublicKey, Tag, tagged};

/// The version that begins a header's bytes.
const VERSION: u32 = 1;

/// What begins a block's entry in the log, where events begin with `{`.
const ENTRY_PREFIX: &[u8] = b"dzong/block/v1\n";

/// What is certified of a block. Laid out by hand, big-endian, 284 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The network: the hash of its genesis document.
    pub genesis: Hash,
    /// The block's position, from 1.
    pub height: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z; later than the parent's.
    pub time: u64,
    /// The parent's id; at height 1 the genesis hash.
    pub parent: Hash,
    /// The validator that built the block.
    pub proposer: PublicKey,
    /// Number of entries in the log after this block.
    pub log_size: u64,
    /// RFC 9162 root (SHA-256) of the log after this block. It binds the block's events.
    pub log_root: Hash,
    /// Root of the state tree after this block.
    pub state_root: Hash,
    /// Hash of the validator set that certifies this height.
    pub validators: Hash,
    /// Hash of the validator set that certifies the next height.
    pub next_validators: Hash,
    /// [`Tag::Record`] hash of the record `network/parameters` after this block.
    pub parameters: Hash,
}

impl Header {
    /// The length of [`Header::encode`].
    pub const BYTES: usize = 284;

    /// The bytes that are hashed.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        self.write_before_log(&mut bytes);
        bytes.extend_from_slice(&self.log_size.to_be_bytes());
        bytes.extend_from_slice(&self.log_root.0);
        self.write_after_log(&mut bytes);
        bytes
    }

    /// The header that [`Header::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Header> {
        let mut reader = Reader(bytes);
        if reader.u32()? != VERSION {
            return None;
        }
        let header = Header {
            genesis: reader.hash()?,
            height: reader.u64()?,
            time: reader.u64()?,
            parent: reader.hash()?,
            proposer: PublicKey(reader.array()?),
            log_size: reader.u64()?,
            log_root: reader.hash()?,
            state_root: reader.hash()?,
            validators: reader.hash()?,
            next_validators: reader.hash()?,
            parameters: reader.hash()?,
        };
        reader.end()?;
        Some(header)
    }

    /// The block's id, which is also the value that consensus decides.
    pub fn id(&self) -> Hash {
        tagged(Tag::Header, &[&self.encode()])
    }

    /// The block's own entry in the log, after its events: the header without log size and log
    /// root, which it cannot contain. So the log alone binds every state root.
    pub fn log_entry(&self) -> Vec<u8> {
        let mut bytes = ENTRY_PREFIX.to_vec();
        self.write_before_log(&mut bytes);
        self.write_after_log(&mut bytes);
        bytes
    }

    /// The header of which `entry` is the log entry, given the log that ends with it.
    pub fn from_log_entry(entry: &[u8], log_size: u64, log_root: Hash) -> Option<Header> {
        let rest = entry.strip_prefix(ENTRY_PREFIX)?;
        let (before, after) = rest.split_at_checked(4 + 32 + 8 + 8 + 32 + 32)?;
        let log_size = log_size.to_be_bytes();
        Header::decode(&[before, &log_size, &log_root.0, after].concat())
    }

    fn write_before_log(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&self.genesis.0);
        bytes.extend_from_slice(&self.height.to_be_bytes());
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.extend_from_slice(&self.parent.0);
        bytes.extend_from_slice(&self.proposer.0);
    }

    fn write_after_log(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.state_root.0);
        bytes.extend_from_slice(&self.validators.0);
        bytes.extend_from_slice(&self.next_validators.0);
        bytes.extend_from_slice(&self.parameters.0);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example() -> Header {
        Header {
            genesis: Hash([1; 32]),
            height: 7,
            time: 1_700_000_000_123,
            parent: Hash([2; 32]),
            proposer: PublicKey([3; 32]),
            log_size: 9,
            log_root: Hash([4; 32]),
            state_root: Hash([5; 32]),
            validators: Hash([6; 32]),
            next_validators: Hash([7; 32]),
            parameters: Hash([8; 32]),
        }
    }

    #[test]
    fn bytes_are_read_back_and_nothing_else_is() {
        let header = example();
        let bytes = header.encode();
        assert_eq!(bytes.len(), Header::BYTES);
        assert_eq!(Header::decode(&bytes), Some(header));
        assert_eq!(Header::decode(&bytes[1..]), None);
        assert_eq!(Header::decode(&[bytes, vec![0]].concat()), None);
    }

    #[test]
    fn a_log_entry_gives_the_header_back_once_the_log_is_known() {
        let header = example();
        let entry = header.log_entry();
        assert_eq!(Header::from_log_entry(&entry, 9, Hash([4; 32])), Some(header));
        assert_eq!(Header::from_log_entry(b"{}", 9, Hash([4; 32])), None);
    }

    #[test]
    fn every_member_is_in_the_id() {
        let id = example().id();
        let bytes = example().encode();
        for at in 4..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_ne!(Header::decode(&other).unwrap().id(), id, "byte {at}");
        }
    }
}
