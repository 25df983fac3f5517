//! Reads: decided blocks, the log's entries, receipts. None of it changes once it is written; a
//! snapshot shows what was there at its height.

use std::ops::RangeInclusive;

use proofs::chain::{HAND_OVERS_MAX, Step};
use proofs::tlog::tiles::{Tile, encode_entries, encode_hashes};
use proofs::{Block, Certificate, Hash, Header, Receipt, TrustChain, ValidatorSet};
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::log::{LogReader, LogTree};
use crate::rows::{self, BlockRow, EventRow, ValidatorsRow};
use crate::snapshot::Snapshot;
use crate::store::{Family, Store};

/// A block with its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedBlock {
    /// The quorum that decided it.
    pub certificate: Certificate,
    /// The block as nodes exchange it.
    pub block: Block,
}

/// An event and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// Its index in the log, from 0.
    pub index: u64,
    /// The height of its block.
    pub height: u64,
}

impl Snapshot {
    /// The event with this id.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged; so for all reads here.
    pub fn event(&self, id: &Hash) -> Result<Option<StoredEvent>, Fault> {
        let Some(bytes) = self.store.get(Family::EventIds, &id.0)? else { return Ok(None) };
        let damaged = || Fault::corrupt(format!("event {id}"), "it cannot be read");
        let row: EventRow = rows::decode(&bytes).ok_or_else(damaged)?;
        if row.height > self.height() {
            return Ok(None);
        }
        let bytes = self.entry(row.index)?.ok_or_else(damaged)?;
        Ok(Some(StoredEvent { bytes, index: row.index, height: row.height }))
    }

