//! The state as the rules of a block see it: the parent's records under what the block wrote.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use proofs::Record;
use proofs::record::{key_hash, record_hash};
use registry::{View, blob};

use crate::blobs;
use crate::fault::Fault;
use crate::snapshot::Snapshot;
use crate::tree::Leaf;

/// A record as a block leaves it.
pub(crate) struct Written {
    pub(crate) key: String,
    pub(crate) record: Record,
    pub(crate) bytes: Vec<u8>,
    pub(crate) leaf: Leaf,
}

impl Snapshot {
    /// What a function of the registry makes of the records of this head.
    ///
    /// # Errors
    /// If the disk cannot be read or is damaged.
    pub fn ask<T>(&self, question: impl FnOnce(&dyn View) -> T) -> Result<T, Fault> {
        let overlay = Overlay::new(self);
        let answer = question(&overlay);
        overlay.fault.into_inner().map_or(Ok(answer), Err)
    }
}

/// The view of a rule. Records are read once a block.
pub(crate) struct Overlay<'a> {
    parent: &'a Snapshot,
    records: RefCell<HashMap<String, Slot>>,
    pub(crate) fault: RefCell<Option<Fault>>,
}

struct Slot {
    record: Option<Record>,
    written: bool,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(parent: &'a Snapshot) -> Overlay<'a> {
        Overlay { parent, records: RefCell::default(), fault: RefCell::default() }
    }

    pub(crate) fn current(&self, key: &str) -> Result<Option<Record>, Fault> {
        if let Some(slot) = self.records.borrow().get(key) {
            return Ok(slot.record.clone());
        }
        let record = self.parent.record(key)?;
        let slot = Slot { record: record.clone(), written: false };
        self.records.borrow_mut().insert(key.to_owned(), slot);
        Ok(record)
    }

    pub(crate) fn write(&mut self, key: String, record: Record) {
        self.records.get_mut().insert(key, Slot { record: Some(record), written: true });
    }

    /// Ascending by key.
    pub(crate) fn into_written(self) -> Vec<Written> {
        let records: BTreeMap<String, Slot> =
            self.records.into_inner().into_iter().filter(|(_, slot)| slot.written).collect();
        let written = records.into_iter().filter_map(|(key, slot)| {
            let record = slot.record?;
            let bytes = record.encode();
            let leaf = Leaf { path: key_hash(&key), record: record_hash(&bytes) };
            Some(Written { key, record, bytes, leaf })
        });
        written.collect()
    }
}

impl View for Overlay<'_> {
    fn record(&self, key: &str) -> Option<Record> {
        self.current(key).unwrap_or_else(|fault| {
            self.fault.borrow_mut().get_or_insert(fault);
            None
        })
    }

    fn blob(&self, id: &str, range: Range<u64>) -> Option<Vec<u8>> {
        let record = self.record(&blob::key(id));
        let bytes = blobs::read_active(&self.parent.store, id, record.as_ref(), range);
        bytes.unwrap_or_else(|fault| {
            self.fault.borrow_mut().get_or_insert(fault);
            None
        })
    }
}
