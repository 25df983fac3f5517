//! A proposal's payload in pieces: cutting ours, putting together those of others.
//!
//! Pieces are not signed. They are grouped by publisher and stream, bounded per publisher, and the
//! whole counts only when its header hashes to the block that the stream announced; the proposer's
//! signature is over that same id.

use std::collections::{BTreeMap, VecDeque};

use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_peer::PeerId;
use bytes::{Bytes, BytesMut};
use proofs::{Block, Hash, Header};

use crate::context::Part;

/// Bytes of a piece: far below the limit of a message, and few enough pieces for a large block.
const PART_BYTES: usize = 128 << 10;

/// Most pieces of a stream. Pieces may be smaller than ours, but not absurdly so.
const PARTS_MAX: usize = 1024;

/// Most streams of a publisher at a time: a proposal and its repetition, or that of the next
/// height.
const STREAMS_PER_PEER_MAX: usize = 3;

/// A complete payload, not yet executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) height: u64,
    pub(crate) round: u32,
    /// The round of the proof of lock that the publisher claims; nobody signed this claim.
    pub(crate) lock_round: Option<u32>,
    pub(crate) block: Hash,
    pub(crate) payload: Bytes,
}

/// The id of the block with this payload: the hash of the header that it begins with.
pub(crate) fn block_id(payload: &[u8]) -> Option<Hash> {
    Some(Header::decode(payload.get(..Header::BYTES)?)?.id())
}

/// Cuts a payload into a stream.
pub(crate) fn split(whole: &Whole, stream: [u8; 16]) -> Vec<StreamMessage<Part>> {
    let init = Part::Init {
        height: whole.height,
        round: whole.round,
        lock_round: whole.lock_round,
        block: whole.block,
        payload: u32::try_from(whole.payload.len()).expect("a block is far below 4 GiB"),
    };
    let piece =
        |at: usize| whole.payload.slice(at..whole.payload.len().min(at.saturating_add(PART_BYTES)));
    let data = (0..whole.payload.len()).step_by(PART_BYTES).map(|at| Part::Data(piece(at)));
    let contents = std::iter::once(init).chain(data).map(StreamContent::Data);
    let contents = contents.chain(std::iter::once(StreamContent::Fin));
    let id = StreamId::new(Bytes::copy_from_slice(&stream));
    (0_u64..).zip(contents).map(|(at, part)| StreamMessage::new(id.clone(), at, part)).collect()
}

/// Streams that are not complete yet.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    streams: BTreeMap<PeerId, VecDeque<Stream>>,
}

#[derive(Debug)]
struct Stream {
    id: StreamId,
    init: Option<Init>,
    data: BTreeMap<u64, Bytes>,
    bytes: usize,
    end: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Init {
    height: u64,
    round: u32,
    lock_round: Option<u32>,
    block: Hash,
    payload: usize,
}

impl Assembler {
    /// Takes a piece in; gives the payload out when it was the last one.
    pub(crate) fn insert(&mut self, from: PeerId, message: StreamMessage<Part>) -> Option<Whole> {
        let streams = self.streams.entry(from).or_default();
        let at = match streams.iter().position(|stream| stream.id == message.stream_id) {
            Some(at) => at,
            None => {
                // The oldest goes: a publisher that sends so much at a time is not honest.
                if streams.len() >= STREAMS_PER_PEER_MAX {
                    streams.pop_front();
                }
                streams.push_back(Stream::new(message.stream_id.clone()));
                streams.len() - 1
            }
        };
        let stream = streams.get_mut(at)?;
        match stream.insert(message) {
            Progress::More => None,
            Progress::Whole(whole) => {
                streams.remove(at);
                Some(whole)
            }
            Progress::Bad => {
                tracing::warn!(peer = %from, "dropped a malformed stream of proposal parts");
                streams.remove(at);
                None
            }
        }
    }

    /// Forgets streams about `height` and below.
    pub(crate) fn prune(&mut self, height: u64) {
        for streams in self.streams.values_mut() {
            streams.retain(|stream| stream.init.is_none_or(|init| init.height > height));
        }
        self.streams.retain(|_, streams| !streams.is_empty());
    }
}

enum Progress {
    More,
    Whole(Whole),
    Bad,
}

impl Stream {
    fn new(id: StreamId) -> Self {
        Stream { id, init: None, data: BTreeMap::new(), bytes: 0, end: None }
    }

