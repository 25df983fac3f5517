//! A block as nodes exchange it: the header and the bytes of its events.

use crate::bytes::Reader;
use crate::{Hash, Header};

/// A block before or after its decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What is certified.
    pub header: Header,
    /// The canonical bytes of each event, in the order of execution.
    pub events: Vec<Vec<u8>>,
}

impl Block {
    /// Most bytes of a block, encoded.
    pub const BYTES_MAX: usize = 4 << 20;
    /// Most events in a block.
    pub const EVENTS_MAX: usize = 4096;
    /// Most bytes of one event: an entry of a C2SP tile has a 16-bit length.
    pub const EVENT_BYTES_MAX: usize = 65_535;

    /// The block's id: its header's.
    pub fn id(&self) -> Hash {
        self.header.id()
    }

    /// Header, number of events (u32), and each event with its length (u32) before it.
    pub fn encode(&self) -> Vec<u8> {
        let events: usize = self.events.iter().map(|event| 4 + event.len()).sum();
        let mut bytes = Vec::with_capacity(Header::BYTES + 4 + events);
        bytes.extend_from_slice(&self.header.encode());
        bytes.extend_from_slice(&length(self.events.len()));
        for event in &self.events {
            bytes.extend_from_slice(&length(event.len()));
            bytes.extend_from_slice(event);
        }
        bytes
    }

    /// The block that [`Block::encode`] wrote, within the limits; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Block> {
        if bytes.len() > Self::BYTES_MAX {
            return None;
        }
        let mut reader = Reader(bytes);
        let header = Header::decode(reader.take(Header::BYTES)?)?;
        let count = usize::try_from(reader.u32()?).ok()?;
        if count > Self::EVENTS_MAX {
            return None;
        }
        let mut events = Vec::with_capacity(count);
        for _ in 0..count {
            let length = usize::try_from(reader.u32()?).ok()?;
            if length > Self::EVENT_BYTES_MAX {
                return None;
            }
            events.push(reader.take(length)?.to_vec());
        }
        reader.end()?;
        Some(Block { header, events })
    }
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).expect("a block in memory is far below 4 GiB").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_back_and_nothing_else_is() {
        let header = crate::header::tests::example();
        let block = Block { header, events: vec![b"{}".to_vec(), vec![], b"{\"a\":1}".to_vec()] };
        let bytes = block.encode();
        assert_eq!(Block::decode(&bytes), Some(block));
        for cut in 0..bytes.len() {
            assert_eq!(Block::decode(&bytes[..cut]), None, "cut at {cut}");
        }
        assert_eq!(Block::decode(&[bytes, vec![0]].concat()), None);
    }
}
