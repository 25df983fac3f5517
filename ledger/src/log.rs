//! The log tree: RFC 9162 over SHA-256, its hashes kept in the order of `tlog_tiles`, so that
//! proofs and C2SP tiles are read and never computed from the entries again.

use std::cell::RefCell;

use proofs::Hash;
use proofs::merkle::{empty_root, node_hash};
use tlog_tiles::tlog;

use crate::fault::Fault;
use crate::store::{Family, Store};

/// Stored hashes in a row of the database: rows of one hash would cost more in keys than in hashes.
const ROW_HASHES: usize = 64;

/// The right edge of the log: all that is needed to append to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogTree {
    size: u64,
    /// Roots of the perfect trees, largest first.
    peaks: Vec<Hash>,
    /// The stored hashes of the last row, while it is not full.
    tail: Vec<Hash>,
}

/// A row of stored hashes: its number and its bytes.
pub(crate) type Row = (u64, Vec<u8>);

impl LogTree {
    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// RFC 9162 root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The log with these leaves appended, and the rows that must be written for it.
    pub(crate) fn append(&self, leaves: impl Iterator<Item = Hash>) -> (LogTree, Vec<Row>) {
        let mut next = self.clone();
        let mut full = Vec::new();
        leaves.for_each(|leaf| next.push(leaf, &mut full));
        if next.size > self.size && !next.tail.is_empty() {
            full.push(concat(&next.tail));
        }
        let first = tlog::stored_hash_count(self.size) / ROW_HASHES as u64;
        (next, (first..).zip(full).collect())
    }

    fn push(&mut self, leaf: Hash, full: &mut Vec<Vec<u8>>) {
        let mut hash = leaf;
        self.store(hash, full);
        // Each trailing set bit of the size is a perfect tree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("a peak for each set bit of the size");
            hash = node_hash(&left, &hash);
            self.store(hash, full);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    fn store(&mut self, hash: Hash, full: &mut Vec<Vec<u8>>) {
        self.tail.push(hash);
        if self.tail.len() == ROW_HASHES {
            full.push(concat(&self.tail));
            self.tail.clear();
        }
    }

    /// Reads the right edge of a stored log.
    pub(crate) fn load(store: &Store, size: u64) -> Result<LogTree, Fault> {
        let reader = LogReader::new(store);
        let peaks = reader.read(&tlog::sub_tree_index(0, size, Vec::new()))?;
        let count = tlog::stored_hash_count(size);
        let row = ROW_HASHES as u64;
        let tail = reader.read(&(count - count % row..count).collect::<Vec<_>>())?;
        Ok(LogTree { size, peaks, tail })
    }
}

fn concat(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads stored hashes for `tlog_tiles`.
pub(crate) struct LogReader<'a> {
    store: &'a Store,
    /// Why a read failed: the trait's error cannot say it.
    fault: RefCell<Option<Fault>>,
}

impl<'a> LogReader<'a> {
    pub(crate) fn new(store: &'a Store) -> LogReader<'a> {
        LogReader { store, fault: RefCell::new(None) }
    }

    /// Path of entry `index` in the log of `size` entries, of which there are as many.
    pub(crate) fn inclusion(&self, size: u64, index: u64) -> Result<Vec<Hash>, Fault> {
        self.finish(tlog::prove_record(size, index, self))
    }

    /// Path from the log of `old` entries to that of `new`, `old` being the smaller.
    pub(crate) fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Fault> {
        // An empty log is a prefix of every log without any proof (RFC 9162, 2.1.4).
        if old == 0 {
            return Ok(Vec::new());
        }
        self.finish(tlog::prove_tree(new, old, self))
    }

    /// The hashes of nodes `first`, `first + 1`, … of a level; leaves are level 0.
    pub(crate) fn nodes(&self, level: u8, first: u64, count: u64) -> Result<Vec<Hash>, Fault> {
        let index = |at| tlog::stored_hash_index(level, first + at);
        self.read(&(0..count).map(index).collect::<Vec<_>>())
    }

    fn finish(&self, proof: Result<Vec<tlog::Hash>, tlog::Error>) -> Result<Vec<Hash>, Fault> {
        match proof {
            Ok(path) => Ok(path.into_iter().map(|hash| Hash(hash.0)).collect()),
            Err(error) => {
                Err(self.fault.take().unwrap_or_else(|| Fault::corrupt("the log's tree", error)))
            }
        }
    }

    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, Fault> {
        let mut hashes = Vec::with_capacity(indexes.len());
        let mut last: Option<(u64, _)> = None;
        for index in indexes {
            let (number, at) = (index / ROW_HASHES as u64, index % ROW_HASHES as u64);
            let damaged = || Fault::corrupt(format!("row {number} of the log's tree"), "too short");
            if last.as_ref().is_none_or(|(row, _)| *row != number) {
                let row = self.store.get(Family::Log, &number.to_be_bytes())?;
                last = Some((number, row.ok_or_else(damaged)?));
            }
            let bytes = last.as_ref().and_then(|(_, row)| row.chunks_exact(32).nth(at as usize));
            let bytes: &[u8; 32] =
                bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged)?;
            hashes.push(Hash(*bytes));
        }
        Ok(hashes)
    }
}

impl tlog::HashReader for LogReader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        match self.read(indexes) {
            Ok(hashes) => Ok(hashes.into_iter().map(|hash| tlog::Hash(hash.0)).collect()),
            Err(fault) => {
                *self.fault.borrow_mut() = Some(fault);
                Err(tlog::Error::IndexesNotInTree)
            }
        }
    }
}

#[cfg(test)]
mod tests;