    /// The log's entry at this index: an event's bytes, or a block's own entry.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, Fault> {
        if index >= self.log_size() {
            return Ok(None);
        }
        stored_entry(&self.store, index).map(Some)
    }

    /// The event at this index of the log; `None` for a block's own entry or beyond the end.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn event_at(&self, index: u64) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.entry(index)?.filter(|bytes| bytes.first() == Some(&b'{')))
    }

    /// At most `limit` entries of the log from `first` on.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn entries(&self, first: u64, limit: u64) -> Result<Vec<Vec<u8>>, Fault> {
        let end = first.saturating_add(limit).min(self.log_size());
        (first..end).filter_map(|index| self.entry(index).transpose()).collect()
    }

    /// Proof that an event is in the log, under the block that holds it.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn receipt(&self, id: &Hash) -> Result<Option<Receipt>, Fault> {
        let Some(event) = self.event(id)? else { return Ok(None) };
        let damaged = |problem: &str| Fault::corrupt(format!("event {id}"), problem);
        let Some((header, certificate)) = self.header(event.height)? else {
            return Err(damaged("its block is missing"));
        };
        let path = LogReader::new(&self.store).inclusion(header.log_size, event.index)?;
        let text = String::from_utf8(event.bytes).ok();
        let bytes = text.and_then(|text| RawValue::from_string(text).ok());
        Ok(Some(Receipt {
            certificate,
            event: bytes.ok_or_else(|| damaged("it is not JSON"))?,
            genesis: header.genesis,
            header: header.encode(),
            id: *id,
            index: event.index,
            path,
        }))
    }

    /// RFC 9162 path of entry `index` in the log of `size` entries. `None` if there are not as
    /// many, or the entry is beyond them.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Option<Vec<Hash>>, Fault> {
        if index >= size || size > self.log_size() {
            return Ok(None);
        }
        LogReader::new(&self.store).inclusion(size, index).map(Some)
    }

    /// RFC 9162 proof that the log of `old` entries is a prefix of that of `new`. `None` if there
    /// are not as many, or `old` is the larger.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn consistency(&self, old: u64, new: u64) -> Result<Option<Vec<Hash>>, Fault> {
        if old > new || new > self.log_size() {
            return Ok(None);
        }
        LogReader::new(&self.store).consistency(old, new).map(Some)
    }

    /// Hashes of the log's tree for tiles: `count` nodes of a level from `first` on, leaves being
    /// level 0. `None` if they are not all complete.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn log_hashes(
        &self,
        level: u8,
        first: u64,
        count: u64,
    ) -> Result<Option<Vec<Hash>>, Fault> {
        let complete = self.log_size().checked_shr(level.into()).unwrap_or(0);
        match first.checked_add(count) {
            Some(end) if end <= complete => {
                LogReader::new(&self.store).nodes(level, first, count).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What stands in a tile or a bundle of entries (C2SP tlog-tiles). `None` if the log has not
    /// grown so far.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, Fault> {
        let Some(first) = tile.first() else { return Ok(None) };
        match tile.level {
            Some(_) => {
                let hashes = self.log_hashes(tile.tree_level(), first, tile.width)?;
                Ok(hashes.map(|hashes| encode_hashes(&hashes)))
            }
            None => {
                let whole = first.checked_add(tile.width).is_some_and(|end| end <= self.log_size());
                if !whole {
                    return Ok(None);
                }
                Ok(Some(encode_entries(&self.entries(first, tile.width)?)))
            }
        }
    }

    /// RFC 9162 root of the log's first `size` entries. `None` if there are not as many.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn log_root(&self, size: u64) -> Result<Option<Hash>, Fault> {
        if size > self.log_size() {
            return Ok(None);
        }
        LogTree::load(&self.store, size).map(|log| Some(log.root()))
    }

    /// The header of a height, from 1, and its certificate.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn header(&self, height: u64) -> Result<Option<(Header, Certificate)>, Fault> {
        if height == 0 || height > self.height() {
            return Ok(None);
        }
        let row = block_row(&self.store, height)?;
        let (_, header, certificate) =
            row.ok_or_else(|| Fault::corrupt(format!("block {height}"), "it is missing"))?;
        Ok(Some((header, certificate)))
    }

    /// How many entries the log had before the block of this height.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn entries_before(&self, height: u64) -> Result<u64, Fault> {
        if height > self.height() {
            return Ok(self.log_size());
        }
        let before = self.header(height.saturating_sub(1))?;
        Ok(before.map_or(0, |(header, _)| header.log_size))
    }

    /// The height whose block brought the entry of this index; the next one where there is none.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn height_of_entry(&self, index: u64) -> Result<u64, Fault> {
        self.first_height(|header| header.log_size > index)
    }

    /// The first height whose block was made at this time or later, in milliseconds since 1970;
    /// the next one where there is none.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn height_since(&self, time: u64) -> Result<u64, Fault> {
        self.first_height(|header| header.time >= time)
    }

    /// The first height for which something holds that holds for all later ones.
    fn first_height(&self, holds: impl Fn(&Header) -> bool) -> Result<u64, Fault> {
        let (mut low, mut high) = (1, self.height() + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.header(middle)? {
                Some((header, _)) if !holds(&header) => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// The headers of these heights, as far as there are any.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn headers(
        &self,
        heights: RangeInclusive<u64>,
    ) -> Result<Vec<(Header, Certificate)>, Fault> {
        let last = (*heights.end()).min(self.height());
        let first = (*heights.start()).max(1);
        (first..=last).filter_map(|height| self.header(height).transpose()).collect()
    }

    /// The block of a height, from 1.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn block(&self, height: u64) -> Result<Option<DecidedBlock>, Fault> {
        if height > self.height() {
            return Ok(None);
        }
        stored_block(&self.store, height)
    }

    /// The height of the decided block with this id.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn height_of(&self, block: &Hash) -> Result<Option<u64>, Fault> {
        let bytes = self.store.get(Family::Meta, &block_key(block))?;
        let height = bytes.and_then(|bytes| bytes[..].try_into().ok()).map(u64::from_be_bytes);
        Ok(height.filter(|height| *height <= self.height()))
    }

    /// The validator set with this hash, if it ever was in force or is about to be.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn validator_set(&self, hash: &Hash) -> Result<Option<ValidatorSet>, Fault> {
        validator_set(&self.store, hash)
    }

    /// The hand-overs of the validator set from this height on, at most [`HAND_OVERS_MAX`], and,
    /// unless there are more, the newest header. `None` before the first block.
    ///
    /// # Errors
    /// As [`Snapshot::event`].
    pub fn trust_chain(&self, from: u64) -> Result<Option<TrustChain>, Fault> {
        let mut heights = Vec::new();
        let start = hand_over_key(from);
        for row in self.store.scan(Family::Meta, HAND_OVER, &start).take(HAND_OVERS_MAX) {
            let (key, _) = row?;
            let height = key.strip_prefix(HAND_OVER).and_then(|height| height.try_into().ok());
            let damaged = || Fault::corrupt("a hand-over of the validators", "it cannot be read");
            heights.push(u64::from_be_bytes(height.ok_or_else(damaged)?));
        }
        // What was committed since this snapshot was taken is not in it.
        heights.retain(|height| *height <= self.height());
        if heights.len() < HAND_OVERS_MAX && heights.last() != Some(&self.height()) {
            heights.push(self.height());
        }
        let steps = heights.into_iter().filter_map(|height| self.step(height).transpose());
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        Ok((!steps.is_empty()).then(|| TrustChain::new(self.genesis.hash(), steps)))
    }

    fn step(&self, height: u64) -> Result<Option<Step>, Fault> {
        let Some((header, certificate)) = self.header(height)? else { return Ok(None) };
        let damaged = || Fault::corrupt(format!("block {height}"), "its next validators are gone");
        let next = self.validator_set(&header.next_validators)?.ok_or_else(damaged)?;
        let validators = next.as_slice().to_vec();
        Ok(Some(Step { certificate, header: header.encode(), validators }))
    }
}

