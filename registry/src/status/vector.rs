//! A registry's statuses as bytes, cut into chunks that are records of their own, and the tree of
//! hashes by which the registry's head commits to all of them.
//!
//! Slot `i` stands in byte `i / 4`, the first of four in the lowest two bits: the byte array of an
//! IETF Token Status List with two bits (draft-ietf-oauth-status-list section 4.1). A chunk has
//! 1,024 slots; a node is the hash of 32 chunks' hashes. What was never written is as it began: all
//! valid, but slot 0 revoked.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use proofs::{Hash, Tag, tagged};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Status;

/// Most slots of a registry.
pub const CAPACITY_MAX: u32 = 1 << 20;
/// Slots of a chunk.
pub const CHUNK_SLOTS: u32 = 1024;
/// Chunks of a node.
pub(super) const NODE_CHUNKS: u32 = 32;

/// Bytes of a chunk's statuses.
const CHUNK_BYTES: usize = 256;
/// Bytes of a chunk's locks.
const LOCK_BYTES: usize = 128;

/// A chunk of a registry's slots: the content of `status-chunk/<registry>/<number>`. Members stand
/// in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// One bit a slot: whether it is locked; none where no slot is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locks: Option<Base64<LOCK_BYTES>>,
    statuses: Base64<CHUNK_BYTES>,
}

impl Chunk {
    /// The key of a registry's chunk.
    #[must_use]
    pub fn key(registry: &str, number: u32) -> String {
        format!("status-chunk/{registry}/{number}")
    }

    /// The chunk of this number as it begins.
    #[must_use]
    pub fn fresh(number: u32) -> Chunk {
        let mut chunk = Chunk { locks: None, statuses: Base64([0; CHUNK_BYTES]) };
        if number == 0 {
            chunk.set(0, Status::Revoked);
        }
        chunk
    }

    /// The status of a slot of the registry that lies in this chunk. Two bits that mean nothing are
    /// never written.
    #[must_use]
    pub fn status(&self, slot: u32) -> Status {
        status_in(&self.statuses.0, slot % CHUNK_SLOTS).unwrap_or(Status::Revoked)
    }

    pub(super) fn set(&mut self, slot: u32, status: Status) {
        set_in(&mut self.statuses.0, slot % CHUNK_SLOTS, status);
    }

    /// Whether a slot is locked.
    #[must_use]
    pub fn is_locked(&self, slot: u32) -> bool {
        let (at, bit) = bit(slot);
        self.locks.as_ref().and_then(|locks| locks.0.get(at)).is_some_and(|byte| byte & bit != 0)
    }

    pub(super) fn lock(&mut self, slot: u32, locked: bool) {
        let (at, bit) = bit(slot);
        let mut locks = self.locks.take().map_or([0; LOCK_BYTES], |locks| locks.0);
        if let Some(byte) = locks.get_mut(at) {
            *byte = if locked { *byte | bit } else { *byte & !bit };
        }
        self.locks = locks.iter().any(|byte| *byte != 0).then_some(Base64(locks));
    }

    /// The statuses as bytes.
    #[must_use]
    pub fn statuses(&self) -> &[u8] {
        &self.statuses.0
    }

    pub(super) fn hash(&self) -> Hash {
        chunk_hash(&self.statuses.0)
    }
}

fn chunk_hash(statuses: &[u8]) -> Hash {
    tagged(Tag::StatusChunk, &[statuses])
}

/// Byte and lowest bit of a slot's status.
fn place(slot: u32) -> (usize, u32) {
    (index(slot / 4), 2 * (slot % 4))
}

/// Byte and bit of a slot's lock.
fn bit(slot: u32) -> (usize, u8) {
    let slot = slot % CHUNK_SLOTS;
    (index(slot / 8), 1 << (slot % 8))
}

pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn status_in(statuses: &[u8], slot: u32) -> Option<Status> {
    let (at, shift) = place(slot);
    Status::of_bits((statuses.get(at)? >> shift) & 3)
}

fn set_in(statuses: &mut [u8], slot: u32, status: Status) {
    let (at, shift) = place(slot);
    if let Some(byte) = statuses.get_mut(at) {
        *byte = (*byte & !(3 << shift)) | (status.bits() << shift);
    }
}