    fn insert(&mut self, message: StreamMessage<Part>) -> Progress {
        match message.content {
            StreamContent::Fin => self.end = Some(message.sequence),
            StreamContent::Data(Part::Init { height, round, lock_round, block, payload }) => {
                let Ok(payload) = usize::try_from(payload) else { return Progress::Bad };
                self.init = Some(Init { height, round, lock_round, block, payload });
            }
            StreamContent::Data(Part::Data(bytes)) => {
                self.bytes = self.bytes.saturating_add(bytes.len());
                if self.data.insert(message.sequence, bytes).is_some() {
                    return Progress::Bad;
                }
            }
        }
        let limit = self.init.map_or(Block::BYTES_MAX, |init| init.payload);
        if self.bytes > limit || limit > Block::BYTES_MAX || self.data.len() > PARTS_MAX {
            return Progress::Bad;
        }
        self.whole()
    }

    fn whole(&mut self) -> Progress {
        let (Some(init), Some(end)) = (self.init, self.end) else { return Progress::More };
        if self.bytes < init.payload {
            return Progress::More;
        }
        // Init is number 0, the end has the number behind the last piece.
        let expected = u64::try_from(self.data.len()).map_or(u64::MAX, |count| count + 1);
        if end != expected || !self.data.keys().copied().eq(1..end) {
            return Progress::Bad;
        }
        let mut payload = BytesMut::with_capacity(self.bytes);
        for bytes in self.data.values() {
            payload.extend_from_slice(bytes);
        }
        if block_id(&payload) != Some(init.block) {
            return Progress::Bad;
        }
        let Init { height, round, lock_round, block, .. } = init;
        Progress::Whole(Whole { height, round, lock_round, block, payload: payload.freeze() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::seq::SliceRandom;
    use rand::{SeedableRng, rngs::StdRng};

    fn whole(bytes: usize) -> Whole {
        let (block, payload) = crate::memory::example();
        let mut payload = payload.to_vec();
        payload.resize(Header::BYTES + bytes, 9);
        let payload = payload.into();
        Whole { height: 1, round: 1, lock_round: Some(0), block, payload }
    }

    fn peer() -> PeerId {
        PeerId::from_bytes(&crate::config::peer_id(&[1; 32]).to_bytes()).unwrap()
    }

    #[test]
    fn pieces_in_any_order_make_the_whole() {
        let mut random = StdRng::seed_from_u64(1);
        for bytes in [0, 1, PART_BYTES, 3 * PART_BYTES + 5] {
            let whole = whole(bytes);
            let mut parts = split(&whole, [1; 16]);
            parts.shuffle(&mut random);
            let mut assembler = Assembler::default();
            let last = parts.pop().unwrap();
            for part in parts {
                assert_eq!(assembler.insert(peer(), part), None);
            }
            assert_eq!(assembler.insert(peer(), last), Some(whole));
            assert!(assembler.streams.get(&peer()).unwrap().is_empty());
        }
    }

    #[test]
    fn another_payload_than_announced_is_dropped() {
        let mut announced = whole(10);
        announced.block = Hash([0; 32]);
        let mut assembler = Assembler::default();
        for part in split(&announced, [1; 16]) {
            assert_eq!(assembler.insert(peer(), part), None);
        }
    }

    #[test]
    fn a_peer_fills_no_more_than_its_share() {
        let mut assembler = Assembler::default();
        let part = Part::Data(Bytes::from(vec![0; PART_BYTES]));
        for stream in 0..1_000_u64 {
            let id = StreamId::new(Bytes::copy_from_slice(&stream.to_be_bytes()));
            for at in 1..50 {
                let part = StreamContent::Data(part.clone());
                assembler.insert(peer(), StreamMessage::new(id.clone(), at, part));
            }
        }
        let streams = assembler.streams.get(&peer()).unwrap();
        let bytes: usize = streams.iter().map(|stream| stream.bytes).sum();
        assert!(streams.len() <= STREAMS_PER_PEER_MAX);
        assert!(bytes <= STREAMS_PER_PEER_MAX * Block::BYTES_MAX);
    }
}