pub(crate) fn block_row(
    store: &Store,
    height: u64,
) -> Result<Option<(BlockRow, Header, Certificate)>, Fault> {
    let Some(bytes) = store.get(Family::Blocks, &height.to_be_bytes())? else { return Ok(None) };
    let damaged = || Fault::corrupt(format!("block {height}"), "it cannot be read");
    let row: BlockRow = rows::decode(&bytes).ok_or_else(damaged)?;
    let header = row.header().filter(|header| header.height == height).ok_or_else(damaged)?;
    let certificate = row.certificate(&header);
    Ok(Some((row, header, certificate)))
}

fn stored_entry(store: &Store, index: u64) -> Result<Vec<u8>, Fault> {
    let bytes = store.get(Family::Entries, &index.to_be_bytes())?;
    let bytes = bytes.map(|bytes| bytes.to_vec());
    bytes.ok_or_else(|| Fault::corrupt(format!("entry {index} of the log"), "it is missing"))
}

/// The block of a height, whatever the head is.
pub(crate) fn stored_block(store: &Store, height: u64) -> Result<Option<DecidedBlock>, Fault> {
    let Some((row, header, certificate)) = block_row(store, height)? else { return Ok(None) };
    if row.events > Block::EVENTS_MAX as u64 {
        return Err(Fault::corrupt(format!("block {height}"), "it has too many events"));
    }
    let events = (row.first..row.first.saturating_add(row.events))
        .map(|index| stored_entry(store, index))
        .collect::<Result<_, _>>()?;
    Ok(Some(DecidedBlock { certificate, block: Block { header, events } }))
}

pub(crate) fn validator_set(store: &Store, hash: &Hash) -> Result<Option<ValidatorSet>, Fault> {
    let Some(bytes) = store.get(Family::Meta, &set_key(hash))? else { return Ok(None) };
    let set = rows::decode::<ValidatorsRow>(&bytes).and_then(|row| row.set());
    match set.filter(|set| set.hash() == *hash) {
        Some(set) => Ok(Some(set)),
        None => Err(Fault::corrupt(format!("validator set {hash}"), "it cannot be read")),
    }
}

/// The key under which a block's height stands in [`Family::Meta`].
pub(crate) fn block_key(id: &Hash) -> Vec<u8> {
    [&b"block/"[..], &id.0].concat()
}

/// The key of a validator set in [`Family::Meta`].
pub(crate) fn set_key(hash: &Hash) -> Vec<u8> {
    [&b"set/"[..], &hash.0].concat()
}

/// What begins the keys in [`Family::Meta`] of heights at which the validators change.
const HAND_OVER: &[u8] = b"hand-over/";

pub(crate) fn hand_over_key(height: u64) -> Vec<u8> {
    [HAND_OVER, &height.to_be_bytes()].concat()
}