/// The hashes of a node's chunks: the content of `status-node/<registry>/<number>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Node(Base64<1024>);

impl Node {
    pub(super) fn key(registry: &str, number: u32) -> String {
        format!("status-node/{registry}/{number}")
    }

    /// The node of this number as it begins.
    pub(super) fn fresh(number: u32) -> Node {
        let mut node = Node(Base64([0; 1024]));
        for place in 0..NODE_CHUNKS {
            node.set(place, &Chunk::fresh(number * NODE_CHUNKS + place).hash());
        }
        node
    }

    /// All nodes of a registry as it begins.
    pub(super) fn all_fresh(capacity: u32) -> Vec<Node> {
        (0..capacity.div_ceil(CHUNK_SLOTS * NODE_CHUNKS)).map(Node::fresh).collect()
    }

    pub(super) fn set(&mut self, chunk: u32, hash: &Hash) {
        let at = 32 * index(chunk % NODE_CHUNKS);
        if let Some(place) = self.0.0.get_mut(at..at + 32) {
            place.copy_from_slice(&hash.0);
        }
    }

    pub(super) fn hash(&self) -> Hash {
        tagged(Tag::StatusNode, &[&self.0.0])
    }
}

/// The nodes' hashes of a registry as it begins.
pub(super) fn fresh_nodes(capacity: u32) -> Vec<Hash> {
    Node::all_fresh(capacity).iter().map(Node::hash).collect()
}

/// All statuses of a registry, for those who hold the whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector {
    capacity: u32,
    statuses: Vec<u8>,
}

impl Vector {
    /// The statuses of a registry as it begins.
    #[must_use]
    pub fn fresh(capacity: u32) -> Vector {
        let chunks = (0..capacity.div_ceil(CHUNK_SLOTS)).map(Chunk::fresh);
        let statuses: Vec<u8> = chunks.flat_map(|chunk| chunk.statuses.0).collect();
        Vector::cut(capacity, statuses)
    }

    /// Puts a chunk in its place.
    pub fn put(&mut self, number: u32, chunk: &Chunk) {
        let at = index(number) * CHUNK_BYTES;
        for (place, byte) in self.statuses.iter_mut().skip(at).zip(chunk.statuses.0) {
            *place = byte;
        }
    }

    /// The statuses of `capacity` slots, four in a byte.
    ///
    /// `None` where there are fewer or more bytes than slots need, or bits that mean nothing.
    #[must_use]
    pub fn read(capacity: u32, statuses: &[u8]) -> Option<Vector> {
        let whole = capacity <= CAPACITY_MAX && statuses.len() == index(capacity.div_ceil(4));
        // Two bits of 3, in any of a byte's four places.
        let unknown = statuses.iter().any(|byte| byte & (byte >> 1) & 0b0101_0101 != 0);
        let used = 2 * (capacity % 4);
        let beyond = used > 0 && statuses.last().is_some_and(|last| last >> used != 0);
        let sound = whole && !unknown && !beyond;
        sound.then(|| Vector { capacity, statuses: statuses.to_vec() })
    }

    fn cut(capacity: u32, mut statuses: Vec<u8>) -> Vector {
        statuses.truncate(index(capacity.div_ceil(4)));
        Vector { capacity, statuses }
    }

    /// How many slots there are.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The bytes: four slots each, `capacity / 4` of them, rounded up.
    #[must_use]
    pub fn statuses(&self) -> &[u8] {
        &self.statuses
    }

    /// The status of a slot; `None` beyond the last.
    #[must_use]
    pub fn status(&self, slot: u32) -> Option<Status> {
        (slot < self.capacity).then(|| status_in(&self.statuses, slot)).flatten()
    }

    /// Gives a slot this status; beyond the last there is none.
    pub fn set(&mut self, slot: u32, status: Status) {
        if slot < self.capacity {
            set_in(&mut self.statuses, slot, status);
        }
    }

    /// The bytes in base64, as answers write them.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.statuses)
    }

    /// The bytes of a text that [`Vector::to_base64`] wrote.
    #[must_use]
    pub fn bytes_of(text: &str) -> Option<Vec<u8>> {
        BASE64.decode(text).ok()
    }

    /// The slots whose status is another than in `before`, ascending, with their new status.
    /// Compared are as many as both have.
    #[must_use]
    pub fn since(&self, before: &Vector) -> Vec<(u32, Status)> {
        let pairs = self.statuses.iter().zip(&before.statuses).zip(0u32..);
        let changed = pairs.filter(|((new, old), _)| new != old);
        changed
            .flat_map(|(_, byte)| (byte * 4)..(byte * 4 + 4))
            .filter_map(|slot| {
                let status = self.status(slot)?;
                (before.status(slot) != Some(status)).then_some((slot, status))
            })
            .collect()
    }

    /// The slots that do not count, ascending; slot 0 is the first.
    pub fn inactive(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.capacity).filter(|slot| self.status(*slot) != Some(Status::Valid))
    }

    /// The slots that count and did not in `before`, and those that did and no longer do: what of
    /// a change concerns accumulators.
    #[must_use]
    pub fn turned(&self, before: &Vector) -> (Vec<u32>, Vec<u32>) {
        let (mut began, mut ceased) = (Vec::new(), Vec::new());
        for (slot, status) in self.since(before) {
            match (before.status(slot) == Some(Status::Valid), status == Status::Valid) {
                (false, true) => began.push(slot),
                (true, false) => ceased.push(slot),
                _ => {}
            }
        }
        (began, ceased)
    }

    /// What [`Vector::since`] finds, as few bytes: for each slot the distance from the one before
    /// it, times four, and its status, as a LEB128 number.
    #[must_use]
    pub fn delta(&self, before: &Vector) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut last = 0;
        for (slot, status) in self.since(before) {
            let mut number = ((slot - last) << 2) | u32::from(status.bits());
            last = slot;
            while let Some(rest) = Some(number >> 7).filter(|rest| *rest > 0) {
                bytes.extend(u8::try_from(number & 0x7f).map(|low| low | 0x80));
                number = rest;
            }
            bytes.extend(u8::try_from(number));
        }
        bytes
    }

    /// The statuses after the changes that [`Vector::delta`] wrote. `None` where they are of
    /// another form, or of slots that there are not.
    #[must_use]
    pub fn after(&self, delta: &[u8]) -> Option<Vector> {
        let mut vector = self.clone();
        let (mut slot, mut number, mut shift) = (0u32, 0u32, 0);
        for byte in delta {
            number |= u32::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 != 0 {
                // A number of four bytes holds every distance.
                (shift < 28).then_some(())?;
                continue;
            }
            let minimal = shift == 7 || byte & 0x7f != 0;
            let distance = (number >> 2 != 0 && minimal).then_some(number >> 2)?;
            slot = slot.checked_add(distance).filter(|slot| *slot < vector.capacity)?;
            let status = Status::of_bits(u8::try_from(number & 3).ok()?)?;
            vector.set(slot, status);
            (number, shift) = (0, 0);
        }
        (shift == 0).then_some(vector)
    }

    /// The hashes that a head commits to these statuses by.
    #[must_use]
    pub fn nodes(&self) -> Vec<Hash> {
        let mut hashes: Vec<Hash> = Vec::new();
        for (number, chunk) in (0u32..).zip(self.statuses.chunks(CHUNK_BYTES)) {
            let mut whole = Chunk::fresh(number).statuses.0;
            whole.iter_mut().zip(chunk).for_each(|(place, byte)| *place = *byte);
            hashes.push(chunk_hash(&whole));
        }
        let node = |(number, hashes): (u32, &[Hash])| {
            let mut node = Node::fresh(number);
            for (place, hash) in (0u32..).zip(hashes) {
                node.set(place, hash);
            }
            node.hash()
        };
        (0u32..).zip(hashes.chunks(index(NODE_CHUNKS))).map(node).collect()
    }
}

/// Bytes of a fixed number that JSON writes in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64<const N: usize>(pub [u8; N]);

impl<const N: usize> Serialize for Base64<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Base64<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Base64<N>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bytes = BASE64.decode(text.as_bytes()).map_err(de::Error::custom)?;
        let wrong = |_| de::Error::custom(format!("write {N} bytes in base64"));
        bytes.try_into().map(Base64).map_err(wrong)
    }
}
